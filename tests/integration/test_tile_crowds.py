"""Tiles of a crowded place at every zoom, decoded and held against counting by hand."""

import asyncio
import gzip
from collections import Counter
from math import floor
from typing import Any

import mapbox_vector_tile
import numpy as np
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool
from pyproj import Transformer

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.server.crs import systems
from observatoire.server.reading import Reader
from observatoire.server.tiles.make import whole_tile
from observatoire.server.tiles.plans import Request
from observatoire.store import schema
from observatoire.store.roles import passwords
from observatoire.tiles.pyramid import Pyramid, Tile, pyramids

pytestmark = pytest.mark.integration

NUMBER = 30_000
Cells = Counter[tuple[int, int, int, int]]


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(root() / "cities" / "demo.yml")


@pytest.fixture(scope="module")
def places(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """A crowd around one place, in the city's CRS: tiles of all kinds, from crowded to nearly empty."""
    rng = np.random.default_rng(11)
    xy = np.array([893_000.0, 6_248_000.0]) + rng.normal(0, 250, (NUMBER, 2))
    with psycopg.connect(database, autocommit=True) as connection:
        schema.prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
        with connection.cursor().copy(
            "COPY data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature) "
            "FROM STDIN"
        ) as copy:
            for i, (x, y) in enumerate(xy):
                place = f"SRID=2154;POINT({x} {y})"
                copy.write_row((i, place, "t", str(i), 1, "reported", "day", f"F{i}", "2026-01-01T00:00Z", "tapage"))
    return xy


def drawn(database: str, city: City, tiles: list[Tile], ask: list[tuple[str, str]]) -> list[Any]:
    """Layers of tiles, as another's program decodes them."""
    reader = Reader(
        catalog()["faits"], "coordination", systems(city.srid, city.extent), 10, 10_000, city.zone, b"secret"
    )

    async def all_of_them() -> list[bytes]:
        options = {"autocommit": True, "options": "-c search_path=obs_coordination,public"}
        async with AsyncConnectionPool(database, kwargs=options, open=False) as pool:
            return [await whole_tile(pool, [Request(reader.tile(ask), tile)]) for tile in tiles]

    bodies = asyncio.run(all_of_them())
    options = {"y_coord_down": True}
    return [mapbox_vector_tile.decode(gzip.decompress(b), default_options=options) if b else {} for b in bodies]


def by_hand(places: np.ndarray, city: City, pyramid: Pyramid, zoom: int, cells: int) -> Cells:
    """Number of points by tile (row, column) and by cell of the tile (row, column), `cells` a side."""
    x, y = Transformer.from_crs(city.srid, pyramid.srid, always_xy=True).transform(*places.T)
    size = pyramid.side / 2**zoom / cells
    found: Cells = Counter()
    for px, py in zip(x, y, strict=True):
        row, column = floor((pyramid.top - py) / size), floor((px - pyramid.left) / size)
        found[row // cells, column // cells, row % cells, column % cells] += 1
    return found


@pytest.mark.parametrize("ask", [[], [("datetime", "2026-01-01T00:00:00Z")]], ids=["kept", "counted"])
@pytest.mark.parametrize("name", ["WebMercatorQuad", "EPSG2154Quad"])
def test_a_crowd_is_told_by_the_number_in_each_cell(
    database: str, city: City, places: np.ndarray, name: str, ask: list[tuple[str, str]]
) -> None:
    """From kept counts, and from the items where these are narrowed: the same as by hand, at every zoom."""
    pyramid = pyramids(city)[name]
    for zoom in range(pyramid.near - 3, pyramid.near + 3):
        side = 32 if zoom == pyramid.near and not ask else 64
        expected = by_hand(places, city, pyramid, zoom, side)
        tiles = [Tile(pyramid, zoom, row, column) for row, column in sorted({key[:2] for key in expected})]

        total, crowded = 0, 0
        for tile, layers in zip(tiles, drawn(database, city, tiles, ask), strict=True):
            here = {key[2:]: n for key, n in expected.items() if key[:2] == (tile.row, tile.column)}
            features = layers["faits"]["features"]
            assert layers["faits"]["extent"] == 4096
            if sum(here.values()) > 8_000:
                unit = 4096 // side
                cells = {
                    tuple(int(v) // unit for v in reversed(f["geometry"]["coordinates"])): f["properties"]["n"]
                    for f in features
                }
                assert cells == here
                crowded += 1
            else:
                assert len(features) == sum(here.values())
            total += sum(feature["properties"].get("n", 1) for feature in features)
        assert total == NUMBER
        assert crowded or zoom > pyramid.near


def test_nothing_is_where_nothing_is(database: str, city: City, places: np.ndarray) -> None:
    pyramid = pyramids(city)["WebMercatorQuad"]
    empty = [Tile(pyramid, zoom, 0, 0) for zoom in range(5, 19)]

    assert len(places) == NUMBER
    assert drawn(database, city, empty, []) == [{}] * len(empty)
