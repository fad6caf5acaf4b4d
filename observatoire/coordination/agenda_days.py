"""The agenda of the coming days: an occurrence of an event a row, with its risk; what is gone is cancelled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql

from observatoire.coordination.adequacy import answer, coming
from observatoire.coordination.past import read_past
from observatoire.coordination.reader import Reader, Row
from observatoire.coordination.risk import today
from observatoire.works.intervals import Intervals

DAYS = 30
COLLECTION = "agenda"
SHARED = ("reference", "titre", "nature", "statut", "voie", "affluence_prevue")


def agenda_rows(reader: Reader, *, now: datetime | None = None) -> Iterator[Row]:
    """Yield the occurrences that begin in the coming `DAYS` days, or have begun and last; then those that are gone.

    An occurrence that the agenda held and that no event has any more is yielded as cancelled: it does not vanish.
    """
    start = now or today(reader)
    span = Intervals.between(start, start + timedelta(days=DAYS))
    events = reader.rows("evenements")
    past, by_reference = read_past(events, reader), {row["reference"]: row for row in events}
    zone = reader.city.time_zone
    given: set[str] = set()
    for event, row in coming(events, start, start + timedelta(days=DAYS), zone):
        said = answer(event, row, past, by_reference, zone)
        figures = {
            "risque": said["risk"], "adequation": said["adequacy"], "limitant": said["scarcest"],
            "incidents_attendus": said["incidents"],
        }  # fmt: skip
        for begin, end in event.schedule.instants.pairs():
            if not Intervals.of([(begin, end)]).overlaps(span):
                continue
            item = {name: row.get(name) for name in SHARED} | figures | _when(begin, end)
            item |= {"geometry": row["geometry"]}
            yield _keyed(item, reader, given)
    for item in reader.rows(COLLECTION, sql.SQL("debut >= %s"), [start]):
        kept: dict[str, Any] = {name: item.get(name) for name in (*SHARED, "debut", "fin", "geometry")}
        keyed = _keyed(kept | {"statut": "annule"}, reader, set())
        if keyed["source_key"] not in given:
            yield keyed


def _when(begin: int, end: int) -> dict[str, datetime]:
    return {"debut": datetime.fromtimestamp(begin, UTC), "fin": datetime.fromtimestamp(end, UTC)}


def _keyed(item: Row, reader: Reader, given: set[str]) -> Row:
    """Return an item with its key: the event and the local moment at which the occurrence begins."""
    local = item["debut"].astimezone(reader.city.zone)
    key = f"{item['reference']}/{local:%Y-%m-%dT%H:%M}"
    given.add(key)
    return item | {"source_key": key, "precision": "minute"}
