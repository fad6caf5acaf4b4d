"""When the items of a collection are: from the first to the last that an audience sees, kept until the next load."""

import asyncio
from datetime import datetime

from observatoire.layers.model import Audience, Layer
from observatoire.server.plan import extent_plan
from observatoire.server.pools import Pools
from observatoire.server.run import rows_of

Interval = tuple[str, str]


class Extents:
    """Extents in time, of this process."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._kept: dict[tuple[str, Audience], tuple[int, Interval | None]] = {}

    async def of(self, layer: Layer, audience: Audience, version: int) -> Interval | None:
        """Return the first and the last time, RFC 3339; None where there are no items, or they have no time."""
        if layer.time_field is None:
            return None
        kept = self._kept.get((layer.id, audience))
        if kept is None or kept[0] != version:
            first, last = (await rows_of(self._pools.of(audience), extent_plan(layer)))[0]
            kept = self._kept[layer.id, audience] = (version, None if first is None else (_text(first), _text(last)))
        return kept[1]

    async def all(self, layers: list[Layer], audience: Audience, versions: list[int]) -> list[Interval | None]:
        """Return those of several collections, asked at once."""
        asked = (self.of(layer, audience, version) for layer, version in zip(layers, versions, strict=True))
        return await asyncio.gather(*asked)


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
