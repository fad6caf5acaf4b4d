"""Pyramids, held against morecantile, an independent implementation of tile matrix sets."""

import morecantile
import numpy as np
import pytest
from pyproj import Transformer

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.tiles.pyramid import CELLS, WEB_MERCATOR_QUAD, city_pyramid

pytestmark = pytest.mark.unit


def test_tiles_of_the_web_pyramid_lie_where_morecantile_has_them() -> None:
    known = morecantile.tms.get("WebMercatorQuad")
    rng = np.random.default_rng(4)
    for zoom in range(WEB_MERCATOR_QUAD.deepest + 1):
        row, column = (int(v) for v in rng.integers(0, 2**zoom, 2))
        tile = WEB_MERCATOR_QUAD.tile(zoom, row, column)
        assert tile is not None
        assert tile.bounds == pytest.approx(tuple(known.xy_bounds(morecantile.Tile(column, row, zoom))), abs=1e-6)


@pytest.mark.parametrize("city", ["demo", "chicago", "marseille"])
def test_one_tile_of_a_citys_own_pyramid_holds_it(city: str) -> None:

    known = read_city(root() / "cities" / f"{city}.yml")
    pyramid = city_pyramid(known)
    x_min, y_min, x_max, y_max = Transformer.from_crs(4326, known.srid, always_xy=True).transform_bounds(*known.extent)
    whole = pyramid.tile(0, 0, 0)
    assert whole is not None
    left, bottom, right, top = whole.bounds
    assert left <= x_min < x_max <= right
    assert bottom <= y_min < y_max <= top
    assert pyramid.side == 1000 * 2 ** round(np.log2(pyramid.side / 1000))
    assert 1_000 <= pyramid.side / 2**pyramid.near <= 4_000


def test_counts_are_kept_for_every_zoom_before_single_items() -> None:
    for zoom in range(WEB_MERCATOR_QUAD.near):
        level = WEB_MERCATOR_QUAD.kept(zoom + CELLS)
        assert zoom + CELLS <= level <= WEB_MERCATOR_QUAD.finest
        assert level - zoom - CELLS <= 1


@pytest.mark.parametrize("place", [(-1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 8, 0), (3, 0, -1), (19, 0, 0)])
def test_there_are_no_tiles_outside(place: tuple[int, int, int]) -> None:
    assert WEB_MERCATOR_QUAD.tile(*place) is None


def test_the_span_of_a_box_is_clipped_to_the_pyramid() -> None:
    everywhere = (-1e9, -1e9, 1e9, 1e9)

    assert WEB_MERCATOR_QUAD.span(everywhere, 3) == (0, 7, 0, 7)
