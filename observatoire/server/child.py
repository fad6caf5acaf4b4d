"""The child's side of an execution: one process of the operating system, one execution, then gone."""

import asyncio
import fcntl
import os
import select
import signal
import sys
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any

from threadpoolctl import threadpool_limits

from observatoire.caller import Caller
from observatoire.errors import ObsError
from observatoire.server.registry import registry

NICE = 5  # steps below the web process, so that a request comes before a computation


@dataclass(frozen=True)
class Task:
    """What a child is told to do."""

    process_id: str
    inputs: dict[str, Any]
    caller: Caller


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
    """Do the task and send either the outputs or `Failed.pack` of the error."""
    die_with_the_server()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    try:
        with threadpool_limits(limits=1):
            process = registry()[task.process_id](task.caller)
            answer: dict[str, bytes] | tuple[str, dict[str, Any]] = asyncio.run(process.execute(task.inputs))
    except ObsError as error:
        answer = Failed.pack(error)
    pipe.send(answer)
    pipe.close()


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
