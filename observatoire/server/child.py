"""The child's side of an execution: one process of the operating system, one execution, then gone."""

import asyncio
import fcntl
import os
import resource
import select
import signal
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

from threadpoolctl import threadpool_limits

from observatoire.caller import Caller
from observatoire.errors import ObsError
from observatoire.jobs.periodic import internal_processes
from observatoire.server.registry import registry
from observatoire.store.pool import pool_of

NICE = 5  # steps below the web process, so that a request comes before a computation
PACE = 0.2  # s, least time between two words of progress


@dataclass(frozen=True)
class Task:
    """What a child is told to do.

    Attributes
    ----------
    nice : int
        Steps below the process that asks.
    memory_mb : int, MiB, optional
        Most address space; without it there is no limit.
    """

    process_id: str
    inputs: dict[str, Any]
    caller: Caller
    nice: int = NICE
    memory_mb: int | None = None


@dataclass(frozen=True)
class Told:
    """How far a child is."""

    percent: int
    message: str


class Failed(ObsError):
    """An error of the child, as it was said there."""

    def __init__(self, text: str, attributes: dict[str, Any]) -> None:
        super().__init__(text)
        self.__dict__.update(attributes)

    @staticmethod
    def pack(error: ObsError) -> tuple[str, dict[str, Any]]:
        """Return what can be sent of an error, whatever its class."""
        names = ("type", "status", "exit_code", "uri", "code", "headers")
        return str(error), {name: getattr(error, name) for name in names if hasattr(error, name)}


def work(pipe: Connection, task: Task) -> None:
    """Do the task and send either the outputs or `Failed.pack` of the error; before it, any number of `Told`."""
    die_with_the_server()
    os.setsid()  # what it starts itself is killed with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stand_back(task.nice)
    if task.memory_mb is not None:
        resource.setrlimit(resource.RLIMIT_AS, (task.memory_mb << 20, task.memory_mb << 20))
    try:
        with threadpool_limits(limits=1):
            answer: dict[str, bytes] | tuple[str, dict[str, Any]] = asyncio.run(_executed(task, _Teller(pipe)))
    except ObsError as error:
        answer = Failed.pack(error)
    pipe.send(answer)
    pipe.close()


async def _executed(task: Task, teller: "_Teller") -> dict[str, bytes]:
    """Return the outputs of the process; a light one, which expects the web process's pool, gets one of its own."""
    kind = (internal_processes() | registry())[task.process_id]
    async with AsyncExitStack() as opened:
        caller = task.caller
        if kind.weight == "light":
            options = {"autocommit": True}
            pool = pool_of(caller.read, name="child", kwargs=options, min_size=0, max_size=1)
            caller = replace(caller, pool=await opened.enter_async_context(pool))
        process = kind(caller)
        process.hears = teller.tell
        outputs: dict[str, bytes] = await process.execute(task.inputs)
        return outputs


class _Teller:
    """Sends progress, not more often than anybody reads it, and never backwards."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._told = Told(0, "")
        self._last = float("-inf")

    def tell(self, percent: int, message: str) -> None:
        """Send how far the execution is."""
        told = Told(min(max(percent, self._told.percent), 100), message)
        now = monotonic()
        if told != self._told and now - self._last >= PACE:
            self._pipe.send(told)
            self._told, self._last = told, now


def stand_back(steps: int) -> None:
    """Let requests come first, by so many steps of niceness.

    On a desktop or a plain virtual machine Linux shares the CPU between sessions first and between processes of one
    session second (sched(7), autogroup). We lead a session of our own, so that our niceness says nothing beside the
    server's: the session's does.
    """
    niceness = os.nice(steps)
    if steps:  # where there are no autogroups, or one was changed a moment ago, ours stays as it is
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(niceness))


def die_with_the_server() -> None:
    """Have the kernel end us when the web process dies, whatever we are computing.

    Our parent is the fork server, so its death would come late (it takes seconds to end) or, while we live, never. But
    the web process holds the other end of the pipe by which it told us what to do, and nothing more comes through it:
    asked to, the kernel sends SIGIO when that end closes, and SIGIO ends a process (fcntl(2), O_ASYNC).
    """
    parent = parent_process()
    if sys.platform != "linux" or parent is None:
        return
    end: int = parent.sentinel
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([end], [], [], 0)[0]:  # it closed before we asked
        os._exit(1)
