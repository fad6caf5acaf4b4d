"""DATEX II v3, read: roadworks of a SituationPublication, orders of DiaLog's TrafficRegulationPublication.

Positions are latitude then longitude; `datex_write` is the other way.

References
----------
.. [1] CEN/TS 16157, DATEX II version 3: `Common` (validity), `Situation` (roadworks), `LocationReferencing`,
   `TrafficRegulation`.
"""

from datetime import time
from typing import Any

import shapely

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import Read, lat_lon, moment, read_each, to_metres, xml_document
from observatoire.works.exchange.datex_names import EXTENTS, KINDS, NS, TYPE, WEEK
from observatoire.works.model import Closure, Order, Work
from observatoire.works.recurrence import DAYS
from observatoire.works.schedule import Schedule


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
