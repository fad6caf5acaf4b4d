"""A planner's morning on a real QGIS desktop in Xvfb: connect, preset, weeks, an area, a clash, a PDF.

In French; in English as well with OBS_PROVE=full. `DESKTOP_KEEP=folder` keeps the screenshots and what was found.
"""

import json
import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.qgis, pytest.mark.timeout(1200)]

QGIS, SCRIPT = "/usr/bin/qgis.bin", Path(__file__).parent / "scripts" / "desktop.py"
LANGUAGES = ("fr", "en") if os.environ.get("OBS_PROVE") == "full" else ("fr",)
PRESET = {"fr": "Carte de l'urbaniste", "en": "Planner's map"}
GROUPS = {
    "fr": ["Lieux et événements", "Prévisions et mesures", "Découpages"],
    "en": ["Places and events", "Forecasts and measures", "Areas"],
}
CLASSES = {
    "fr": ["50 % et plus", "30 à 50 %", "15 à 30 %", "5 à 15 %"],
    "en": ["50 % and over", "30 to 50 %", "15 to 30 %", "5 to 15 %"],
}
BLOCKING = {"fr": ("Deux chantiers au même endroit", "Bloquant"), "en": ("Two works at one place", "Blocking")}


@pytest.fixture(scope="module", params=LANGUAGES)
def morning(request: pytest.FixtureRequest, observatory: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What QGIS found, with the language and the folder of its screenshots."""
    if not Path(QGIS).exists() or shutil.which("xvfb-run") is None:
        pytest.skip("no QGIS desktop: apt-get install qgis xvfb")
    language, home, out = request.param, tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("shots")
    home.chmod(0o700)
    profile = home / "profiles" / "obs" / "QGIS"
    profile.mkdir(parents=True)
    (profile / "QGIS3.ini").write_text(
        "[PythonPlugins]\nprocessing=true\n"
        f"[locale]\noverrideFlag=true\nuserLocale={language}\n"
    )  # fmt: skip
    folders = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"), str(home))
    environment = folders | {
        "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1",
        "DESKTOP_PLUGINS": f"{observatory.url}/qgis/plugins.xml",
        "DESKTOP_OUT": str(out), "DESKTOP_URL": f"{observatory.url}/api", "DESKTOP_KEY": observatory.keys["planner"],
    }  # fmt: skip
    options = ["--noversioncheck", "--nologo", "--profiles-path", home, "--profile", "obs", "--code", SCRIPT]
    with (out / "log").open("w") as log:
        subprocess.run(
            ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", QGIS, *options],
            env=environment, stdout=log, stderr=log, timeout=750,
        )  # fmt: skip
    if keep := os.environ.get("DESKTOP_KEEP"):
        shutil.copytree(out, Path(keep) / language, dirs_exist_ok=True)
    assert (out / "facts.json").exists(), (out / "log").read_text()[-3000:]
    facts = json.loads((out / "facts.json").read_text("utf-8"))
    assert facts["problem"] == "", facts
    return language, facts, out


def test_the_plugin_of_the_server_is_installed_and_tells_no_problem(morning: Any) -> None:
    _, facts, _ = morning

    assert facts["installed_from"].endswith("/qgis/qgis_obs.zip")
    assert facts["problems"] == []


def test_the_preset_opens_what_a_planner_may_see_in_the_city_s_own_crs(morning: Any) -> None:
    language, facts, _ = morning

    assert facts["presets"][0] == PRESET[language]
    assert facts["groups"] == GROUPS[language]
    assert facts["crs"] == "EPSG:2154"
    assert len(facts["layers"]) == 9  # eight of the preset, and the works


def test_the_window_is_not_held(morning: Any) -> None:
    """A turn of its thread works for less than 0.3 s, and waits for nothing: a wait for items is one of many seconds.

    How long it was held depends on what else the machine does; how long its thread worked does not. QGIS's installer
    and its drawing of PDF pages are QGIS's.
    """
    _, facts, _ = morning

    for step in ("connect", "preset", "weeks", "works"):
        assert facts["used_ms"][step] < 300, step
        assert facts["held_ms"][step] < 4000, step


def test_two_weeks_play_with_their_skill(morning: Any) -> None:
    """958 cells of 500 m over the small city: a feature a cell and week."""
    _, facts, out = morning

    assert facts["weeks"]["frames"] == 2
    assert facts["weeks"]["features"] == 2 * 958
    assert re.search(r"[+-]\d+ % \[", facts["weeks"]["badge"])
    assert (out / "2-week-1.png").read_bytes() != (out / "2-week-2.png").read_bytes()


def test_the_forecast_of_a_drawn_area_holds_the_cells_whose_centre_lies_in_it(morning: Any) -> None:
    """A square of 6 km holds 144 cells of 500 m, a row more or less where its bounding box in degrees is turned."""
    _, facts, _ = morning

    assert facts["area"]["good"], facts["area"]["log"]
    assert 144 - 13 <= facts["area"]["cells"] <= 14 * 14


def test_the_forecast_of_an_area_wears_the_style_of_forecasts(morning: Any) -> None:
    """The classes of the collection's legend, in their order: `layers/risque.yml`."""
    language, facts, _ = morning

    assert facts["area"]["classes"][:4] == CLASSES[language]


def test_a_worksite_drawn_on_planned_works_clashes_and_accepts_a_date_that_does_not(morning: Any) -> None:
    language, facts, _ = morning

    west, south, east, north = facts["drawn"]
    assert 5.2 < west < east < 5.6
    assert 43.1 < south < north < 43.5
    assert list(BLOCKING[language]) in facts["findings"]
    assert facts["acceptable"]
    ((_, start, _),) = facts["drafts"]
    assert datetime.fromisoformat(start) != datetime.fromisoformat("2026-12-07T07:30:00+01:00")


def test_the_report_has_a_page_for_each_of_the_sixteen_divisions(morning: Any) -> None:
    _, facts, out = morning

    assert facts["pages"] == 16
    assert len(re.findall(rb"/Type\s*/Page[^s]", (out / "report.pdf").read_bytes())) == 16
