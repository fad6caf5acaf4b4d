"""The morning brief: it tells what is planted, each audience its own, and its figures are those of the API."""

import time
from base64 import b64decode
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e


def run(observatory: Any, audience: str, **inputs: Any) -> httpx.Response:
    headers = {"X-API-Key": observatory.keys[audience]} if audience else {}
    url = f"{observatory.url}/api/processes/situation-report/execution"
    answer = httpx.post(url, json={"inputs": inputs, "response": "document"}, headers=headers, timeout=120)
    if answer.status_code != 201:
        return answer
    job, end = answer.headers["Location"], time.monotonic() + 300  # a machine that is busy makes a job of it
    while httpx.get(job, headers=headers, timeout=60).json()["status"] in ("accepted", "running"):
        assert time.monotonic() < end
        time.sleep(0.5)
    return httpx.get(f"{job}/results", headers=headers, timeout=60)


@pytest.fixture(scope="module")
def made(observatory: Any) -> Any:
    """The brief of the morning of 5 December 2026, the day of the planted festival (`planted.SITUATIONS`)."""
    answer = run(observatory, "coordination", until="2026-12-05T06:00:00+01:00", since="2026-12-04T18:00:00+01:00")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_tells_the_days_festival_and_the_works_in_its_way(made: Any) -> None:
    report = made["report"]

    festival = next(row for row in report["events"]["rows"] if row["reference"] == "EV-P01")
    works = [row["reference"] for row in report["works"]["rows"]]
    clash = next(row for row in report["clashes"]["rows"] if row["subject"] == "CH-P06")

    assert festival["hours"] == [["2026-12-05T16:00:00Z", "2026-12-05T22:00:00Z"]]
    assert "CH-P06" in works
    assert "EV-P01" in clash["evidence"]
    assert clash["severity"] == "blocking"


def test_its_page_says_the_same_in_words(made: Any) -> None:
    page = made["page"]

    assert "60 signalements de propreté en 5 jours" in page
    assert "Le circuit CI001 est éteint depuis 12 jours" in page
    assert "Données simulées" in page
    assert "<script" not in page
    assert "http" not in page.replace("https://www.w3.org", "")


def test_it_names_the_source_that_is_late(made: Any) -> None:
    (late,) = made["report"]["late"]

    assert (late["source"], late["allowed"]["fr"]) == ("videoprotection", "2 jours")
    assert f"<b>videoprotection</b> : {late['age']['fr']} <span>(admis : 2 jours)" in made["page"]


def test_its_pdf_is_one_or_two_sheets(made: Any) -> None:
    document = b64decode(made["pdf"])

    assert document.startswith(b"%PDF-")
    assert 5_000 < len(document) < 500_000


def test_its_figures_are_those_of_the_api(observatory: Any, made: Any) -> None:
    changed = made["report"]["changed"]

    figures = [figure for part in changed for figure in (part["total"], *part["themes"])]
    counted = [observatory.get(f["href"] + "&limit=1", "coordination").json()["numberMatched"] for f in figures]

    (scored,) = made["report"]["forecast"]
    seen = observatory.get(scored["href"] + "&limit=1", "coordination").json()["numberMatched"]
    assert scored["observed"] == seen > 0
    assert 0 < scored["expected"] <= scored["expected_all"]
    assert {part["collection"] for part in changed} == {"signalements", "faits"}
    assert counted == [figure["n"] for figure in figures]


def test_roadworks_are_not_told_of_the_day_log(observatory: Any) -> None:
    report = run(observatory, "roadworks", until="2026-12-05T06:00:00+01:00").json()["report"]

    assert [part["collection"] for part in report["changed"]] == ["signalements"]
    assert report["clashes"]["count"] > 0


@pytest.mark.parametrize("audience", ["", "citizen", "auditor"])
def test_others_have_no_brief(observatory: Any, audience: str) -> None:
    assert run(observatory, audience).status_code == 404
    assert observatory.get("/pro/brief.json", audience).status_code in (401, 404)


@pytest.mark.parametrize(
    "inputs",
    [
        {"since": "yesterday"},
        {"since": "2026-12-04T06:00:00"},
        {"until": "2026-12-05T06:00:00Z", "since": "2027-01-01T00:00:00Z"},
    ],
)
def test_a_time_that_makes_no_sense_is_named(observatory: Any, inputs: Any) -> None:
    answer = run(observatory, "coordination", **inputs)

    assert answer.status_code == 400
    assert "since" in answer.json()["detail"]
