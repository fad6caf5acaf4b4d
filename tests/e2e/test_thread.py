"""The whole thread as a newcomer meets it: served, read by right, forecast, replayed."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e


def obs(observatory, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "observatoire.cli", *arguments],
        env=observatory.environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_it_is_well_and_says_which_commit(observatory) -> None:
    health = observatory.get("/health").json()

    assert health["status"] == "ok"
    assert health["city"] == "small"
    assert health["commit"]


def test_anyone_reads_the_reports_and_nobody_the_facts_without_a_key(observatory) -> None:
    anyone = observatory.get("/api/collections/signalements/items", limit=5).json()

    assert len(anyone["features"]) == 5
    assert observatory.get("/api/collections/faits/items").status_code in (401, 404)
    assert observatory.get("/api/collections/faits/items", "roadworks").status_code == 404
    assert len(observatory.get("/api/collections/faits/items", "coordination", limit=5).json()["features"]) == 5


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("", {"signalements", "divisions", "mailles"}),
        ("roadworks", {"signalements", "divisions", "mailles", "risque"}),
        ("coordination", {"signalements", "divisions", "mailles", "risque", "faits"}),
        ("auditor", {"signalements", "divisions", "mailles"}),
    ],
)
def test_the_list_of_collections_is_the_audiences(observatory, audience: str, expected: set[str]) -> None:
    listed = observatory.get("/api/collections", audience, f="json").json()["collections"]

    assert {c["id"] for c in listed} == expected
    documented = observatory.get("/api/openapi", audience, f="json").json()["paths"]
    assert ("/collections/faits/items" in documented) == ("faits" in expected)
    assert ("/processes/risk-forecast/execution" in documented) == ("risque" in expected)


def test_a_forecast_stands_in_the_collection_of_forecasts(observatory) -> None:
    card = observatory.get("/pro/forecast.json", "coordination").json()
    cells = observatory.get("/api/collections/risque/items", "coordination", limit=10_000).json()

    assert card["answer"] in ("model", "count", "abstains")
    assert card["words"]["fr"]
    assert len(cells["features"]) == card["n_cells"]


def test_loading_again_changes_nothing(observatory) -> None:
    again = json.loads(obs(observatory, "load", "signalements", "-o", "json").stdout)

    assert again["read"] == again["unchanged"] + again["quarantined"] > 1_000
    assert again["inserted"] == again["updated"] == 0


def test_an_unknown_source_is_refused_with_its_exit_code(observatory) -> None:
    refused = obs(observatory, "load", "nope", "-o", "json")

    assert refused.returncode == 66
    assert json.loads(refused.stderr)["error"] == "unknown-source"


def test_the_screen_is_served(observatory) -> None:
    page = observatory.get("/pro/")

    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert "default-src" in page.headers["content-security-policy"]
