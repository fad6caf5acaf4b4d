"""`event-adequacy` on the served small city: one event, a project, the agenda; figures that can be followed."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

AS_OF = "2026-11-23T00:00:00+01:00"


def execute(observatory: Any, inputs: dict[str, Any], audience: str = "coordination") -> httpx.Response:
    return httpx.post(
        f"{observatory.url}/api/processes/event-adequacy/execution",
        json={"inputs": inputs},
        headers={"X-API-Key": observatory.keys[audience]} if audience else {},
        timeout=120,
    )


PROJECT = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [5.39, 43.29]},
    "properties": {
        "nature": "concert", "debut": "2026-12-12T20:00:00+01:00", "fin": "2026-12-12T23:30:00+01:00",
        "affluence_prevue": 2000, "agents_prevus": 1,
    },
}  # fmt: skip


def test_the_agenda_holds_the_events_of_the_coming_days_and_no_other(observatory: Any) -> None:
    report = execute(observatory, {"days": 30, "as_of": AS_OF}).json()
    items = observatory.get(
        "/api/collections/evenements/items", "coordination", limit=10_000, f="json",
    ).json()["features"]  # fmt: skip

    once = [
        i["properties"] for i in items
        if not i["properties"]["regle"] and i["properties"]["statut"] != "annule"
        and i["properties"]["fin"] > "2026-11-22T23:00:00Z" and i["properties"]["debut"] < "2026-12-22T23:00:00Z"
    ]  # fmt: skip
    assert {p["reference"] for p in once} <= {e["subject"] for e in report["events"]}
    assert {e["subject"] for e in report["events"] if e["nature"] != "marche"} == {p["reference"] for p in once}
    assert [f["id"] for f in report["features"]] == [e["subject"] for e in report["events"]]


def test_a_project_with_few_officers_falls_short_of_them_and_says_what_it_was_compared_with(observatory: Any) -> None:
    report = execute(observatory, {"candidate": PROJECT}).json()

    (event,) = report["events"]
    officers = next(n for n in event["needs"] if n["need"] == "agents")
    assert event["scarcest"] == "agents"
    assert event["adequacy"] == officers["adequacy"] == pytest.approx(100 / officers["expected"], abs=0.5)
    assert officers["lower"] <= officers["expected"] <= officers["upper"]
    assert 0 <= event["risk"] <= 10
    for neighbour in event["neighbours"]:
        found = observatory.get(
            "/api/collections/evenements/items", "coordination", reference=neighbour["reference"], f="json"
        ).json()["features"][0]["properties"]
        assert (found["statut"], found["agents_necessaires"]) == ("passe", neighbour["needed"]["agents"])


def test_a_kind_that_never_was_is_not_guessed(observatory: Any) -> None:
    """Past markets say no needs: nothing is like a market."""
    market = PROJECT | {"properties": PROJECT["properties"] | {"nature": "marche"}}

    (event,) = execute(observatory, {"candidate": market}).json()["events"]

    assert (event["answer"], event["risk"], event["adequacy"], event["needs"]) == ("abstains", None, None, [])


def test_a_bad_project_is_refused_by_field(observatory: Any) -> None:
    candidate = PROJECT | {"properties": PROJECT["properties"] | {"affluence_prevue": -5}}

    response = execute(observatory, {"candidate": candidate})

    assert response.status_code == 400
    assert "inputs.candidate.properties.affluence_prevue: expected a number" in response.json()["detail"]


def test_residents_have_no_such_process_and_an_unknown_event_is_said(observatory: Any) -> None:
    assert execute(observatory, {}, audience="").status_code == 404
    response = execute(observatory, {"reference": "NO-SUCH"})
    assert (response.status_code, "inputs.reference" in response.json()["detail"]) == (400, True)
