"""Works as a SituationPublication of DATEX II v3.

Positions are latitude then longitude. Daily windows, week days, exceptions and public holidays are carried by
`validPeriod` and `exceptionPeriod`, in the order of the elements of the schema's `Period`.

References
----------
.. [1] CEN/TS 16157, DATEX II version 3: `Common` (validity), `Situation` (roadworks), `LocationReferencing`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import shapely
from lxml import etree

from observatoire.works.exchange.base import Loss, Written, lat_lon_text, losses, to_degrees
from observatoire.works.exchange.datex_names import LIKE, MANAGED, NS, SUBJECTS, TYPE, WEEK
from observatoire.works.model import Work
from observatoire.works.recurrence import recurrence
from observatoire.works.schedule import Schedule

MANAGEMENT = "RoadOrCarriagewayOrLaneManagement"
LONGEST = 1024  # characters of a text
CARRIED = {
    "id", "kind", "footprint", "closure", "title", "schedule.start", "schedule.end", "schedule.zone",
    "schedule.windows", "schedule.rule", "schedule.except_periods", "schedule.holidays", "schedule.country",
}  # fmt: skip


def write_datex(works: Sequence[Work], *, crs: str, made: datetime, country: str = "fr", publisher: str) -> Written:
    """Write a SituationPublication, one situation for each work.

    Its first record is the `MaintenanceWorks`; where the carriageway is closed or reduced, a second one says so.

    Parameters
    ----------
    made : aware datetime
        Time of the publication, also that of its records.
    publisher : str
        National identifier of who publishes.
    """
    root = etree.Element(f"{{{NS['d2']}}}payload", nsmap={k: v for k, v in NS.items() if k != "tro"})
    root.set(TYPE, "sit:SituationPublication")
    root.set("lang", "fr")
    root.set("modelBaseVersion", "3")
    _add(root, "com:publicationTime", made.isoformat())
    creator = _add(root, "com:publicationCreator")
    _add(creator, "com:country", country)
    _add(creator, "com:nationalIdentifier", publisher)
    lost: list[Loss] = []
    for work in sorted(works, key=lambda w: w.id):
        lost += list(_losses(work))
        _situation(root, work, crs, made)
    return Written(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), tuple(lost))


def _losses(work: Work) -> Iterator[Loss]:
    yield from losses(work, CARRIED)
    if work.closure.extent not in MANAGED:
        yield Loss(work.id, "closure", f"{work.closure.extent} has no code: nothing is said of the carriageway")
    if len(work.title) > LONGEST:
        yield Loss(work.id, "title", f"only its first {LONGEST} characters are written")
    if work.kind not in SUBJECTS:
        yield Loss(work.id, "kind", f"{work.kind} is written as {LIKE.get(work.kind, 'other')}")
    if work.schedule.rule and _week(work.schedule.rule) is None:
        yield Loss(work.id, "schedule.rule", "only days of the week can be written; every day is")
    if work.schedule.holidays == "only":
        yield Loss(work.id, "schedule.holidays", "works on public holidays only cannot be written")
    if work.footprint.geom_type not in ("LineString", "Polygon", "MultiPolygon"):
        yield Loss(work.id, "footprint", f"a {work.footprint.geom_type} is written as the polygon of 1 m around it")


def _week(rule: str) -> tuple[int, ...] | None:
    """Return the week days of a rule that has nothing else, else None."""
    found = recurrence(rule)
    plain = found.freq in ("WEEKLY", "DAILY") and found.interval == 1 and found.count is None and found.until is None
    plain &= not (found.by_month or found.by_month_day or found.by_set_pos)
    if not plain or (found.freq == "WEEKLY" and not found.by_day):
        return None
    return tuple(sorted(day for _, day in found.by_day)) or tuple(range(7))


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    prefix, _, local = name.partition(":")
    child = etree.SubElement(parent, f"{{{NS[prefix]}}}{local}", attributes)
    child.text = text
    return child


def _situation(root: Any, work: Work, crs: str, made: datetime) -> None:
    situation = _add(root, "sit:situation", id=work.id)
    header = _add(situation, "sit:headerInformation")
    _add(header, "com:confidentiality", "noRestriction")
    _add(header, "com:informationStatus", "real")
    place = to_degrees(_drawn(work.footprint), crs)
    record = _record(situation, "MaintenanceWorks", 1, work, place, made)
    subjects = _add(record, "sit:subjects")
    _add(subjects, "sit:subjectTypeOfWorks", SUBJECTS.get(work.kind, LIKE.get(work.kind, "other")))
    _add(record, "sit:roadMaintenanceType", "roadworks")
    if work.closure.extent in MANAGED:
        record = _record(situation, MANAGEMENT, 2, work, place, made)
        _add(record, "sit:complianceOption", "mandatory")
        _add(record, "sit:roadOrCarriagewayOrLaneManagementType", MANAGED[work.closure.extent])


def _record(situation: Any, kind: str, number: int, work: Work, place: Any, made: datetime) -> Any:
    """Add a record with what all have: when it was made, when it holds, in words, and where."""
    record = _add(situation, "sit:situationRecord", id=f"{work.id}-{number}", version="1")
    record.set(TYPE, f"sit:{kind}")
    _add(record, "sit:situationRecordCreationTime", made.isoformat())
    _add(record, "sit:situationRecordVersionTime", made.isoformat())
    _add(record, "sit:probabilityOfOccurrence", "certain")
    _validity(_add(record, "sit:validity"), work.schedule)
    if work.title:
        comment = _add(_add(record, "sit:generalPublicComment"), "sit:comment")
        _add(_add(comment, "com:values"), "com:value", work.title[:LONGEST], lang="fr")
    _location(record, place)
    return record


def _drawn(footprint: Any) -> Any:
    return footprint if footprint.geom_type in ("LineString", "Polygon", "MultiPolygon") else footprint.buffer(1.0)


def _validity(parent: Any, schedule: Schedule) -> None:
    _add(parent, "com:validityStatus", "definedByValidityTimeSpec")
    spec = _add(parent, "com:validityTimeSpecification")
    _add(spec, "com:overallStartTime", schedule.start.isoformat())
    _add(spec, "com:overallEndTime", schedule.end.isoformat())
    week = _week(schedule.rule) if schedule.rule else None
    if schedule.windows or week:
        period = _add(spec, "com:validPeriod")
        for opens, closes in schedule.windows:
            window = _add(period, "com:recurringTimePeriodOfDay")
            _add(window, "com:startTimeOfPeriod", opens.isoformat())
            _add(window, "com:endTimeOfPeriod", closes.isoformat())
        if week:
            days = _add(period, "com:recurringDayWeekMonthPeriod")
            for day in week:
                _add(days, "com:applicableDay", WEEK[day])
    for begin, stop in schedule.except_periods:
        period = _add(spec, "com:exceptionPeriod")
        _add(period, "com:startOfPeriod", begin.isoformat())
        _add(period, "com:endOfPeriod", stop.isoformat())
    if schedule.holidays == "skip":
        special = _add(_add(spec, "com:exceptionPeriod"), "com:recurringSpecialDay")
        _add(special, "com:intersectWithApplicableDays", "false")
        _add(special, "com:specialDayType", "publicHoliday")


def _location(record: Any, geometry: Any) -> None:
    place = _add(record, "sit:locationReference")
    if geometry.geom_type == "LineString":
        place.set(TYPE, "loc:LinearLocation")
        _add(_add(place, "loc:gmlLineString"), "loc:posList", lat_lon_text(geometry))
        return
    place.set(TYPE, "loc:AreaLocation")
    several = _add(place, "loc:gmlMultiPolygon")
    for polygon in shapely.get_parts(geometry):
        drawn = _add(several, "loc:gmlPolygon")
        _add(_add(drawn, "loc:exterior"), "loc:posList", lat_lon_text(polygon.exterior))
        for ring in polygon.interiors:
            _add(_add(drawn, "loc:interior"), "loc:posList", lat_lon_text(ring))
