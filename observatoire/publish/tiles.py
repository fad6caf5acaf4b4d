"""A collection as one file of tiles: PMTiles, version 3, which web maps read by ranges of bytes.

References
----------
.. [1] *PMTiles Version 3 Specification*, 3.5.
"""

import asyncio
from pathlib import Path
from typing import Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from observatoire.server.query import Query
from observatoire.server.reading import Reader
from observatoire.server.state import State
from observatoire.server.tiles.documents import bounds, tilejson
from observatoire.server.tiles.make import whole_tile
from observatoire.server.tiles.plans import Request
from observatoire.tiles.pyramid import WEB_MERCATOR_QUAD, Tile

#: Last zoom of a file where none is asked for: web maps draw nearer ones from its tiles (a unit of them is 0.6 m at
#: the equator), and GeoParquet has the exact place.
DEEPEST = 14
_TOGETHER = 4  # tiles asked of the database at once


async def write_pmtiles(state: State, reader: Reader, path: Path, *, deepest: int = DEEPEST) -> int:
    """Write the tiles of a collection, as its audience sees it, from the whole world to the zoom `deepest`.

    Returns
    -------
    int
        Number of tiles that hold anything; with none, no file is written.
    """
    query = reader.tile([])
    wanted = sorted(_tiles(state, deepest), key=_number)
    found = [(tile, body) for tile, body in await _bodies(state, query, wanted) if body]
    if found:
        with path.open("wb") as file:
            writer = Writer(file)  # type: ignore[no-untyped-call]
            for tile, body in found:
                writer.write_tile(_number(tile), body)  # type: ignore[no-untyped-call]
            writer.finalize(_header(state), _metadata(state, reader, query, deepest))  # type: ignore[no-untyped-call]
    return len(found)


async def _bodies(state: State, query: Query, wanted: list[Tile]) -> list[tuple[Tile, bytes]]:
    """Return tiles in their order, items in the order of their ids: the same items give the same bytes."""
    pool = state.pools.of(query.audience)
    found: list[tuple[Tile, bytes]] = []
    for first in range(0, len(wanted), _TOGETHER):
        some = wanted[first : first + _TOGETHER]
        bodies = await asyncio.gather(*(whole_tile(pool, [Request(query, tile, ordered=True)]) for tile in some))
        found += zip(some, bodies, strict=True)
    return found


def _tiles(state: State, deepest: int) -> list[Tile]:
    """Return the tiles that meet the city."""
    pyramid = WEB_MERCATOR_QUAD
    box = bounds(state, pyramid)
    found = []
    for zoom in range(deepest + 1):
        first_row, last_row, first_column, last_column = pyramid.span(box, zoom)
        found += [
            Tile(pyramid, zoom, row, column)
            for row in range(first_row, last_row + 1)
            for column in range(first_column, last_column + 1)
        ]
    return found


def _number(tile: Tile) -> int:
    """Return the number of a tile along the Hilbert curve, by which the file is ordered."""
    return zxy_to_tileid(tile.zoom, tile.column, tile.row)


def _header(state: State) -> dict[str, Any]:
    west, south, east, north = (round(degrees * 10_000_000) for degrees in state.city.extent)
    return {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
        "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
        "center_zoom": 10, "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
    }  # fmt: skip


def _metadata(state: State, reader: Reader, query: Query, deepest: int) -> dict[str, Any]:
    layer = reader.layer
    shown = [(layer, {name: layer.properties[name] for name in query.shown})]
    about = tilejson(state, WEB_MERCATOR_QUAD, "", layer.title.fr, shown, "")
    layers = [each | {"minzoom": 0, "maxzoom": deepest} for each in about["vector_layers"]]
    return {
        "name": layer.title.fr, "description": layer.description.fr, "attribution": about["attribution"],
        "license": layer.license, "vector_layers": layers,
    }  # fmt: skip
