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
from observatoire.jobs.model import Order
from observatoire.jobs.queue import Pool, Queue

NIGHT = time(3, 30)  # local: after the loads of the evening, before the morning brief
CARDS = time(3, 0)  # local: before the forecasts, which carry the card of the same night
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
        from observatoire.forecast import forecast_store, keep  # late: only a child needs it (server/preload.py)

        made = forecast_store(
            connection, self.caller.city, given["target"], given["horizon_days"], progress=self._progress
        )
        connection.rollback()
        return keep(connection, self.caller.city, made)

    def _progress(self, done: int, total: int, message: str) -> None:
        if self.hears is not None:
            self.hears(100 * done // max(total, 1), message)


class SkillCards(CityForecast):
    """Internal process `skill-card`: how good the forecasts of one collection and horizon were."""

    id = "skill-card"

    def make(self, connection: psycopg.Connection[Any], given: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the past forecasts and keep the card."""
        from observatoire.evaluation import evaluate_and_keep  # late, as above

        return evaluate_and_keep(
            connection, self.caller.city, given["target"], given["horizon_days"], progress=self._progress
        )


def internal_processes() -> dict[str, type[Any]]:
    """Return the processes that only we run: no list shows them, no address runs them."""
    return {CityForecast.id: CityForecast, SkillCards.id: SkillCards}


@dataclass(frozen=True)
class Periodic:
    """Orders that are given again every day, at a local time.

    Attributes
    ----------
    name : str
        Key in `obs.periodic`: to whichever worker it belongs on that day.
    """

    name: str
    at: time
    orders: tuple[Order, ...] = field(default=())

    def next(self, now: datetime, city: City) -> datetime:
        """Return the first moment after `now` at which it is that time in the city.

        A time that the clock skips in spring is an hour later; one that it shows twice counts once.

        Parameters
        ----------
        now : datetime, aware

        Returns
        -------
        datetime, UTC
        """
        day = now.astimezone(city.zone).date()
        moments = (datetime.combine(day + timedelta(days=k), self.at, city.zone).astimezone(UTC) for k in range(3))
        return next(moment for moment in moments if moment > now)


def nightly(city: City) -> list[Periodic]:
    """Return what is done every night: the skill cards and the forecasts of the city's list."""
    return [
        Periodic("skill-cards", CARDS, _orders(city, SkillCards.id)),
        Periodic("forecast", NIGHT, _orders(city, CityForecast.id)),
    ]


def _orders(city: City, process: str) -> tuple[Order, ...]:
    return tuple(
        Order(
            process=process,
            inputs={"target": wanted.target, "horizon_days": wanted.horizon_days},
            outputs=("card",),
            response="document",
            audience="admin",
            owner=NOBODY,
        )
        for wanted in city.forecasts
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
