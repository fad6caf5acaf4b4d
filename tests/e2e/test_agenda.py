"""The agenda of the coming days on the served small city: by right, and as `event-adequacy` says."""

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

ITEMS = "/api/collections/agenda/items"
FIGURES = {"risque", "adequation", "limitant", "incidents_attendus"}


def test_everybody_sees_what_and_when_and_services_the_figures(observatory: Any) -> None:
    public = observatory.get(ITEMS, limit=1_000, f="json").json()["features"]
    staff = observatory.get(ITEMS, "roadworks", limit=1_000, f="json").json()["features"]

    assert len(public) == len(staff) > 0
    assert not any(FIGURES & set(f["properties"]) for f in public)
    assert all(set(f["properties"]) >= FIGURES for f in staff)
    assert any(f["properties"]["risque"] is not None for f in staff)


def test_its_figures_are_those_of_the_process(observatory: Any) -> None:
    report = httpx.post(
        f"{observatory.url}/api/processes/event-adequacy/execution",
        json={"inputs": {"days": 30}},
        headers={"X-API-Key": observatory.keys["planner"]},
        timeout=120,
    ).json()
    staff = observatory.get(ITEMS, "planner", limit=1_000, f="json").json()["features"]

    said = {e["subject"]: (e["risk"], e["adequacy"], e["scarcest"]) for e in report["events"]}
    kept = {
        f["properties"]["reference"]: tuple(f["properties"][name] for name in ("risque", "adequation", "limitant"))
        for f in staff
    }
    assert kept == said


def test_a_weekly_market_has_an_item_for_each_week_and_loading_again_changes_nothing(observatory: Any) -> None:
    markets = observatory.get(ITEMS, reference="EV-M01", limit=100, f="json").json()["features"]
    days = sorted(f["properties"]["debut"][:10] for f in markets)
    assert len(days) == len(set(days)) >= 4

    again = subprocess.run(
        [sys.executable, "-m", "observatoire.cli", "load", "agenda", "-o", "json"],
        env=observatory.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    counts = json.loads(again.stdout)
    assert counts["read"] == counts["unchanged"] > 0
