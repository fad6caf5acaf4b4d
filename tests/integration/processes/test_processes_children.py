"""The children that compute: their end, their number, their server's death."""

import asyncio
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from observatoire.caller import Caller
from observatoire.cities import City
from observatoire.server.child import Task
from observatoire.server.children import Busy, Children, TookTooLong
from observatoire.server.registry import registry

pytestmark = pytest.mark.integration


def task(served: Any, city: City) -> Task:
    return Task(
        "risk-forecast", {"horizon_days": 7}, Caller("planner", city, read=served.database, write=served.database)
    )


def alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_execution_is_killed_at_its_time_limit_and_the_next_one_runs(
    served: Any, city: City, forecast: dict[str, Any]
) -> None:
    async def run() -> set[int]:
        children = Children(running=1, timeout_s=0.6)
        seen: set[int] = set()
        running = asyncio.ensure_future(children.run(task(served, city)))
        while not running.done():
            seen |= {child.pid for child in multiprocessing.active_children() if child.pid}
            await asyncio.sleep(0.02)
        with pytest.raises(TookTooLong):
            await running
        children.close()
        return seen

    seen = asyncio.run(run())
    until = time.monotonic() + 1
    while any(map(alive, seen)) and time.monotonic() < until:
        time.sleep(0.02)

    assert seen
    assert not any(map(alive, seen))
    assert served.execute("risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}}, "planner").status_code == 400


def test_the_fork_server_may_be_killed_and_another_is_made(served: Any, forecast: dict[str, Any]) -> None:
    pid = multiprocessing.forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    os.kill(pid, signal.SIGKILL)

    answer = served.execute("risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}}, "planner")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("bbox: ")
    assert multiprocessing.forkserver._forkserver._forkserver_pid != pid  # type: ignore[attr-defined]


SERVER = """
import asyncio, multiprocessing, sys
from multiprocessing import forkserver
from pathlib import Path
from observatoire.caller import Caller, TooSlow
from observatoire.cities import read_city
from observatoire.server.child import Task
from observatoire.server.children import Children

async def serve():
    caller = Caller("planner", read_city(Path("cities/demo.yml")), read=sys.argv[1])
    running = asyncio.ensure_future(Children(running=1, timeout_s=60).run(Task("risk-forecast", {}, caller)))
    while not (children := [child.pid for child in multiprocessing.active_children() if child.pid]):
        await asyncio.sleep(0.02)
    print(children[0], forkserver._forkserver._forkserver_pid, flush=True)
    await running

asyncio.run(serve())
"""


def test_a_server_that_is_killed_leaves_no_child(served: Any) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER, served.database], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    child, fork_server = map(int, server.stdout.readline().split())
    assert alive(child)
    assert alive(fork_server)

    server.kill()
    server.wait()

    begin = time.monotonic()
    while alive(child) and time.monotonic() - begin < 5:
        time.sleep(0.02)
    assert time.monotonic() - begin < 1
    while alive(fork_server) and time.monotonic() - begin < 30:  # it tidies up, which takes it a while
        time.sleep(0.1)
    assert not alive(fork_server)


def test_as_many_wait_as_may_and_the_next_is_told_to_come_back(served: Any, city: City) -> None:
    async def run() -> list[Any]:
        children = Children(running=1, timeout_s=60)
        running = [asyncio.ensure_future(children.run(task(served, city))) for _ in range(7)]
        done, waiting = await asyncio.wait(running, timeout=0.3)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        children.close()
        return [one.exception() for one in done]

    errors = asyncio.run(run())

    assert [type(error) for error in errors] == [Busy, Busy]
    assert errors[0].status == 503
    assert errors[0].headers["Retry-After"] == "5"


def test_registered_processes_name_an_audience_and_an_example() -> None:
    for process in registry().values():
        assert process.audience
        assert set(process.example) <= {"inputs", "outputs", "response"}
        assert process.check(process.example["inputs"])
