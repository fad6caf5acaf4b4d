"""Documents of works, calendars and bus networks, right and broken, from a local service."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
import shapely

from etl.connectors import cifs, datex, gtfs, ics, litteralis, wzdx
from etl.connectors.works_rows import in_rows
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.options import Options
from observatoire.intake.source import NotModified, Record, Rejected, Table
from observatoire.works.exchange.cifs import write_cifs
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.exchange.litteralis import write_litteralis
from observatoire.works.intervals import Intervals
from observatoire.works.model import Closure, Order, Work
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
X, Y = 892_390.0, 6_247_035.0  # EPSG:2154: the Vieux-Port, 5.3698 43.2965
STREET = shapely.LineString([(X, Y), (X + 100, Y)])


def work(n: int, footprint: Any = STREET) -> Work:
    schedule = Schedule(
        datetime(2026, 5, 4, 8, tzinfo=PARIS), datetime(2026, 5, 15, 17, tzinfo=PARIS), "Europe/Paris",
        windows=((time(8), time(17)),), rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    )  # fmt: skip
    return Work(f"W{n}", "eau", footprint, schedule, closure=Closure("chaussee-fermee"), title="Conduite d'eau")


def whole(n: int) -> Work:
    schedule = Schedule(datetime(2026, 5, 4, 8, tzinfo=UTC), datetime(2026, 5, 15, 17, tzinfo=UTC), "Europe/Paris")
    return Work(f"W{n}", "eau", STREET.buffer(4), schedule, closure=Closure("chaussee-fermee"))


def rows(table: Table) -> tuple[list[Record], list[str]]:
    """Return the records that hold a row, and the words of those that are rejected."""
    records = list(table.records)
    good = [r for r in records if not isinstance(r.row, Rejected)]
    return good, [str(r.row) for r in records if isinstance(r.row, Rejected)]


def test_roadworks_of_datex_keep_their_rhythm_and_stand_where_they_are(service: Any, reply: Any) -> None:
    body = write_datex([work(1)], crs="EPSG:2154", made=datetime(2026, 4, 1, tzinfo=UTC), publisher="t").data
    service.answer = lambda _: reply(body, type="application/xml", headers={"ETag": '"7"'})

    table = datex.fetch(service.url, Options())
    (record,), refused = rows(table)

    assert not refused
    assert isinstance(record.row, dict)
    assert (record.row["id"], record.row["nature"], record.row["emprise"]) == ("W1", "eau", "chaussee-fermee")
    assert (record.row["heure_debut"][:5], record.row["heure_fin"][:5]) == ("08:00", "17:00")
    assert "BYDAY=MO,TU,WE,TH,FR" in record.row["regle"]
    assert datetime.fromisoformat(record.row["debut"]) == datetime(2026, 5, 4, 8, tzinfo=PARIS)
    assert record.geometry.geom_type == "Polygon"
    assert record.geometry.centroid.distance(shapely.Point(5.3704, 43.2965)) < 2e-4
    assert table.cursor is not None
    assert table.cursor() == 'etag:"7"'


def test_works_of_several_hours_a_day_or_with_a_pause_are_rows_that_together_hold_them() -> None:
    """A row has one window and no pause: twice a day, and a week between, is four rows; of a night, whole again."""
    twice = replace(
        work(1).schedule, windows=((time(8), time(12)), (time(13), time(17))),
        except_periods=((datetime(2026, 5, 7, tzinfo=PARIS), datetime(2026, 5, 12, tzinfo=PARIS)),),
    )  # fmt: skip
    order = Order("A-1", "Ville")

    rows_of = in_rows(replace(work(1), schedule=twice, order=order))

    assert [(one.id, one.order) for one in rows_of] == [(f"W1.{n}", Order(f"A-1.{n}", "Ville")) for n in (1, 2, 3, 4)]
    assert all(len(one.schedule.windows) == 1 and not one.schedule.except_periods for one in rows_of)
    held = [pair for one in rows_of for pair in one.schedule.instants.pairs()]
    assert Intervals.of(held) == twice.instants
    assert in_rows(work(2))[0].id == "W2"
    night = replace(
        twice, windows=((time(22), time(6)),),
        except_periods=((datetime(2026, 5, 6, 23, tzinfo=PARIS), datetime(2026, 5, 7, 2, tzinfo=PARIS)),),
    )  # fmt: skip
    assert [one.schedule for one in in_rows(replace(work(1), schedule=night))] == [night]


def test_a_document_that_has_not_changed_is_not_read(service: Any, reply: Any) -> None:
    service.answer = lambda asked: reply(status=304 if asked.headers.get("if-none-match") == '"7"' else 500)

    for module in (datex, cifs, wzdx, ics):
        with pytest.raises(NotModified):
            module.fetch(service.url, Options(since='etag:"7"'))


#: After the official sample of CIFS, whose end is before its start; Google, Closures & incidents feed.
ENDS_BEFORE = b"""<incidents>
  <incident id="101"><type>ROAD_CLOSED</type><subtype>ROAD_CLOSED_CONSTRUCTION</subtype>
    <polyline>51.510090 -0.006902 51.509142 -0.006564 51.506291 -0.003640</polyline><street>NW 12th St</street>
    <starttime>2024-12-07T09:00:00+01:00</starttime><endtime>2024-12-01T18:00:00+01:00</endtime></incident>
  <incident id="102"><type>ACCIDENT</type><polyline>51.51 -0.006 51.50 -0.005</polyline>
    <starttime>2024-12-07T09:00:00+01:00</starttime><endtime>2024-12-08T09:00:00+01:00</endtime></incident>
  <incident id="103"><type>ROAD_CLOSED</type><polyline>51.51 -0.006 51.50 -0.005</polyline><street>A</street>
    <starttime>2024-12-07T09:00:00+01:00</starttime><endtime>2024-12-08T09:00:00+01:00</endtime></incident>
</incidents>"""


def test_incidents_of_cifs_that_are_no_works_or_end_before_they_start_are_rejected(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(ENDS_BEFORE, type="application/xml")

    (record,), refused = rows(cifs.fetch(service.url, Options(request={"width": "6"})))

    assert refused == ["end: bad-work", "type: no-works"]
    assert isinstance(record.row, dict)
    assert record.row["voie"] == "A"
    # a line of 1.1 km north to south, 12 m wide: area over length, in metres of latitude 51.5
    assert record.geometry.area * 111_195**2 * 0.6225 / 1_115 == pytest.approx(12, rel=0.02)


def test_what_cifs_writes_for_us_comes_back_as_as_many_rows(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(write_cifs([work(1)], crs="EPSG:2154", form="json").data)

    good, refused = rows(cifs.fetch(service.url, Options()))

    assert not refused
    assert len(good) == 10  # two weeks of five days


class Litteralis:
    """The WFS of acts, two features a page; one ends before it starts."""

    def __init__(self, reply: Any) -> None:

        self.reply = reply
        self.features = orjson.loads(write_litteralis([whole(n) for n in range(1, 5)], crs="EPSG:2154").data)[
            "features"
        ]
        self.features[3]["properties"] |= {"emprisefin": "2020-01-01T00:00:00Z"}
        self.total = 4

    def __call__(self, asked: Any) -> Any:
        assert asked.headers["authorization"].startswith("Basic ")
        start, size = int(asked.query["startIndex"]), int(asked.query["count"])
        page = self.features[start : start + size]
        return self.reply({"type": "FeatureCollection", "numberMatched": self.total, "features": page})


def test_acts_of_litteralis_are_read_page_by_page(service: Any, reply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTS", "me:secret")
    service.answer = Litteralis(reply)

    good, refused = rows(litteralis.fetch(service.url, Options(request={"auth": "env:ACTS", "count": "2"})))

    assert [r.row["id"] for r in good if isinstance(r.row, dict)] == ["W1", "W2", "W3"]
    assert refused == ["end: bad-work"]
    assert [a.query["startIndex"] for a in service.asked] == ["0", "2"]


def test_acts_that_change_while_they_are_read_end_the_load(
    service: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTS", "me:secret")
    service.answer = Litteralis(reply)
    service.instead = {2: reply({"type": "FeatureCollection", "numberMatched": 9, "features": []})}

    with pytest.raises(SourceUnavailable, match="changed while"):
        litteralis.fetch(service.url, Options(request={"auth": "env:ACTS", "count": "2"}))


#: After the examples of the WZDx specification, 4.2.
ZONES = {
    "feed_info": {"version": "4.2", "publisher": "t", "update_date": "2026-01-01T00:00:00Z", "data_sources": []},
    "type": "FeatureCollection",
    "features": [
        {
            "id": name, "type": "Feature",
            "properties": {
                "core_details": {"event_type": kind, "road_names": ["I-80"], "direction": "eastbound"},
                "start_date": "2026-05-04T08:00:00Z", "end_date": "2026-05-15T17:00:00Z",
                "vehicle_impact": "all-lanes-closed", "lanes": [],
            },
            "geometry": {"type": "LineString", "coordinates": [[-93.776, 41.617], [-93.774, 41.617]]},
        }
        for name, kind in (("z1", "work-zone"), ("z2", "detour"))
    ],
}  # fmt: skip


def test_work_zones_are_read_and_detours_rejected(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(ZONES)

    (record,), refused = rows(wzdx.fetch(service.url, Options(tz="America/Chicago")))

    assert refused == ["core_details.event_type: no-works"]
    assert isinstance(record.row, dict)
    assert (record.row["emprise"], record.row["voie"]) == ("chaussee-fermee", "I-80")
    assert record.geometry.contains(shapely.Point(-93.775, 41.617))


@pytest.mark.parametrize(
    "body",
    [b"<html>maintenance</html>", b'{"a": 1}', b"<incidents", b"", b"<!DOCTYPE a><incidents/>"],
    ids=["another document", "other JSON", "cut", "empty", "a DOCTYPE"],
)
@pytest.mark.parametrize("module", [datex, cifs, wzdx, ics, litteralis])
def test_a_document_that_is_none_of_theirs_is_refused_as_a_whole(
    service: Any, reply: Any, module: Any, body: bytes
) -> None:
    service.answer = lambda _: reply(body)

    with pytest.raises(BadSource):
        rows(module.fetch(service.url, Options()))


def test_questions_that_are_wrong_are_refused(service: Any) -> None:
    for request, says in (
        ({"width": "0"}, "request.width"),
        ({"kind": "metro"}, "request.kind"),
        ({"wide": "4"}, "request: no key wide"),
    ):
        with pytest.raises(BadInput, match=says):
            cifs.fetch(service.url, Options(request=request))


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//t//FR
BEGIN:VEVENT
UID:marche@t
SUMMARY:Marché
CATEGORIES:Marché
DTSTART;TZID=Europe/Paris:20260504T060000
DTEND;TZID=Europe/Paris:20260504T140000
RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261228T230000Z
EXDATE;TZID=Europe/Paris:20260525T060000
GEO:43.2965;5.3698
LOCATION:Vieux-Port
END:VEVENT
BEGIN:VEVENT
UID:fete@t
SUMMARY:Fête
DTSTART;VALUE=DATE:20260621
GEO:43.2965;5.3698
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:nulle-part@t
DTSTART:20260621T100000Z
DTEND:20260621T120000Z
END:VEVENT
BEGIN:VEVENT
UID:recule@t
DTSTART:20260621T100000Z
DTEND:20260621T090000Z
GEO:43.2965;5.3698
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


def test_events_of_a_calendar_keep_their_rule_and_those_without_place_are_rejected(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(CALENDAR, type="text/calendar")

    (market, feast), refused = rows(ics.fetch(service.url, Options()))

    assert refused == ["GEO: missing", "DTEND: bad-date"]
    assert isinstance(market.row, dict)
    assert isinstance(feast.row, dict)
    assert (market.row["heure_debut"], market.row["heure_fin"]) == ("06:00", "14:00")
    assert (market.row["exceptions"], market.row["nature"], market.row["voie"]) == (
        "2026-05-25",
        "Marché",
        "Vieux-Port",
    )
    assert "BYDAY=MO" in market.row["regle"]
    assert (feast.row["debut"], feast.row["fin"]) == ("2026-06-21T00:00:00+02:00", "2026-06-22T00:00:00+02:00")
    assert feast.row["statut"] == "annule"
    # a disc of 30 m: π r² = 2 827 m², less what sixteen corners cut off
    metres = feast.geometry.area * 111_195**2 * 0.7278
    assert metres == pytest.approx(2_827 * 0.974, rel=0.01)


TABLES = {
    "routes": "route_id,route_short_name,route_type\nR1,21,3\nR2,M1,1\nR3,99,3\n",
    "trips": "route_id,service_id,trip_id,direction_id,shape_id\n"
    "R1,S,t1,0,s1\nR1,S,t2,0,s1\nR1,S,t3,1,s2\nR2,S,m1,0,s3\n",
    "stop_times": "trip_id,stop_id,stop_sequence,departure_time\n"
    "t1,a,1,05:30:00\nt1,b,2,05:40:00\nt2,a,1,24:10:00\nt2,b,2,24:20:00\nt2,c,3,25:30:00\nt3,b,1,06:00:00\nm1,a,1,04:00:00\n",
    "stops": "stop_id,stop_name,stop_lat,stop_lon,wheelchair_boarding\n"
    "a,Gare,43.30,5.38,1\nb,Port,43.29,5.37,2\nc,Plage,43.28,5.36,\n",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
    "s1,43.30,5.38,1\ns1,43.28,5.36,3\ns1,43.29,5.37,2\ns3,43,5,1\ns3,44,5,2\n",
}


def network(folder: Path, **changed: str | None) -> Path:
    file = folder / "gtfs.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in (TABLES | changed).items():
            if text is not None:
                archive.writestr(f"{name}.txt", text)
    return file


def test_the_lines_of_a_network_have_their_route_and_hours_over_midnight(tmp_path: Path) -> None:
    (line,), refused = rows(gtfs.read(network(tmp_path), Options()))

    assert refused == ["route_id: no-service"]  # R3 has no trip; R2 is no bus
    assert line.row == {
        "id": "R1", "code": "21", "heure_debut": "05:30", "heure_fin": "01:30",
        "frequence": "0.1",  # two departures of the first direction in 20 hours
    }  # fmt: skip
    assert line.geometry.equals(shapely.LineString([(5.38, 43.30), (5.37, 43.29), (5.36, 43.28)]))


def test_the_stops_are_those_of_the_longest_trip_in_order(tmp_path: Path) -> None:
    good, refused = rows(gtfs.read(network(tmp_path), Options(request={"what": "stops"})))

    stops = [r.row for r in good if isinstance(r.row, dict)]
    assert refused == []
    assert [(s["code"], s["voie"], s["accessible"]) for s in stops] == [
        ("21-01", "Gare", "true"), ("21-02", "Port", "false"), ("21-03", "Plage", ""),
    ]  # fmt: skip
    assert (stops[0]["lon"], stops[0]["lat"]) == ("5.38", "43.30")


def test_a_shape_without_place_rejects_its_line_and_an_unknown_stop_itself(tmp_path: Path) -> None:
    broken = TABLES["shapes"].replace("s1,43.29,5.37,2", "s1,nord,5.37,2")
    assert rows(gtfs.read(network(tmp_path, shapes=broken), Options()))[1] == [
        "position: invalid-geometry", "route_id: no-service",
    ]  # fmt: skip
    fewer = TABLES["stops"].replace("c,Plage,43.28,5.36,\n", "")
    assert rows(gtfs.read(network(tmp_path, stops=fewer), Options(request={"what": "stops"})))[1] == [
        "stop_id: unknown-code"
    ]


def test_networks_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no zip")
    for file, says in (
        (tmp_path / "x.zip", "cannot be read"),
        (network(tmp_path, trips=None), "no table trips.txt"),
    ):
        with pytest.raises(BadSource, match=says):
            gtfs.read(file, Options())
    with pytest.raises(BadSource, match=r"routes.txt has no column route_type"):
        gtfs.read(network(tmp_path, routes="route_id\nR1\n"), Options())
    with pytest.raises(BadInput, match=r"request.what"):
        gtfs.read(network(tmp_path), Options(request={"what": "ferries"}))
    with pytest.raises(BadInput, match=r"not a pipe"):
        gtfs.read(io.BytesIO(), Options())
