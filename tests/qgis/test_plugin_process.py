"""`qgis_process` against a served city: every process runs, its values are the server's, and it can be stopped."""

import json
import math
import os
import signal
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pyogrio
import pytest

from observatoire import __version__
from observatoire.data import root
from observatoire.plugin_pack import packed

pytestmark = pytest.mark.qgis

PROGRAM = "/usr/bin/qgis_process.bin"
PLUGINS = root() / "plugins"
#: All that the observatory offers a planner; what is added later is run as well.
PROCESSES = {
    "echo", "aggregate", "risk-forecast", "risk-evaluation", "works-clash", "event-adequacy", "situation-report",
    "submit-report",
}  # fmt: skip


@dataclass(frozen=True)
class Qgis:
    """`qgis_process` with the plugin, as a planner; one profile for the module, so that descriptions are kept."""

    environment: dict[str, str]
    home: Path

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start it."""
        return subprocess.Popen(
            [PROGRAM, *arguments], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run it to its end; return its code and all that it says."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def jobs(self) -> list[dict[str, Any]]:
        """Return the list of jobs in the profile."""
        found: list[dict[str, Any]] = []
        for path in self.home.rglob("obs/jobs.json"):
            found = json.loads(path.read_text())
        return found


def environment_of(home: Path, url: str, key: str) -> dict[str, str]:
    """Return the environment of QGIS: it embeds the Python that it finds first on the path."""
    folders = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"), str(home))
    return folders | {
        "PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "QGIS_PLUGINPATH": str(PLUGINS), "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "OBS_URL": url, "OBS_API_KEY": key,
    }  # fmt: skip


@pytest.fixture(scope="module")
def planner(observatory: Any, tmp_path_factory: pytest.TempPathFactory) -> Qgis:
    if not os.path.exists(PROGRAM):  # noqa: PTH110 - a program of the system
        pytest.skip("QGIS is not installed: apt-get install qgis python3-qgis")
    home = tmp_path_factory.mktemp("profile")
    home.chmod(0o700)
    found = Qgis(environment_of(home, f"{observatory.url}/api", observatory.keys["planner"]), home)
    code, said = found.run("plugins", "enable", "qgis_obs")
    assert code == 0, said
    return found


def argument(value: Any) -> str:
    """Return an input of an example as it is typed on a command line."""
    if isinstance(value, dict) and "coordinates" in value:
        return json.dumps(value)
    if isinstance(value, dict) and "bbox" in value:
        value = value["bbox"]
    if isinstance(value, list) and len(value) == 4 and all(isinstance(each, (int, float)) for each in value):
        west, south, east, north = value
        return f"{west},{east},{south},{north} [EPSG:4326]"
    return value if isinstance(value, str) else json.dumps(value)


def sinks(description: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Return a file for each output that becomes a layer: GeoJSON, or a table."""
    found = {}
    for name, output in description["outputs"].items():
        schema = output["schema"]
        rows = [each for each in schema.get("properties", {}).values() if each.get("items", {}).get("type") == "object"]
        if "geo+json" in schema.get("contentMediaType", "") or len(rows) == 1 or "items" in schema:
            found[name] = folder / f"{name}.gpkg"
        elif schema.get("contentEncoding") == "base64":
            found[name] = folder / f"{name}.bin"
    return found


def same(here: Any, there: Any) -> bool:
    """Tell whether a value of a layer is the server's, to the last digit; dates by what they mean."""
    if here is None or here is pd.NaT or (isinstance(here, float) and math.isnan(here)):
        return there is None
    if isinstance(here, pd.Timestamp):
        moment = pd.Timestamp(there)
        return (
            here.tz_localize("UTC") == (moment if moment.tz else moment.tz_localize("UTC"))
            if not here.tz
            else (here == moment)
        )
    if isinstance(there, (dict, list)):
        return bool(json.loads(here) == there)
    return bool(here == there) or str(here) == str(there)


def rows_of(said: Any) -> list[dict[str, Any]]:
    """Return what the server's JSON holds as rows."""
    if isinstance(said, dict) and "features" in said:
        return [feature["properties"] for feature in said["features"]]
    if isinstance(said, list):
        return said
    lists = [value for value in said.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 else []


def test_the_plugin_is_offered_as_a_repository_of_qgis(observatory: Any) -> None:
    listed = ET.fromstring(observatory.get("/qgis/plugins.xml", qgis="3.22").content)

    plugin = listed.find("pyqgis_plugin")
    assert plugin is not None
    assert plugin.get("version") == plugin.findtext("version") == __version__
    assert plugin.findtext("qgis_minimum_version") == "3.22"
    address = plugin.findtext("download_url") or ""
    assert address.startswith(f"{observatory.url}/qgis/")
    body = observatory.get(address.removeprefix(observatory.url))
    assert body.headers["content-type"] == "application/zip"
    assert body.content == packed()


@pytest.mark.timeout(1500)  # one start of QGIS a process, and the processes themselves
def test_every_process_runs_and_its_values_are_the_servers(observatory: Any, planner: Qgis, tmp_path: Path) -> None:
    """Each with the example of its description; the results are those of the very job that QGIS submitted."""
    processes = observatory.get("/api/processes", "planner").json()["processes"]
    assert {each["id"] for each in processes} >= PROCESSES
    for each in processes:
        description = observatory.get(f"/api/processes/{each['id']}", "planner").json()
        folder = tmp_path / each["id"]
        folder.mkdir()
        files = sinks(description, folder)
        inputs = description["example"].get("inputs", {})
        given = [f"{name}={argument(value)}" for name, value in inputs.items()]

        code, said = planner.run(
            "--json", "run", f"obs:{each['id']}", "--", *given, *(f"{n}={p}" for n, p in files.items())
        )

        assert code == 0, said
        assert "Traceback" not in said
        results = json.loads(said[said.index("{") :])["results"]
        if "async-execute" not in description["jobControlOptions"]:  # it has no job whose results could be asked again
            assert each["id"] == "submit-report"
            history = observatory.get(f"/feeds/reports/{results['reference']}.atom")
            assert history.status_code == 200
            assert {"reference", "tracking_token", "status"} <= results.keys()
            continue
        job = planner.jobs()[0]
        assert job["process"] == each["id"]
        answer = observatory.get(f"{job['url'].removeprefix(observatory.url)}/results", "planner")
        compare(description, answer.json(), results, files)


def compare(description: dict[str, Any], answer: Any, results: dict[str, Any], files: dict[str, Path]) -> None:
    """Compare what QGIS has with what the server says."""
    names = list(description["outputs"])
    outputs = answer if len(names) > 1 else {names[0]: answer}
    for name, there in outputs.items():
        if name not in files:
            here = results[name]
            assert here == there or json.loads(here) == there, f"{description['id']}.{name}"
            continue
        if files[name].suffix == ".bin":
            assert files[name].read_bytes() == b64decode(there), f"{description['id']}.{name}"
            continue
        expected = rows_of(there)
        table = pyogrio.read_dataframe(files[name], datetime_as_string=False)
        assert len(table) == len(expected), f"{description['id']}.{name}"
        for row, theirs in zip(table.to_dict("records"), expected, strict=True):
            for field, value in theirs.items():
                assert same(row[field], value), f"{description['id']}.{name}.{field}: {row[field]!r} ≠ {value!r}"


def test_a_process_runs_in_a_model(
    observatory: Any,
    planner: Qgis,
    qgis: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    model = tmp_path / "echoes.model3"
    found = qgis("model.py", model, PLUGINS, f"{observatory.url}/api")
    assert found == {"written": True, "valid": True}

    code, said = planner.run("run", str(model), "--", "words=Bonjour")

    assert code == 0, said
    assert [job["process"] for job in planner.jobs()[:2]] == ["echo", "echo"]
    job = planner.jobs()[0]["url"].removeprefix(observatory.url)
    assert observatory.get(f"{job}/results", "planner").json() == "Bonjour"


def test_lambert_93_is_understood_by_the_server(observatory: Any, planner: Qgis, tmp_path: Path) -> None:
    """The same rectangle in metres and in degrees gives the same cells but for those on its edge."""
    path = tmp_path / "cells.gpkg"

    code, said = planner.run(
        "run", "obs:risk-forecast", "--", "bbox=888000,892000,6245000,6249000 [EPSG:2154]", f"forecast={path}"
    )

    assert code == 0, said
    cells = pyogrio.read_dataframe(path).to_crs(2154).geometry.centroid
    assert len(cells) > 20
    assert cells.x.between(887_500, 892_500).all()
    assert cells.y.between(6_244_500, 6_249_500).all()


def test_ctrl_c_stops_the_job_on_the_server_within_two_seconds(observatory: Any, planner: Qgis) -> None:
    before = len(planner.jobs())
    process = planner.start("run", "obs:echo", "--", "message=x", "pause=60")
    until = time.monotonic() + 60
    while len(planner.jobs()) == before or status(observatory, planner) != "running":
        assert time.monotonic() < until, "the job did not start"
        time.sleep(0.1)

    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    while status(observatory, planner) == "running":
        assert time.monotonic() - begun < 2
        time.sleep(0.02)

    assert status(observatory, planner) == "dismissed"
    said, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Traceback" not in said


def status(observatory: Any, planner: Qgis) -> str:
    """Return what the server says of the newest job of the profile."""
    job = planner.jobs()[0]["url"].removeprefix(observatory.url)
    return str(observatory.get(job, "planner").json()["status"])


def test_without_a_server_there_is_a_message_and_no_traceback(planner: Qgis) -> None:
    nowhere = Qgis({**planner.environment, "OBS_URL": "http://127.0.0.1:9/api"}, planner.home)
    begun = time.monotonic()

    code, said = nowhere.run("run", "obs:echo", "--", "message=x")

    assert code != 0
    assert "Traceback" not in said
    assert time.monotonic() - begun < 60
