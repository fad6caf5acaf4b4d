"""What a street has already borne: days with works, and a pavement just renewed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np

from observatoire.risk.arrays import Ints
from observatoire.works.checks.detours import everything
from observatoire.works.checks.words import day, finding
from observatoire.works.finding import Finding
from observatoire.works.model import Work
from observatoire.works.rules import Moratorium, WorksDays
from observatoire.works.scene import Scene
from observatoire.works.schedule import EPOCH
from observatoire.works.zone import zone

DAY = 86_400


def local_days(work: Work) -> Ints:
    """Return the local days on which the place is held, in days since 1970."""
    held = work.schedule.instants
    if not len(held):
        return np.zeros(0, dtype=np.int64)
    clock = zone(work.schedule.zone)
    first, last = clock.wall(held.starts) // DAY, clock.wall(held.ends - 1) // DAY
    return np.unique(np.concatenate([np.arange(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]))


def check_works_days(rule: WorksDays, works: Sequence[Work], scene: Scene) -> Iterator[Finding]:
    """Return the works with which a street bears more days with works than the limit.

    Days are counted once, whatever the number of works on them, in the window that ends on the last day of the works.
    """
    by_street: dict[str, list[tuple[Work, Ints]]] = defaultdict(list)
    streets = {w.street for w in works} - {None}
    known = everything(works, scene)
    ids = {w.id for w in known}
    for work in (*known, *(w for w in scene.past if w.id not in ids)):
        if work.street is not None and work.street in streets:
            by_street[work.street].append((work, local_days(work)))
    for work in sorted(works, key=lambda w: w.id):
        if work.street is None:
            continue
        own = next(days for other, days in by_street[work.street] if other.id == work.id)
        if not len(own):
            continue
        first, last = int(own[-1]) - rule.window + 1, int(own[-1])
        counted = [(o, days[(days >= first) & (days <= last)]) for o, days in by_street[work.street]]
        total = len(np.unique(np.concatenate([days for _, days in counted])))
        if total > rule.limit:
            others = tuple(o.id for o, days in counted if len(days) and o.id != work.id)
            figures = {"days": float(total), "limit": float(rule.limit)}
            yield finding(rule, work, others, figures=figures, street=work.street, days=total, limit=rule.limit)


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
