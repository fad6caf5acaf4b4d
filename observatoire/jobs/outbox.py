"""Tells subscribers how their jobs are: at least once, after the state is durable, a bounded number of times."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
from psycopg.rows import kwargs_row

from observatoire.jobs.callbacks import Callbacks, Refused
from observatoire.jobs.model import COLUMNS, Job
from observatoire.server.execute import Execute
from observatoire.server.registry import registry
from observatoire.server.results import answer
from observatoire.server.status import status_info
from observatoire.store.pool import Pool

TRIES = 6
#: s before the next try, longer than a try may take: 15, 60, 240 … Whoever dies while calling has it called again.
FIRST, GROWTH = 15.0, 4.0
MOST = 1_000_000  # bytes of results that are sent; longer ones are fetched by the link in what is sent instead

_CLAIM = """
UPDATE obs.callbacks SET tries = tries + 1, due = now() + %(first)s * power(%(growth)s, tries)
WHERE (job, event) = (
    SELECT job, event FROM obs.callbacks WHERE due <= now() ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING job, event, url, tries
"""

log = logging.getLogger("observatoire.jobs")


@dataclass(frozen=True)
class Letter:
    """What is to be told to whom."""

    job: UUID
    event: str
    url: str
    tries: int


class Outbox:
    """Delivers what is due.

    Parameters
    ----------
    base : str
        Public address of the API, for links.
    """

    def __init__(self, pool: Pool, callbacks: Callbacks, base: str) -> None:
        self._pool = pool
        self._callbacks = callbacks
        self._base = base

    async def deliver_one(self) -> bool:
        """Deliver the letter that is due first; False where none is."""
        letter = await self._taken()
        if letter is None:
            return False
        body = await self._body(letter)
        headers = {
            "Idempotency-Key": f'"{letter.job}/{letter.event}"',  # the same however often it is told
            "Link": f'<{self._base}/jobs/{letter.job}>; rel="monitor"',
        }
        try:
            if body is not None:
                await self._callbacks.post(letter.url, body, headers)
        except Refused as error:
            log.warning("job %s: callback %s, try %d: %s", letter.job, letter.event, letter.tries, error)
            if letter.tries < TRIES:
                return True
        await self._done(letter)
        return True

    async def _taken(self) -> Letter | None:
        async with self._pool.connection() as connection, connection.cursor(row_factory=kwargs_row(Letter)) as cursor:
            await cursor.execute(_CLAIM, {"first": timedelta(seconds=FIRST), "growth": GROWTH})
            return await cursor.fetchone()

    async def _done(self, letter: Letter) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM obs.callbacks WHERE job = %s AND event = %s", [letter.job, letter.event]
            )

    async def _body(self, letter: Letter) -> bytes | None:
        """Return the results as a document, or how the job is; None where it has been forgotten."""
        async with self._pool.connection() as connection, connection.cursor(row_factory=kwargs_row(Job.of)) as cursor:
            await cursor.execute(f"SELECT {COLUMNS} FROM obs.jobs WHERE id = %s".encode(), [letter.job])  # noqa: S608
            job = await cursor.fetchone()
        if job is None:
            return None
        process = registry().get(job.process)
        if letter.event == "successful" and process is not None:
            async with self._pool.connection() as connection:
                found = await connection.execute("SELECT name, value FROM obs.job_results WHERE job = %s", [job.id])
                results = {name: bytes(value) for name, value in await found.fetchall()}
            if sum(map(len, results.values())) <= MOST:
                return bytes(answer(Execute({}, job.outputs, "document"), results, process.outputs).body)
        return orjson.dumps(status_info(self._base, job))
