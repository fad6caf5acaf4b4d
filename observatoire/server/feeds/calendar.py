"""When works and events hold their place, piece by piece."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from observatoire.coordination.calendar import schedule_of
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import spans
from observatoire.works.intervals import Intervals

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
    except BadWork:
        return [(row["debut"], row["fin"])]
    kept = set(held.pairs())
    return [
        (start, end)
        for start, end in spans(schedule)
        if any(a < end.timestamp() and start.timestamp() < b for a, b in kept)
    ][:MOST]
