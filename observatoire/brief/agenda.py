"""What holds the public space on one day: works and events, with their hours."""

from datetime import UTC, datetime, timedelta
from typing import Any

from observatoire.cities import City
from observatoire.coordination.items import each, event_of, work_of
from observatoire.coordination.reader import Reader
from observatoire.works.intervals import Intervals
from observatoire.works.model import Event, Work

Json = dict[str, Any]


def today(reader: Reader, city: City, moment: datetime) -> tuple[list[Json], list[Json]]:
    """Return the works and the events of the local day of `moment`, by their first hour.

    A row whose calendar cannot be read is left out here: `works-clash` says it.
    """
    day = Intervals.between(*day_of(moment, city))
    works, _ = each("chantiers", reader.rows("chantiers", key="reference"), work_of, city.time_zone)
    events, _ = each("evenements", reader.rows("evenements", key="reference"), event_of, city.time_zone)
    on = [w for w in works if w.status not in ("annule", "termine", "suspendu")]
    held = [e for e in events if e.status != "annule"]
    return _held(on, day, reader), _held(held, day, reader)


def day_of(moment: datetime, city: City) -> tuple[datetime, datetime]:
    """Return the first moment of a local day, and that of the next: 23 to 25 hours."""
    first = moment.astimezone(city.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    start, end = ((first + timedelta(days=k)).replace(tzinfo=city.zone).astimezone(UTC) for k in (0, 1))
    return start, end


def _held(things: list[Any], day: Intervals, reader: Reader) -> list[Json]:
    lines = []
    for thing in things:
        hours = thing.schedule.instants.intersection(day).iso()
        if hours:
            lines.append(_line(thing, [list(pair) for pair in hours], reader))
    return sorted(lines, key=lambda line: (line["hours"][0], line["reference"]))


def _line(thing: Work | Event, hours: list[list[str]], reader: Reader) -> Json:
    collection, number = reader.items[thing.id]
    line = {
        "reference": thing.id, "title": thing.title or thing.id, "kind": thing.kind, "hours": hours,
        "href": f"/api/collections/{collection}/items/{number}",
    }  # fmt: skip
    if isinstance(thing, Work):
        return line | {"closure": thing.closure.extent, "street": thing.street}
    return line | {"attendance": thing.attendance}
