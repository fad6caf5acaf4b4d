"""Trenches near in space and time that could be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely

from observatoire.works.checks.street import local_days
from observatoire.works.model import Work
from observatoire.works.schedule import EPOCH


@dataclass(frozen=True)
class Joint:
    """A proposal to open the pavement once.

    Attributes
    ----------
    works : tuple of str
        Ids, sorted.
    start : date
        Common first day.
    moves : mapping of str to int, d
        Move of each (see `Work.moved`).
    days_apart, days_together : int
        Days on which the place is held as planned, and as proposed.
    """

    works: tuple[str, ...]
    start: date
    moves: Mapping[str, int]
    days_apart: int
    days_together: int

    @property
    def saved_days(self) -> int:
        return self.days_apart - self.days_together


def joint_trenches(works: Sequence[Work], *, distance: float = 30, window: int = 60) -> tuple[Joint, ...]:
    """Return groups of trenches that could begin on one day, those that save most first.

    A group grows by the works that begin next, are near one of the group, begin at most `window` days after its
    first, and leave a common first day that all dates (`earliest`, `deadline`) allow. Greedy, hence not the best
    possible partition; every group is feasible by dates, and is to be checked by `find_clashes`.

    Parameters
    ----------
    distance : float, m
        Between footprints.
    window : int, d
        Between first days; works without `earliest` or `deadline` may move by as much.
    """
    trenches = sorted(
        (w for w in works if w.trench and w.status in ("projete", "autorise") and len(w.schedule.instants)),
        key=lambda w: (first_day(w), w.id),
    )
    left, found = list(trenches), []
    while left:
        group = [left.pop(0)]
        low, high = _allowed(group[0], window)
        for work in list(left):
            a, b = _allowed(work, window)
            near = any(shapely.dwithin(work.footprint, g.footprint, distance) for g in group)
            if near and first_day(work) - first_day(group[0]) <= window and max(low, a) <= min(high, b):
                group.append(work)
                low, high = max(low, a), min(high, b)
                left.remove(work)
        if len(group) > 1 and (joint := _joint(group, low, high)).saved_days > 0:
            found.append(joint)
    return tuple(sorted(found, key=lambda j: (-j.saved_days, j.works)))


def first_day(work: Work) -> int:
    """Return the local day on which the schedule starts, in days since 1970."""
    return (work.schedule.local_start - EPOCH).days


def _allowed(work: Work, window: int) -> tuple[int, int]:
    """Return the first and the last first day."""
    first, days = first_day(work), local_days(work)
    low = (work.earliest - EPOCH).days if work.earliest else first - window
    high = first + (work.deadline - EPOCH).days - int(days[-1]) if work.deadline else first + window
    return low, high


def _joint(group: list[Work], low: int, high: int) -> Joint:
    start = int(np.clip(int(np.median([first_day(w) for w in group])), low, high))
    moves = {w.id: start - first_day(w) for w in group}
    apart = np.unique(np.concatenate([local_days(w) for w in group]))
    together = np.unique(np.concatenate([local_days(w.moved(moves[w.id])) for w in group]))
    names = tuple(sorted(moves))
    return Joint(names, EPOCH + timedelta(days=start), {n: moves[n] for n in names}, len(apart), len(together))
