"""The queue as the web server sees it: orders taken, jobs shown to whom they belong, waited for, dismissed."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import kwargs_row, tuple_row

from observatoire.jobs.bell import OVER as OVER_RINGS
from observatoire.jobs.bell import listen
from observatoire.jobs.model import COLUMNS, Job, NoSuchJob, Order
from observatoire.jobs.queue import Queue
from observatoire.server.query import Interval
from observatoire.server.run import translated
from observatoire.store.database import Store
from observatoire.store.pool import Pool

GLANCE = 2.0  # s between two looks at a job that is waited for, should the bell not be heard

#: An anonymous visitor's job belongs to whoever holds its id.
_OWN = "id = %(id)s AND (owner IS NULL OR owner = %(owner)s)"


@dataclass(frozen=True)
class Wanted:
    """Which of one's jobs are listed; what is None or empty leaves none out.

    Attributes
    ----------
    interval : Interval, optional
        Of the time at which a job was created.
    min_duration, max_duration : float, s, optional
        Time since its start, up to its end where it has one; a job that has not started has none.
    """

    processes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    interval: Interval | None = None
    min_duration: float | None = None
    max_duration: float | None = None
    limit: int = 10
    offset: int = 0


class Desk:
    """Takes orders and answers for them; one object a server process. A context manager runs it.

    Parameters
    ----------
    pool : AsyncConnectionPool
        Of the administrator's connections.
    """

    def __init__(self, pool: Pool, queue: Queue, store: Store) -> None:
        self._pool = pool
        self._queue = queue
        self._store = store
        self._awaited: dict[UUID, set[asyncio.Event]] = {}
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Desk":
        self._listening = asyncio.create_task(listen(self._store, self._heard))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    async def enqueue(self, order: Order, *, awaited: bool = False) -> Job:
        """Add a job; one that somebody waits for comes first, one asked for with a key before an anonymous one.

        Raises
        ------
        QueueFull
            If too many jobs of the audience wait.
        """
        priority = 2 * int(awaited) + int(order.owner is not None)
        with translated():
            job = await self._queue.enqueue(order, priority=priority)
        return await self.job(job, order.owner)

    async def staffed(self) -> bool:
        """Tell whether a worker lives."""
        with translated():
            return await self._queue.staffed()

    async def job(self, job: UUID, owner: bytes | None) -> Job:
        """Return a job of one's own.

        Raises
        ------
        NoSuchJob
            If there is none of that id, or it is somebody else's: the two answers are the same.
        """
        found = await self._jobs(f"SELECT {COLUMNS} FROM obs.jobs WHERE {_OWN}", id=job, owner=owner)  # noqa: S608
        if not found:
            raise NoSuchJob("jobID: no such job")
        return found[0]

    async def waited(self, job: UUID, owner: bytes | None, seconds: float) -> Job:
        """Return a job once it is over, or as it is after `seconds`."""
        rung = asyncio.Event()
        self._awaited.setdefault(job, set()).add(rung)
        end = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                found = await self.job(job, owner)
                left = end - asyncio.get_running_loop().time()
                if found.over or left <= 0:
                    return found
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), min(left, GLANCE))
                rung.clear()
        finally:
            self._awaited[job].discard(rung)
            if not self._awaited[job]:
                del self._awaited[job]

    async def listed(self, owner: bytes, wanted: Wanted) -> tuple[list[Job], bool]:
        """Return a page of the jobs of a key, the newest first, and whether there are more."""
        conditions, values = _conditions(wanted)
        statement = (
            f"SELECT {COLUMNS} FROM obs.jobs WHERE {' AND '.join(['owner = %(owner)s', *conditions])} "  # noqa: S608
            "ORDER BY created DESC, id LIMIT %(most)s OFFSET %(offset)s"
        )
        jobs = await self._jobs(statement, owner=owner, most=wanted.limit + 1, offset=wanted.offset, **values)
        return jobs[: wanted.limit], len(jobs) > wanted.limit

    async def dismiss(self, job: UUID, owner: bytes | None) -> Job:
        """End a job that is not over, or forget one that succeeded or failed, and its results; return it as it was.

        Raises
        ------
        NoSuchJob
            If there is none of that id that belongs to this caller.
        """
        ended = await self._jobs(
            "UPDATE obs.jobs "  # noqa: S608  # constants only
            "SET status = 'dismissed', message = '', finished = now(), updated = now(), lease = NULL, "
            f"expires = now() + %(kept)s WHERE {_OWN} AND status IN ('accepted', 'running') RETURNING {COLUMNS}",
            id=job,
            owner=owner,
            kept=self._queue.kept,
        )
        if not ended:
            ended = await self._jobs(
                f"DELETE FROM obs.jobs WHERE {_OWN} AND status IN ('successful', 'failed') RETURNING {COLUMNS}",  # noqa: S608
                id=job,
                owner=owner,
            )
        return ended[0] if ended else await self.job(job, owner)

    async def results(self, job: Job) -> dict[str, bytes]:
        """Return the outputs of a successful job, by name."""
        with translated():
            async with self._pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
                await cursor.execute("SELECT name, value FROM obs.job_results WHERE job = %s", [job.id])
                return {name: bytes(value) for name, value in await cursor.fetchall()}

    def _heard(self, channel: str, payload: str) -> None:
        if not channel:  # what rang meanwhile is not known: all look
            for events in self._awaited.values():
                for event in events:
                    event.set()
        elif channel == OVER_RINGS:
            for event in self._awaited.get(UUID(payload.split()[0]), ()):
                event.set()

    async def _jobs(self, statement: str, **values: Any) -> list[Job]:
        with translated():
            async with (
                self._pool.connection() as connection,
                connection.cursor(row_factory=kwargs_row(Job.of)) as cursor,
            ):
                await cursor.execute(statement.encode(), values)
                return await cursor.fetchall()


def _conditions(wanted: Wanted) -> tuple[list[str], Mapping[str, Any]]:
    duration = "coalesce(finished, now()) - started"
    interval = wanted.interval or Interval()
    before = "<" if interval.before_end else "<="
    possible = {
        "processes": ("process = ANY(%(processes)s)", list(wanted.processes) or None),
        "statuses": ("status = ANY(%(statuses)s)", list(wanted.statuses) or None),
        "start": ("created >= %(start)s", interval.start),
        "end": (f"created {before} %(end)s", interval.end),
        "min_duration": (f"{duration} >= %(min_duration)s", _span(wanted.min_duration)),
        "max_duration": (f"{duration} <= %(max_duration)s", _span(wanted.max_duration)),
    }
    asked = {name: pair for name, pair in possible.items() if pair[1] is not None}
    return [condition for condition, _ in asked.values()], {name: value for name, (_, value) in asked.items()}


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
