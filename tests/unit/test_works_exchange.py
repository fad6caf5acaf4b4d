"""Round trips lose nothing of the common part; what is not carried is said; broken documents have a reason.

Published schemas are not at hand here: DATEX II is checked by the names and the order of elements of its `Period`
and `SituationRecord`, WZDx and CIFS by their published samples' structure.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from observatoire.errors import BadSource
from observatoire.works.exchange.calendar import write_ics
from observatoire.works.exchange.cifs import read_cifs, write_cifs
from observatoire.works.exchange.datex import read_datex
from observatoire.works.exchange.datex_names import NS, TYPE
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.exchange.geojson import write_geojson
from observatoire.works.exchange.litteralis import read_litteralis, write_litteralis
from observatoire.works.exchange.wzdx import read_wzdx
from observatoire.works.intervals import Intervals
from observatoire.works.model import Closure, Detour, Order, Work
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

CRS, ZONE = "EPSG:2154", "Europe/Paris"
PARIS = ZoneInfo(ZONE)
X, Y = 892_390.0, 6_247_035.0
STREETS = [None, "Rue Haute", "Bd d'Été"]
MADE = datetime(2026, 4, 1, 12, tzinfo=UTC)
IN = {"crs": CRS, "zone": ZONE}

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"), max_size=20).map(
    lambda s: " ".join(s.replace("\xad", "").split())
).filter(lambda s: s == " ".join(s.split()) and all(ord(c) < 127 or ord(c) > 160 for c in s))  # fmt: skip
steps = st.integers(1, 400)
lines = st.lists(st.tuples(steps, steps), min_size=2, max_size=5).map(
    lambda d: shapely.LineString(np.cumsum([(X, Y), *d], axis=0))
)
boxes = st.tuples(steps, steps, steps, steps).map(
    lambda v: shapely.box(X + v[0], Y + v[1], X + v[0] + v[2], Y + v[1] + v[3])
)
starts = st.integers(0, 3 * 365 * 86_400).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
lengths = st.integers(60, 86_400 * 40).map(lambda s: timedelta(seconds=s))
ids = st.lists(st.integers(1, 10**6).map(lambda n: f"2026-{n}"), min_size=1, max_size=4, unique=True)
walls = st.times().map(lambda t: t.replace(microsecond=0))


@st.composite
def schedules(draw: st.DrawFn, rhythm: bool = False) -> Schedule:
    start = draw(starts)
    more = {}
    if rhythm:
        pause = start + timedelta(hours=draw(st.integers(1, 300)))
        more = {
            "windows": tuple(draw(st.lists(st.tuples(walls, walls), max_size=2))),
            "rule": draw(st.sampled_from(["", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;BYDAY=SA"])),
            "holidays": draw(st.sampled_from(["keep", "skip"])),
            "except_periods": draw(st.sampled_from([(), ((pause, pause + timedelta(hours=5)),)])),
        }
    return Schedule(start, start + draw(lengths), ZONE, **more)


@st.composite
def many(
    draw: st.DrawFn, shapes: st.SearchStrategy, extents: list[str], kinds: list[str], rhythm: bool = False
) -> list[Work]:
    return [
        Work(
            name, draw(st.sampled_from(kinds)), draw(shapes), draw(schedules(rhythm)), title=draw(words),
            closure=Closure(draw(st.sampled_from(extents))), street=draw(st.sampled_from(STREETS)),
            order=draw(st.sampled_from([None, Order("A-12", "Ville & Métropole")])),
        )
        for name in draw(ids)
    ]  # fmt: skip


def same(read: list[Work], written: list[Work], *fields: str) -> None:
    assert [w.id for w in read] == sorted(w.id for w in written)
    for got, put in zip(read, sorted(written, key=lambda w: w.id), strict=True):
        assert got.schedule.instants == put.schedule.instants
        assert (got.schedule.start, got.schedule.end) == (put.schedule.start, put.schedule.end)
        assert got.closure == put.closure
        assert shapely.hausdorff_distance(got.footprint, put.footprint) < 0.002  # metres
        assert got.footprint.geom_type == put.footprint.geom_type
        for field in fields:
            assert getattr(got, field) == getattr(put, field), field


@settings(max_examples=40, deadline=None)
@given(many(lines, ["chaussee-fermee", "chaussee-reduite"], ["chaussee"]), st.sampled_from(["xml", "json"]))
def test_cifs_round_trip(works: list[Work], form: str) -> None:
    works = [replace(w, title=w.title or "Égout", street=w.street or "Rue Haute") for w in works]  # both are required

    read = read_cifs(write_cifs(works, crs=CRS, form=form).data, **IN)

    assert read.refused == ()
    same(list(read.works), works, "kind", "title", "street")


@settings(max_examples=40, deadline=None)
@given(
    many(lines | boxes, ["chaussee-fermee", "chaussee-reduite", "trottoir"], ["eau", "gaz", "chaussee"], rhythm=True)
)
def test_datex_round_trip_with_windows_days_exceptions_and_holidays(works: list[Work]) -> None:
    read = read_datex(write_datex(works, crs=CRS, made=MADE, publisher="ville").data, **IN)

    assert read.refused == ()
    same(list(read.works), works, "kind", "title")


@settings(max_examples=40, deadline=None)
@given(many(boxes | lines, ["chaussee-fermee", "chaussee-reduite", "trottoir", "stationnement"], ["chaussee"]))
def test_litteralis_round_trip(works: list[Work]) -> None:
    read = read_litteralis(write_litteralis(works, crs=CRS).data, **IN)

    assert read.refused == ()
    same(list(read.works), works, "kind", "title", "order")


def rich() -> Work:
    """Return a work that uses every field."""
    schedule = Schedule(
        datetime(2026, 5, 4, tzinfo=PARIS), datetime(2026, 5, 16, tzinfo=PARIS), ZONE,
        windows=((time(8), time(17)), (time(22), time(2))), rule="FREQ=MONTHLY;BYDAY=1MO,2MO",
        except_days=(date(2026, 5, 5),), extra_days=(date(2026, 5, 6),), holidays="skip",
        except_periods=((datetime(2026, 5, 11, 10, tzinfo=PARIS), datetime(2026, 5, 11, 12, tzinfo=PARIS)),),
    )  # fmt: skip
    return Work(
        "r", "telecom", shapely.box(X, Y, X + 9, Y + 9), schedule, closure=Closure("trottoir", ("s1",)),
        detour=Detour(("s2",)), order=Order("A-1", "Ville"), noise="fort", trench=True, lighting_cut=True,
        street="Rue Haute", earliest=date(2026, 5, 1), deadline=date(2026, 6, 1),
        status="autorise", title="Fibre",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (lambda w: write_cifs([w], crs=CRS), {"kind", "noise", "order", "detour", "schedule", "footprint", "closure"}),
        (lambda w: write_litteralis([w], crs=CRS), {"kind", "noise", "schedule.rule", "schedule.windows", "street"}),
        (lambda w: write_datex([w], crs=CRS, made=MADE, publisher="v"), {"kind", "schedule.rule", "closure", "order"}),
        (lambda w: write_ics([w], crs=CRS, made=MADE), {"closure.edges", "noise", "trench", "footprint"}),
        (lambda w: write_geojson([w], crs=CRS), {"detour", "schedule.windows", "schedule.except_periods"}),
    ],
    ids=["cifs", "litteralis", "datex", "ics", "geojson"],
)  # fmt: skip
def test_what_a_format_cannot_carry_is_said(written, said: set[str]) -> None:
    lost = written(rich()).losses

    assert said <= {loss.field for loss in lost}
    assert all(loss.work == "r" and loss.why for loss in lost)


def test_a_rhythm_becomes_pieces_of_time_in_calendars_and_closures() -> None:
    work = rich()

    calendar = icalendar.Calendar.from_ical(write_ics([work], crs=CRS, made=MADE).data)
    pieces = [(e["dtstart"].dt, e["dtend"].dt) for e in calendar.walk("VEVENT")]
    closures = read_cifs(write_cifs([work], crs=CRS).data, **IN).works

    assert Intervals.of([(int(a.timestamp()), int(b.timestamp())) for a, b in pieces]) == work.schedule.instants
    together = Intervals.of([pair for c in closures for pair in c.schedule.instants.pairs()])
    assert together == work.schedule.instants


def test_geojson_has_the_names_of_the_collection() -> None:
    (feature,) = json.loads(write_geojson([rich()], crs=CRS).data)["features"]

    assert feature["properties"]["nature"] == "telecom"
    assert feature["properties"]["heure_debut"] == "08:00:00"
    assert feature["geometry"]["type"] == "Polygon"
    assert 5.36 < feature["geometry"]["coordinates"][0][0][0] < 5.38


def test_the_official_cifs_sample_that_ends_before_it_starts_is_refused() -> None:
    """Type, subtype and times are those of the JSON incident on Google's page *Incident information* (2024)."""
    sample = {"incidents": [{"incident": {
        "id": "101", "type": "HAZARD", "subtype": "HAZARD_ON_ROAD",
        "polyline": "51.510090 -0.006902 51.509142 -0.006564",
        "starttime": "2024-06-07T09:00:00+01:00", "endtime": "2024-04-07T23:00:00+01:00",
    }}]}  # fmt: skip

    read = read_cifs(json.dumps(sample).encode(), crs="EPSG:27700", zone="Europe/London")

    assert read.works == ()
    assert [(r.id, r.reason) for r in read.refused] == [
        ("101", "end: 2024-04-07T23:00:00+01:00 is not after the start, 2024-06-07T09:00:00+01:00")
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starttime": "2026-05-04T09:00:00"}, "start"),
        ({"starttime": "soon"}, "starttime"),
        ({"endtime": "2076-05-04T09:00:00+02:00"}, "end"),
        ({"type": "UFO"}, "type"),
        ({"type": "JAM"}, "type"),
        ({"polyline": "43.29 5.37"}, "polyline"),
        ({"polyline": "43.29 5.37 x 5.38"}, "polyline"),
        ({"polyline": "243.29 5.37 43.3 5.38"}, "polyline"),
        ({"id": ""}, "id"),
    ],
)
def test_broken_incidents_are_refused_by_field(change: dict, field: str) -> None:
    good = {
        "id": "1", "type": "ROAD_CLOSED", "polyline": "43.29 5.37 43.30 5.38", "street": "Rue",
        "starttime": "2026-05-04T09:00:00+02:00", "endtime": "2026-05-05T09:00:00+02:00",
    }  # fmt: skip

    read = read_cifs(json.dumps({"incidents": [good | change]}).encode(), **IN)

    assert read.works == ()
    assert read.refused[0].reason.startswith(f"{field}: ")


def test_hours_of_an_incident_are_kept_and_those_that_differ_by_day_are_works_of_their_own() -> None:
    """As DiaLog writes its closures: Monday and Friday by day, Sunday all day; 4 to 11 May 2026 are one week."""
    document = b"""<incidents><incident id="A-7"><type>CONSTRUCTION</type><description>Travaux</description>
      <street>Rue Haute</street><polyline>43.29 5.37 43.30 5.38</polyline><direction>BOTH_DIRECTIONS</direction>
      <starttime>2026-05-04T00:00:00+02:00</starttime><endtime>2026-05-11T00:00:00+02:00</endtime>
      <source><reference>dialog</reference></source>
      <schedule><monday>9:00-12:00,14:00-17:00</monday><friday>9:00-12:00,14:00-17:00</friday>
       <sunday>00:00-24:00</sunday></schedule></incident></incidents>"""

    by_day, sunday = read_cifs(document, **IN).works

    assert (by_day.id, sunday.id) == ("A-7.1", "A-7.2")
    assert [a[:16] for a, _ in by_day.schedule.instants.iso()] == [
        "2026-05-04T07:00", "2026-05-04T12:00", "2026-05-08T07:00", "2026-05-08T12:00",
    ]  # fmt: skip
    assert [(a[:16], b[:16]) for a, b in sunday.schedule.instants.iso()] == [("2026-05-09T22:00", "2026-05-10T22:00")]
    assert by_day.closure.extent == "chaussee-reduite"
    broken = read_cifs(document.replace(b"9:00-12:00", b"9h-12h"), **IN)
    assert [r.reason.split(":")[0] for r in broken.refused] == ["schedule"]


def test_an_id_that_is_used_twice_is_refused_the_second_time() -> None:
    data = write_cifs(
        [replace(rich(), schedule=Schedule(MADE, MADE + timedelta(days=1), ZONE))], crs=CRS, form="json"
    ).data
    incident = json.loads(data)["incidents"][0]

    read = read_cifs(json.dumps({"incidents": [incident, incident]}).encode(), **IN)

    assert len(read.works) == 1
    assert read.refused[0].reason == "id: is used twice in the document"


DIALOG = f"""<d2:payload modelBaseVersion="3" xmlns:xsi="{NS["xsi"]}" xmlns:d2="{NS["d2"]}" xmlns:com="{NS["com"]}"
  xmlns:loc="{NS["loc"]}" xmlns="{NS["tro"]}" xsi:type="TrafficRegulationPublication" id="p">
 <com:publicationTime>2026-04-10T15:11:00Z</com:publicationTime>
 <trafficRegulationsFromCompetentAuthorities><trafficRegulationOrder id="T-1" version="1">
  <description><com:values><com:value>  Travaux rue Haute </com:value></com:values></description>
  <issuingAuthority><com:values><com:value>Commune</com:value></com:values></issuingAuthority>
  <regulationId>T-2026-1</regulationId><status>madeAndImplemented</status>
  <trafficRegulation><status>active</status>
   <typeOfRegulation xsi:type="AccessRestriction">
    <accessRestrictionType>noEntry</accessRestrictionType></typeOfRegulation>
   <condition xsi:type="ConditionSet"><operator>and</operator>
    <conditions xsi:type="ValidityCondition"><negate>false</negate><validityByOrder>
     <com:validityStatus>definedByValidityTimeSpec</com:validityStatus><com:validityTimeSpecification>
      <com:overallStartTime>2026-05-10T09:00:00.000Z</com:overallStartTime>
      <com:overallEndTime>2026-06-10T16:30:00.000Z</com:overallEndTime>
      <com:exceptionPeriod><com:recurringDayWeekMonthPeriod><com:applicableDay>saturday</com:applicableDay>
       <com:applicableDay>sunday</com:applicableDay></com:recurringDayWeekMonthPeriod></com:exceptionPeriod>
      <com:exceptionPeriod><com:recurringSpecialDay>
       <com:intersectWithApplicableDays>true</com:intersectWithApplicableDays>
       <com:specialDayType>publicHoliday</com:specialDayType></com:recurringSpecialDay></com:exceptionPeriod>
     </com:validityTimeSpecification></validityByOrder></conditions>
    <conditions xsi:type="LocationCondition"><implementedLocation xsi:type="loc:LinearLocation"><loc:gmlLineString>
     <loc:posList>43.366334 5.344703 43.370631 5.34021</loc:posList>
    </loc:gmlLineString></implementedLocation></conditions></condition></trafficRegulation>
 </trafficRegulationOrder></trafficRegulationsFromCompetentAuthorities></d2:payload>"""


def test_an_order_of_dialog_is_read_with_its_days_off() -> None:
    """From 10 May to 10 June 2026: 23 weekdays, without Ascension (14 May) and Whit Monday (25 May)."""
    (work,) = read_datex(DIALOG.encode(), **IN).works

    assert work.order == Order("T-2026-1", "Commune")
    assert (work.title, work.closure.extent) == ("Travaux rue Haute", "chaussee-fermee")
    assert len(work.schedule.days) == 23 - 2
    assert shapely.get_coordinates(work.footprint)[0] == pytest.approx([890117, 6255050], abs=3000)


#: As DiaLog publishes today: by its template of orders, with the values of no real order.
PUBLISHED = f"""<d2:payload modelBaseVersion="3" lang="FR" xmlns:xsi="{NS["xsi"]}" xmlns:d2="{NS["d2"]}"
  xmlns:com="{NS["com"]}" xmlns:loc="{NS["loc"]}" xmlns:dx="https://example.org/dialog" xmlns="{NS["tro"]}"
  xsi:type="TrafficRegulationPublication" id="p"><trafficRegulationsFromCompetentAuthorities>
 <trafficRegulationOrder id="u-1" version="1">
  <description><com:values><com:value>Travaux</com:value></com:values></description>
  <issuingAuthority><com:values><com:value>Commune</com:value></com:values></issuingAuthority>
  <regulationId>A-7</regulationId><status>madeAndImplemented</status>
  <validityByOrder><com:validityStatus>definedByValidityTimeSpec</com:validityStatus><com:validityTimeSpecification>
   <com:overallStartTime>2026-05-04T00:00:00+02:00</com:overallStartTime>
   <com:overallEndTime>2026-06-01T00:00:00+02:00</com:overallEndTime>
  </com:validityTimeSpecification></validityByOrder>
  {{regulations}}
 </trafficRegulationOrder></trafficRegulationsFromCompetentAuthorities></d2:payload>"""
BANNED = """<typeOfRegulation xsi:type="AccessRestriction"><accessRestrictionType>noEntry</accessRestrictionType>
 </typeOfRegulation>"""
NO_PARKING = """<typeOfRegulation xsi:type="StandingOrParkingRestriction">
 <standingOrParkingRestrictionType>parkingProhibited</standingOrParkingRestrictionType></typeOfRegulation>"""
LORRIES = """<conditions xsi:type="ConditionSet"><operator>or</operator><conditions xsi:type="VehicleCondition">
 <negate>false</negate><vehicleCharacteristics><com:vehicleType>heavyGoodsVehicle</com:vehicleType>
 </vehicleCharacteristics></conditions></conditions>"""
BY_DAY = """<com:validPeriod><com:recurringTimePeriodOfDay><com:startTimeOfPeriod>08:00:00+01:00</com:startTimeOfPeriod>
 <com:endTimeOfPeriod>17:00:00+01:00</com:endTimeOfPeriod></com:recurringTimePeriodOfDay>
 <com:recurringDayWeekMonthPeriod><com:applicableDay>monday</com:applicableDay><com:applicableDay>tuesday
 </com:applicableDay></com:recurringDayWeekMonthPeriod></com:validPeriod>"""


def regulation(kind: str, spans: list[tuple[str, str]], line: str, more: str = "", rhythm: str = "") -> str:
    valid = "".join(
        f"""<conditions xsi:type="ValidityCondition"><validityByOrder>
        <com:validityStatus>definedByValidityTimeSpec</com:validityStatus><com:validityTimeSpecification>
        <com:overallStartTime>{a}T00:00:00+02:00</com:overallStartTime>
        <com:overallEndTime>{b}T00:00:00+02:00</com:overallEndTime>{rhythm}
        </com:validityTimeSpecification></validityByOrder></conditions>"""
        for a, b in spans
    )
    either = f'<conditions xsi:type="ConditionSet"><operator>or</operator>{valid}</conditions>' if valid else ""
    return f"""<trafficRegulation><status>active</status>{kind}<condition xsi:type="ConditionSet">
      <operator>and</operator>{either}<conditions xsi:type="ConditionSet"><operator>or</operator>
      <conditions xsi:type="LocationCondition"><locationByOrder xsi:type="loc:LinearLocation">
      <loc:_linearLocationExtension><loc:linearLocationExtended><dx:geoJsonGeometry>{line}</dx:geoJsonGeometry>
      </loc:linearLocationExtended></loc:_linearLocationExtension></locationByOrder></conditions></conditions>{more}
      </condition></trafficRegulation>"""


HERE = '{"type": "LineString", "coordinates": [[5.37, 43.29], [5.38, 43.29]]}'
THERE = '{"type": "MultiLineString", "coordinates": [[[5.40, 43.30], [5.41, 43.30]], [[5.41, 43.30], [5.41, 43.31]]]}'


def test_an_order_as_dialog_publishes_it_holds_in_its_periods_at_the_hours_of_the_clock() -> None:
    """Two weeks with one between, Mondays and Tuesdays, 8 to 17 h: written in winter time, meant in summer time."""
    spans = [("2026-05-18", "2026-05-25"), ("2026-05-04", "2026-05-11")]
    document = PUBLISHED.format(regulations=regulation(BANNED, spans, HERE, rhythm=BY_DAY))

    (work,) = read_datex(document.encode(), **IN).works

    held = [(a[:16], b[:16]) for a, b in work.schedule.instants.iso()]
    assert held == [(f"2026-05-{d:02}T06:00", f"2026-05-{d:02}T15:00") for d in (4, 5, 18, 19)]
    assert (work.id, work.closure.extent, work.order) == ("u-1", "chaussee-fermee", Order("A-7", "Commune"))
    assert work.footprint.length == pytest.approx(0.01 * 111_320 * np.cos(np.radians(43.29)), rel=0.005)


def test_regulations_at_other_places_or_times_are_works_of_their_own() -> None:
    regulations = (
        regulation(NO_PARKING, [], HERE) + regulation(BANNED, [("2026-05-05", "2026-05-06")], THERE)
        + regulation(BANNED, [], HERE, more=LORRIES)
    )  # fmt: skip

    first, second = read_datex(PUBLISHED.format(regulations=regulations).encode(), **IN).works

    assert (first.id, first.order, first.closure.extent) == ("u-1.1", Order("A-7.1", "Commune"), "chaussee-reduite")
    assert first.schedule.instants.total() == 28 * 86_400  # the order's own
    assert (second.id, second.closure.extent) == ("u-1.2", "chaussee-fermee")
    assert second.footprint.geom_type == "MultiLineString"


@pytest.mark.parametrize(
    ("extent", "regulations"),
    [
        ("stationnement", regulation(NO_PARKING, [], HERE)),
        ("chaussee-reduite", regulation(BANNED, [], HERE, more=LORRIES)),
        ("chaussee-fermee", regulation(BANNED, [], HERE, more=LORRIES.replace("false", "true"))),
    ],
    ids=["no parking", "no lorries", "nobody but lorries"],
)
def test_what_an_order_takes_is_what_it_forbids_to_everybody(extent: str, regulations: str) -> None:
    (work,) = read_datex(PUBLISHED.format(regulations=regulations).encode(), **IN).works

    assert work.closure.extent == extent


TWO = [("2026-05-04", "2026-05-11"), ("2026-05-18", "2026-05-25")]


@pytest.mark.parametrize(
    ("regulations", "reason"),
    [
        ("", "footprint: "),
        (regulation(BANNED, [], "POINT (5 43)"), "footprint: geoJsonGeometry is not"),
        (regulation(BANNED, [], HERE.replace("5.37", "543")), "footprint: has a coordinate out of range"),
        (regulation(BANNED, [], HERE).replace("dx:geoJsonGeometry", "dx:other"), "footprint: no gmlLineString"),
        (regulation(BANNED, TWO, HERE).replace("</com:overallEndTime>", "</com:overallEndTime>" + BY_DAY, 1),
         "validity: several periods, each"),
        (regulation(BANNED, TWO, HERE, rhythm=BY_DAY.replace("08:00:00+01:00", "8h")), "recurringTimePeriodOfDay: "),
        (regulation(BANNED, TWO, HERE).replace("overallEndTime", "overallEnd"), "overallEndTime: is not given"),
    ],
)  # fmt: skip
def test_orders_that_cannot_be_works_are_refused_by_field(regulations: str, reason: str) -> None:
    read = read_datex(PUBLISHED.format(regulations=regulations).encode(), **IN)

    assert read.works == ()
    assert read.refused[0].reason.startswith(reason)


def test_datex_has_the_elements_of_the_schema_in_their_order() -> None:
    schedule = replace(rich().schedule, rule="FREQ=WEEKLY;BYDAY=MO")
    root = etree.fromstring(write_datex([replace(rich(), schedule=schedule)], crs=CRS, made=MADE, publisher="v").data)

    record = next(root.iter(f"{{{NS['sit']}}}situationRecord"))
    order = [
        "situationRecordCreationTime", "situationRecordVersionTime", "probabilityOfOccurrence", "validity",
        "generalPublicComment", "locationReference", "subjects", "roadMaintenanceType",
    ]  # fmt: skip
    assert root.get(TYPE) == "sit:SituationPublication"
    assert record.get(TYPE) == "sit:MaintenanceWorks"
    assert [etree.QName(e).localname for e in record] == order
    period = next(root.iter(f"{{{NS['com']}}}validPeriod"))
    assert [etree.QName(e).localname for e in period] == ["recurringTimePeriodOfDay"] * 2 + [
        "recurringDayWeekMonthPeriod"
    ]
    position = next(root.iter(f"{{{NS['loc']}}}posList")).text.split()
    assert 43 < float(position[0]) < 44  # latitude first


def test_wzdx_is_read_and_what_the_model_has_no_room_for_is_said() -> None:
    core = {"event_type": "work-zone", "road_names": ["I-80"], "direction": "eastbound", "description": "paving"}
    zone = {
        "id": "wz1", "type": "Feature", "geometry": {"type": "LineString", "coordinates": [[5.3, 43.2], [5.4, 43.3]]},
        "properties": {"core_details": core, "start_date": "2026-05-04T08:00:00Z", "end_date": "2026-05-09T08:00:00Z",
                       "vehicle_impact": "all-lanes-closed", "lanes": [{"order": 1}]},
    }  # fmt: skip
    detour = zone | {"id": "d1", "properties": zone["properties"] | {"core_details": core | {"event_type": "detour"}}}
    feed = {"feed_info": {"version": "4.2", "publisher": "x"}, "type": "FeatureCollection", "features": [zone, detour]}

    read = read_wzdx(json.dumps(feed).encode(), **IN)

    (work,) = read.works
    assert (work.id, work.street, work.title, work.closure.extent) == ("wz1", "I-80", "paving", "chaussee-fermee")
    assert [(loss.work, loss.field) for loss in read.losses] == [("wz1", "lanes"), ("wz1", "core_details.direction")]
    assert [r.id for r in read.refused] == ["d1"]
    with pytest.raises(BadSource, match=r"expected 4\.2"):
        read_wzdx(json.dumps(feed | {"feed_info": {"version": "3.1"}}).encode(), **IN)


def test_a_work_zone_given_by_its_ends_is_the_line_between_them_and_that_is_said() -> None:
    """Of the examples of WZDx 4.2 half are of points: the first and the last of the zone."""
    core = {"event_type": "work-zone", "data_source_id": "1", "road_names": ["I-80", "I-35"], "direction": "northbound",
            "name": "WDM", "description": "paving"}  # fmt: skip
    zone = {
        "id": "wz1", "type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": [[5.37, 43.2], [5.37, 43.3]]},
        "properties": {"core_details": core, "start_date": "2026-05-04T08:00:00Z", "end_date": "2026-05-09T08:00:00Z",
                       "vehicle_impact": "some-lanes-closed-merge-left"},
    }  # fmt: skip
    feed = {"feed_info": {"version": "4.2", "publisher": "x"}, "type": "FeatureCollection", "features": [zone]}

    read = read_wzdx(json.dumps(feed).encode(), **IN)

    (work,) = read.works
    assert work.footprint.geom_type == "LineString"
    assert work.footprint.length == pytest.approx(0.1 * 111_108, rel=0.002)  # a tenth of a degree of latitude, at 43°
    assert (work.closure.extent, work.title) == ("chaussee-reduite", "paving")
    assert {loss.field for loss in read.losses} == {
        "geometry", "core_details.data_source_id", "core_details.direction", "core_details.name",
        "core_details.road_names",
    }  # fmt: skip


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><incidents><incident id="1">&c;</incident></incidents>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><incidents>&b;</incidents>'


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"<a/>", b"<a>", b"\xff\xfe\x00", BOMB, OUTSIDE, b'{"incidents": 3}']
)
@pytest.mark.parametrize("read", [read_cifs, read_datex, read_litteralis, read_wzdx])
def test_broken_documents_are_refused_as_a_whole(read, data: bytes) -> None:
    with pytest.raises(BadSource):
        read(data, **IN)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"emprisedebut": "2026-06-04T00:00:00Z"}, "end"),
        ({"emprisetype": "DEVIATION"}, "emprisetype"),
        ({"documenttype": "ARRETE PERMANENT"}, "documenttype"),
        ({"categoriesmodele": "ODP/Evenements"}, "categoriesmodele"),
        ({"emprisefin": "jamais"}, "emprisefin"),
    ],
)
def test_broken_features_are_refused_by_field(change: dict, field: str) -> None:
    plain = replace(rich(), schedule=Schedule(MADE, MADE + timedelta(days=1), ZONE))
    document = json.loads(write_litteralis([plain], crs=CRS).data)
    document["features"][0]["properties"] |= change

    read = read_litteralis(json.dumps(document).encode(), **IN)

    assert read.works == ()
    assert read.refused[0].reason.startswith(f"{field}: ")


@pytest.mark.parametrize("geometry", [None, {}, {"type": "Polygon", "coordinates": []}, {"type": "Cube"}, [1], "x", {
    "type": "Polygon", "coordinates": [[[5.37, 43.29], [5.38, 43.3], [5.38, 43.29], [5.37, 43.3], [5.37, 43.29]]]},
])  # fmt: skip
def test_broken_geometries_are_refused_with_a_reason(geometry: object) -> None:
    plain = replace(rich(), schedule=Schedule(MADE, MADE + timedelta(days=1), ZONE))
    document = json.loads(write_litteralis([plain], crs=CRS).data)
    document["features"][0]["geometry"] = geometry

    read = read_litteralis(json.dumps(document).encode(), **IN)

    assert read.works == ()
    assert read.refused[0].reason.split(":")[0] in ("geometry", "footprint")
