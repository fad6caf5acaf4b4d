"""The feeds of works on the served small city, read back by their formats' own readers, as nobody in particular."""

from datetime import UTC, datetime
from typing import Any

import httpx
import icalendar
import pytest

from observatoire.works.exchange.cifs import read_cifs
from observatoire.works.exchange.datex import read_datex

pytestmark = pytest.mark.e2e

IN = {"crs": "EPSG:2154", "zone": "Europe/Paris"}


@pytest.fixture(scope="module")
def standing(observatory: Any) -> dict[str, dict[str, Any]]:
    """Works that are neither cancelled nor over, as the collection gives them."""
    items = observatory.get("/api/collections/chantiers/items", limit=10_000, f="json").json()["features"]
    today = min(datetime.now(UTC).date().isoformat(), "2026-11-23")  # that of the small city, whose data end there
    rows = [i["properties"] for i in items if i["properties"]["statut"] not in ("annule", "termine")]
    return {row["reference"]: row for row in rows if row["fin"][:10] >= today}


def test_every_feed_holds_the_works_that_stand_and_no_other(observatory: Any, standing: Any) -> None:
    datex = read_datex(observatory.get("/works/chantiers.datex2.xml").content, **IN)
    cifs = read_cifs(observatory.get("/works/chantiers.cifs.xml").content, **IN)
    also = read_cifs(observatory.get("/works/chantiers.cifs.json").content, **IN)
    geojson = observatory.get("/works/chantiers.geojson").json()["features"]
    ics = icalendar.Calendar.from_ical(observatory.get("/works/chantiers.ics").content)

    assert {w.id for w in datex.works} == set(standing)
    assert not datex.refused
    assert {w.id.partition(".")[0] for w in cifs.works} == set(standing)
    assert [w.id for w in cifs.works] == [w.id for w in also.works]
    assert {f["properties"]["reference"] for f in geojson} == set(standing)
    assert {str(e["uid"]).partition(".")[0] for e in ics.walk("VEVENT")} == set(standing)


def test_datex_and_the_calendar_say_the_same_times(observatory: Any) -> None:
    """CH-P01 works 07:30 to 17:00 on ten weekdays."""
    (work,) = [w for w in read_datex(observatory.get("/works/chantiers.datex2.xml").content, **IN).works
               if w.id == "CH-P01"]  # fmt: skip
    ics = icalendar.Calendar.from_ical(observatory.get("/works/chantiers.ics").content)
    events = [e for e in ics.walk("VEVENT") if str(e["uid"]).startswith("CH-P01.")]

    pairs = sorted((int(e["dtstart"].dt.timestamp()), int(e["dtend"].dt.timestamp())) for e in events)
    assert work.schedule.instants.pairs() == pairs
    assert len(pairs) == 10
    assert {b - a for a, b in pairs} == {int(9.5 * 3600)}


def test_the_index_says_what_each_format_does_not_carry(observatory: Any, standing: Any) -> None:
    index = observatory.get("/works").json()

    by_name = {feed["href"].rpartition("chantiers.")[2]: feed for feed in index["feeds"]}
    assert set(by_name) == {"datex2.xml", "cifs.xml", "cifs.json", "geojson", "ics"}
    assert {feed["works"] for feed in by_name.values()} == {len(standing)}
    assert "noise" in {loss["field"] for loss in by_name["cifs.xml"]["losses"]}
    assert "noise" not in {loss["field"] for loss in by_name["geojson"]["losses"]}
    assert index["unreadable"] == []


def test_a_feed_that_has_not_changed_is_not_sent_again_and_an_unknown_one_is_said(observatory: Any) -> None:
    first = observatory.get("/works/chantiers.ics")
    again = httpx.get(f"{observatory.url}/works/chantiers.ics", headers={"If-None-Match": first.headers["etag"]})
    missing = observatory.get("/works/chantiers.pdf")

    assert first.headers["content-type"].startswith("text/calendar")
    assert 'rel="describedby"' in first.headers["link"]
    assert (again.status_code, again.content) == (304, b"")
    assert missing.status_code == 404
    assert "expected one of" in missing.json()["detail"]
