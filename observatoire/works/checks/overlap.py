"""Works and something else at the same place and time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from observatoire.risk.arrays import Ints
from observatoire.works.agenda import Agenda
from observatoire.works.checks.words import finding, instant
from observatoire.works.finding import Finding, Severity
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import Overlap
from observatoire.works.scene import Scene


def check_overlap(rule: Overlap, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return what overlaps; None where nothing is known of any kind that the rule is against.

    A pair of works that are both candidates is said once, of the one whose id comes first.
    """
    kept = meant(rule, works)
    parts: list[tuple[Agenda, Ints]] = []
    if "works" in rule.against:
        parts.append((scene.standing_agenda, np.arange(len(scene.standing))))
    if others := scene.agenda_of([k for k in rule.against if k != "works"]):
        parts.append(others)
    if not parts:
        return None
    mine = Agenda.of_works(kept)
    return (f for agenda, rows in parts for f in _against(rule, kept, mine, agenda, rows))


def meant(rule: Overlap, works: Sequence[Work]) -> list[Work]:
    """Return the works whose closure the rule is about."""
    return [w for w in works if not rule.closures or w.closure.extent in rule.closures]


@dataclass(frozen=True, eq=False)
class Met:
    """Pairs that overlap, and when.

    Attributes
    ----------
    work, other : ndarray of int64, shape (n,)
        Rows of the two agendas.
    total : ndarray of int64, shape (n,), s
    low, high : ndarray of int64, shape (n,)
        Pair k overlaps from starts[low[k]:high[k]] to ends[low[k]:high[k]], s.
    """

    work: Ints
    other: Ints
    total: Ints
    low: Ints
    high: Ints
    starts: Ints
    ends: Ints


def meet(rule: Overlap, mine: Agenda, others: Agenda, rows: Ints) -> Met:
    """Return which works overlap which of some rows of another agenda; of works on both sides, each pair once.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,), n > 0
        In order.
    """
    i, j = others.near(mine.geometry, rule.distance)
    chosen = rows[np.minimum(np.searchsorted(rows, j), len(rows) - 1)] == j  # of the rows, which are in order
    if others.kind[rows[0]] == "works":
        candidates = set(mine.id.tolist())
        chosen &= np.array(
            [a < b or (a != b and b not in candidates) for a, b in zip(mine.id[i], others.id[j], strict=True)],
            dtype=bool,
        )
    i, j = i[chosen], j[chosen]
    # wider around the other thing is the same as wider, the other way round, around the works: but it is the other
    # thing's time that is said, so its times are widened, and only those that are near.
    near, j = np.unique(j, return_inverse=True)
    times = others.times
    if rule.before or rule.after:
        times = type(times).of([times[n].widened(int(rule.before * 60), int(rule.after * 60)) for n in near.tolist()])
        target = j
    else:
        target = near[j]
    pair, starts, ends = mine.times.meetings(times, i, target)
    total = np.bincount(pair, weights=ends - starts, minlength=len(i)).astype(np.int64)
    found = np.flatnonzero((total > 0) & (total >= rule.minimum * 60))
    low, high = np.searchsorted(pair, found), np.searchsorted(pair, found, side="right")
    return Met(i[found], near[j[found]], total[found], low, high, starts, ends)


def severity_of(rule: Overlap, work: Work) -> Severity:
    """Return how severe an overlap of works is."""
    return "blocking" if work.closure.extent in rule.blocking_closures else rule.severity


def _against(rule: Overlap, works: list[Work], mine: Agenda, others: Agenda, rows: Ints) -> Iterator[Finding]:
    if not works or not len(rows):
        return
    met = meet(rule, mine, others, rows)
    metres = shapely.distance(mine.geometry[met.work], others.geometry[met.other])
    for k, (i, row, m) in enumerate(zip(met.work.tolist(), met.other.tolist(), metres.tolist(), strict=True)):
        work, hours = works[i], int(met.total[k]) / 3600
        starts, ends = (side[met.low[k] : met.high[k]] for side in (met.starts, met.ends))
        yield finding(
            rule, work, (str(others.id[row]),), Intervals.merged(starts, ends), severity=severity_of(rule, work),
            figures={"hours": round(hours, 2), "distance": round(m, 1)},
            other=others.label[row], hours=hours, first=instant(int(starts[0]), work.schedule.zone), distance=m,
        )  # fmt: skip
