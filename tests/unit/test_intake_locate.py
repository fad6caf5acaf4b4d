"""Places: expected coordinates from the table of the project's reference, made with pyproj for the Vieux-Port."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.errors import BadSource
from observatoire.intake.locate import Locator
from observatoire.intake.source import Rejected

pytestmark = pytest.mark.unit

#: Vieux-Port of Marseille (5.3698, 43.2965) in the systems that French files use.
VIEUX_PORT = {
    "EPSG:2154": (892390.22, 6247035.26),
    "EPSG:3944": (1892275.62, 3124604.54),
    "EPSG:3943": (1892264.67, 2235649.15),
    "EPSG:27563": (846079.39, 115265.99),
    "EPSG:27573": (846079.39, 3115265.99),
    "EPSG:27572": (846499.55, 1815214.13),
    "EPSG:32631": (692230.47, 4796468.51),
    "EPSG:3857": (597763.40, 5357211.62),
    "EPSG:3035": (3944516.57, 2254771.84),
}


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / Path("cities/marseille.yml"))


def item(**place: Any) -> dict[str, Any]:
    return {"lon": None, "lat": None, "x": None, "y": None, "geometry": None} | place


def shown(places: list[str | Rejected]) -> list[str]:
    return [p.reason if isinstance(p, Rejected) else shapely.from_wkb(p).geom_type for p in places]


@pytest.mark.parametrize(("crs", "xy"), VIEUX_PORT.items(), ids=VIEUX_PORT)
def test_the_vieux_port_is_found_from_every_system(marseille: City, crs: str, xy: tuple[float, float]) -> None:
    """Within 5 m: the transformations from NTF have that uncertainty without a grid."""
    (place,) = Locator(marseille, "Point", crs)([item(x=xy[0], y=xy[1])])

    point = shapely.from_wkb(place)
    assert shapely.get_srid(point) == 2154
    assert np.hypot(point.x - 892390.22, point.y - 6247035.26) < 5


def test_longitude_and_latitude_reach_the_citys_system(marseille: City) -> None:
    (place,) = Locator(marseille, "Point")([item(lon=5.3698, lat=43.2965)])

    point = shapely.from_wkb(place)
    assert (point.x, point.y) == pytest.approx((892390.22, 6247035.26), abs=0.01)


def test_each_bad_position_has_its_reason(marseille: City) -> None:
    places = Locator(marseille, "Point")(
        [
            item(lon=5.37, lat=43.3),
            item(lon=43.3, lat=5.37),
            item(lon=2.35, lat=48.85),
            item(lon=0.0, lat=0.0),
            item(lon=5.37, lat=None),
            item(),
            item(lon=float("nan"), lat=43.3),
            item(lon=float("inf"), lat=43.3),
            item(lon=5.37, lat=143.3),
        ]
    )

    assert shown(places) == [
        "Point", "swapped-coordinates", "outside-city", "outside-city", "no-position", "no-position",
        "bad-position", "bad-position", "not-degrees",
    ]  # fmt: skip


def test_swapped_metres_are_recognised_too(marseille: City) -> None:
    x, y = VIEUX_PORT["EPSG:2154"]

    assert shown(Locator(marseille, "Point", "EPSG:2154")([item(x=y, y=x)])) == ["swapped-coordinates"]


def test_metres_in_place_of_degrees_stop_the_load(marseille: City) -> None:
    with pytest.raises(BadSource, match=r"lon and lat look like metres"):
        Locator(marseille, "Point")([item(lon=892390.0, lat=6247035.0)])


def test_polygons_become_multipolygons_and_broken_ones_are_refused(marseille: City) -> None:
    square = shapely.box(5.3, 43.2, 5.4, 43.3)
    bow = shapely.Polygon([(5.3, 43.2), (5.4, 43.3), (5.4, 43.2), (5.3, 43.3)])
    swapped = shapely.transform(square, lambda xy: xy[:, ::-1])
    places = Locator(marseille, "MultiPolygon")(
        [
            item(geometry=g)
            for g in (square, bow, shapely.Point(5.37, 43.3), swapped, shapely.box(2, 48, 3, 49), shapely.Polygon())
        ]
    )

    assert shown(places) == [
        "MultiPolygon", "invalid-geometry", "wrong-geometry", "swapped-coordinates", "outside-city", "no-position",
    ]  # fmt: skip


def test_points_given_for_polygons_are_refused(marseille: City) -> None:
    assert shown(Locator(marseille, "MultiPolygon")([item(lon=5.37, lat=43.3)])) == ["wrong-geometry"]
