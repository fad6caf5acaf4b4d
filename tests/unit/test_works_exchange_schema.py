"""What we write is valid: elements, their order and number, and values, by the published schemas in our own words.

DATEX II v3.3 to v3.6 (`Situation`, `Common`, `LocationReferencing`), CIFS version 2: what of them our documents use.
"""

import json
import os
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from observatoire.works.codes import CLOSURES, KINDS
from observatoire.works.exchange.cifs import write_cifs
from observatoire.works.exchange.datex_names import TYPE
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.model import Closure, Work
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

EXAMPLES = 300 if os.environ.get("OBS_PROVE") == "full" else 40
CRS, ZONE = "EPSG:2154", "Europe/Paris"
X, Y = 892_390.0, 6_247_035.0
MADE = datetime(2026, 4, 1, 12, tzinfo=UTC)

RECORD = (
    "situationRecordCreationTime! situationRecordVersionTime! probabilityOfOccurrence! validity! impact? "
    "generalPublicComment* locationReference! "
)
PERIOD = "startOfPeriod? endOfPeriod? recurringTimePeriodOfDay* recurringDayWeekMonthPeriod* recurringSpecialDay*"
#: Children of an element, by its xsi:type or its name: in this order; ! one, ? at most one, + one at least, * any.
CHILDREN = {
    "SituationPublication": "publicationTime! publicationCreator! situation*",
    "publicationCreator": "country! nationalIdentifier!",
    "situation": "headerInformation! situationRecord+",
    "headerInformation": "confidentiality? informationStatus!",
    "MaintenanceWorks": RECORD + "subjects? roadMaintenanceType+",
    "RoadOrCarriagewayOrLaneManagement": RECORD + "complianceOption! roadOrCarriagewayOrLaneManagementType!",
    "validity": "validityStatus! validityTimeSpecification!",
    "validityTimeSpecification": "overallStartTime! overallEndTime? validPeriod* exceptionPeriod*",
    "validPeriod": PERIOD,
    "exceptionPeriod": PERIOD,
    "recurringTimePeriodOfDay": "startTimeOfPeriod! endTimeOfPeriod!",
    "recurringDayWeekMonthPeriod": "applicableDay* applicableMonth*",
    "recurringSpecialDay": "intersectWithApplicableDays! specialDayType!",
    "generalPublicComment": "comment!",
    "comment": "values!",
    "values": "value+",
    "subjects": "subjectTypeOfWorks! numberOfSubjects?",
    "LinearLocation": "gmlLineString?",
    "gmlLineString": "posList!",
    "AreaLocation": "gmlMultiPolygon?",
    "gmlMultiPolygon": "gmlPolygon+",
    "gmlPolygon": "exterior! interior*",
    "exterior": "posList!",
    "interior": "posList!",
}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"
NUMBER = r"[-+]?\d*\.?\d+"
VALUES = {
    "publicationTime": MOMENT, "situationRecordCreationTime": MOMENT, "situationRecordVersionTime": MOMENT,
    "overallStartTime": MOMENT, "overallEndTime": MOMENT, "startOfPeriod": MOMENT, "endOfPeriod": MOMENT,
    "startTimeOfPeriod": r"\d\d:\d\d:\d\d", "endTimeOfPeriod": r"\d\d:\d\d:\d\d",
    "country": ".{1,2}", "nationalIdentifier": ".{1,1024}", "value": "(?s).{1,1024}",
    "confidentiality": "noRestriction", "informationStatus": "real", "probabilityOfOccurrence": "certain",
    "validityStatus": "definedByValidityTimeSpec", "intersectWithApplicableDays": "true|false",
    "specialDayType": "publicHoliday", "applicableDay": "(mon|tues|wednes|thurs|fri|satur|sun)day",
    "subjectTypeOfWorks": "waterMain|sewer|buriedCables|gasMainWork|heatingPipe|road|lightingSystem|other",
    "roadMaintenanceType": "roadworks", "complianceOption": "mandatory",
    "roadOrCarriagewayOrLaneManagementType": "roadClosed|narrowLanes",
    "posList": rf"{NUMBER}(\s{NUMBER}){{3,}}",
}  # fmt: skip

steps = st.integers(1, 300)
boxes = st.tuples(steps, steps, steps).map(lambda v: shapely.box(X + v[0], Y + v[1], X + v[0] + v[2], Y + v[1] + 9))
holed = boxes.map(lambda box: box.buffer(9).difference(box))
lines = st.tuples(steps, steps).map(lambda v: shapely.LineString([(X, Y), (X + v[0], Y + v[1])]))
points = steps.map(lambda v: shapely.Point(X + v, Y))
both = boxes.map(lambda box: shapely.MultiPolygon([box, shapely.transform(box, lambda xy: xy + 900)]))
rhythms = st.sampled_from(
    [
        {}, {"windows": ((time(7, 30), time(17)),)}, {"windows": ((time(8), time(12)), (time(13), time(17)))},
        {"windows": ((time(21), time(5)),), "rule": "FREQ=WEEKLY;BYDAY=MO,TU", "holidays": "skip"},
        {"rule": "FREQ=MONTHLY;BYDAY=1MO", "holidays": "only"},
        {"rule": "FREQ=DAILY", "except_days": (date(2026, 1, 2),)},
    ]
)  # fmt: skip


@st.composite
def works(draw: st.DrawFn) -> Work:
    start = datetime(2026, 1, 1, 7, tzinfo=ZoneInfo(ZONE)) + timedelta(days=draw(steps))
    pause = ((start + timedelta(hours=5), start + timedelta(hours=9)),)
    schedule = Schedule(
        start, start + timedelta(days=draw(st.integers(1, 40))), ZONE,
        except_periods=draw(st.sampled_from([(), pause])), **draw(rhythms),
    )  # fmt: skip
    return Work(
        draw(st.sampled_from(["7", "2026-7"])), draw(st.sampled_from(KINDS)),
        draw(boxes | holed | lines | points | both), schedule, Closure(draw(st.sampled_from(CLOSURES))),
        street=draw(st.sampled_from([None, "A", "Rue Haute"])),
        title=draw(st.sampled_from(["", "Égout <n° 2> & autres", "x" * 3_000])),
    )  # fmt: skip


def check(element: Any) -> None:
    """Fail unless an element and all in it are of the tables."""
    name = (element.get(TYPE) or "").rpartition(":")[2] or etree.QName(element).localname
    if name in VALUES:
        assert re.fullmatch(VALUES[name], element.text or ""), (name, element.text)
        assert len(element) == 0
        return
    expected = "".join(f"({word[:-1]} ){word[-1].replace('!', '{1}')}" for word in CHILDREN[name].split())
    found = "".join(f"{etree.QName(child).localname} " for child in element)
    assert re.fullmatch(expected, found), (name, found)
    for child in element:
        check(child)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(works(), max_size=2, unique_by=lambda work: work.id))
def test_datex_is_of_the_elements_and_values_of_the_schema(made: list[Work]) -> None:
    root = etree.fromstring(write_datex(made, crs=CRS, made=MADE, publisher="ville").data)

    check(root)
    assert (root.tag, root.get("lang"), root.get("modelBaseVersion")) == (
        "{http://datex2.eu/schema/3/d2Payload}payload", "fr", "3",
    )  # fmt: skip
    for element in root.iter():
        if etree.QName(element).localname in ("situation", "situationRecord"):
            assert element.get("id")
    assert all(record.get("version") for record in root.iter("{*}situationRecord"))


REQUIRED = {"id", "type", "polyline", "street", "description"}
FIELDS = {
    "id": ".{3,}", "type": "ROAD_CLOSED|HAZARD", "subtype": "ROAD_CLOSED_CONSTRUCTION|HAZARD_ON_ROAD_CONSTRUCTION",
    "polyline": rf"{NUMBER}( {NUMBER}){{3,}}", "street": ".{2,}", "description": ".+",
    "direction": "ONE_DIRECTION|BOTH_DIRECTIONS", "starttime": MOMENT, "endtime": MOMENT,
}  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(works(), max_size=2, unique_by=lambda work: work.id))
def test_cifs_has_what_is_required_and_no_value_that_is_not_allowed(made: list[Work]) -> None:
    root = etree.fromstring(write_cifs(made, crs=CRS).data)
    rows = [{"id": one.get("id")} | {field.tag: field.text or "" for field in one} for one in root]
    told = [one["incident"] for one in json.loads(write_cifs(made, crs=CRS, form="json").data)["incidents"]]

    assert rows == told
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert row.keys() <= FIELDS.keys()
        assert row.keys() >= REQUIRED
        for name, value in row.items():
            assert re.fullmatch(FIELDS[name], value), (name, value)
        assert row["subtype"].startswith(row["type"])
