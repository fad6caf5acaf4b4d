"""What version each collection has: asked of the store at most once a second, so that a 304 costs no query."""

import asyncio
from time import monotonic

from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.store.pool import Pool

#: A load is seen after this at the latest, s.
FRESH = 1.0
_ALL = Plan(b"SELECT collection, version FROM obs.versions", ())


class Versions:
    """The counters of `obs.versions`, which every load that changes something raises."""

    def __init__(self, admin: Pool) -> None:
        self._admin = admin
        self._known: dict[str, int] = {}
        self._read = float("-inf")
        self._lock = asyncio.Lock()

    async def of(self, collection: str) -> int:
        """Return the version of a collection; 0 where nothing was ever loaded."""
        if monotonic() - self._read > FRESH:
            async with self._lock:
                if monotonic() - self._read > FRESH:
                    await self._refresh()
        return self._known.get(collection, 0)

    def forget(self) -> None:
        """Ask the store again next time, however fresh what is known."""
        self._read = float("-inf")

    async def _refresh(self) -> None:
        started = monotonic()
        self._known = dict(await rows_of(self._admin, _ALL))
        self._read = started
