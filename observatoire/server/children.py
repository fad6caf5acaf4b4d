"""Heavy executions: each in a child of a preloaded fork server, a few at a time, killed when it takes too long.

One child an execution rather than a pool of workers: killing one breaks no other, and nothing of a caller is left for
the next one. Forked from the server it costs about 25 ms.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from typing import Any, ClassVar

from observatoire.errors import ObsError
from observatoire.server.child import Failed, Task, Told, work

WAITING_PER_CHILD = 4  # executions that may wait for each running one
#: Every child runs the server's main module anew. CPython 3.12.8 and 3.13.1 preload it when asked to, those before do
#: not (gh-126631): what the script `obs` imports is named as well, or each child would spend half a second on it.
PRELOADED = ["__main__", "observatoire.server.preload", "observatoire.cli"]


class Busy(ObsError):
    """As many executions run and wait as may."""

    type, status, exit_code = "busy", 503, 75
    headers: ClassVar = {"Retry-After": "5"}


class TookTooLong(ObsError):
    """An execution was stopped at its time limit."""

    type, status, exit_code = "took-too-long", 504, 75


class ChildDied(ObsError):
    """An execution's process ended without an answer."""

    type = "child-died"


class Children:
    """Runs tasks in children.

    Parameters
    ----------
    running : int
        Most children at a time.
    timeout_s : float, s
        Longest time of one, from the start of its child.
    """

    def __init__(self, *, running: int, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._places = running * (1 + WAITING_PER_CHILD)
        self._slots = asyncio.Semaphore(running)
        self._threads = ThreadPoolExecutor(running, thread_name_prefix="execution")
        self._living: set[_Child] = set()
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)

    async def warm(self) -> None:
        """Have the fork server start and load the processes: return once a first child has come and gone."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._breathe)

    def _breathe(self) -> None:
        first = self._context.Process(target=os.getpid, daemon=True)
        first.start()
        first.join()

    async def run(self, task: Task, told: Callable[[Told], None] | None = None) -> dict[str, bytes]:
        """Return the outputs of a task; cancelled, its child is killed.

        Parameters
        ----------
        told : callable, optional
            Hears how far it is, in a thread of ours.

        Raises
        ------
        Busy
            If too many wait already.
        TookTooLong
            If it was killed at its time limit.
        ObsError
            What the process raised.
        """
        if self._places == 0:
            raise Busy("too many executions wait; try again in a few seconds")
        self._places -= 1
        try:
            async with self._slots:
                return await self._run(_Child(self._context, task, told))
        finally:
            self._places += 1

    async def _run(self, child: "_Child") -> dict[str, bytes]:
        self._living.add(child)
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, child.work)
        except TimeoutError:
            raise TookTooLong(f"the execution took longer than {self.timeout_s:g} s and was stopped") from None
        finally:
            child.kill()
            self._living.discard(child)
        if isinstance(answer, dict):
            return answer
        raise Failed(*answer)

    def close(self) -> None:
        """Kill what runs."""
        for child in list(self._living):
            child.kill()
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Child:
    """One child, started and awaited by a thread, killed by anybody."""

    def __init__(self, context: Any, task: Task, told: Callable[[Told], None] | None) -> None:
        self._context = context
        self._task = task
        self._told = told
        self._process: ForkServerProcess | None = None
        self._over = False
        self._reaped = False

    def work(self) -> Any:
        """Start the child and return what it sends."""
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._started(theirs)
        theirs.close()
        self._process = process
        if self._over:  # killed while it started: `kill` saw no process yet
            self.kill()
        try:
            while isinstance(answer := ours.recv(), Told):
                if self._told is not None:
                    self._told(answer)
        except EOFError:
            process.join()
            answer = Failed.pack(ChildDied(f"the execution ended without an answer (exit code {process.exitcode})"))
        finally:
            ours.close()
        process.join()
        self._reaped = True
        return answer

    def _started(self, pipe: Any) -> ForkServerProcess:
        """Return the child, started; again where the fork server itself was killed: another one is made."""
        for last in (False, True):
            process: ForkServerProcess = self._context.Process(target=work, args=(pipe, self._task), daemon=True)
            try:
                process.start()
            except (EOFError, ConnectionError):
                if last:
                    raise
            else:
                return process
        raise AssertionError("unreachable: the last attempt raises")

    def kill(self) -> None:
        """End the child, if there is one, and what it started; it is not waited for."""
        self._over = True
        if self._process is None or self._process.pid is None or self._reaped:
            return
        with suppress(ProcessLookupError, PermissionError):  # it leads no group yet
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
