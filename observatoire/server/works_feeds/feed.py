"""The feeds of one version of the data: made once, in a thread, and kept until the data or the day change."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import psycopg
from psycopg import sql

from observatoire.cities import City
from observatoire.coordination.items import Unreadable, each, named, work_of
from observatoire.coordination.reader import Reader
from observatoire.coordination.risk import today
from observatoire.errors import StoreUnavailable
from observatoire.layers.rights import role
from observatoire.server.state import State
from observatoire.server.works_feeds.forms import FORMS
from observatoire.works.exchange.base import Written
from observatoire.works.model import Work

COLLECTION = "chantiers"
_CHANGED = "SELECT changed FROM obs.versions WHERE collection = %s"


@dataclass(frozen=True)
class Edition:
    """Works as they were at one version, and the documents that were asked for so far.

    Attributes
    ----------
    made : aware datetime
        When the data last changed.
    """

    version: int
    day: date
    made: datetime
    works: list[Work]
    unreadable: list[Unreadable]
    documents: dict[str, Written] = field(default_factory=dict)


class Feeds:
    """Feeds of a server process."""

    def __init__(self) -> None:
        self._edition: Edition | None = None
        self._lock = asyncio.Lock()

    async def edition(self, state: State) -> Edition:
        """Return the works of the current version: those that are neither cancelled nor over on the city's day."""
        version = await state.versions.of(COLLECTION)
        day = datetime.now(state.city.zone).date()
        async with self._lock:
            kept = self._edition
            if kept is None or (kept.version, kept.day) != (version, day):
                self._edition = kept = await asyncio.to_thread(_read, state, version, day)
            return kept

    async def document(self, state: State, form: str) -> tuple[Written, Edition]:
        """Return the feed of a format, and the edition that it is of."""
        edition = await self.edition(state)
        async with self._lock:
            if form not in edition.documents:
                edition.documents[form] = await asyncio.to_thread(_write, edition, form, state.city)
            return edition.documents[form], edition


def _write(edition: Edition, form: str, city: City) -> Written:
    return FORMS[form].write(edition.works, city, edition.made)


def _read(state: State, version: int, day: date) -> Edition:
    """Read as the anonymous visitor may; a simulated city has the day on which its data end (`today`)."""
    login = state.store.conninfo(role("public"), state.passwords.by_audience["public"])
    try:
        with psycopg.connect(login) as connection, state.store.connect() as admin:
            changed = admin.execute(_CHANGED, [COLLECTION]).fetchone()
            now = today(Reader(admin, state.city, "coordination")).astimezone(state.city.zone)
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            reader = Reader(connection, state.city, "public")
            condition = sql.SQL("statut NOT IN ('annule', 'termine') AND fin > %s")
            rows = named(reader.rows(COLLECTION, condition, [midnight]))
    except psycopg.OperationalError:
        raise StoreUnavailable("the store does not answer") from None
    works, refused = each(COLLECTION, rows, work_of, state.city.time_zone)
    made = changed[0].astimezone(UTC).replace(microsecond=0) if changed else midnight
    return Edition(version, day, made, works, refused)
