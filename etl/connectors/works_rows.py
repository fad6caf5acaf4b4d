"""Works as the rows of `chantiers` can hold them: one daily window, and no pause but whole days."""

from dataclasses import replace
from datetime import time
from functools import reduce
from itertools import pairwise

from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.schedule import Schedule

MOST = 50  # rows of one work


def in_rows(work: Work) -> list[Work]:
    """Return the works of which each is a row: of several hours a day, or with pauses, one for each piece.

    Pieces are `<id>.1`, `<id>.2`…, their order's reference likewise. Together they hold what the work holds; where that
    cannot be, or it would be more than `MOST`, the work is returned whole.
    """
    held = [one for one in _pieces(work.schedule) if one.instants.total()]
    together = reduce(Intervals.union, (one.instants for one in held), Intervals.of([]))
    if not 1 < len(held) <= MOST or together != work.schedule.instants:
        return [replace(work, schedule=held[0])] if len(held) == 1 and together == work.schedule.instants else [work]
    return [_numbered(work, number, one) for number, one in enumerate(held, 1)]


def _pieces(schedule: Schedule) -> list[Schedule]:
    pauses = sorted((max(a, schedule.start), min(b, schedule.end)) for a, b in schedule.except_periods)
    daily: list[tuple[tuple[time, time], ...]] = [(window,) for window in schedule.windows]
    edges = [(schedule.start, schedule.start), *pauses, (schedule.end, schedule.end)]
    return [
        replace(schedule, start=one[1], end=after[0], windows=windows, except_periods=())
        for windows in daily or [()]
        for one, after in pairwise(edges)
        if one[1] < after[0]
    ]


def _numbered(work: Work, number: int, schedule: Schedule) -> Work:
    order = replace(work.order, reference=f"{work.order.reference}.{number}") if work.order else None
    return replace(work, id=f"{work.id}.{number}", order=order, schedule=schedule)
