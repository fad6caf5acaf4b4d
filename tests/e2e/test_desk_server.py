"""What the desk reads beside the API: alerts, trends, sources and events, each for whom it is."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

pytestmark = pytest.mark.e2e

ATOM = {"a": "http://www.w3.org/2005/Atom", "g": "http://www.georss.org/georss"}
PAGES = ("/pro/alerts.json", "/pro/sources.json", "/pro/trends.json", "/pro/trends.json?collection=faits")


@pytest.mark.parametrize(
    ("audience", "statuses"),
    [
        ("", (401, 401, 401, 401)),
        ("citizen", (200, 200, 200, 404)),
        ("planner", (200, 200, 200, 200)),
        ("roadworks", (200, 200, 200, 404)),
        ("coordination", (200, 200, 200, 200)),
        ("steward", (200, 200, 200, 200)),
        ("auditor", (200, 200, 200, 404)),
    ],
)
def test_each_audience_reads_its_own(observatory: Any, audience: str, statuses: tuple[int, ...]) -> None:
    assert tuple(observatory.get(page, audience).status_code for page in PAGES) == statuses


def test_the_planted_situations_are_alerts(observatory: Any) -> None:
    """`planted.SITUATIONS`: the surge of 60 reports, circuit CI001 out for 12 days, sensor B03 silent for nine."""
    said = [alert["reason"]["en"] for alert in observatory.get("/pro/alerts.json", "coordination").json()["alerts"]]

    assert any(text.startswith("60 cleanliness reports in 5 days") for text in said)
    assert "Circuit CI001 has been out for 12 days" in said
    assert "Sensor B03 has been silent for 9 days" in said
    assert any(
        re.fullmatch(r"Source videoprotection is late: last news \d+ days ago, more than the city allows", text)
        for text in said
    )


def test_alerts_are_told_to_their_audience_only(observatory: Any) -> None:
    rules = {
        audience: {rule["id"] for rule in observatory.get("/pro/alerts.json", audience).json()["rules"]}
        for audience in ("planner", "coordination", "steward", "citizen")
    }
    planner = observatory.get("/pro/alerts.json", "planner").text

    assert "exces-faits" in rules["coordination"]
    assert "exces-faits" not in rules["planner"] | rules["steward"]
    assert rules["citizen"] == set()
    assert '"faits"' not in planner


def test_the_items_behind_an_alert_are_as_many_as_it_says(observatory: Any) -> None:
    alerts = observatory.get("/pro/alerts.json", "coordination").json()["alerts"]
    (surge,) = [a for a in alerts if a["rule"] == "concentration-proprete"]

    found = observatory.get(surge["href"] + "&limit=100", "coordination").json()

    assert found["numberReturned"] == surge["figures"]["n"] == 60
    assert {item["properties"]["nature"] for item in found["features"]} == {"depot-sauvage"}


def test_a_reader_of_feeds_is_told_the_alerts_of_its_key(observatory: Any) -> None:
    """RFC 4287; a reader gives the key as the password of Basic authentication, as it can send no header."""
    stranger = observatory.get("/pro/alerts.atom")
    answer = httpx.get(f"{observatory.url}/pro/alerts.atom?lang=en", auth=("reader", observatory.keys["coordination"]))
    again = observatory.get("/pro/alerts.atom?lang=en", "coordination")
    kept = httpx.get(
        f"{observatory.url}/pro/alerts.atom?lang=en",
        headers={"X-API-Key": observatory.keys["coordination"], "If-None-Match": again.headers["etag"]},
    )

    assert (stranger.status_code, "Basic" in stranger.headers["www-authenticate"]) == (401, True)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["cache-control"].startswith("private")
    assert kept.status_code == 304
    feed = etree.fromstring(answer.content)
    for name in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{name}", namespaces=ATOM)
    open_ones = observatory.get("/pro/alerts.json", "coordination").json()["alerts"]
    told = {title.text for title in feed.findall("a:entry/a:title", ATOM)}
    assert {alert["reason"]["en"] for alert in open_ones if not alert["muted_until"]} <= told
    assert len({e.text for e in feed.findall("a:entry/a:id", ATOM)}) == len(feed.findall("a:entry", ATOM))
    assert feed.findtext("a:entry/a:updated", namespaces=ATOM)
    surge = next(e for e in feed.findall("a:entry", ATOM) if e.findtext("a:title", "", ATOM).startswith("60 cleanl"))
    lat, lon = map(float, (surge.findtext("g:point", "", ATOM)).split())
    assert (43 < lat < 44, 5 < lon < 6) == (True, True)


@pytest.mark.parametrize(("audience", "told"), [("planner", False), ("roadworks", False), ("steward", True)])
def test_a_feed_of_alerts_tells_no_other_audience_s(observatory: Any, audience: str, told: bool) -> None:
    """The late source is told to coordination and stewards; the surge to those who plan, not to stewards."""
    text = observatory.get("/pro/alerts.atom?lang=en", audience).text

    assert ("Source videoprotection is late" in text) == told
    assert ("60 cleanliness reports" in text) != told
    assert observatory.get("/pro/alerts.atom?days=3", audience).status_code == 400


def post(observatory: Any, path: str, audience: str, body: Any = None) -> httpx.Response:
    headers = {"X-API-Key": observatory.keys[audience]} if audience else {}
    content = body if isinstance(body, str) else json.dumps(body)
    return httpx.post(observatory.url + path, headers=headers, content=content if body is not None else b"")


def test_an_alert_is_acknowledged_and_muted_by_those_it_is_told_to(observatory: Any) -> None:
    alerts = observatory.get("/pro/alerts.json", "coordination").json()["alerts"]
    (silent,) = [a for a in alerts if a["rule"] == "capteur-muet"]
    path = f"/pro/alerts/{silent['id']}"

    strangers = [post(observatory, f"{path}/acknowledge", who).status_code for who in ("", "citizen", "auditor")]
    acknowledged = post(observatory, f"{path}/acknowledge", "coordination")
    muted = post(observatory, f"{path}/mute", "coordination", {"hours": 1})
    after = {
        who: next(a for a in observatory.get("/pro/alerts.json", who).json()["alerts"] if a["id"] == silent["id"])
        for who in ("coordination", "planner")
    }
    post(observatory, f"{path}/mute", "coordination", {"hours": 0})

    assert strangers == [401, 404, 404]
    assert (acknowledged.status_code, muted.status_code) == (200, 200)
    assert after["planner"]["acknowledged_by"] == "coordination"
    assert after["coordination"]["muted_until"] is not None
    assert after["planner"]["muted_until"] is None


@pytest.mark.parametrize(
    ("body", "named"),
    [({"hours": 1e6}, "hours"), ({"hours": "x"}, "hours"), ({"rule": 1}, "rule"), ({"x": 1}, "body"), ("{", "body")],
)
def test_a_mute_that_makes_no_sense_is_refused_by_name(observatory: Any, body: Any, named: str) -> None:
    answer = post(observatory, "/pro/alerts/1/mute", "coordination", body)

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(named)


@pytest.mark.parametrize("collection", ["signalements", "faits"])
@pytest.mark.parametrize("division", [None, "D03"])
def test_every_trend_equals_the_request_behind_it(observatory: Any, collection: str, division: str | None) -> None:
    given = {"collection": collection} | ({"division": division} if division else {})
    found = observatory.get("/pro/trends.json", "coordination", **given).json()

    figures = [found["total"], *found["themes"], *found["divisions"]]
    counted = [observatory.get(f["href"] + "&limit=1", "coordination").json()["numberMatched"] for f in figures]

    assert counted == [figure["n"] for figure in figures]
    assert sum(theme["n"] for theme in found["themes"]) == found["total"]["n"]


def test_the_surge_is_up_and_in_its_division_only(observatory: Any) -> None:
    found = observatory.get("/pro/trends.json", "planner", days=5).json()
    (surge,) = [
        a for a in observatory.get("/pro/alerts.json", "planner").json()["alerts"] if "proprete" in a["rule"]
    ]  # fmt: skip

    up = {row["division"] for row in found["divisions"] if row["state"] == "up"}

    assert surge["division"] in up
    assert len(up) <= 3
    assert next(t for t in found["themes"] if t["theme"] == "proprete")["word"]["fr"] == "en hausse"


def test_another_system_of_divisions_counts_the_same_items(observatory: Any) -> None:
    """Four sectors joined from the sixteen districts: their counts add up to the districts'."""
    principal = observatory.get("/pro/trends.json", "planner").json()
    sectors = observatory.get("/pro/trends.json", "planner", system="secteur").json()
    north = observatory.get("/pro/trends.json", "planner", system="secteur", division="SN").json()

    assert {row["division"] for row in sectors["divisions"]} == {"SN", "SE", "SS", "SO"}
    assert sum(r["n"] for r in sectors["divisions"]) == sum(r["n"] for r in principal["divisions"])
    counts = {row["division"]: row["n"] for row in sectors["divisions"]}
    assert north["total"]["n"] == counts["SN"]
    assert observatory.get(north["total"]["href"] + "&limit=1", "planner").json()["numberMatched"] == counts["SN"]


@pytest.mark.parametrize(
    ("given", "status", "named"),
    [
        ({"days": 8}, 400, "days"),
        ({"nature": "tag"}, 400, "nature"),
        ({"division": "nope"}, 404, "division"),
        ({"collection": "chantiers"}, 404, "chantiers"),
        ({"collection": "nope"}, 404, "no such"),
    ],
)
def test_a_trend_that_cannot_be_had_says_why(observatory: Any, given: Any, status: int, named: str) -> None:
    answer = observatory.get("/pro/trends.json", "coordination", **given)

    assert answer.status_code == status
    assert answer.json()["detail"].startswith(named)


def test_sources_and_their_quarantine_are_for_their_keepers(observatory: Any) -> None:
    steward = observatory.get("/pro/sources.json", "steward").json()
    planner = observatory.get("/pro/sources.json", "planner").json()

    assert steward["keeper"]
    assert {"source", "quarantine", "last_load", "age_s", "state"} <= set(steward["sources"][0])
    assert not planner["keeper"]
    assert all("source" not in row and "quarantine" not in row for row in planner["sources"])
    assert steward["never_loaded"] == []


@contextmanager
def listening(observatory: Any, audience: str) -> Iterator[list[tuple[float, dict[str, Any]]]]:
    """Hear the events of an audience from another thread, each with the moment of its arrival."""
    heard: list[tuple[float, dict[str, Any]]] = []
    client = httpx.Client(timeout=httpx.Timeout(5, read=20))

    def hear() -> None:
        headers = {"X-API-Key": observatory.keys[audience]}
        try:
            with client.stream("GET", f"{observatory.url}/pro/events", headers=headers) as stream:
                for line in stream.iter_lines():
                    if line.startswith("data: "):
                        heard.append((time.monotonic(), json.loads(line[6:])))
        except httpx.HTTPError:
            return  # the client was closed below

    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    until(lambda: heard, 10)
    yield heard
    client.close()


def until(found: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.02)


def test_what_is_loaded_is_told_within_two_seconds_to_those_who_may_know(observatory: Any, tmp_path: Path) -> None:
    """An operator's event: coordination is told; roadworks, who may not see it, is not, though its heart beats."""
    rows = tmp_path / "video.csv"
    rows.write_text("num,le,type,lon,lat\nE1,2026-01-10T12:00:00+01:00,depot,5.37,43.30\n", "utf-8")
    command = [
        sys.executable, "-m", "observatoire.cli", "load", "--connector", "csv", "--collection", "videoprotection",
        "--file", str(rows), "--map", "id=num,date=le,nature=type,lon=lon,lat=lat",
    ]  # fmt: skip
    with listening(observatory, "coordination") as desk, listening(observatory, "roadworks") as works:
        subprocess.run(command, env=observatory.environment, check=True, capture_output=True, timeout=120)
        loaded = time.monotonic()
        until(lambda: any(e["kind"] == "collection" for _, e in desk), 10)
        until(lambda: any(e["kind"] == "beat" for _, e in works), 10)

    told = [(moment, event) for moment, event in desk if event["kind"] == "collection"]
    assert told[0][1]["collection"] == "videoprotection"
    assert told[0][0] <= loaded + 2
    assert not any(event.get("collection") == "videoprotection" for _, event in works)
    assert "audience" not in told[0][1]


def test_events_are_not_for_strangers(observatory: Any) -> None:
    assert observatory.get("/pro/events").status_code == 401
