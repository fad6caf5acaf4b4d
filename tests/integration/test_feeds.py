"""Feeds of works, events and reports: read by parsers that are not ours, narrowed down by street, division and kind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import icalendar
import psycopg
import pytest
from lxml import etree

pytestmark = pytest.mark.integration

NS = {"a": "http://www.w3.org/2005/Atom", "g": "http://www.georss.org/georss"}
X, Y = 893_000.0, 6_247_000.0  # m, EPSG:2154


@pytest.fixture(scope="module")
def client(doors: Any) -> Iterator[httpx.Client]:
    """Two streets, two divisions, works in one, a market on Saturdays in the other."""
    day = datetime.now(UTC).date()
    common = "'t', %(key)s, (SELECT min(id) FROM obs.loads), 'administrative'"
    square = "ST_Multi(ST_MakeEnvelope(%(x)s, %(y)s, %(x)s + %(side)s, %(y)s + %(side)s, 2154))"
    line = "ST_SetSRID(ST_MakeLine(ST_MakePoint(%(x)s, %(y)s), ST_MakePoint(%(x)s + 100, %(y)s)), 2154)"
    with psycopg.connect(doors.database) as store:
        store.execute("INSERT INTO obs.loads (id, source, collection, finished) VALUES (900000, 't', 'chantiers', %s)",
                      [datetime(2026, 1, 2, 3, 4, tzinfo=UTC)])  # fmt: skip
        for n, name in enumerate(("Rue des Feux", "Rue <des> Eaux & Cie"), 1):
            store.execute(
                f"INSERT INTO data.troncons (id, code, voie, nature, depart, arrivee, geom, source, source_key, "
                f"load_id, "
                f"origin) VALUES (%(n)s, %(key)s, %(name)s, 'desserte', 1, 2, {line}, {common})",
                {"n": 700 + n, "key": f"F{n}", "name": name, "x": X, "y": Y + 2_000 * n},
            )
            store.execute(
                f"INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) "
                f"VALUES (%(n)s, %(key)s, 'x', {square}, {common})",
                {"n": 700 + n, "key": f"F{n}", "x": X - 500, "y": Y + 2_000 * n - 500, "side": 1_000},
            )
        store.execute(
            f"INSERT INTO data.chantiers (id, reference, titre, nature, debut, fin, emprise, statut, voie, "
            f"geom, source, "
            f"source_key, load_id, origin) VALUES (701, 'F-1', 'Conduite', 'eau', %(start)s, %(end)s, 'trottoir', "
            f"'autorise', 'Rue des Feux', {square}, 't', %(key)s, 900000, 'administrative')",
            {"key": "F-1", "x": X, "y": Y + 2_000, "side": 10, "start": f"{day}T06:00Z",
             "end": f"{day + timedelta(days=3)}T16:00Z"},
        )  # fmt: skip
        store.execute(
            f"INSERT INTO data.evenements (id, reference, titre, nature, debut, fin, regle, heure_debut, "
            f"heure_fin, feries, "
            f"statut, voie, geom, source, source_key, load_id, origin) VALUES (701, 'F-2', 'Marché', "
            f"'marche', %(start)s, "
            f"%(end)s, 'FREQ=WEEKLY;BYDAY=SA', '08:00', '13:00', true, 'autorise', 'Rue <des> Eaux & Cie', "
            f"{square}, 't', "
            f"%(key)s, 900000, 'administrative')",
            {"key": "F-2", "x": X, "y": Y + 4_000, "side": 10, "start": f"{day - timedelta(days=300)}T00:00Z",
             "end": f"{day + timedelta(days=60)}T00:00Z"},
        )  # fmt: skip
    with doors.client(**{"Accept-Language": "fr"}) as client:
        yield client


def entries(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [title.text for title in etree.fromstring(answer.content).findall("a:entry/a:title", NS)]


def test_an_atom_feed_has_what_rfc_4287_requires(client: httpx.Client) -> None:
    answer = client.get("/feeds/chantiers.atom?street=rue des feux")
    feed = etree.fromstring(answer.content)

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    for name in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{name}", namespaces=NS)
    own = feed.find("a:link[@rel='self']", NS)
    assert own is not None
    assert own.get("href") == feed.findtext("a:id", namespaces=NS)
    (entry,) = feed.findall("a:entry", NS)
    for name in ("id", "title", "updated", "summary"):
        assert entry.findtext(f"a:{name}", namespaces=NS)
    assert entry.findtext("a:updated", namespaces=NS) == "2026-01-02T03:04:00+00:00"  # the load that brought it
    assert feed.findtext("a:updated", namespaces=NS) == "2026-01-02T03:04:00+00:00"
    point = (entry.findtext("g:point", namespaces=NS) or "").split()
    assert [round(float(one), 1) for one in point] == [43.3, 5.4]


def test_a_calendar_has_each_saturday_of_the_market(client: httpx.Client) -> None:
    """Between a week ago and the end in 60 days there are 9 or 10 Saturdays; 08:00 to 13:00 is five hours."""
    answer = client.get("/feeds/evenements.ics", params={"street": "Rue <des> Eaux & Cie"})
    events = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")

    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert len(events) in (9, 10)
    assert {event["dtstart"].dt.weekday() for event in events} == {5}
    assert {event["dtend"].dt - event["dtstart"].dt for event in events} == {timedelta(hours=5)}
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert {str(event["location"]) for event in events} == {"Rue <des> Eaux & Cie"}
    assert answer.text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))  # RFC 5545, 3.1


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("chantiers.atom?street=Rue des Feux", ["Conduite"]),
        ("chantiers.atom?division=F1", ["Conduite"]),
        ("chantiers.atom?division=F2", []),
        ("chantiers.atom?division=F1&nature=eau", ["Conduite"]),
        ("chantiers.atom?division=F1&nature=reseaux", ["Conduite"]),
        ("chantiers.atom?division=F1&nature=surface", []),
        ("evenements.atom?division=F2&nature=commerce", ["Marché"]),
        ("evenements.atom?street=Rue des Feux", []),
    ],
)
def test_a_feed_is_of_a_street_a_division_a_kind(client: httpx.Client, query: str, titles: list[str]) -> None:
    assert entries(client.get(f"/feeds/{query}")) == titles


def test_a_report_comes_into_the_feeds_of_its_division_at_its_rounded_place(client: httpx.Client, doors: Any) -> None:
    with psycopg.connect(doors.database) as store:
        lon, lat = store.execute(
            "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 2154), 4326) AS p",
            [X + 31, Y + 2_017],
        ).fetchone() or (0, 0)
    told = client.post(
        "/reports", json={"nature": "tag", "lon": lon, "lat": lat, "description": "Quilp", "photo": None}
    ).json()
    by_division = client.get("/feeds/signalements.atom?division=F1&nature=proprete")
    along = client.get("/feeds/signalements.atom?street=Rue des Feux")
    elsewhere = client.get("/feeds/signalements.atom?division=F2")
    journal = icalendar.Calendar.from_ical(client.get("/feeds/signalements.ics?division=F1").text).walk("VJOURNAL")
    history = client.get(f"/feeds/reports/{told['reference']}.atom")

    assert entries(by_division) == entries(along) == ["Tag"]
    assert entries(elsewhere) == []
    point = etree.fromstring(by_division.content).findtext("a:entry/g:point", namespaces=NS)
    assert [float(one) for one in (point or "").split()][::-1] == pytest.approx(told["public"]["position"])
    assert f"signalements-{told['reference']}" in str(journal[0]["uid"])
    assert entries(history) == ["Reçu"]
    assert "Quilp" not in by_division.text + history.text


def test_a_reader_that_has_it_all_is_told_so(client: httpx.Client) -> None:
    first = client.get("/feeds/chantiers.atom")
    again = client.get("/feeds/chantiers.atom", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/feeds/faits.atom", 404, "no such feed"),
        ("/feeds/chantiers.rss", 404, "no such format"),
        ("/feeds/chantiers.atom?street=nulle part", 404, "street"),
        ("/feeds/chantiers.atom?division=nope", 404, "division"),
        ("/feeds/chantiers.atom?nature=nope", 400, "nature"),
        ("/feeds/chantiers.atom?colour=red", 400, "colour"),
        ("/feeds/chantiers.atom?nature=eau&nature=gaz", 400, "nature"),
        ("/feeds/reports/SIG-2026-0000000.atom", 404, "reference"),
        (f"/feeds/chantiers.atom?street={'a' * 200}", 400, "street"),
    ],
)
def test_a_feed_that_there_is_not_is_refused_by_name(client: httpx.Client, path: str, status: int, word: str) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert word in answer.json()["detail"]


def test_the_list_of_feeds_names_each_by_its_address(client: httpx.Client) -> None:
    feeds = client.get("/feeds").json()["feeds"]

    assert [feed["collection"] for feed in feeds] == ["chantiers", "evenements", "signalements"]
    for feed in feeds:
        for form in ("atom", "ics"):
            assert client.get(feed[form].removeprefix("http://city.example")).status_code == 200
