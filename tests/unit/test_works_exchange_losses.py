"""What is read back is what was written, or a loss says the field: any works, every format, field by field."""

import json
import os
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from observatoire.coordination.candidate import read_candidate
from observatoire.works.codes import CLOSURES, KINDS, NOISES
from observatoire.works.exchange.base import Loss, to_degrees
from observatoire.works.exchange.calendar import write_ics
from observatoire.works.exchange.cifs import read_cifs, write_cifs
from observatoire.works.exchange.datex import read_datex
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.exchange.geojson import write_geojson
from observatoire.works.exchange.litteralis import read_litteralis, write_litteralis
from observatoire.works.exchange.wzdx import read_wzdx
from observatoire.works.intervals import Intervals
from observatoire.works.model import Closure, Detour, Order, Work
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

EXAMPLES = 300 if os.environ.get("OBS_PROVE") == "full" else 25
CRS, ZONE = "EPSG:2154", "Europe/Paris"
PARIS = ZoneInfo(ZONE)
X, Y = 892_390.0, 6_247_035.0
MADE = datetime(2026, 4, 1, 12, tzinfo=UTC)
IN = {"crs": CRS, "zone": ZONE}
FIELDS = (
    "kind", "closure", "detour", "order", "noise", "trench", "lighting_cut", "street", "segment", "earliest",
    "deadline", "status", "title",
)  # fmt: skip

steps = st.integers(1, 300)
boxes = st.tuples(steps, steps, steps, steps).map(
    lambda v: shapely.box(X + v[0], Y + v[1], X + v[0] + v[2], Y + v[1] + v[3])
)
lines = st.tuples(steps, steps).map(lambda v: shapely.LineString([(X, Y), (X + v[0], Y + v[1])]))
pairs = st.tuples(boxes, steps).map(
    lambda v: shapely.MultiPolygon([v[0], shapely.transform(v[0], lambda xy: xy + 700 + v[1])])
)
windows = st.sampled_from(
    [(), ((time(7, 30), time(17)),), ((time(21), time(5)),), ((time(8), time(12)), (time(13, 30), time(17)))]
)
rules = st.sampled_from(
    ["", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "FREQ=MONTHLY;BYDAY=1MO"]
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    first = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 300)))
    start = datetime.combine(first, time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 30]))), PARIS)
    days = [first + timedelta(days=draw(st.integers(0, 20))) for _ in range(2)]
    pause = start + timedelta(hours=draw(st.integers(1, 200)))
    return Schedule(
        start, start + timedelta(days=draw(st.integers(1, 40))), ZONE, windows=draw(windows), rule=draw(rules),
        holidays=draw(st.sampled_from(["keep", "skip", "only"])), except_days=draw(st.sampled_from([(), (days[0],)])),
        extra_days=draw(st.sampled_from([(), (), (days[1],)])),
        except_periods=draw(st.sampled_from([(), (), ((pause, pause + timedelta(hours=5)),)])),
    )  # fmt: skip


@st.composite
def works(draw: st.DrawFn, shapes: st.SearchStrategy[Any] = boxes | lines | pairs) -> Work:
    extent = draw(st.sampled_from(CLOSURES))
    return Work(
        "2026-7", draw(st.sampled_from(KINDS)), draw(shapes), draw(schedules()),
        closure=Closure(extent, ("s1",) if extent == "chaussee-fermee" and draw(st.booleans()) else ()),
        detour=draw(st.sampled_from([None, Detour(("s2",))])), noise=draw(st.sampled_from([None, *NOISES])),
        order=draw(st.sampled_from([None, Order("A-1"), Order("A-1", "Ville")])), trench=draw(st.booleans()),
        lighting_cut=draw(st.booleans()), street=draw(st.sampled_from([None, "Rue Haute"])),
        segment=draw(st.sampled_from([None, "T00001"])), earliest=draw(st.sampled_from([None, date(2025, 12, 1)])),
        deadline=draw(st.sampled_from([None, date(2027, 5, 1)])),
        status=draw(st.sampled_from(["projete", "autorise", "suspendu"])), title=draw(st.sampled_from(["", "Égout"])),
    )  # fmt: skip


def changed(put: Work, got: Work) -> set[str]:
    """Return the fields that are not read back as they were written."""
    fields = {name for name in FIELDS if getattr(put, name) != getattr(got, name)}
    if put.schedule.instants != got.schedule.instants:
        fields.add("schedule")
    same_type = put.footprint.geom_type == got.footprint.geom_type
    if not same_type or shapely.hausdorff_distance(put.footprint, got.footprint) > 0.002:  # m
        fields.add("footprint")
    return fields


def said(losses: tuple[Loss, ...]) -> set[str]:
    return {loss.field.partition(".")[0] for loss in losses}


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (lambda w: write_datex([w], crs=CRS, made=MADE, publisher="v"), lambda data: read_datex(data, **IN)),
        (lambda w: write_litteralis([w], crs=CRS), lambda data: read_litteralis(data, **IN)),
    ],
    ids=["datex", "litteralis"],
)
def test_whatever_is_not_read_back_is_a_loss_that_was_said(write: Any, read: Any) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(works())
    def holds(work: Work) -> None:
        written = write(work)
        found = read(written.data)
        (back,) = found.works
        assert changed(work, back) <= said(written.losses)

    holds()


@settings(max_examples=EXAMPLES, deadline=None)
@given(works())
def test_cifs_carries_every_piece_of_time_and_says_what_else_it_changes(work: Work) -> None:
    """One incident for each piece; of a work that is never held, none, and it is said."""
    written = write_cifs([work], crs=CRS)
    found = read_cifs(written.data, **IN).works
    held = Intervals.of([pair for part in found for pair in part.schedule.instants.pairs()])

    assert held == work.schedule.instants
    for part in found:
        assert changed(work, part) - {"schedule"} <= said(written.losses)
    assert found or "schedule" in said(written.losses)


@settings(max_examples=EXAMPLES, deadline=None)
@given(works(boxes | pairs))
def test_geojson_is_read_back_as_a_candidate(work: Work) -> None:
    """The properties are those of `chantiers`, hence those of a project sent to `works-clash`.

    The collection knows works by the reference of their order, and takes a closed carriageway for that of its segment.
    """
    written = write_geojson([work], crs=CRS)
    (feature,) = json.loads(written.data)["features"]

    back = read_candidate({k: feature[k] for k in ("type", "geometry", "properties")}, crs=CRS, zone=ZONE)

    order = work.order or Order(work.id)
    assert back.order == order
    assert (back.id, feature["id"]) == (order.reference, work.id)
    assert back.closure.extent == work.closure.extent
    assert changed(work, back) - {"order"} <= said(written.losses) | {"closure"}
    assert work.closure.edges in ((), back.closure.edges) or "closure" in said(written.losses)


@settings(max_examples=EXAMPLES, deadline=None)
@given(works())
def test_a_calendar_holds_every_piece_of_time_and_says_the_rest(work: Work) -> None:
    written = write_ics([work], crs=CRS, made=MADE)
    events = icalendar.Calendar.from_ical(written.data).walk("VEVENT")

    held = [(int(e["dtstart"].dt.timestamp()), int(e["dtend"].dt.timestamp())) for e in events]
    assert Intervals.of(held) == work.schedule.instants
    assert len({str(e["uid"]) for e in events}) == len(held)
    for event in events:
        assert str(event["summary"]) == (work.title or work.id)
        assert str(event.get("location") or "") == (work.street or "")
        assert event["categories"].cats == [work.kind]
    empty = Work(work.id, "chaussee", work.footprint, work.schedule, status="projete")
    carried = {"kind", "title", "street", "schedule"}
    assert changed(work, empty) - carried <= said(written.losses) | {"closure"}
    assert "footprint" in said(written.losses)
    assert events or "schedule" in said(written.losses)


@settings(max_examples=EXAMPLES, deadline=None)
@given(works(lines | boxes))
def test_wzdx_is_read_and_what_it_says_more_is_said(work: Work) -> None:
    """A feed of one work zone for each piece of time, written here by the names of the specification."""
    impacts = {"chaussee-fermee": "all-lanes-closed", "trottoir": "all-lanes-open"}
    zones = [
        {
            "id": f"z{k}", "type": "Feature",
            "geometry": shapely.geometry.mapping(to_degrees(work.footprint, CRS)),
            "properties": {
                "core_details": {
                    "event_type": "work-zone", "data_source_id": "1", "direction": "unknown",
                    "road_names": [work.street] if work.street else [], "description": work.title,
                },
                "start_date": start.isoformat(), "end_date": end.isoformat(), "location_method": "unknown",
                "is_start_date_verified": False,
                "vehicle_impact": impacts.get(work.closure.extent, "some-lanes-closed"),
            },
        }
        for k, (start, end) in enumerate(pieces(work))
    ]  # fmt: skip
    feed = {"feed_info": {"version": "4.2", "publisher": "x"}, "type": "FeatureCollection", "features": zones}

    read = read_wzdx(json.dumps(feed).encode(), **IN)

    assert read.refused == ()
    assert [w.id for w in read.works] == [z["id"] for z in zones]
    assert {loss.field for loss in read.losses} == (
        {"is_start_date_verified", "location_method", "core_details.data_source_id", "core_details.direction"}
        if zones else set()
    )  # fmt: skip
    held = Intervals.of([pair for part in read.works for pair in part.schedule.instants.pairs()])
    assert held == work.schedule.instants
    for part in read.works:
        assert (part.street, part.title) == (work.street, work.title)
        assert shapely.hausdorff_distance(part.footprint, work.footprint) < 0.002


def pieces(work: Work) -> list[tuple[datetime, datetime]]:
    return [tuple(datetime.fromtimestamp(t, UTC) for t in pair) for pair in work.schedule.instants.pairs()]  # type: ignore[misc]
