"""Jobs survive kill -9 of the worker, the server and the database: none is lost, each has its effect once.

200 jobs and 10 kills; 1 000 and 50 with OBS_PROVE=full. The jobs are short, so that the kills hit many of them.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from observatoire.cities import read_city
from observatoire.layers.catalog import catalog
from observatoire.store.cluster import Cluster
from observatoire.store.database import Store
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7200)]

FULL = os.environ.get("OBS_PROVE") == "full"
JOBS, KILLS = (1_000, 50) if FULL else (200, 10)
PATIENCE = 120 * KILLS  # s; a quiet machine needs about 5 a kill
VICTIMS = ("worker", "server", "database", "worker")
EFFECTS = """
CREATE TABLE public.effects (job uuid, attempt integer);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.effects VALUES (NEW.id, NEW.attempt); RETURN NULL; END';
CREATE TRIGGER note AFTER UPDATE OF status ON obs.jobs FOR EACH ROW WHEN (NEW.status = 'successful')
    EXECUTE FUNCTION public.note();
"""
#: `obs`, whose children load what the jobs here need and not the forecasts' libraries: it is started often.
OBS = """
from observatoire.server import children
children.PRELOADED[:] = ["observatoire.cli", "observatoire.server.child", "processes.risk_forecast"]
from observatoire.cli import main
main()
"""


class Stage:
    """A private cluster, a server and two workers, each of which may be killed at any time."""

    def __init__(self, folder: Path, port: int) -> None:
        city = Path("tests/cities/small.yml")
        self.cluster = Cluster(folder, database=f"observatoire_{read_city(city).id}")
        self.environment = {name: value for name, value in os.environ.items() if name != "OBS_DATABASE_URL"} | {
            "OBS_VAR": str(folder), "OBS_CITY": str(city), "OBS_BIND": f"127.0.0.1:{port}", "OBS_WORKER_NICE": "0",
            "OBS_JOB_LEASE_S": "4", "OBS_JOB_ATTEMPTS": "20", "OBS_LOG_LEVEL": "ERROR",
        }  # fmt: skip
        self.base = f"http://127.0.0.1:{port}/api"
        self.store = Store(self.cluster.conninfo(), embedded=True, cluster=self.cluster)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.log = (folder / "log").open("wb")

    def start(self, name: str) -> None:
        """Start a server, or a worker."""
        command = [sys.executable, "-c", OBS, "serve" if name == "server" else "worker"]
        self.running[name] = subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=self.log)

    def kill(self, name: str) -> None:
        """Kill one at once and start another; the database is started by whoever misses it first."""
        if name == "database":
            pid = int(self.cluster._pid_file.read_text().split("\n", 1)[0])
            os.kill(pid, signal.SIGKILL)
            return
        self.running[name].kill()
        self.running[name].wait()
        self.start(name)

    def keep(self) -> None:
        """Start again what has ended, as a service manager does: one that starts while the database dies gives up."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.start(name)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return rows, also while the database comes back."""
        end = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(self.store.admin) as connection:
                    return connection.execute(query.encode()).fetchall()
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.2)

    def ask(self, ask: Callable[[], httpx.Response], status: int) -> httpx.Response:
        """Ask until the answer has this status: a server that was killed comes back."""
        end = time.monotonic() + 180
        while True:
            try:
                answer = ask()
            except httpx.HTTPError:
                answer = httpx.Response(599)
            if answer.status_code == status:
                return answer
            assert time.monotonic() < end, answer.text
            time.sleep(0.1)


@pytest.fixture
def stage() -> Iterator[tuple[Stage, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="obs-killed-") as name:
        stage = Stage(Path(name), port)
        try:
            with stage.cluster.running() as conninfo:
                with psycopg.connect(conninfo) as connection:
                    city = read_city(Path("tests/cities/small.yml"))
                    prepare(connection, city, catalog().values(), passwords(Path(name)))
                    key = create_key(connection, "citizen", "test")
                    connection.execute(EFFECTS)
                for part in ("server", "worker", "second worker"):
                    stage.start(part)
                yield stage, key
                for process in stage.running.values():
                    process.terminate()
                for process in stage.running.values():
                    process.wait(30)
        finally:
            for process in stage.running.values():
                process.kill()
            stage.cluster.stop()
            shutil.rmtree(stage.cluster.home, ignore_errors=True)


def test_no_job_is_lost_and_each_has_its_effect_once(stage: tuple[Stage, str]) -> None:
    it, key = stage
    orders: dict[str, str] = {}
    client = httpx.Client(base_url=it.base, headers={"X-API-Key": key}, timeout=20)
    headers = {"Prefer": "respond-async"}

    def order_all() -> None:
        for k in range(JOBS):
            while len(killed) < min(KILLS, k * (KILLS + 2) // JOBS - 1):  # the kills shall meet jobs that wait and run
                time.sleep(0.05)
            body = {"inputs": {"message": f"job {k}", "pause": int(k % 4 == 0)}}
            answer = it.ask(lambda body=body: client.post("/processes/echo/execution", json=body, headers=headers), 201)
            orders[answer.json()["jobID"]] = f"job {k}"

    while it.rows("SELECT count(*) FROM obs.workers") != [(2,)]:
        time.sleep(0.1)
    killed: list[str] = []
    ordering = threading.Thread(target=order_all, daemon=True)
    ordering.start()
    began = time.monotonic()
    progress = (
        "SELECT count(*) FILTER (WHERE status = 'successful'), count(*) FILTER (WHERE status = 'running') FROM obs.jobs"
    )
    for k in range(KILLS):
        done, running = 0, 0
        asked = time.monotonic()
        # A worker that is killed holds a job, where three of the four slots are taken; that is not waited for long.
        while done < k * JOBS // (KILLS + 2) or (running < 3 and time.monotonic() - asked < 5):
            done, running = it.rows(progress)[0]
            assert time.monotonic() - began < PATIENCE
            assert ordering.is_alive() or len(orders) == JOBS, "an order was not taken: pytest's warnings say why"
            it.keep()
            time.sleep(0.05)
        name = VICTIMS[k % len(VICTIMS)]
        it.kill("second worker" if name == "worker" and k % 4 == 2 else name)
        killed.append(name)
    while ordering.is_alive():
        it.keep()
        ordering.join(0.2)
    while it.rows("SELECT count(*) FROM obs.jobs WHERE status IN ('accepted', 'running')")[0][0]:
        assert time.monotonic() - began < PATIENCE
        it.keep()
        time.sleep(0.2)

    effects = Counter(str(job) for (job,) in it.rows("SELECT job FROM public.effects"))
    attempts = Counter(attempt for (attempt,) in it.rows("SELECT attempt FROM obs.jobs"))
    results = {job: it.ask(lambda job=job: client.get(f"/jobs/{job}/results"), 200).json() for job in orders}
    print(f"{JOBS} jobs, killed {killed}: {time.monotonic() - began:.1f} s, attempts {dict(sorted(attempts.items()))}")
    assert len(orders) == JOBS
    assert it.rows("SELECT DISTINCT status FROM obs.jobs") == [("successful",)]
    assert set(orders) <= set(effects)
    assert set(effects.values()) == {1}
    assert results == orders
    assert it.rows("SELECT count(*) FROM obs.job_results")[0][0] == len(effects)
    assert 1 < max(attempts) <= 20
