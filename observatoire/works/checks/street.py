"""What a street has already borne: days with works, and a pavement just renewed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import numpy as np

from observatoire.risk.arrays import Ints
from observatoire.works.checks.detours import everything
from observatoire.works.checks.words import day, finding
from observatoire.works.finding import Finding
from observatoire.works.model import Work
from observatoire.works.rules import Moratorium, WorksDays
from observatoire.works.scene import Scene
from observatoire.works.schedule import EPOCH


def local_days(work: Work) -> Ints:
    """Return the local days on which the place is held, in days since 1970."""
    return work.schedule.held_days


def check_works_days(rule: WorksDays, works: Sequence[Work], scene: Scene) -> Iterator[Finding]:
    """Return the works with which a street bears more days with works than the limit.

    Days are counted once, whatever the number of works on them, in the window that ends on the last day of the works.
    """
    by_street: dict[str, list[Work]] = defaultdict(list)
    streets = {w.street for w in works} - {None}
    known = everything(works, scene)
    ids = {w.id for w in known}
    for work in (*known, *(w for w in scene.past if w.id not in ids)):
        if work.street is not None and work.street in streets:
            by_street[work.street].append(work)
    borne = {street: _Borne.by(there) for street, there in by_street.items()}
    for work in sorted(works, key=lambda w: w.id):
        own = local_days(work)
        if work.street is None or not len(own):
            continue
        total, named = borne[work.street].between(int(own[-1]) - rule.window + 1, int(own[-1]))
        if total > rule.limit:
            others = tuple(name for name in named if name != work.id)
            figures = {"days": float(total), "limit": float(rule.limit)}
            yield finding(rule, work, others, figures=figures, street=work.street, days=total, limit=rule.limit)


@dataclass(frozen=True, eq=False)
class _Borne:
    """What a street bears: each day of each of its works, day after day."""

    id: list[str]
    day: Ints
    work: Ints

    @classmethod
    def by(cls, works: Sequence[Work]) -> Self:
        """Return the days of some works."""
        days = [local_days(w) for w in works]
        day, work = np.concatenate(days), np.repeat(np.arange(len(works)), [len(d) for d in days])
        order = np.argsort(day, kind="stable")
        return cls([w.id for w in works], day[order], work[order])

    def between(self, first: int, last: int) -> tuple[int, list[str]]:
        """Return how many days are borne from the first to the last, and by which works."""
        low, high = np.searchsorted(self.day, [first, last + 1])
        there = self.day[low:high]
        total = int((there[1:] != there[:-1]).sum()) + bool(len(there))
        return total, [self.id[k] for k in np.unique(self.work[low:high]).tolist()]


def check_moratorium(rule: Moratorium, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return the trenches in a pavement that is too new; None where renewals are unknown."""
    renewed = scene.renewed
    if renewed is None:
        return None

    def found() -> Iterator[Finding]:
        for work in works:
            place = work.segment or work.street
            since = renewed.get(place) if work.trench and place is not None else None
            days = local_days(work)
            if since is None or not len(days):
                continue
            until = _years_later(since, rule.years)
            first = EPOCH + timedelta(days=int(days[-1]))
            if since <= first and EPOCH + timedelta(days=int(days[0])) < until:
                yield finding(
                    rule, work, (f"{'segment' if work.segment else 'street'}:{place}",), street=work.street or place,
                    renewed=day(since), until=day(until),
                )  # fmt: skip

    return found()


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
