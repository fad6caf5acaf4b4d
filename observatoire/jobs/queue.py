"""The queue as workers see it: claims, leases, ends. Every write is fenced by the number of the attempt.

A claim takes the first free row and skips those that others have locked (`FOR UPDATE SKIP LOCKED`). A worker that is
killed lets its lease run out; the job is then claimed again as the next attempt, and whatever the first one may still
write (a worker that was only frozen) finds its number out of date and changes nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from psycopg import AsyncConnection

from observatoire.jobs.model import Claim, Order, QueueFull
from observatoire.settings import Settings
from observatoire.store.pool import Pool

SIGN_OF_LIFE = 15.0  # s, after which a worker that has not been seen counts as gone

_ENQUEUE = """
INSERT INTO obs.jobs (id, process, audience, owner, language, inputs, outputs, response, priority, tries)
SELECT %(id)s, %(process)s, %(audience)s, %(owner)s, %(language)s, %(inputs)s::json, %(outputs)s, %(response)s,
       %(priority)s, %(tries)s
WHERE %(most)s::bigint IS NULL
   OR (SELECT count(*) FROM obs.jobs WHERE audience = %(audience)s AND status = 'accepted') < %(most)s::bigint
"""
#: One at a time counts the waiting jobs of an audience and adds one: a count alone would not see those being added.
_IN_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('obs.jobs ' || %(audience)s, 0))"
_CLAIM = """
UPDATE obs.jobs
SET status = 'running', attempt = attempt + 1, tries = tries - 1, worker = %(worker)s, lease = now() + %(lease)s,
    started = coalesce(started, now()), updated = now(),
    message = CASE WHEN attempt = 0 THEN '' ELSE 'attempt ' || attempt + 1 END
WHERE id = (
    SELECT id FROM obs.jobs
    WHERE status IN ('accepted', 'running') AND tries > 0 AND (status = 'accepted' OR lease < now())
      AND (%(anybody)s OR owner IS NOT NULL)
    ORDER BY priority DESC, created LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, attempt, process, inputs::text, outputs, response, audience, owner, language
"""
_FENCE = "WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running'"
_BEAT = f"""
UPDATE obs.jobs
SET lease = now() + %(lease)s, progress = greatest(progress, %(progress)s),
    message = coalesce(nullif(%(message)s, ''), message),
    updated = CASE WHEN %(progress)s > progress OR %(message)s NOT IN ('', message) THEN now() ELSE updated END
{_FENCE}
"""  # noqa: S608  # constants only
_SUCCEED = f"""
UPDATE obs.jobs
SET status = 'successful', progress = 100, message = '', finished = now(), updated = now(), expires = now() + %(kept)s,
    lease = NULL
{_FENCE}
"""  # noqa: S608
_FAIL = f"""
UPDATE obs.jobs
SET status = 'failed', message = %(message)s, problem = %(problem)s::json, finished = now(), updated = now(),
    expires = now() + %(kept)s, lease = NULL
{_FENCE}
"""  # noqa: S608
_LEAVE = f"UPDATE obs.jobs SET lease = now(), tries = tries + %(back)s, updated = now() {_FENCE}"  # noqa: S608
_GIVE_UP = """
UPDATE obs.jobs
SET status = 'failed', message = %(message)s, problem = %(problem)s::json, finished = now(), updated = now(),
    expires = now() + %(kept)s, lease = NULL
WHERE status = 'running' AND tries = 0 AND lease < now()
"""
GIVEN_UP = ("given up: its worker was lost too often", {"type": "worker-lost", "status": 500})


class Queue:
    """The queue over a pool of the administrator's connections.

    Parameters
    ----------
    lease_s : float, s
        How long a worker has a job for itself without saying that it lives.
    attempts : int
        Most attempts at one job.
    kept_s : float, s
        How long a job and its results are kept once it is over.
    waiting : int
        Most jobs of one audience that wait, however many are asked for at the same moment.
    """

    def __init__(self, pool: Pool, *, lease_s: float, attempts: int, kept_s: float, waiting: int) -> None:
        self._pool = pool
        self._lease = timedelta(seconds=lease_s)
        self.kept = timedelta(seconds=kept_s)
        self._attempts = attempts
        self._waiting = waiting

    async def enqueue(
        self,
        order: Order,
        *,
        priority: int = 0,
        limited: bool = True,
        connection: AsyncConnection[Any] | None = None,
    ) -> UUID:
        """Add a job and return its id; over `connection`, in the transaction that is open there.

        Raises
        ------
        QueueFull
            If too many jobs of the audience wait.
        """
        job = uuid4()
        values = {
            "id": job,
            "process": order.process,
            "audience": order.audience,
            "owner": order.owner,
            "language": order.language,
            "inputs": orjson.dumps(dict(order.inputs)).decode(),
            "outputs": list(order.outputs),
            "response": order.response,
            "priority": priority,
            "tries": self._attempts,
            "most": self._waiting if limited else None,
        }
        if connection is not None:
            await self._insert(connection, values, order.subscriber)
        else:
            async with self._pool.connection() as own, own.transaction():
                if limited:
                    await own.execute(_IN_TURN, values)
                await self._insert(own, values, order.subscriber)
        return job

    async def _insert(
        self, connection: AsyncConnection[Any], values: dict[str, Any], subscriber: Mapping[str, str]
    ) -> None:
        if (await connection.execute(_ENQUEUE, values)).rowcount == 0:
            raise QueueFull(f"{self._waiting} jobs wait already; try again when some are done")
        for event, url in subscriber.items():
            await connection.execute(
                "INSERT INTO obs.callbacks (job, event, url) VALUES (%s, %s, %s)", [values["id"], event, url]
            )

    async def claim(self, worker: str, *, anybody: bool = True) -> Claim | None:
        """Take the next job, or one whose worker was lost; None where there is none.

        Parameters
        ----------
        anybody : bool
            False: only jobs that were asked for with a key.
        """
        async with self._pool.connection() as connection:
            values = {"worker": worker, "lease": self._lease, "anybody": anybody}
            row = await (await connection.execute(_CLAIM, values)).fetchone()
        if row is None:
            return None
        job, attempt, process, inputs, outputs, response, audience, owner, language = row
        order = Order(process, orjson.loads(inputs), tuple(outputs), response, audience, owner, language)
        return Claim(job, attempt, order)

    async def beat(self, claim: Claim, progress: int, message: str) -> bool:
        """Renew the lease and say how far the job is; False where the attempt is no longer the job's."""
        return await self._fenced(_BEAT, claim, lease=self._lease, progress=progress, message=message)

    async def succeed(self, claim: Claim, outputs: Mapping[str, bytes]) -> bool:
        """Write the results and the end, both or neither; False where the attempt is no longer the job's."""
        async with self._pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
            await cursor.execute(_SUCCEED, self._named(claim, kept=self.kept))
            if cursor.rowcount == 0:
                return False
            await cursor.executemany(
                "INSERT INTO obs.job_results (job, name, value) VALUES (%s, %s, %b)",
                [(claim.id, name, value) for name, value in outputs.items()],
            )
        return True

    async def fail(self, claim: Claim, problem: tuple[str, dict[str, Any]]) -> bool:
        """Write why it failed; False where the attempt is no longer the job's."""
        return await self._fenced(
            _FAIL, claim, message=problem[0], problem=orjson.dumps(problem).decode(), kept=self.kept
        )

    async def leave(self, claim: Claim, *, counted: bool) -> bool:
        """Give the job back, to be claimed again at once; an attempt that is not counted was not its fault."""
        return await self._fenced(_LEAVE, claim, back=0 if counted else 1)

    async def give_up(self) -> int:
        """End the jobs whose attempts are used up and whose last worker was lost; return how many."""
        values = {"message": GIVEN_UP[0], "problem": orjson.dumps(GIVEN_UP).decode(), "kept": self.kept}
        async with self._pool.connection() as connection:
            return (await connection.execute(_GIVE_UP, values)).rowcount

    async def purge(self) -> int:
        """Forget the jobs whose time is over, with their results, and workers long gone; return how many jobs."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM obs.workers WHERE seen < now() - interval '1 day'")
            return (await connection.execute("DELETE FROM obs.jobs WHERE expires < now()")).rowcount

    async def sign_in(self, worker: str, slots: int) -> None:
        """Say that a worker lives."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO obs.workers (name, slots) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET seen = now()",
                [worker, slots],
            )

    async def sign_out(self, worker: str) -> None:
        """Say that a worker leaves."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM obs.workers WHERE name = %s", [worker])

    async def staffed(self) -> bool:
        """Tell whether a worker lives."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT FROM obs.workers WHERE seen > now() - %s LIMIT 1", [timedelta(seconds=SIGN_OF_LIFE)]
            )
            return found.rowcount > 0

    async def _fenced(self, statement: str, claim: Claim, **values: Any) -> bool:
        async with self._pool.connection() as connection:
            done = await connection.execute(statement.encode(), self._named(claim, **values))
            return done.rowcount > 0

    @staticmethod
    def _named(claim: Claim, **values: Any) -> dict[str, Any]:
        return {"id": claim.id, "attempt": claim.attempt} | values


def queue_of(pool: Pool, settings: Settings) -> Queue:
    """Return the queue as the settings have it."""
    return Queue(
        pool,
        lease_s=settings.job_lease_s,
        attempts=settings.job_attempts,
        kept_s=settings.job_kept_s,
        waiting=settings.jobs_waiting,
    )
