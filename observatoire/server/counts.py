"""How many items match: exact where PostgreSQL finds that cheap, else its estimate, said to be one.

Counting a million rows at every page is what makes stock servers slow (70 ms of 74). Counts are kept until the
collection's version changes.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

from observatoire.server.plan import Plan, count_plan
from observatoire.server.query import Query
from observatoire.server.run import rows_of
from observatoire.store.pool import Pool

#: A filtered count dearer than this is not made (PostgreSQL's cost units: about 10 ms on one core).
DEAREST = 4_000.0
#: The same for those who have a key of the city's services: some 50 ms. The figures of their screens are links to
#: requests, and a request that only estimates does not equal them.
DEAREST_INSIDE = 40_000.0
_OUTSIDE = frozenset({"public", "citizen"})
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
        asked = blake2b(plan.text + repr(plan.args).encode(), digest_size=16).digest()  # a filter may be long
        key = (query.layer.id, version, query.audience, asked)
        if key in self._kept:
            self._kept.move_to_end(key)
            return await asyncio.shield(self._kept[key])
        dearest = DEAREST if query.audience in _OUTSIDE else DEAREST_INSIDE
        made = asyncio.ensure_future(_counted(plan, pool, dearest))
        self._kept[key] = made
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        made.add_done_callback(partial(self._forget_failed, key))
        return await asyncio.shield(made)

    def _forget_failed(self, key: tuple[Any, ...], made: "asyncio.Future[Count]") -> None:
        """Count again next time, also where nobody waited for the failure: its request may have been abandoned."""
        if made.cancelled() or made.exception() is not None:
            self._kept.pop(key, None)


async def _counted(plan: Plan, pool: Pool, dearest: float) -> Count:
    # Without any condition the count serves every page until the next load: always worth it.
    if plan.args or plan.filtered:
        # Of the rows, not of their count: a parallel count's plan says how many it has of each worker.
        rows = b"EXPLAIN (FORMAT JSON) SELECT FROM" + plan.text.removeprefix(b"SELECT count(*) FROM")
        explained = await rows_of(pool, Plan(rows, plan.args, plan.filtered))
        root: dict[str, Any] = explained[0][0][0]["Plan"]
        if root["Total Cost"] > dearest:
            return Count(int(root["Plan Rows"]), exact=False)
    return Count((await rows_of(pool, plan))[0][0], exact=True)
