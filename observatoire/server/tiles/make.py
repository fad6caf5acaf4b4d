"""A tile made: single items where they are few, counts by cell where they are many."""

from isal import igzip

from observatoire.server.pools import Pool
from observatoire.server.run import rows_of
from observatoire.server.tiles.plans import MOST, Request, counts_plan, grouped_plan, items_plan, total_plan
from observatoire.tiles.ddl import counted

#: A layer of single items that is longer than this, compressed, is told by counts instead, bytes.
LONGEST = 150_000
#: igzip's level: its best is still ten times as quick as zlib's default.
_LEVEL = 3


async def layer_tile(pool: Pool, asked: Request) -> bytes:
    """Return one layer of a tile, not compressed; empty where nothing lies in it.

    Items of a crowded tile (more than `MOST`, or longer than `LONGEST`) are told by their number in each of 64 × 64
    cells: property `n`. The numbers over all tiles of a zoom sum to the number of items.
    """
    if counted(asked.layer) and not asked.narrowed and asked.tile.zoom < asked.tile.pyramid.near:
        (total,) = (await rows_of(pool, total_plan(asked)))[0]
        if total == 0:
            return b""
        if total > MOST:
            return bytes((await rows_of(pool, counts_plan(asked)))[0][0])
    body, number = (await rows_of(pool, items_plan(asked)))[0]
    if number == 0:
        return b""
    if number > MOST or (len(body) > LONGEST and len(igzip.compress(body, _LEVEL)) > LONGEST):
        body, _ = (await rows_of(pool, grouped_plan(asked)))[0]
    return bytes(body)


async def whole_tile(pool: Pool, asked: list[Request]) -> bytes:
    """Return a tile of several layers, compressed (gzip); empty where nothing lies in it."""
    body = b"".join([await layer_tile(pool, layer) for layer in asked])  # layers of a tile may be put end to end
    return igzip.compress(body, _LEVEL, mtime=0) if body else b""
