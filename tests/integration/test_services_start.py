"""A server and a worker as services: the database comes late or never, a worker dies beside the demo's server."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from observatoire.commands import demo
from observatoire.commands.demo import Keeper
from observatoire.settings import Settings
from observatoire.store import database as database_module
from observatoire.store.cluster import Cluster
from observatoire.store.database import open_store

pytestmark = pytest.mark.integration


def until(true, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.02)


def lines(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_database_that_never_comes_is_waited_for_and_the_service_says_so(tmp_path: Path, command: str) -> None:
    environment = os.environ | {
        "OBS_VAR": str(tmp_path), "OBS_DATABASE_URL": "postgresql://admin:s3cret@127.0.0.1:1/obs",
        "OBS_STORE_WAIT_S": "7",
    }  # fmt: skip
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "observatoire.cli", command], env=environment, capture_output=True, text=True, timeout=90
    )
    took = time.monotonic() - began

    assert ended.returncode == 69
    assert "the database server at 127.0.0.1:1 does not answer; waiting up to 7 s for it" in ended.stderr
    assert ended.stderr.splitlines()[-1] == "obs: the database server at 127.0.0.1:1 does not answer"
    assert "s3cret" not in ended.stderr
    assert took > 7


def test_a_database_that_comes_late_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database_module, "RETRY", 0.2)
    cluster = Cluster(tmp_path)
    leave = threading.Event()

    def run() -> None:
        time.sleep(1.5)
        with cluster.running():
            leave.wait(60)

    late = threading.Thread(target=run)
    try:
        with cluster.running() as conninfo:
            pass
        late.start()
        with (
            caplog.at_level(logging.WARNING),
            open_store(Settings(var=tmp_path, database_url=SecretStr(conninfo)), patience=60) as store,
            store.connect() as connection,
        ):
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert "waiting up to 60 s" in caplog.text
    finally:
        leave.set()
        late.join()
        cluster.stop()


def test_a_worker_that_dies_beside_the_demo_is_replaced_and_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    program = f"import os, time; print(os.getpid(), file=open({str(note)!r}, 'a'), flush=True); time.sleep(100)"
    keeper = Keeper([sys.executable, "-c", program])
    keeper.start()
    try:
        until(lambda: len(lines(note)) == 1, 10)
        os.kill(lines(note)[0], signal.SIGKILL)
        until(lambda: len(lines(note)) == 2, 10)
    finally:
        keeper.stop()
    keeper.join(10)

    assert not keeper.is_alive()
    assert len(set(lines(note))) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in lines(note))


def test_the_worker_of_the_demo_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    head = demo._WORKER[: demo._WORKER.index("from observatoire")]
    program = f"{head}\nimport time\nprint(os.getpid(), file=open({str(note)!r}, 'a'), flush=True)\ntime.sleep(100)"
    server = (
        "import os, sys, time; from observatoire.commands.demo import Keeper; "
        f"Keeper([sys.executable, '-c', {program!r}, str(os.getpid())]).start(); time.sleep(100)"
    )
    parent = subprocess.Popen([sys.executable, "-c", server])
    until(lambda: len(lines(note)) == 1, 30)
    parent.kill()
    parent.wait()

    until(lambda: not Path(f"/proc/{lines(note)[0]}").exists(), 5)
