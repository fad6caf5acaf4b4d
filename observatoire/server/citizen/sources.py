"""Where what a page shows comes from, and how old it is."""

from dataclasses import dataclass
from datetime import datetime

from observatoire.layers.rights import FRESHNESS
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import State

_AGES = f"SELECT collection, loaded, newest, stale FROM {FRESHNESS}".encode()  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Age:
    """How old a collection is.

    Attributes
    ----------
    loaded : datetime or None
        Its last load, of its oldest source.
    newest : datetime or None
        The time of its newest item.
    stale : bool
        Older than its city lets it be.
    """

    loaded: datetime | None
    newest: datetime | None
    stale: bool


async def ages(state: State) -> dict[str, Age]:
    """Return the age of each public collection that has been loaded."""
    rows = await rows_of(state.pools.of("public"), Plan(_AGES, ()))
    return {collection: Age(loaded, newest, bool(stale)) for collection, loaded, newest, stale in rows}
