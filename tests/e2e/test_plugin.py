"""A package made by `obs plugin new`, outside this repository: its tests pass, and OGC clients see what it adds."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import geopandas
import httpx
import pytest
from owslib.ogcapi.features import Features
from owslib.ogcapi.processes import Processes

from observatoire.data import root
from observatoire.errors import BadInput
from observatoire.store.cluster import Cluster
from observatoire.template import make_package

pytestmark = pytest.mark.e2e

NAME = "bancs-publics"
ROWS = "id,places,lon,lat\nB-1,3,5.37,43.30\nB-2,1,5.38,43.30\nB-3,4,5.39,43.31\nB-4,deux,5.39,43.31\n"
CITY = """
id: essai
title: {fr: Essai, en: Trial}
crs: EPSG:2154
time_zone: Europe/Paris
extent: [5.2, 43.15, 5.57, 43.42]
grid: {cell: 500, over: extent}
sources:
  bancs: {source: bancs-publics, file: bancs.csv}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed as an editable one is: a `.dist-info` with its entry points beside its module."""
    folder = tmp_path_factory.mktemp("elsewhere")
    made = subprocess.run(
        [sys.executable, "-m", "observatoire.cli", "plugin", "new", NAME, "--into", str(folder)],
        cwd=root(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "obs-bancs-publics made" in made.stdout
    home = folder / "obs-bancs-publics"
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    info = home / "obs_bancs_publics-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    entries = project["entry-points"]["observatoire"].items()
    (info / "entry_points.txt").write_text("[observatoire]\n" + "".join(f"{k} = {v}\n" for k, v in entries))
    return home


@pytest.fixture(scope="module")
def environment(package: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(package)}


@pytest.fixture(scope="module")
def served(package: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A city whose only source is the package's, loaded and served as `make demo` does."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "city.yml").write_text(CITY)
    (folder / "bancs.csv").write_text(ROWS)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    ours = {"OBS_VAR": str(folder / "var"), "OBS_CITY": str(folder / "city.yml"), "OBS_DATA": str(folder)}
    with (folder / "log").open("w") as log:
        demo = subprocess.Popen(
            [sys.executable, "-m", "observatoire.cli", "demo"],
            env=environment | ours | {"OBS_BIND": address}, cwd=root(), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until = monotonic() + 120
        while not _answers(f"http://{address}/health"):
            assert demo.poll() is None, (folder / "log").read_text()[-4000:]
            assert monotonic() < until, (folder / "log").read_text()[-4000:]
            sleep(0.2)
        yield f"http://{address}/api"
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
        private = Cluster(folder / "var")
        private.stop()
        shutil.rmtree(private.home, ignore_errors=True)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_its_own_tests_pass(package: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=package, env=environment | {"OBS_CITY": str(root() / "cities" / "demo.yml")},
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-4000:]
    assert "7 passed" in done.stdout


def test_a_client_of_features_sees_its_layer_and_source(served: str) -> None:
    """Three rows of its source; the fourth has no number."""
    client = Features(served)

    assert NAME in client.feature_collections()
    items = client.collection_items(NAME)
    assert [f["properties"]["reference"] for f in items["features"]] == ["B-1", "B-2", "B-3"]


def test_gdal_sees_it(served: str) -> None:
    frame = geopandas.read_file(f"OAPIF:{served}", layer=NAME, engine="pyogrio")

    assert sorted(frame["places"]) == [1, 3, 4]
    first = frame.to_crs(4326).set_index("reference").geometry["B-1"]
    assert (first.x, first.y) == pytest.approx((5.37, 43.30), abs=1e-6)


def test_a_client_of_processes_runs_its_process(served: str) -> None:
    client = Processes(served)
    summary = "bancs-publics-summary"

    assert summary in [process["id"] for process in client.processes()]
    assert client.process(summary)["example"] == {"inputs": {"least": 2}}
    answer = httpx.post(f"{served}/processes/{summary}/execution", json={"inputs": {"least": 2}}, timeout=30)
    assert answer.json() == {"count": 2, "places": 7}


@pytest.mark.parametrize("name", ["Bancs", "bancs_publics", "2bancs", "bancs-", "a" * 31, "signalements", "../x"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name:"):
        make_package(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_package_is_never_written_over_another(tmp_path: Path) -> None:
    make_package("bancs", tmp_path)

    with pytest.raises(BadInput, match="nothing was written"):
        make_package("bancs", tmp_path)
