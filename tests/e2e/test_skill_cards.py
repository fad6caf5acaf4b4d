"""The skill card of a served city: by right, as a page and as JSON, linked from the forecasts' collection."""

from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("audience", ["planner", "roadworks", "coordination"])
def test_those_who_see_forecasts_see_their_card(observatory: Any, audience: str) -> None:
    page = observatory.get("/fiches/signalements", audience, lang="fr")
    card = observatory.get("/fiches/signalements", audience, f="json", horizon=7).json()
    schema = observatory.get("/fiches/schema.json").json()

    assert page.status_code == 200
    assert page.text.count('<svg class="plot"') == 4
    assert " style=" not in page.text
    assert "<script" not in page.text
    assert "Fiche de qualité" in page.text
    assert page.headers["Cache-Control"].startswith("private")
    jsonschema.validate(card, schema)


@pytest.mark.parametrize(("audience", "status"), [("", 401), ("public", 401), ("citizen", 404), ("auditor", 404)])
def test_nobody_else_does(observatory: Any, audience: str, status: int) -> None:
    for path in ("/fiches", "/fiches/signalements"):
        assert observatory.get(path, audience).status_code == status


def test_a_card_that_is_not_there_is_not_found_and_a_bad_horizon_is_said(observatory: Any) -> None:
    assert observatory.get("/fiches/chantiers", "planner").status_code == 404
    assert observatory.get("/fiches/signalements", "planner", horizon=28).status_code == 404
    assert observatory.get("/fiches/signalements", "planner", horizon="x").status_code == 400


def test_forecasts_lead_to_their_card(observatory: Any) -> None:
    links = observatory.get("/api/collections/risque", "planner", f="json").json()["links"]
    latest = observatory.get("/pro/forecast.json", "planner").json()

    (described,) = [link for link in links if link["rel"] == "describedby" and "/fiches/" in link["href"]]
    assert described["href"].endswith(latest["skill_card"]["href"])
    assert latest["skill_card"]["computed"][:10] in described["title"]
