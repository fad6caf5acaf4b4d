"""DATEX II v3, read: roadworks of a SituationPublication, orders of DiaLog's TrafficRegulationPublication.

Positions are latitude then longitude; `datex_write` is the other way.

References
----------
.. [1] CEN/TS 16157, DATEX II version 3: `Common` (validity), `Situation` (roadworks), `LocationReferencing`,
   `TrafficRegulation`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import shapely
import shapely.geometry

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import Read, json_document, lat_lon, moment, read_each, to_metres, xml_document
from observatoire.works.exchange.datex_names import EXTENTS, KINDS, NS, TYPE, WEEK
from observatoire.works.exchange.datex_orders import Part, parts
from observatoire.works.model import Closure, Order, Work
from observatoire.works.recurrence import DAYS
from observatoire.works.schedule import Schedule

SPECIFICATION = f"{{{NS['com']}}}validityTimeSpecification"


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
        return read_each(parts(root), lambda name, part: _order(name, part, crs, zone, kind))
    raise BadSource("expected a SituationPublication or a TrafficRegulationPublication of DATEX II v3")


def _records(root: Any) -> list[tuple[str, Any]]:
    """Return the roadworks, each with the situation that it is of."""
    return [
        (str(situation.get("id", "")), (situation, record))
        for situation in root.iter(f"{{{NS['sit']}}}situation")
        for record in situation.iterfind("sit:situationRecord", NS)
        if str(record.get(TYPE, "")).rpartition(":")[2] in ("MaintenanceWorks", "ConstructionWorks")
    ]


def _work(found: tuple[Any, Any], crs: str, zone: str, kind: str) -> Work:
    situation, record = found
    subject = record.findtext("sit:subjects/sit:subjectTypeOfWorks", None, NS)
    managed = [e.text for e in situation.iter(f"{{{NS['sit']}}}roadOrCarriagewayOrLaneManagementType")]
    extents = {EXTENTS[m] for m in managed if m in EXTENTS}
    return Work(
        situation.get("id", ""), KINDS.get(subject or "", kind), _footprint(record, crs),
        _schedule(record.iter(SPECIFICATION), zone),
        closure=Closure(next((x for x in ("chaussee-fermee", "chaussee-reduite") if x in extents), "trottoir")),
        title=_said(record, "sit:generalPublicComment/sit:comment"),
    )  # fmt: skip


def _order(name: str, part: Part, crs: str, zone: str, kind: str) -> Work:
    reference = part.order.findtext("tro:regulationId", part.order.get("id", ""), NS)
    return Work(
        name, kind, _footprint(part.where, crs), _schedule(part.when, zone), closure=Closure(part.extent),
        order=Order(reference + part.number, _said(part.order, "tro:issuingAuthority")),
        title=_said(part.order, "tro:description"),
    )  # fmt: skip


def _said(parent: Any, path: str) -> str:
    return " ".join((parent.findtext(f"{path}/com:values/com:value", "", NS) or "").split())


def _footprint(parent: Any, crs: str) -> Any:
    drawn = [shapely.LineString(lat_lon(e.text)) for e in parent.iterfind(".//loc:gmlLineString/loc:posList", NS)]
    drawn += [
        shapely.Polygon(
            _ring(polygon.findtext("loc:exterior/loc:posList", "", NS)),
            [_ring(e.text) for e in polygon.iterfind("loc:interior/loc:posList", NS)],
        )
        for polygon in parent.iterfind(".//loc:gmlPolygon", NS)
    ]
    drawn += [one for e in parent.iter("{*}geoJsonGeometry") for one in _parts_of_geojson(e.text)]
    if not drawn:
        raise BadWork("footprint", "no gmlLineString, gmlPolygon or geoJsonGeometry: other locations are not read")
    kinds = {one.geom_type for one in drawn}
    if len(kinds) > 1:
        raise BadWork("footprint", f"{' and '.join(sorted(kinds))} together are not read")
    several = {"LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon, "Point": shapely.MultiPoint}
    return to_metres(drawn[0] if len(drawn) == 1 else several[kinds.pop()](drawn), crs)


def _parts_of_geojson(text: str | None) -> list[Any]:
    """Return the lines, areas or points of the extension by which DiaLog says where: longitude first."""
    try:
        found = shapely.geometry.shape(json_document((text or "").encode()))
    except (BadSource, AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError):
        raise BadWork("footprint", "geoJsonGeometry is not a geometry of GeoJSON") from None
    x, y = shapely.get_coordinates(found).T
    if not ((abs(x) <= 180) & (abs(y) <= 90)).all():
        raise BadWork("footprint", "has a coordinate out of range; expected longitude then latitude")
    parts = [found]
    while any(hasattr(one, "geoms") for one in parts):
        parts = [p for one in parts for p in getattr(one, "geoms", [one])]
    return parts


def _ring(text: Any) -> Any:
    points = lat_lon(text)
    if len(points) < 3:
        raise BadWork("footprint", "a ring has fewer than three points")
    return points


def _schedule(specifications: Iterable[Any], zone: str) -> Schedule:
    """Return when something holds: by one specification, or by several of one rhythm, one after the other."""
    found = sorted((_specified(one, zone) for one in specifications), key=lambda schedule: schedule.start)
    if not found:
        raise BadWork("validity", "has no validityTimeSpecification")
    whole = found[0]
    for after in found[1:]:
        if (after.windows, after.rule, after.holidays) != (whole.windows, whole.rule, whole.holidays):
            raise BadWork("validity", "several periods, each with hours or days of its own, are not read")
        if after.start < whole.end and (whole.except_periods or after.except_periods):
            raise BadWork("validity", "several periods that overlap and have exceptions are not read")
        gap = ((whole.end, after.start),) if whole.end < after.start else ()
        pauses = (*whole.except_periods, *gap, *after.except_periods)
        whole = replace(whole, end=max(whole.end, after.end), except_periods=pauses)
    return whole


def _specified(spec: Any, zone: str) -> Schedule:
    start = moment("overallStartTime", spec.findtext("com:overallStartTime", "", NS))
    if spec.find("com:overallEndTime", NS) is None:
        raise BadWork("overallEndTime", "is not given: what has no end is no works")
    end = moment("overallEndTime", spec.findtext("com:overallEndTime", "", NS))
    valid = spec.findall("com:validPeriod", NS)
    if len(valid) > 1 or any(v.find("com:startOfPeriod", NS) is not None for v in valid):
        raise BadWork("validPeriod", "several periods, or one with its own dates, are not read")
    windows = tuple(
        tuple(_wall(w.findtext(f"com:{name}TimeOfPeriod", "", NS), zone, start) for name in ("start", "end"))
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
        start, end, zone, windows=tuple((a, b) for a, b in windows), except_periods=tuple((a, b) for a, b in pauses),
        rule="FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[d] for d in sorted(days)) if week or skipped else "",
        holidays="skip" if holidays else "keep",
    )  # fmt: skip


def _days(period: Any) -> list[int]:
    found = [str(e.text).strip() for e in period.iterfind("com:recurringDayWeekMonthPeriod/com:applicableDay", NS)]
    if unknown := sorted(set(found) - set(WEEK)):
        raise BadWork("applicableDay", f"unknown code {unknown[0][:20]!r}")
    return [WEEK.index(day) for day in found]


def _wall(text: str, zone: str, day: datetime) -> time:
    """Return a time of day on the clock of the zone.

    A time with an offset that the zone has is what its clock shows, in summer as in winter: recurring hours are those
    of a clock. One with another offset is turned into the zone, on the first day.
    """
    try:
        found = time.fromisoformat(text.strip())
    except ValueError:
        raise BadWork("recurringTimePeriodOfDay", f"{text[:20]!r} is not a time of day") from None
    if found.tzinfo is None:
        return found
    place = ZoneInfo(zone)
    offsets = {datetime(day.year, month, 1, tzinfo=place).utcoffset() for month in (1, 7)}
    if found.utcoffset() in offsets:
        return found.replace(tzinfo=None)
    return datetime.combine(day, found).astimezone(place).time()
