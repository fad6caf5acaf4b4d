"""DATEX II v3: SituationPublication with roadworks, read and written; DiaLog's TrafficRegulationPublication, read.

Positions are latitude then longitude. Daily windows, week days, exceptions and public holidays are carried by
`validPeriod` and `exceptionPeriod`, in the order of the elements of the schema's `Period`.

References
----------
.. [1] CEN/TS 16157, DATEX II version 3: `Common` (validity), `Situation` (roadworks), `LocationReferencing`,
   `TrafficRegulation`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Any

import shapely
from lxml import etree

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import (
    Loss,
    Read,
    Written,
    lat_lon,
    lat_lon_text,
    losses,
    moment,
    read_each,
    to_degrees,
    to_metres,
    xml_document,
)
from observatoire.works.model import Closure, Order, Work
from observatoire.works.recurrence import DAYS, recurrence
from observatoire.works.schedule import Schedule

BASE = "http://datex2.eu/schema/3/"
NS = {
    "d2": BASE + "d2Payload", "com": BASE + "common", "loc": BASE + "locationReferencing", "sit": BASE + "situation",
    "tro": BASE + "trafficRegulation", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}  # fmt: skip
TYPE = f"{{{NS['xsi']}}}type"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SUBJECTS = {
    "eau": "waterMain", "gaz": "gasMainWork", "electricite": "buriedCables", "chauffage": "buriedServices",
    "chaussee": "road", "eclairage-public": "lightingSystem",
}  # fmt: skip
LIKE = {"telecom": "buriedCables", "assainissement": "buriedServices"}
KINDS = {v: k for k, v in SUBJECTS.items()}
IMPACTS = {"chaussee-fermee": "roadBlocked", "chaussee-reduite": "roadPartiallyObstructed"}
EXTENTS = {v: k for k, v in IMPACTS.items()}
CARRIED = {
    "id", "kind", "footprint", "closure", "title", "schedule.start", "schedule.end", "schedule.zone",
    "schedule.windows", "schedule.rule", "schedule.except_periods", "schedule.holidays", "schedule.country",
}  # fmt: skip


def write_datex(works: Sequence[Work], *, crs: str, made: datetime, country: str = "fr", publisher: str) -> Written:
    """Write a SituationPublication, one situation with one `MaintenanceWorks` for each work.

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


def read_datex(data: bytes, *, crs: str, zone: str, kind: str = "chaussee") -> Read:
    """Read roadworks of a SituationPublication, or the temporary orders of a TrafficRegulationPublication.

    Parameters
    ----------
    kind : str
        Kind of works where the document does not say it.

    Raises
    ------
    BadSource
        If the document is neither.
    """
    root = xml_document(data)
    kinds = [str(e.get(TYPE, "")).rpartition(":")[2] for e in root.iter() if isinstance(e.tag, str) and e.get(TYPE)]
    if "SituationPublication" in kinds:
        return read_each(_records(root), lambda _, record: _work(record, crs, zone, kind))
    if "TrafficRegulationPublication" in kinds:
        orders = [(str(o.get("id", "")), o) for o in root.iter(f"{{{NS['tro']}}}trafficRegulationOrder")]
        return read_each(orders, lambda name, order: _order(name, order, crs, zone, kind))
    raise BadSource("expected a SituationPublication or a TrafficRegulationPublication of DATEX II v3")


def _losses(work: Work) -> Iterator[Loss]:
    yield from losses(work, CARRIED)
    if work.closure.extent not in IMPACTS:
        yield Loss(work.id, "closure", f"{work.closure.extent} has no code of traffic constriction")
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
    record = _add(situation, "sit:situationRecord", id=f"{work.id}-1", version="1")
    record.set(TYPE, "sit:MaintenanceWorks")
    _add(record, "sit:situationRecordCreationTime", made.isoformat())
    _add(record, "sit:situationRecordVersionTime", made.isoformat())
    _add(record, "sit:probabilityOfOccurrence", "certain")
    _validity(_add(record, "sit:validity"), work.schedule)
    if work.closure.extent in IMPACTS:
        impact = _add(record, "sit:impact")
        _add(impact, "sit:trafficConstrictionType", IMPACTS[work.closure.extent])
    if work.title:
        comment = _add(_add(record, "sit:generalPublicComment"), "sit:comment")
        _add(_add(comment, "com:values"), "com:value", work.title, lang="fr")
    _location(record, to_degrees(_drawn(work.footprint), crs))
    subjects = _add(record, "sit:subjects")
    _add(subjects, "sit:subjectTypeOfWorks", SUBJECTS.get(work.kind, LIKE.get(work.kind, "other")))
    _add(record, "sit:roadMaintenanceType", "roadworks")


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


def _records(root: Any) -> list[tuple[str, Any]]:
    return [
        (str(situation.get("id", "")), (situation.get("id", ""), record))
        for situation in root.iter(f"{{{NS['sit']}}}situation")
        for record in situation.iterfind("sit:situationRecord", NS)
        if str(record.get(TYPE, "")).rpartition(":")[2] in ("MaintenanceWorks", "ConstructionWorks")
    ]


def _work(found: tuple[str, Any], crs: str, zone: str, kind: str) -> Work:
    name, record = found
    subject = record.findtext("sit:subjects/sit:subjectTypeOfWorks", None, NS)
    impact = record.findtext("sit:impact/sit:trafficConstrictionType", None, NS)
    return Work(
        name, KINDS.get(subject or "", kind), _footprint(record, crs), _schedule(record, zone),
        closure=Closure(EXTENTS.get(impact or "", "trottoir")),
        title=_said(record, "sit:generalPublicComment/sit:comment"),
    )  # fmt: skip


def _order(name: str, order: Any, crs: str, zone: str, kind: str) -> Work:
    closed = [e.text for e in order.iter(f"{{{NS['tro']}}}accessRestrictionType")]
    return Work(
        name, kind, _footprint(order, crs), _schedule(order, zone),
        closure=Closure("chaussee-fermee" if "noEntry" in closed else "chaussee-reduite"),
        order=Order(order.findtext("tro:regulationId", name, NS), _said(order, "tro:issuingAuthority")),
        title=_said(order, "tro:description"),
    )  # fmt: skip


def _said(parent: Any, path: str) -> str:
    return " ".join((parent.findtext(f"{path}/com:values/com:value", "", NS) or "").split())


def _footprint(parent: Any, crs: str) -> Any:
    lines = [shapely.LineString(lat_lon(e.text)) for e in parent.iterfind(".//loc:gmlLineString/loc:posList", NS)]
    areas = [
        shapely.Polygon(
            _ring(polygon.findtext("loc:exterior/loc:posList", "", NS)),
            [_ring(e.text) for e in polygon.iterfind("loc:interior/loc:posList", NS)],
        )
        for polygon in parent.iterfind(".//loc:gmlPolygon", NS)
    ]
    if not lines and not areas:
        raise BadWork("footprint", "no gmlLineString or gmlPolygon is given: other locations are not read")
    if areas:
        return to_metres(areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas), crs)
    return to_metres(lines[0] if len(lines) == 1 else shapely.MultiLineString(lines), crs)


def _ring(text: Any) -> Any:
    points = lat_lon(text)
    if len(points) < 3:
        raise BadWork("footprint", "a ring has fewer than three points")
    return points


def _schedule(parent: Any, zone: str) -> Schedule:
    spec = next(parent.iter(f"{{{NS['com']}}}validityTimeSpecification"), None)
    if spec is None:
        raise BadWork("validity", "has no validityTimeSpecification")
    start = moment("overallStartTime", spec.findtext("com:overallStartTime", "", NS))
    end = moment("overallEndTime", spec.findtext("com:overallEndTime", "", NS))
    valid = spec.findall("com:validPeriod", NS)
    if len(valid) > 1 or any(v.find("com:startOfPeriod", NS) is not None for v in valid):
        raise BadWork("validPeriod", "several periods, or one with its own dates, are not read")
    windows = tuple(
        (_wall(w.findtext("com:startTimeOfPeriod", "", NS)), _wall(w.findtext("com:endTimeOfPeriod", "", NS)))
        for v in valid for w in v.iterfind("com:recurringTimePeriodOfDay", NS)
    )  # fmt: skip
    week = [d for v in valid for d in _days(v)]
    pauses, skipped, holidays = [], set(), False
    for period in spec.iterfind("com:exceptionPeriod", NS):
        skipped |= set(_days(period))
        holidays |= "publicHoliday" in [e.text for e in period.iter(f"{{{NS['com']}}}specialDayType")]
        if period.find("com:startOfPeriod", NS) is not None:
            pauses.append(
                tuple(moment(f, period.findtext(f"com:{f}", "", NS)) for f in ("startOfPeriod", "endOfPeriod"))
            )
    days = [d for d in (week or range(7)) if d not in skipped]
    if not days:
        raise BadWork("exceptionPeriod", "leaves no day of the week")
    return Schedule(
        start, end, zone, windows=windows, except_periods=tuple((a, b) for a, b in pauses),
        rule="FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[d] for d in sorted(days)) if week or skipped else "",
        holidays="skip" if holidays else "keep",
    )  # fmt: skip


def _days(period: Any) -> list[int]:
    found = [str(e.text).strip() for e in period.iterfind("com:recurringDayWeekMonthPeriod/com:applicableDay", NS)]
    if unknown := sorted(set(found) - set(WEEK)):
        raise BadWork("applicableDay", f"unknown code {unknown[0][:20]!r}")
    return [WEEK.index(day) for day in found]


def _wall(text: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise BadWork("recurringTimePeriodOfDay", f"{text[:20]!r} is not a time of day") from None
