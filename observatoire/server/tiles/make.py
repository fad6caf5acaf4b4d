"""A tile made: single items where they are few, counts by cell where they are many."""

from functools import cached_property

from isal import igzip

from observatoire.server.run import rows_of
from observatoire.server.tiles.plans import MOST, Request, counts_plan, grouped_plan, items_plan, total_plan
from observatoire.store.pool import Pool
from observatoire.tiles.ddl import counted

#: A layer of single items that is longer than this, compressed, is told by counts instead, bytes.
LONGEST = 150_000
#: igzip's level: its best is still ten times as quick as zlib's default.
_LEVEL = 3


async def whole_tile(pool: Pool, asked: list[Request]) -> bytes:
    """Return a tile of several layers, compressed (gzip); empty where nothing lies in it.

    Items of a crowded layer (more than `MOST`, or longer than `LONGEST`) are told by their number in each of 64 × 64
    cells (32 × 32 where those are the finest counts that are kept): property `n`. The numbers over all tiles of a zoom
    sum to the number of items.
    """
    layers = [await _layer(pool, each) for each in asked]
    if len(layers) == 1:
        return layers[0].packed
    body = b"".join(layer.body for layer in layers)  # layers of a tile may be put end to end
    return _packed(body)


class _Layer:
    """One layer of a tile, as it is and compressed, which is done once at most."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    @cached_property
    def packed(self) -> bytes:
        return _packed(self.body)


def _packed(body: bytes) -> bytes:
    return igzip.compress(body, _LEVEL, mtime=0) if body else b""


async def _layer(pool: Pool, asked: Request) -> _Layer:
    if counted(asked.layer) and not asked.narrowed:
        (total,) = (await rows_of(pool, total_plan(asked)))[0]  # at all zooms: half a millisecond that saves a reading
        if total == 0:
            return _Layer(b"")
        if total > MOST:
            kept = asked.tile.zoom <= asked.tile.pyramid.near
            return _Layer((await rows_of(pool, (counts_plan if kept else grouped_plan)(asked)))[0][0])
    body, number = (await rows_of(pool, items_plan(asked)))[0]
    layer = _Layer(body if number else b"")
    if number > MOST or (len(layer.body) > LONGEST and len(layer.packed) > LONGEST):
        return _Layer((await rows_of(pool, grouped_plan(asked)))[0][0])
    return layer
