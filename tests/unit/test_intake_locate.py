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


EMPTY = {
    "Point": ["POINT EMPTY", "MULTIPOINT EMPTY", "GEOMETRYCOLLECTION EMPTY", "POLYGON EMPTY"],
    "LineString": ["LINESTRING EMPTY", "MULTILINESTRING EMPTY"],
    "Polygon": ["POLYGON EMPTY", "MULTIPOLYGON EMPTY"],
    "MultiPolygon": ["POLYGON EMPTY", "MULTIPOLYGON EMPTY", "MULTIPOLYGON (EMPTY, EMPTY)"],
}


@pytest.mark.parametrize("crs", ["EPSG:4326", None], ids=["said", "to be found"])
@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_geometry_has_no_position(marseille: City, kind: str, crs: str | None) -> None:
    """Whatever its type, and before a CRS is found: it says nothing of that."""
    shapes = [*map(shapely.from_wkt, EMPTY[kind]), None]

    places = Locator(marseille, kind, crs)([item(geometry=shape) for shape in shapes])

    assert shown(places) == ["no-position"] * len(shapes)


def test_a_crs_is_found_from_the_geometries_that_are_not_empty(marseille: City) -> None:
    """Nine empty ones, then one in Lambert-93: half of those that lie anywhere lie in the city."""
    locate = Locator(marseille, "Point", None)
    shapes = [shapely.from_wkt("POINT EMPTY")] * 9 + [shapely.Point(*VIEUX_PORT["EPSG:2154"])]

    places = locate([item(geometry=shape) for shape in shapes])

    assert shown(places) == ["no-position"] * 9 + ["Point"]
    assert locate.found == "EPSG:2154"


def test_a_point_whose_coordinates_are_no_numbers_is_not_kept(marseille: City) -> None:
    """PostGIS would read it as an empty one."""
    shapes = [shapely.Point(np.nan, np.nan), shapely.Point(5.37, np.nan), shapely.Point(np.inf, 43.3)]

    assert shown(Locator(marseille, "Point")([item(geometry=s) for s in shapes])) == ["invalid-geometry"] * 3


def test_empty_parts_of_several_polygons_are_left_out(marseille: City) -> None:
    square = shapely.box(5.36, 43.29, 5.37, 43.30)

    (place,) = Locator(marseille, "MultiPolygon")([item(geometry=shapely.multipolygons([square, shapely.Polygon()]))])

    assert isinstance(place, str)
    assert [part.is_empty for part in shapely.from_wkb(place).geoms] == [False]


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_what_reaches_to_a_pole_has_no_coordinates_in_the_citys_system(marseille: City, kind: str) -> None:
    """Lambert's cone puts the South Pole at infinity; what is beside it in the batch keeps its own place."""
    near, world = shapely.box(5.36, 43.29, 5.37, 43.30), shapely.box(-180, -90, 180, 90)

    places = Locator(marseille, kind)([item(geometry=shape) for shape in (near, world, near)])

    assert shown(places) == [kind, "bad-position", kind]
    assert np.isfinite(shapely.bounds(shapely.from_wkb(places[2]))).all()
