"""When works and events of the collections hold their place: from the properties of an item to instants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from observatoire.coordination.calendar import schedule_of
from observatoire.works.errors import BadWork
from observatoire.works.intervals import Intervals


@dataclass(frozen=True)
class Span:
    """One time that a place is held: `end` is excluded."""

    start: datetime
    end: datetime


def instants(item: Mapping[str, Any], zone: ZoneInfo) -> Intervals:
    """Return when an item of `chantiers` or `evenements` holds its place.

    Parameters
    ----------
    item : mapping
        `debut`, `fin` (aware datetimes), `regle`, `heure_debut`, `heure_fin`, `feries`, `exceptions`, as the layer
        files describe them.
    zone : ZoneInfo
        In which days and hours are read.

    Returns
    -------
    Intervals
        A rule that cannot be read gives the whole span from `debut` to `fin`: said too long rather than not at all.
    """
    try:
        return schedule_of(item, zone.key).instants
    except BadWork:
        return Intervals.between(item["debut"], item["fin"])


def spans(held: Intervals, first: datetime, last: datetime) -> list[Span]:
    """Return the times that meet [first, last), whole.

    Examples
    --------
    >>> day = [datetime(2026, 5, d, tzinfo=UTC) for d in (1, 2, 3)]
    >>> spans(Intervals.between(day[0], day[2]), day[1], day[2])[0].start.day
    1
    """
    meet = (held.ends > first.timestamp()) & (held.starts < last.timestamp())
    return [_span(held, i) for i in np.flatnonzero(meet)]


def upcoming(held: Intervals, now: datetime) -> Span | None:
    """Return the time that is now, else the next one; None where all is over."""
    left = np.flatnonzero(held.ends > now.timestamp())
    return _span(held, left[0]) if len(left) else None


def _span(held: Intervals, i: Any) -> Span:
    return Span(datetime.fromtimestamp(held.starts[i], UTC), datetime.fromtimestamp(held.ends[i], UTC))
