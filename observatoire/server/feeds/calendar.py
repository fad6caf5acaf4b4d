"""When works and events hold their place, piece by piece."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import spans
from observatoire.works.intervals import Intervals
from observatoire.works.schedule import Schedule

#: Pieces of one item in a feed: a market of every day for a season.
MOST = 100


def pieces(row: Mapping[str, Any], zone: str, within: tuple[datetime, datetime]) -> list[tuple[datetime, datetime]]:
    """Return the pieces of time of an item that touch a period, in order; from first to last day where its rule fails.

    Parameters
    ----------
    row : mapping
        `debut`, `fin`, `regle`, `heure_debut`, `heure_fin`, `feries`, `exceptions` of `chantiers` and `evenements`.
    """
    try:
        schedule = schedule_of(row, zone)
        held = schedule.instants.intersection(Intervals.between(*within))
    except (BadWork, ValueError):
        return [(row["debut"], row["fin"])]
    kept = set(held.pairs())
    return [
        (start, end)
        for start, end in spans(schedule)
        if any(a < end.timestamp() and start.timestamp() < b for a, b in kept)
    ][:MOST]


def schedule_of(row: Mapping[str, Any], zone: str) -> Schedule:
    """Return the schedule of an item of `chantiers` or `evenements`.

    Raises
    ------
    BadWork, ValueError
        If its rule, hours or exceptions cannot be read.
    """
    start, end = (row[name].replace(microsecond=0) for name in ("debut", "fin"))
    if not row["regle"]:
        return Schedule(start, end, zone)
    hours = (row["heure_debut"], row["heure_fin"])
    return Schedule(
        start,
        end,
        zone,
        windows=((time.fromisoformat(hours[0]), time.fromisoformat(hours[1])),) if all(hours) else (),
        rule=row["regle"],
        except_days=tuple(date.fromisoformat(day) for day in (row["exceptions"] or "").replace(",", " ").split()),
        holidays="skip" if row["feries"] is False else "keep",
    )
