"""The worker: takes jobs up, runs each in a child of its own, says how far they are and how they ended."""

import asyncio
import logging
import secrets
import signal
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from observatoire.caller import Caller
from observatoire.cities import City
from observatoire.errors import ObsError
from observatoire.jobs.bell import OVER, listen, revived
from observatoire.jobs.callbacks import callbacks_of
from observatoire.jobs.model import Claim
from observatoire.jobs.outbox import Outbox
from observatoire.jobs.periodic import enqueue_due, internal_processes, nightly
from observatoire.jobs.queue import queue_of
from observatoire.layers.rights import role
from observatoire.server.child import Failed, Task, Told
from observatoire.server.children import Children
from observatoire.server.registry import process_for
from observatoire.settings import Settings
from observatoire.store.database import Store
from observatoire.store.pool import Pool, pool_of
from observatoire.store.roles import Passwords

log = logging.getLogger("observatoire.jobs")

PULSE = 1.0  # s, between two signs of life
CALLERS = 2  # callbacks at a time: one that does not answer keeps no other waiting
CHORES = 30.0  # s, between two looks at what is due or may be forgotten
GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
#: A child that was killed leaves no query running: the store looks that often whether its client lives (PostgreSQL 14).
FORGOTTEN = "-c client_connection_check_interval=500ms"


def jobs_pool(store: Store, *, name: str, size: int) -> Pool:
    """Return a pool of the administrator's connections, each tried before it is used: the store may have restarted."""
    return pool_of(
        store.admin,
        name=name,
        kwargs={"autocommit": True, "application_name": f"obs {name}"},
        min_size=0,
        max_size=size,
        check=AsyncConnectionPool.check_connection,
    )


@dataclass(eq=False)
class _Attempt:
    """A job that runs here."""

    claim: Claim
    task: asyncio.Task[None] | None = None
    told: Told = field(default_factory=lambda: Told(0, ""))
    renewed: float = field(default_factory=monotonic)

    def tell(self, told: Told) -> None:
        """Remember how far it is; the next pulse says it."""
        self.told = told

    def stop(self) -> None:
        """Have its child killed."""
        if self.task is not None:
            self.task.cancel()


class Worker:
    """Runs jobs until it is told to stop; one object an `obs worker`."""

    def __init__(self, store: Store, settings: Settings, city: City, passwords: Passwords) -> None:
        self.name = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._store = store
        self._settings = settings
        self._city = city
        self._passwords = passwords
        self._children = Children(running=settings.worker_slots, timeout_s=settings.job_timeout_s)
        self._attempts: dict[UUID, _Attempt] = {}
        self._dismissed: deque[UUID] = deque(maxlen=1_000)  # heard of, perhaps while the claim was on its way
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT; what runs then is given back, for another worker to begin anew."""
        leaving = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leaving.set)
        await self._children.warm()  # before we are seen: nobody shall wait for us to load
        async with jobs_pool(self._store, name="worker", size=4) as pool:
            self._pool = pool
            self._queue = queue_of(pool, self._settings)
            outbox = Outbox(pool, callbacks_of(self._settings), self._settings.base)
            lives = [listen(self._store, self._heard), self._pulse(), self._take_up(), self._do_chores()]
            lives += [self._call_back(outbox) for _ in range(CALLERS)]
            tasks = [asyncio.create_task(live) for live in lives]
            left = asyncio.create_task(leaving.wait())
            try:
                done, _ = await asyncio.wait([left, *tasks], return_when=asyncio.FIRST_COMPLETED)
                for task in done - {left}:
                    task.result()  # a loop of ours never ends but by an error
            finally:
                for task in (left, *tasks):
                    task.cancel()
                await asyncio.gather(left, *tasks, return_exceptions=True)
                await self._leave()

    async def _leave(self) -> None:
        attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.stop()
        await asyncio.gather(*(a.task for a in attempts if a.task), return_exceptions=True)
        with suppress(*GONE):  # then the leases run out
            async with asyncio.timeout(8):  # compose kills after ten
                for attempt in attempts:
                    await self._queue.leave(attempt.claim, counted=False)
                await self._queue.sign_out(self.name)
        self._children.close()

    # ------------------------------------------------------------------------------------------------------- the loops
    async def _take_up(self) -> None:
        """Claim jobs while there are free slots; woken by the bell, or once a second."""
        while True:
            self._wake.clear()
            while len(self._attempts) < self._settings.worker_slots and await self._take_one():
                pass
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), PULSE)

    async def _take_one(self) -> bool:
        """Claim a job and start it. Anonymous ones leave a slot, where there is more than one, to keys."""
        anonymous = sum(attempt.claim.order.owner is None for attempt in self._attempts.values())
        anybody = anonymous < max(1, self._settings.worker_slots - 1)
        claim = await self._patiently(lambda: self._queue.claim(self.name, anybody=anybody))
        if claim is None:
            return False
        attempt = self._attempts[claim.id] = _Attempt(claim)
        attempt.task = asyncio.create_task(self._run(attempt))
        attempt.task.add_done_callback(lambda _: self._ended(attempt))  # called even where it never began
        if claim.id in self._dismissed:
            attempt.stop()
        return True

    async def _pulse(self) -> None:
        """Say every second that we live, and how far our jobs are; stop those that are no longer ours."""
        while True:
            began = monotonic()
            try:
                await self._queue.sign_in(self.name, self._settings.worker_slots)
                for attempt in list(self._attempts.values()):
                    await self._beat(attempt)
                await self._queue.give_up()
            except GONE:
                self._stop_expired()
                await revived(self._store)
            await asyncio.sleep(max(0.0, PULSE - (monotonic() - began)))

    async def _beat(self, attempt: _Attempt) -> None:
        began = monotonic()
        if await self._queue.beat(attempt.claim, attempt.told.percent, attempt.told.message):
            attempt.renewed = began
        elif self._attempts.get(attempt.claim.id) is attempt:
            attempt.stop()

    def _stop_expired(self) -> None:
        """Stop what we could not renew for a whole lease: another worker may have it by now."""
        for attempt in list(self._attempts.values()):
            if monotonic() - attempt.renewed > self._settings.job_lease_s:
                attempt.stop()

    async def _do_chores(self) -> None:
        """Enqueue what is due at night, and forget what is over."""
        while True:
            await self._patiently(lambda: enqueue_due(self._pool, self._queue, self._city, nightly(self._city)))
            await self._patiently(self._queue.purge)
            await asyncio.sleep(CHORES)

    async def _call_back(self, outbox: Outbox) -> None:
        """Tell subscribers what is due."""
        while True:
            if not await self._patiently(outbox.deliver_one):
                await asyncio.sleep(PULSE)

    def _heard(self, channel: str, payload: str) -> None:
        if channel == OVER:
            name, status = payload.split()
            if status == "dismissed":
                self._dismissed.append(UUID(name))
                if attempt := self._attempts.get(UUID(name)):
                    attempt.stop()
        else:
            self._wake.set()

    # --------------------------------------------------------------------------------------------------------- one job
    async def _run(self, attempt: _Attempt) -> None:
        claim = attempt.claim
        try:
            try:
                outputs = await self._children.run(self._task(claim), attempt.tell)
            except ObsError as error:
                await self._end_badly(claim, error)
            else:
                await self._patiently(lambda: self._queue.succeed(claim, outputs))
        except Exception:
            log.exception("job %s, attempt %d", claim.id, claim.attempt)  # its lease runs out

    def _ended(self, attempt: _Attempt) -> None:
        if self._attempts.get(attempt.claim.id) is attempt:
            del self._attempts[attempt.claim.id]
        self._wake.set()

    async def _end_badly(self, claim: Claim, error: ObsError) -> None:
        """Write why it failed. A store that did not answer is nobody's fault: the job is begun anew."""
        if error.type == "store-unavailable":
            await asyncio.sleep(PULSE)
            await self._patiently(lambda: self._queue.leave(claim, counted=True))
        else:
            await self._patiently(lambda: self._queue.fail(claim, Failed.pack(error)))

    def _task(self, claim: Claim) -> Task:
        """Return what the child is told; the rights are looked at again, for they may have changed since the order."""
        order = claim.order
        if order.process not in internal_processes():
            process_for(order.process, order.audience)
        login = self._store.conninfo(role(order.audience), self._passwords.by_audience[order.audience])
        caller = Caller(
            audience=order.audience,
            city=self._city,
            language=order.language,
            read=make_conninfo(login, options=FORGOTTEN),
            write=make_conninfo(self._store.admin, options=FORGOTTEN),
        )
        return Task(
            order.process,
            dict(order.inputs),
            caller,
            nice=self._settings.worker_nice,
            memory_mb=self._settings.job_memory_mb,
        )

    async def _patiently[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """Return what the store says, however long it is away; every question of ours may be asked twice."""
        while True:
            try:
                return await ask()
            except GONE:
                await revived(self._store)
