"""What holds a place besides works: events and markets, school entries, bus lines and stops, waste rounds."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import numpy as np

from observatoire.coordination.calendar import Span, service
from observatoire.coordination.items import Unreadable, each, event_of
from observatoire.coordination.reader import Reader, Row
from observatoire.works.agenda import Agenda
from observatoire.works.errors import BadWork
from observatoire.works.intervals import Intervals
from observatoire.works.schedule import EPOCH
from observatoire.works.timetable import Timetable

#: Days of class, which `lieux-sensibles` does not say; school holidays are not known either, public holidays are.
SCHOOLS = {
    "ecole": "FREQ=WEEKLY;BYDAY=MO,TU,TH,FR",
    "college-lycee": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
}
BEFORE, AFTER = timedelta(minutes=20), timedelta(minutes=15)  # of the crowd at a school's gate, about each hour

type Entry = tuple[str, str, str, Any, Intervals]


def read_agenda(reader: Reader, span: Span, places: Sequence[Row]) -> tuple[Agenda | None, list[Unreadable]]:
    """Return what takes place within a span of time, and what cannot be read; None where nothing is known."""
    zone = reader.city.time_zone
    hours = cache(lambda opens, closes, rule, skip: service(span, zone, opens, closes, rule, skip=skip))
    events, refused = each("evenements", reader.rows("evenements", key="reference"), event_of, zone)
    entries: list[Entry] = [
        (e.id, e.kind, e.title or e.id, e.footprint, e.schedule.instants)
        for e in events
        if e.status != "annule" and e.schedule.end > span[0] and e.schedule.start < span[1]
    ]
    for collection, rows, make in (
        ("lieux-sensibles", places, _schools),
        ("lignes-bus", reader.rows("lignes-bus", key="code"), _lines),
        ("arrets-bus", _with_hours(reader), _stops),
        ("collectes", reader.rows("collectes", key="code"), _rounds),
    ):
        for row in rows:
            try:
                entries += make(row, hours)
            except BadWork as error:
                refused.append(Unreadable(collection, str(row.get("code")), str(error)))
    return _agenda(entries), refused


def _schools(row: Row, hours: Any) -> Iterator[Entry]:
    rule = SCHOOLS.get(row["nature"])
    if rule is None or not row.get("heure_debut") or not row.get("heure_fin"):
        return
    held = Intervals.of([])
    for gate in (row["heure_debut"], row["heure_fin"]):
        opens, closes = _about(gate)
        held = held.union(hours(opens, closes, rule, True))
    yield row["code"], "school-entry", row.get("nom") or row["code"], row["geometry"], held


def _about(gate: str) -> tuple[str, str]:
    try:
        moment = datetime.combine(EPOCH, time.fromisoformat(gate))
    except ValueError:
        raise BadWork("windows", f"{gate[:20]!r} is no wall time; expected 08:30") from None
    return f"{moment - BEFORE:%H:%M}", f"{moment + AFTER:%H:%M}"


def _lines(row: Row, hours: Any) -> Iterator[Entry]:
    yield row["code"], "bus-line", row["code"], row["geometry"], _open(row, hours)


def _stops(row: Row, hours: Any) -> Iterator[Entry]:
    yield row["code"], "bus-stop", row["code"], row["geometry"], _open(row, hours)


def _open(row: Row, hours: Any) -> Intervals:
    """Return daily hours of service; all day where they are not known."""
    held: Intervals = hours(row.get("heure_debut") or "00:00", row.get("heure_fin") or "00:00", "FREQ=DAILY", False)
    return held


def _rounds(row: Row, hours: Any) -> Iterator[Entry]:
    held = hours(row["heure_debut"], row["heure_fin"], row["regle"], row.get("feries") is False)
    yield row["code"], "waste-round", row["code"], row["geometry"], held


def _with_hours(reader: Reader) -> list[Row]:
    """Return the stops with the hours of their line."""
    lines = {row["code"]: row for row in reader.rows("lignes-bus")}
    stops = reader.rows("arrets-bus", key="code")
    for stop in stops:
        line = lines.get(stop["ligne"], {})
        stop["heure_debut"], stop["heure_fin"] = line.get("heure_debut"), line.get("heure_fin")
    return stops


def _agenda(entries: list[Entry]) -> Agenda | None:
    if not entries:
        return None
    columns = [np.empty(len(entries), dtype=object) for _ in range(4)]
    for column, values in zip(columns, zip(*(entry[:4] for entry in entries), strict=True), strict=True):
        column[:] = list(values)
    return Agenda(columns[0], columns[1], columns[2], columns[3], Timetable.of([entry[4] for entry in entries]))
