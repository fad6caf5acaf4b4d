"""Fixtures that several folders share: a throw-away private cluster, databases in it, a served observatory."""

import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import owslib.ogcapi
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from observatoire.store.cluster import Cluster, furnish

#: The loopback speaks no TLS; by default httpx reads all certificates anew for each request, for 50 ms.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private cluster that runs for the session, then is removed. Roles are common to all its databases."""
    with tempfile.TemporaryDirectory(prefix="obs-tests-") as var:
        private = Cluster(Path(var))
        try:
            with private.running() as conninfo, psycopg.connect(conninfo, autocommit=True) as server:
                server.execute("ALTER SYSTEM SET fsync = off")  # it need not outlive a power cut
                server.execute("SELECT pg_reload_conf()")
                yield private
        finally:
            private.stop()
            shutil.rmtree(private.home)


@pytest.fixture(scope="session")
def new_database(cluster: Cluster) -> Callable[[], AbstractContextManager[str]]:
    """Make a fresh database for a block: the administrator's connection string; empty but for PostGIS and unaccent."""

    @contextmanager
    def made() -> Iterator[str]:
        name = sql.Identifier(f"test_{secrets.token_hex(4)}")
        with psycopg.connect(cluster.conninfo(), autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(name))
            conninfo = make_conninfo(cluster.conninfo(), dbname=name.as_string().strip('"'))
            with psycopg.connect(conninfo, autocommit=True) as connection:
                furnish(connection)
            try:
                yield conninfo
            finally:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    return made


@pytest.fixture(scope="module")
def database(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A fresh database for each module."""
    with new_database() as conninfo:
        yield conninfo


@dataclass(frozen=True)
class Observatory:
    """A served observatory: a small simulated city, as `make demo` would serve it.

    Attributes
    ----------
    url : str
        `http://127.0.0.1:port`, no slash at its end.
    keys : dict
        A key per audience.
    environment : dict
        To run `obs` beside it.
    """

    url: str
    keys: dict[str, str]
    environment: dict[str, str]

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response:
        """Ask as an audience, or as nobody."""
        headers = {"X-API-Key": self.keys[audience]} if audience else {}
        return httpx.get(
            f"{self.url}{path}",
            params=parameters or None,
            headers=headers,
            timeout=60,
            verify=NO_TLS,  # type: ignore[arg-type]
        )


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _served(**more: str) -> Iterator[Observatory]:
    with tempfile.TemporaryDirectory(prefix="obs-served-") as folder:
        var, port = Path(folder) / "var", free_port()
        environment = os.environ | {
            "OBS_VAR": str(var),
            "OBS_CITY": os.environ.get("OBS_TEST_CITY", str(Path(__file__).parent / "cities" / "small.yml")),
            "OBS_BIND": f"127.0.0.1:{port}",
            "OBS_REPORTS_PER_HOUR": "0",
            "OBS_WORKER_NICE": "5",  # other tests compute meanwhile
            **more,
        }
        log = Path(folder) / "demo.log"
        with log.open("w") as out:
            demo = subprocess.Popen(
                [sys.executable, "-m", "observatoire.cli", "demo"], env=environment, stdout=out, stderr=out
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(demo, url, log)
            yield Observatory(url, json.loads((var / "demo-keys.json").read_text()), environment)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(120)  # a machine that does much else takes its time
            private = Cluster(var)
            private.stop()
            shutil.rmtree(private.home, ignore_errors=True)


@pytest.fixture(scope="session")
def observatory() -> Iterator[Observatory]:
    """Serve a small city for the session by the command that `make demo` runs, in a store of its own.

    `OBS_TEST_CITY` names another file: oracles, such as those of works, judge any simulated city.
    """
    with _served() as observatory:
        yield observatory


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Observatory]]:
    """Return what serves one more such city, with settings of its own."""
    return _served


def _wait(demo: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if demo.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"the small city is not served:\n{log.read_text()[-4000:]}")


@pytest.fixture(autouse=True)
def headers_of_owslib(monkeypatch: pytest.MonkeyPatch) -> None:
    """OWSLib adds a client's headers to a dictionary that all its clients share: a key would go on to the next test."""
    monkeypatch.setattr(owslib.ogcapi, "REQUEST_HEADERS", dict(owslib.ogcapi.REQUEST_HEADERS))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out to processes by file; those of one store or one served city stay together."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if is_served(file):
                return "served to a browser" if "web" in Path(file).parts else "served to programs"
            return str(Path(file).parent) if shares_a_store(file) else file

    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes long as a whole, so that no process is left with it at the end while the other waits."""
    kinds = ("integration", "qgis", "e2e", "conformance", "web")

    def rank(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        if not file.startswith("tests/"):
            return len(kinds) + 1
        kind = Path(file).parts[1]
        return 0 if is_served(file) else 1 + kinds.index(kind) if kind in kinds else len(kinds) + 1

    items.sort(key=rank)


@cache
def is_served(file: str) -> bool:
    """Tell whether tests of a file ask for the served city."""
    path = Path(__file__).parent.parent / file
    if path.parent.name == "citizen" or path.parent.parent.name == "conformance":
        return True
    return "observatory: " in path.read_text("utf-8")


@cache
def shares_a_store(file: str) -> bool:
    """Tell whether the files of a folder use one store."""
    conftest = (Path(__file__).parent.parent / file).parent / "conftest.py"
    return conftest.exists() and 'scope="package"' in conftest.read_text("utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """In CI nothing may be left out: a skipped test is a failed one, with its reason."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out in CI: {report.longrepr}"
    return report
