"""CIFS, the feed of closures and incidents that Waze reads: XML or JSON.

References
----------
.. [1] Google, *Closures & incidents feed specification (CIFS)*: `polyline` is latitude then longitude, two points at
   least; ROAD_CLOSED only where every lane is closed. Its schema, version 2, asks for an id of three characters, a
   street of two and a description; `schedule` holds the hours of each day of the week, as DiaLog writes them.
"""

from collections.abc import Iterator, Sequence
from datetime import time
from typing import Any, Literal

import orjson
import shapely
from lxml import etree

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import (
    MOST,
    Loss,
    Read,
    Written,
    axis,
    json_document,
    lat_lon,
    lat_lon_text,
    losses,
    moment,
    read_each,
    spans,
    to_degrees,
    to_metres,
    xml_document,
)
from observatoire.works.exchange.datex_names import WEEK
from observatoire.works.model import Closure, Work
from observatoire.works.recurrence import DAYS
from observatoire.works.schedule import Schedule

TYPES = ("ROAD_CLOSED", "CONSTRUCTION", "ACCIDENT", "HAZARD", "POLICE", "CHIT_CHAT", "JAM")
WORKS = ("ROAD_CLOSED", "CONSTRUCTION")  # types that are works whatever their subtype
NO_STREET, NO_TITLE = "Voie non précisée", "Travaux"  # written where nothing is known of what the format requires
CARRIED = {"id", "footprint", "schedule.start", "schedule.end", "schedule.zone", "closure", "street", "title"}


def read_cifs(data: bytes, *, crs: str, zone: str, kind: str = "chaussee") -> Read:
    """Read closures and hazards of construction; other incidents are refused, being no works.

    Parameters
    ----------
    crs : str
        Projected CRS of the footprints.
    zone, kind : str
        Zone and kind of the works, which CIFS does not say.

    Raises
    ------
    BadSource
        If the document is neither XML nor JSON of that form.
    """
    return read_each(_incidents(data), lambda name, found: _work(name, found, crs, zone, kind))


def write_cifs(works: Sequence[Work], *, crs: str, form: Literal["xml", "json"] = "xml") -> Written:
    """Write works; a work that is held in several pieces of time becomes as many incidents, `<id>.1`, `<id>.2`…"""
    rows, lost = [], []
    for work in sorted(works, key=lambda w: w.id):
        more, kept = _rows(work, crs)
        rows += more
        lost += kept
    if form == "json":
        return Written(orjson.dumps({"incidents": [{"incident": row} for row in rows]}), tuple(lost))
    root = etree.Element("incidents")
    for row in rows:
        incident = etree.SubElement(root, "incident", id=row.pop("id"))
        for name, value in row.items():
            etree.SubElement(incident, name).text = value
    return Written(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), tuple(lost))


def _rows(work: Work, crs: str) -> tuple[list[dict[str, str]], list[Loss]]:
    held = spans(work.schedule)
    lost = [loss for loss in losses(work, CARRIED) if not loss.field.startswith("schedule.")]
    if work.closure.extent not in ("chaussee-fermee", "chaussee-reduite"):
        lost.append(Loss(work.id, "closure", f"{work.closure.extent} is written as a hazard of construction"))
    if work.footprint.geom_type != "LineString":
        lost.append(Loss(work.id, "footprint", "its area is written as its middle line"))
    if len(work.id) < 3:
        lost.append(Loss(work.id, "id", "three characters at least are required: zeros are written before it"))
    if len(work.street or "") < 2:
        lost.append(Loss(work.id, "street", f"two characters at least are required: {NO_STREET} is written"))
    if not work.title:
        lost.append(Loss(work.id, "title", f"is empty, and required: {NO_TITLE} is written"))
    if not work.schedule.continuous:
        lost.append(Loss(work.id, "schedule", f"its rhythm is written as {min(len(held), MOST)} pieces of time"))
    if len(held) > MOST:
        lost.append(Loss(work.id, "schedule", f"only the first {MOST} of {len(held)} pieces of time are written"))
    closed = work.closure.extent == "chaussee-fermee"
    street = work.street or ""
    common = {
        "type": "ROAD_CLOSED" if closed else "HAZARD",
        "subtype": "ROAD_CLOSED_CONSTRUCTION" if closed else "HAZARD_ON_ROAD_CONSTRUCTION",
        "polyline": lat_lon_text(to_degrees(axis(work.footprint), crs)),
        "street": street if len(street) > 1 else NO_STREET,
    }
    return [
        {"id": (work.id if len(held) == 1 else f"{work.id}.{n}").rjust(3, "0")} | common
        | {"starttime": a.isoformat(), "endtime": b.isoformat()}
        | {"description": work.title or NO_TITLE, "direction": "BOTH_DIRECTIONS"}
        for n, (a, b) in enumerate(held[:MOST], 1)
    ], lost  # fmt: skip


def _incidents(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the incidents; one whose hours differ from day to day is as many, `<id>.1`, `<id>.2`…"""
    for name, found in _raw(data):
        groups = _hours(found.get("schedule"))
        for number, (hours, days) in enumerate(groups, 1):
            yield f"{name}.{number}" if len(groups) > 1 else name, found | {"hours": hours, "days": days}


def _hours(schedule: Any) -> list[tuple[str, list[int]]]:
    """Return the days of the week that have the same hours, as text; no hours and no days where it is always."""
    if not isinstance(schedule, dict) or not schedule:
        return [("", [])]
    groups: dict[str, list[int]] = {}
    for day, name in enumerate(WEEK):
        hours = ",".join(str(schedule[key]) for key in ("everyday", name) if schedule.get(key))
        if hours:
            groups.setdefault(hours, []).append(day)
    return list(groups.items()) or [("", [])]


def _raw(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    if data.lstrip()[:1] in (b"{", b"["):
        document = json_document(data)
        found = document.get("incidents") if isinstance(document, dict) else None
        if not isinstance(found, list):
            raise BadSource("expected an object with a list `incidents`")
        for row in found:
            incident = row.get("incident", row) if isinstance(row, dict) else {}
            incident = incident if isinstance(incident, dict) else {}
            yield str(incident.get("id", "")), incident
        return
    root = xml_document(data)
    if etree.QName(root).localname != "incidents":
        raise BadSource(f"expected the element `incidents`, got `{etree.QName(root).localname}`")
    for element in root.iterfind("incident"):
        rows: dict[str, Any] = {child.tag: child.text or "" for child in element.iter() if child is not element}
        days = {child.tag: child.text or "" for child in element.iterfind("schedule/*")}
        yield element.get("id", ""), rows | {"schedule": days}


def _work(name: str, found: dict[str, Any], crs: str, zone: str, kind: str) -> Work:
    type_, subtype = str(found.get("type", "")), str(found.get("subtype", ""))
    if type_ not in TYPES:
        raise BadWork("type", f"unknown code {type_[:30]!r}; expected one of {', '.join(TYPES)}")
    start, end = moment("starttime", found.get("starttime", "")), moment("endtime", found.get("endtime", ""))
    schedule = Schedule(
        start, end, zone, windows=_windows(found["hours"]),
        rule="FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[d] for d in found["days"]) if 0 < len(found["days"]) < 7 else "",
    )  # fmt: skip
    if type_ not in WORKS and subtype != "HAZARD_ON_ROAD_CONSTRUCTION":
        raise BadWork("type", f"{subtype[:40] or type_} is no works")
    line = shapely.LineString(lat_lon(found.get("polyline"), "polyline"))
    return Work(
        name, kind, to_metres(line, crs), schedule,
        closure=Closure("chaussee-fermee" if type_ == "ROAD_CLOSED" else "chaussee-reduite"),
        street=str(found.get("street") or "") or None, title=str(found.get("description") or ""),
    )  # fmt: skip


def _windows(hours: str) -> tuple[tuple[time, time], ...]:
    """Read `9:00-12:00,14:00-18:30`; 24:00 is the midnight that ends the day."""
    try:
        pairs = [[_wall(end) for end in part.split("-", 1)] for part in hours.split(",") if part.strip()]
        return tuple((opens, closes) for opens, closes in pairs)
    except ValueError:
        raise BadWork("schedule", f"{hours[:40]!r} are not hours; expected 9:00-12:00,14:00-18:30") from None


def _wall(text: str) -> time:
    hour, minute = (int(part) for part in text.strip().split(":"))
    return time(hour % 24 if (hour, minute) == (24, 0) else hour, minute)
