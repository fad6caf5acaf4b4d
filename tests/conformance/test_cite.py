"""The OGC's own executable suites on a served small city: those in the folder `OBS_CITE` (see conftest.py).

They reach it through a proxy on the loopback that adds a planner's key, for they cannot send one. The suite for
Processes finds a process made for it (suite_echo.py), and at least one job. What the suites fetch elsewhere is taken
from the folder `schemas` beside them, where there is one.
"""

import importlib.util
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.conformance


def tool(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CITE, ADD_KEY, COPIES = tool("cite"), tool("add_key"), tool("cite_copies")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The process for the suite, as an installed package lies: a module, and its entry point beside it."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copy(Path(__file__).with_name("suite_echo.py"), folder)
    info = folder / "obs_suite_echo-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: obs-suite-echo\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[observatoire]\nsuite-echo = suite_echo:plugin\n")
    return folder


@pytest.fixture(scope="module")
def entrance(serve: Any, package: Path) -> Iterator[str]:
    """The landing page of a city as a planner sees it, its worker warm: the first job is over."""
    with serve(PYTHONPATH=str(package)) as city, ADD_KEY.server(city.url, city.keys["planner"], 0) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{proxy.server_address[1]}/api"
        body = {"inputs": {"message": "warm"}}
        job = httpx.post(f"{url}/processes/suite-echo/execution", json=body, headers={"Prefer": "respond-async"})
        end = time.monotonic() + 120
        while httpx.get(job.headers["location"]).json()["status"] != "successful":
            assert time.monotonic() < end
            time.sleep(0.2)
        yield url
        proxy.shutdown()


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("name", "archive"), CITE.archives().items(), ids=str)
def test_a_suite_finds_no_failure(entrance: str, name: str, archive: Path, tmp_path: Path) -> None:
    copies = archive.parent / "schemas"
    with COPIES.served(copies, tmp_path) if copies.is_dir() else nullcontext([]) as options:
        found = CITE.run(name, archive, entrance, echo="suite-echo", options=options)
    print(f"{name}: {found.passed} passed; left out: {found.skipped}")

    assert found.failed == {}
    assert found.passed > 0
