"""How many items match: exact where PostgreSQL finds that cheap, else its estimate, said to be one.

Counting a million rows at every page is what makes stock servers slow (70 ms of 74). Counts are kept until the
collection's version changes.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from observatoire.server.plan import Plan, count_plan
from observatoire.server.pools import Pool
from observatoire.server.query import Query
from observatoire.server.run import rows_of

#: A filtered count dearer than this is not made (PostgreSQL's cost units: about 10 ms on one core).
DEAREST = 4_000.0
#: How many counts are kept.
KEPT = 4_096


@dataclass(frozen=True)
class Count:
    """A number of items."""

    number: int
    exact: bool


class Counts:
    """Counts of this process, one query each however many requests ask at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], asyncio.Future[Count]] = OrderedDict()

    async def of(self, query: Query, version: int, pool: Pool) -> Count:
        """Return how many items match `query`, whatever its page."""
        plan = count_plan(query)
        key = (query.layer.id, version, query.audience, plan.text, plan.args)
        if key in self._kept:
            self._kept.move_to_end(key)
            return await asyncio.shield(self._kept[key])
        made = asyncio.ensure_future(_counted(plan, pool))
        self._kept[key] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        try:
            return await asyncio.shield(made)
        except Exception:
            self._kept.pop(key, None)
            raise


async def _counted(plan: Plan, pool: Pool) -> Count:
    if plan.args:  # without any condition the count serves every page until the next load: always worth it
        explained = await rows_of(pool, Plan(b"EXPLAIN (FORMAT JSON) " + plan.text, plan.args))
        root: dict[str, Any] = explained[0][0][0]["Plan"]
        if root["Total Cost"] > DEAREST:
            return Count(int(root["Plans"][0]["Plan Rows"]), exact=False)
    return Count((await rows_of(pool, plan))[0][0], exact=True)
