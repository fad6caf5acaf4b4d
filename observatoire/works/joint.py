"""Trenches near in space and time that could be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely

from observatoire.works.checks.street import local_days
from observatoire.works.errors import BadWork
from observatoire.works.finding import Severity, severe
from observatoire.works.involved import find_involving
from observatoire.works.model import Work
from observatoire.works.rules import Rules
from observatoire.works.scene import Scene
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
    first, last : date
        First and last common first day that all dates allow.
    """

    works: tuple[str, ...]
    start: date
    moves: Mapping[str, int]
    days_apart: int
    days_together: int
    first: date
    last: date

    @property
    def saved_days(self) -> int:
        """Days on which the place is not held, thanks to the proposal."""
        return self.days_apart - self.days_together


def joint_trenches(works: Sequence[Work], *, distance: float = 30, window: int = 60) -> tuple[Joint, ...]:
    """Return groups of trenches that could begin on one day, those that save most first.

    A group grows by the works that begin next, are near one of the group, begin at most `window` days after its
    first, and leave a common first day that all dates (`earliest`, `deadline`) allow. Greedy, hence not the best
    possible partition; every group is feasible by dates, and has to be `settled` to be free of conflicts.

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


def settled(joint: Joint, works: Sequence[Work], scene: Scene, rules: Rules, at_least: Severity) -> Joint | None:
    """Return the joint trench on the first day, from the one proposed, that leaves no conflict; None where none does.

    What the works of the group do to each other is no conflict: they are one site. A day on which none of them works
    is no first day, and neither is one that saves nothing.

    Parameters
    ----------
    works : sequence of Work
        Those of the group, as planned.
    """
    group = [w for w in works if w.id in joint.works]
    own, low, high = set(joint.works), (joint.first - EPOCH).days, (joint.last - EPOCH).days
    proposed = (joint.start - EPOCH).days
    for start in sorted(range(low, high + 1), key=lambda day: (abs(day - proposed), day)):
        try:
            tried = _joint_on(group, start, low, high)
        except BadWork:  # pushed out of the years that are known
            continue
        moved = [w.moved(tried.moves[w.id]) for w in group]
        if tried.saved_days <= 0 or not any(start in local_days(w) for w in moved) or not _in_time(moved):
            continue
        found = find_involving(moved, scene, rules).findings
        if not any(severe(f, at_least) and {f.subject, *f.evidence} - own for f in found):
            return tried
    return None


def _in_time(works: Sequence[Work]) -> bool:
    """Say whether works end by their deadline: holidays and week-ends may have pushed them."""
    return all(w.deadline is None or int(local_days(w)[-1]) <= (w.deadline - EPOCH).days for w in works)


def _joint(group: list[Work], low: int, high: int) -> Joint:
    return _joint_on(group, int(np.clip(int(np.median([first_day(w) for w in group])), low, high)), low, high)


def _joint_on(group: Sequence[Work], start: int, low: int, high: int) -> Joint:
    moves = {w.id: start - first_day(w) for w in group}
    apart = np.unique(np.concatenate([local_days(w) for w in group]))
    together = np.unique(np.concatenate([local_days(w.moved(moves[w.id])) for w in group]))
    names = tuple(sorted(moves))
    first, on, last = (EPOCH + timedelta(days=day) for day in (low, start, high))
    return Joint(names, on, {n: moves[n] for n in names}, len(apart), len(together), first, last)
