"""A worker and its children: what goes wrong in one, when it is dismissed, frozen, stopped or killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from observatoire.cities import read_city
from observatoire.jobs.model import Order
from observatoire.jobs.queue import Queue
from observatoire.layers.catalog import catalog
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

LEASE, LIMIT = 6, 20  # s: a busy machine may leave a worker without a beat for some seconds
#: `obs worker` with processes that misbehave.
WORKER = """
import hashlib, os, signal, sys, time
from typing import ClassVar
import numpy as np
from observatoire.cli import main
from observatoire.hooks import impl, manager
from observatoire.server.registry import registry
from observatoire.text import Text
from processes.base import Inputs, Output, Process

class Seconds(Inputs):
    seconds: float = 0

class Bad(Process[Seconds]):
    version = "1.0.0"
    title = description = Text(fr="x", en="x")
    audience = ("planner",)
    inputs = Seconds
    outputs: ClassVar = {"pid": Output(Text(fr="x", en="x"), {})}
    example: ClassVar = {"inputs": {}}
    def run(self, inputs):
        self.progress(os.getpid(), 100_000_000, f"pid {os.getpid()}")
        self.misbehave(inputs)
        return {"pid": os.getpid()}

class Spin(Bad):
    id = "spin"
    def misbehave(self, inputs):
        hashlib.pbkdf2_hmac("sha256", b"x", b"y", 500_000_000)  # minutes inside one call of C

class Hog(Bad):
    id = "hog"
    def misbehave(self, inputs):
        np.ones(1 << 34)  # 128 GiB

class Crash(Bad):
    id = "crash"
    def misbehave(self, inputs):
        os.kill(os.getpid(), signal.SIGSEGV)

class Leak(Bad):
    id = "leak"
    def misbehave(self, inputs):
        raise RuntimeError("secret of the server: 1234")

class Sleep(Bad):
    id = "sleep"
    def misbehave(self, inputs):
        time.sleep(inputs.seconds)

class Query(Bad):
    id = "query"
    def misbehave(self, inputs):
        with self.caller.connect() as connection:
            connection.execute("SELECT pg_sleep(60)")

class Grandchild(Bad):
    id = "grandchild"
    def misbehave(self, inputs):
        child = os.fork()
        if child == 0:
            time.sleep(100)
            os._exit(0)
        self.progress(child, 100_000_000, f"pid {child}")
        time.sleep(0.3)
        self.progress(child, 100_000_000, f"pid {child}.")
        time.sleep(100)

class Plugin:
    @impl
    def obs_processes(self):
        return [Spin, Hog, Crash, Leak, Sleep, Query, Grandchild]

manager().register(Plugin())
registry.cache_clear()
if __name__ == "__main__":
    sys.argv = ["obs", "worker"]
    main()
"""


class Bench:
    """A store with jobs, and workers for it."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database = database
        self.script = folder / "worker.py"
        self.script.write_text(WORKER)
        self.environment = os.environ | {
            "OBS_DATABASE_URL": database, "OBS_VAR": str(folder / "var"), "OBS_CITY": "cities/demo.yml",
            "OBS_WORKER_NICE": "0", "OBS_JOB_LEASE_S": str(LEASE), "OBS_JOB_TIMEOUT_S": str(LIMIT),
        }  # fmt: skip

    def worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker and wait until it is there."""
        known = {name for (name,) in self.rows("SELECT name FROM obs.workers")}
        process = subprocess.Popen([sys.executable, str(self.script)], env=self.environment)
        until(lambda: bool({name for (name,) in self.rows("SELECT name FROM obs.workers")} - known), 90)
        return process

    def order(self, process: str, **inputs: Any) -> UUID:
        """Enqueue a job of a planner."""

        async def inside() -> UUID:
            async with AsyncConnectionPool(self.database, kwargs={"autocommit": True}, min_size=1, open=False) as pool:
                queue = Queue(pool, lease_s=LEASE, attempts=3, kept_s=600, waiting=100)
                return await queue.enqueue(Order(process, inputs, ("pid",), "raw", "planner", b"k" * 32))

        return asyncio.run(inside())

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def state(self, job: UUID) -> tuple[str, str, int]:
        """Return status, message and attempt."""
        ((status, message, attempt),) = self.rows("SELECT status, message, attempt FROM obs.jobs WHERE id = %s", job)
        return status, message, attempt

    def pid(self, job: UUID, ending: str = "") -> int:
        """Return the process of which the job speaks in its message."""
        until(lambda: self.state(job)[1].startswith("pid ") and self.state(job)[1].endswith(ending), 60)
        return int(self.state(job)[1].strip(".").split()[1])

    def end(self, job: UUID, seconds: float = 60) -> tuple[str, str, int]:
        """Wait until the job is over and return its state."""
        until(lambda: self.state(job)[0] not in ("accepted", "running"), seconds)
        return self.state(job)

    def dismiss(self, job: UUID) -> float:
        """Dismiss a job and return when, s."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            began = time.monotonic()
            connection.execute("UPDATE obs.jobs SET status = 'dismissed', finished = now() WHERE id = %s", [job])
        return began


def until(true: Callable[[], bool], seconds: float) -> None:
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, "it did not become true"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the second where it ends while it is read
        return False


@pytest.fixture(scope="module")
def bench(database: str, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    with psycopg.connect(database) as connection:
        prepare(connection, read_city(Path("cities/demo.yml")), catalog().values(), passwords(folder / "var"))
    return Bench(database, folder)


@pytest.fixture(scope="module")
def worker(bench: Bench) -> Iterator["subprocess.Popen[bytes]"]:
    process = bench.worker()
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_what_a_child_does_wrong_is_a_sentence_and_harms_no_other(
    bench: Bench, worker: "subprocess.Popen[bytes]"
) -> None:
    jobs = {name: bench.order(name, seconds=0.1) for name in ("hog", "crash", "leak", "sleep", "nope")}
    ends = {name: bench.end(job) for name, job in jobs.items()}

    assert {name: end[0] for name, end in ends.items()} == dict.fromkeys(jobs, "failed") | {"sleep": "successful"}
    assert ends["hog"][1].startswith("not enough memory")
    assert "exit code -11" in ends["crash"][1]
    assert ends["leak"][1].startswith("internal error, reference ")
    assert "no such process" in ends["nope"][1]
    assert worker.poll() is None


def test_a_computation_stands_back_as_a_session_too() -> None:
    """Where Linux shares the CPU between sessions, the niceness of a process in its own session would say nothing."""
    code = (
        "import os; from pathlib import Path; from observatoire.server.child import stand_back; os.setsid(); "
        "stand_back(7); group = Path('/proc/self/autogroup'); "
        "print(os.nice(0), group.read_text().split()[-1] if group.exists() else 7)"
    )
    switch = Path("/proc/sys/kernel/sched_autogroup_enabled")
    shared = switch.exists() and switch.read_text().strip() == "1"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert said[0] == "7"
    assert said[1] == "7" or not shared


def test_an_attempt_that_takes_too_long_is_killed(bench: Bench, worker: "subprocess.Popen[bytes]") -> None:
    job = bench.order("sleep", seconds=300.0)
    pid = bench.pid(job)
    status, message, attempt = bench.end(job)

    assert (status, attempt) == ("failed", 1)
    assert message == f"the execution took longer than {LIMIT} s and was stopped"
    until(lambda: not alive(pid), 1)


@pytest.mark.parametrize("process", ["spin", "sleep", "grandchild"])
def test_what_is_dismissed_is_gone_within_a_second(
    bench: Bench, worker: "subprocess.Popen[bytes]", process: str
) -> None:
    job = bench.order(process, seconds=300.0)
    pid = bench.pid(job, "." if process == "grandchild" else "")
    assert alive(pid)

    began = bench.dismiss(job)
    until(lambda: not alive(pid), 5)
    took = time.monotonic() - began
    time.sleep(2 * LEASE)

    print(f"{process}: gone {took:.3f} s after it was dismissed")
    assert took < 1
    assert bench.state(job)[0] == "dismissed"
    assert bench.rows("SELECT count(*) FROM obs.job_results WHERE job = %s", job) == [(0,)]


def test_a_query_of_a_job_that_is_dismissed_ends_in_the_store(bench: Bench, worker: "subprocess.Popen[bytes]") -> None:
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND datname = current_database()"
    )
    job = bench.order("query")
    until(lambda: bench.rows(running) == [(1,)], 60)

    bench.dismiss(job)
    until(lambda: bench.rows(running) == [(0,)], 2)

    assert bench.state(job)[0] == "dismissed"


def test_a_worker_that_is_frozen_cannot_spoil_what_another_did(bench: Bench, worker: "subprocess.Popen[bytes]") -> None:
    job = bench.order("sleep", seconds=LEASE + 3.0)
    bench.pid(job)
    worker.send_signal(signal.SIGSTOP)
    try:
        other = bench.worker()
        until(lambda: bench.state(job)[2] == 2, 60)
    finally:
        worker.send_signal(signal.SIGCONT)
    try:
        time.sleep(1)
        assert bench.state(job)[0] == "running"  # what the first attempt found is not taken
        assert bench.end(job)[::2] == ("successful", 2)
        time.sleep(1)
        assert bench.rows("SELECT count(*) FROM obs.job_results WHERE job = %s", job) == [(1,)]
        assert bench.state(job)[::2] == ("successful", 2)
    finally:
        other.send_signal(signal.SIGTERM)
        assert other.wait(30) == 0


def test_a_worker_that_leaves_gives_its_jobs_back_and_one_that_is_killed_leaves_no_child(
    bench: Bench, worker: "subprocess.Popen[bytes]"
) -> None:
    jobs = [bench.order("sleep", seconds=300.0) for _ in range(2)]
    pids = [bench.pid(job) for job in jobs]
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    print(f"worker: stopped {time.monotonic() - began:.3f} s after SIGTERM")
    assert not any(map(alive, pids))
    given_back = (
        "SELECT count(*) FROM obs.jobs WHERE id = ANY(%s) AND status = 'running' AND lease <= now() AND tries = 3"
    )
    assert bench.rows(given_back, jobs) == [(2,)]

    other = bench.worker()
    try:
        until(lambda: all(bench.state(job)[2] == 2 for job in jobs), 30)
        time.sleep(1.5)  # a sign of life
        pids = [bench.pid(job) for job in jobs]
        assert all(map(alive, pids))
        began = time.monotonic()
    finally:
        other.kill()
        other.wait()
    until(lambda: not any(map(alive, pids)), 10)
    took = time.monotonic() - began

    print(f"worker: its children gone {took:.3f} s after kill -9")
    assert took < 1
    assert {bench.state(job)[0] for job in jobs} == {"running"}  # until the lease is over and somebody takes them up
