"""The whole thread as a newcomer meets it: served, read by right, forecast, replayed."""

import json
import subprocess
import sys

import pytest

from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES

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


PUBLIC = {
    "agenda", "arrets-bus", "chantiers", "collectes", "divisions", "eclairage", "evenements", "faits-publics",
    "lieux-sensibles", "lignes-bus", "mailles", "mesures-bruit", "pannes-eclairage", "previsions", "registre",
    "signalements", "troncons",
}  # fmt: skip


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("", PUBLIC),
        ("roadworks", PUBLIC | {"risque", "points-chauds"}),
        ("planner", PUBLIC | {"risque", "points-chauds", "faits"}),
        ("coordination", PUBLIC | {"risque", "points-chauds", "faits", "videoprotection"}),
        ("auditor", PUBLIC),
    ],
)
def test_the_list_of_collections_is_the_audiences(observatory, audience: str, expected: set[str]) -> None:
    listed = observatory.get("/api/collections", audience, f="json").json()["collections"]

    assert {c["id"] for c in listed} == expected
    documented = observatory.get("/api/openapi", audience, f="json").json()["paths"]
    assert ("/collections/faits/items" in documented) == ("faits" in expected)
    assert ("/processes/risk-forecast/execution" in documented) == ("risque" in expected)


@pytest.mark.parametrize("collection", sorted(PUBLIC))
def test_every_public_collection_has_items_and_says_that_they_are_simulated(observatory, collection: str) -> None:
    page = observatory.get(f"/api/collections/{collection}/items", limit=3).json()
    about = observatory.get(f"/api/collections/{collection}", f="json").json()
    html = observatory.get(f"/api/collections/{collection}", f="html", lang="en").text

    assert page["features"]
    assert all(feature["geometry"] for feature in page["features"])
    assert "imul" in about["description"]
    assert "simulated" in html.lower()


@pytest.mark.parametrize(
    ("collection", "audience"), [("videoprotection", "planner"), ("videoprotection", ""), ("points-chauds", "citizen")]
)
def test_a_collection_of_others_does_not_exist(observatory, collection: str, audience: str) -> None:
    for path in ("", "/items", "/queryables", "/items/1"):
        assert observatory.get(f"/api/collections/{collection}{path}", audience).status_code == 404


def test_each_collection_answers_for_its_audiences_and_for_nobody_else(observatory) -> None:
    for audience in AUDIENCES:
        for layer in catalog().values():
            status = observatory.get(f"/api/collections/{layer.id}/items", audience, limit=1).status_code

            assert status == (200 if layer.visible_to(audience) else 404), (audience, layer.id)


def test_the_means_of_an_event_are_for_those_who_provide_them(observatory) -> None:
    public = observatory.get("/api/collections/evenements/items", limit=1).json()["features"][0]["properties"]
    staff = observatory.get("/api/collections/evenements/items", "roadworks", limit=1).json()["features"][0]

    assert "agents_prevus" not in public
    assert "affluence_prevue" in public
    assert "agents_prevus" in staff["properties"]


def test_the_register_has_a_row_a_process(observatory) -> None:
    rows = observatory.get("/api/collections/registre/items", limit=1_000).json()["features"]
    processes = observatory.get("/api/processes", "coordination", f="json").json()["processes"]

    listed = {r["properties"]["reference"] for r in rows if r["properties"]["nature"] == "traitement"}
    assert listed == {process["id"] for process in processes}
    assert all(r["properties"]["finalite"] and r["properties"]["base_legale"] for r in rows)


def test_a_forecast_stands_in_the_collection_of_forecasts(observatory) -> None:
    card = observatory.get("/pro/forecast.json", "coordination").json()
    cells = observatory.get(
        "/api/collections/risque/items", "coordination", limit=10_000, datetime=card["as_of"], target=card["target"]
    ).json()  # a night that passes while the city is served leaves another forecast beside it

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
