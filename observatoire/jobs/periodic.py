"""What is done every night. Each is a job like any other: durable, tried again, run by a child (ADR 0004)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

import orjson
import psycopg

from observatoire.caller import Caller
from observatoire.cities import City
from observatoire.errors import ObsError, StoreUnavailable, internal
from observatoire.intake.registry import source_of
from observatoire.intake.run import load_source
from observatoire.intake.sealed import purge
from observatoire.jobs.model import Order
from observatoire.jobs.queue import Queue
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience
from observatoire.reports.purge import purge as purge_reports
from observatoire.retention import remove
from observatoire.settings import settings
from observatoire.store.pool import Pool

LOADS = time(2, 0)  # local: before the forecasts, which rest on them
OVER = time(2, 45)  # local: after the loads, which may bring what is over once more
NIGHT = time(3, 30)  # local: after the loads of the evening, before the morning brief
CARDS = time(3, 0)  # local: before the forecasts, which carry the card of the same night
ALERTS = timedelta(minutes=15)
MORNING = time(6, 0)  # local: before the day shift
BRIEFED: tuple[Audience, ...] = ("planner", "roadworks", "coordination")
#: Owner of the jobs that nobody asked for. No key has this digest, so that nobody is shown them.
NOBODY = b"periodic"


class CityForecast:
    """Internal process `city-forecast`: a forecast of the city's list, as `obs forecast` makes it."""

    id = "city-forecast"
    weight = "heavy"
    outputs: ClassVar = {"card": None}
    hears: Any = None

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def execute(self, given: dict[str, Any]) -> dict[str, bytes]:
        """Make what is made, keep it, and return its card."""
        try:
            with self.caller.connect_owner() as connection:
                card = self.make(connection, given)
        except ObsError:
            raise
        except psycopg.OperationalError:
            raise StoreUnavailable("the store does not answer") from None
        except Exception as error:
            raise ObsError(internal(error)) from None
        return {"card": orjson.dumps(card, option=orjson.OPT_SERIALIZE_NUMPY)}

    def make(self, connection: psycopg.Connection[Any], given: dict[str, Any]) -> dict[str, Any]:
        """Forecast and keep it."""
        from observatoire.forecasts.store import forecast_store, keep  # late: only a child needs it (server/preload.py)
        from observatoire.store.kept_scores import KeptScores

        city, target, days = self.caller.city, given["target"], given["horizon_days"]
        made = forecast_store(
            connection, city, target, days, places=city.places_for(target, days),
            kept=KeptScores(self.caller.connect_owner), progress=self._progress,
        )  # fmt: skip
        connection.rollback()
        return keep(connection, city, made)

    def _progress(self, done: int, total: int, message: str) -> None:
        if self.hears is not None:
            self.hears(100 * done // max(total, 1), message)


class SkillCards(CityForecast):
    """Internal process `skill-card`: how good the forecasts of one collection and horizon were."""

    id = "skill-card"

    def make(self, connection: psycopg.Connection[Any], given: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the past forecasts and keep the card."""
        from observatoire.forecasts.evaluation import evaluate_and_keep  # late, as above

        return evaluate_and_keep(
            connection, self.caller.city, given["target"], given["horizon_days"], progress=self._progress
        )


class CityLoads:
    """Internal process `city-loads`: loads the city's sources, as `obs load` does; one that fails keeps no other."""

    id = "city-loads"
    weight = "heavy"
    outputs: ClassVar = {"loads": None}
    hears: Any = None

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def execute(self, given: dict[str, Any]) -> dict[str, bytes]:
        """Load, and return what became of each source's rows.

        Raises
        ------
        ObsError
            Once all were tried, where one failed: it names the sources, and why.
        """
        done: dict[str, Any] = {}
        failed: dict[str, str] = {}
        names: list[str] = given["sources"]
        for rank, name in enumerate(names):
            if self.hears is not None:
                self.hears(100 * rank // len(names), name)
            try:
                done[name] = self._load(name)
            except ObsError as error:
                failed[name] = str(error)
            except Exception as error:
                failed[name] = internal(error)
        self._judge()
        if failed:
            raise ObsError("; ".join(f"{name}: {why}" for name, why in failed.items()))
        return {"loads": orjson.dumps(done)}

    def _judge(self) -> None:
        """Judge the alert rules on what was loaded; the next round comes soon, should this one fail."""
        from observatoire.alerting import round_of  # late: scipy takes a second to load

        try:
            with self.caller.connect_owner() as connection:
                round_of(connection, self.caller.city)
        except Exception as error:
            internal(error)

    def _load(self, name: str) -> dict[str, int]:
        with self.caller.connect_owner() as connection:
            return load_source(connection, self.caller.city, name, settings=settings()).counts()


class Purge:
    """Internal process `purge`: removes sealed rows and photos whose time is over, as `obs purge` does."""

    id = "purge"
    weight = "heavy"
    outputs: ClassVar = {"sealed": None, "photos": None}
    hears: Any = None

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def execute(self, _: dict[str, Any]) -> dict[str, bytes]:
        """Remove them, and return how many there were."""
        try:
            with self.caller.connect_owner() as connection, connection.transaction(), connection.cursor() as cursor:
                return {"sealed": orjson.dumps(purge(cursor)), "photos": orjson.dumps(purge_reports(cursor))}
        except psycopg.OperationalError:
            raise StoreUnavailable("the store does not answer") from None


class Retention(CityForecast):
    """Internal process `retention`: removes the items that their layers keep no longer, as `obs retention --remove`."""

    id = "retention"
    outputs: ClassVar = {"removed": None}

    async def execute(self, given: dict[str, Any]) -> dict[str, bytes]:
        """Remove them, and return how many of each collection."""
        return {"removed": (await super().execute(given))["card"]}

    def make(self, connection: psycopg.Connection[Any], _: dict[str, Any]) -> dict[str, Any]:
        """Remove them."""
        return {over.collection: over.items for over in remove(connection, self.caller.city, catalog().values())}


class AlertRound(CityForecast):
    """Internal process `alert-round`: judges the alert rules on what the store holds."""

    id = "alert-round"

    def make(self, connection: psycopg.Connection[Any], _: dict[str, Any]) -> dict[str, Any]:
        """Judge, keep, and return what changed."""
        from observatoire.alerting import round_of  # late, as above

        return round_of(connection, self.caller.city)


class MorningBrief(CityForecast):
    """Internal process `morning-brief`: the brief of each audience that has one, kept for the day."""

    id = "morning-brief"

    def make(self, connection: psycopg.Connection[Any], _: dict[str, Any]) -> dict[str, Any]:
        """Make and keep them; return how many alerts and clashes each tells."""
        from observatoire.brief.report import brief  # late, as above
        from observatoire.store.briefs import keep_brief

        made: dict[str, Any] = {}
        for audience in BRIEFED:
            report = brief(connection, connection, self.caller.city, audience)
            keep_brief(connection, report)
            connection.commit()
            made[audience] = {name: report[name]["count"] for name in ("alerts", "clashes")}
        return made


def internal_processes() -> dict[str, type[Any]]:
    """Return the processes that only we run: no list shows them, no address runs them."""
    return {
        process.id: process
        for process in (CityForecast, SkillCards, CityLoads, Purge, Retention, AlertRound, MorningBrief)
    }


@dataclass(frozen=True)
class Periodic:
    """Orders that are given again every day, at a local time, or every so often.

    Attributes
    ----------
    name : str
        Key in `obs.periodic`: to whichever worker it belongs on that day.
    every : timedelta, optional
        Then `at` says nothing: it is done at each whole multiple of it, UTC.
    """

    name: str
    at: time
    orders: tuple[Order, ...] = field(default=())
    every: timedelta | None = None

    def next(self, now: datetime, city: City) -> datetime:
        """Return the first moment after `now` at which it is that time in the city, or at which `every` is over.

        A time that the clock skips in spring is an hour later; one that it shows twice counts once.

        Parameters
        ----------
        now : datetime, aware

        Returns
        -------
        datetime, UTC
        """
        if self.every is not None:
            return datetime.fromtimestamp((now.timestamp() // (step := self.every.total_seconds()) + 1) * step, UTC)
        day = now.astimezone(city.zone).date()
        moments = (datetime.combine(day + timedelta(days=k), self.at, city.zone).astimezone(UTC) for k in range(3))
        return next(moment for moment in moments if moment > now)


def nightly(city: City) -> list[Periodic]:
    """Return what is done every night: loads of what is read from elsewhere, purges, cards, forecasts; and alerts."""
    wanted = [{"target": each.target, "horizon_days": each.horizon_days} for each in city.forecasts]
    read = [
        name for name, source in city.sources.items() if source.source is None or source_of(source.source).items is None
    ]
    loads = (_order(CityLoads, {"sources": read}),) if read else ()
    return [
        Periodic("loads", LOADS, loads),
        Periodic("purge", LOADS, (_order(Purge, {}),)),
        Periodic("retention", OVER, (_order(Retention, {}),)),
        Periodic("skill-cards", CARDS, tuple(_order(SkillCards, inputs) for inputs in wanted)),
        Periodic("forecast", NIGHT, tuple(_order(CityForecast, inputs) for inputs in wanted)),
        Periodic("brief", MORNING, (_order(MorningBrief, {}),)),
        Periodic("alerts", NIGHT, (_order(AlertRound, {}),), every=ALERTS),
    ]


def _order(process: type[Any], inputs: dict[str, Any]) -> Order:
    return Order(
        process=process.id,
        inputs=inputs,
        outputs=tuple(process.outputs),
        response="document",
        audience="admin",
        owner=NOBODY,
    )


async def enqueue_due(pool: Pool, queue: Queue, city: City, what: Iterable[Periodic]) -> int:
    """Enqueue what is due and return how many jobs that were; what was missed while no worker lived is done once.

    The moment is moved on and the jobs are added in one transaction: however many workers look, and whenever one of
    them is killed, each night's jobs are there once.
    """
    added = 0
    now = datetime.now(UTC)
    for periodic in what:
        following = periodic.next(now, city)
        async with pool.connection() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO obs.periodic (name, due) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
                [periodic.name, following],
            )
            due = await connection.execute(
                "UPDATE obs.periodic SET due = %s WHERE name = %s AND due <= %s", [following, periodic.name, now]
            )
            if due.rowcount:
                for order in periodic.orders:
                    await queue.enqueue(order, limited=False, connection=connection)
                    added += 1
    return added
