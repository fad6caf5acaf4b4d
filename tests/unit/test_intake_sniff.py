"""The CRS that nobody said: nine systems told apart by where the city lies, swaps and doubt refused.

Expected boxes and coordinates are those of the project's reference table, measured with pyproj.
"""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from observatoire.errors import BadSource
from observatoire.intake.sniff import DEGREES, SYSTEMS, box, fits, sniff

pytestmark = pytest.mark.unit

EXTENT = (5.22, 43.16, 5.54, 43.40)
OWN = "EPSG:2154"
#: CRS → x_min, x_max, y_min, y_max over EXTENT, m.
BOXES = {
    "EPSG:2154": (879909, 906691, 6231513, 6258964),
    "EPSG:3943": (1879810, 1906528, 2220159, 2247545),
    "EPSG:3944": (1879815, 1906548, 3109107, 3136509),
    "EPSG:27563": (833529, 860470, 99674, 127279),
    "EPSG:27573": (833529, 860470, 3099674, 3127279),
    "EPSG:27572": (833909, 860943, 1799574, 1827271),
    "EPSG:32631": (679773, 706498, 4780975, 4808369),
    "EPSG:3857": (581088, 616710, 5336357, 5373055),
    "EPSG:3035": (3931452, 3958977, 2238831, 2266985),
}
each_crs = pytest.mark.parametrize("crs", BOXES)
places = st.lists(
    st.tuples(st.floats(EXTENT[0], EXTENT[2]), st.floats(EXTENT[1], EXTENT[3])), min_size=1, max_size=20
).map(np.array)


@cache
def transformer(crs: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


def seen_in(crs: str, lonlat: np.ndarray) -> np.ndarray:
    return np.column_stack(transformer(crs).transform(*lonlat.T))


def test_the_systems_are_those_of_the_table() -> None:
    assert set(SYSTEMS) == set(BOXES)


@each_crs
def test_the_box_of_the_city_is_that_of_the_table(crs: str) -> None:
    """Within 2 m: the table's bounds were taken at other points of the edge."""
    west, east, south, north = BOXES[crs]

    assert box(crs, EXTENT) == pytest.approx((west, south, east, north), abs=2)


@each_crs
@settings(deadline=None, max_examples=50)
@given(lonlat=places)
def test_points_of_the_city_are_recognised_in_every_system(crs: str, lonlat: np.ndarray) -> None:
    assert sniff(seen_in(crs, lonlat), (5.2, 43.15, 5.57, 43.42), OWN) == crs


@each_crs
@settings(deadline=None, max_examples=50)
@given(lonlat=places)
def test_swapped_points_are_refused_in_every_system(crs: str, lonlat: np.ndarray) -> None:
    with pytest.raises(BadSource, match=f"x and y look swapped: exchanged, they lie in the city in {crs}"):
        sniff(seen_in(crs, lonlat)[:, ::-1], (5.2, 43.15, 5.57, 43.42), OWN)


@settings(deadline=None, max_examples=50)
@given(lonlat=places)
def test_degrees_are_recognised_and_refused_when_swapped(lonlat: np.ndarray) -> None:
    assert sniff(lonlat, (5.2, 43.15, 5.57, 43.42), OWN) == DEGREES
    with pytest.raises(BadSource, match="look swapped"):
        sniff(lonlat[:, ::-1], (5.2, 43.15, 5.57, 43.42), OWN)


def test_points_outside_the_city_do_not_hide_those_inside() -> None:
    inside = [[892390.22, 6247035.26]] * 6
    elsewhere = [[652000.0, 6862000.0]] * 4 + [[np.nan, 1.0]]

    assert sniff(np.array(inside + elsewhere), EXTENT, OWN) == "EPSG:2154"
    with pytest.raises(BadSource, match="expected crs: EPSG:n"):
        sniff(np.array(elsewhere), EXTENT, OWN)


def test_two_systems_that_fit_are_refused() -> None:
    """At the origin of a Mercator projection degrees and metres meet: a city there cannot tell them apart."""
    with pytest.raises(BadSource, match=r"several \(EPSG:4326, EPSG:3857\)"):
        sniff(np.array([[0.2, 0.3], [0.4, 0.1]]), (-1.0, -1.0, 1.0, 1.0), "EPSG:32631")


def test_two_names_of_one_system_are_no_doubt() -> None:
    """ETRS89 / UTM 31 and WGS 84 / UTM 31 are the same within a metre."""
    (x, y) = seen_in("EPSG:25831", np.array([[5.3698, 43.2965]]))[0]

    assert fits(np.array([[x, y]]), EXTENT, "EPSG:25831").straight == ("EPSG:25831",)


def test_no_point_at_all_is_refused() -> None:
    with pytest.raises(BadSource):
        sniff(np.full((3, 2), np.nan), EXTENT, OWN)
