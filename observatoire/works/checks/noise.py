"""Noisy hours near people who sleep, learn or are cared for."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from observatoire.works.checks.words import NOISE, finding
from observatoire.works.finding import Finding
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import Noise, Window
from observatoire.works.scene import Scene
from observatoire.works.schedule import Schedule

SHOWN = 50  # places named as evidence; all are counted


def protected(work: Work, windows: Sequence[Window], days: str = "") -> Intervals:
    """Return when the work is held within daily windows of its own zone, of days given by a rule.

    The night that began on the eve counts.
    """
    one_day = 86_400
    held = work.schedule.instants
    if not len(held):
        return held
    span = Intervals(held.starts[:1] - one_day, held.ends[-1:] + one_day)
    start, end = (_aware(work, int(t)) for t in (span.starts[0], span.ends[0]))
    return held.intersection(Schedule(start, end, work.schedule.zone, windows=tuple(windows), rule=days).instants)


def _aware(work: Work, seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, work.schedule.start.tzinfo)


def check_noise(rule: Noise, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return noisy works that hold protected hours near places; None where places are unknown."""
    places = scene.places
    if places is None:
        return None
    noisy = [w for w in works if w.noise in rule.noises]
    return _noise(rule, noisy, scene)


def _noise(rule: Noise, works: list[Work], scene: Scene) -> Iterator[Finding]:
    places = scene.places
    if places is None or not works:
        return
    mine = np.array([w.footprint for w in works], dtype=object)
    i, j = places.tree.query(mine, predicate="dwithin", distance=rule.distance)
    chosen = np.isin(places.kind[j], rule.places)
    i, j = i[chosen], j[chosen]
    for k in np.unique(i).tolist():
        near = np.sort(j[i == k])
        known = places.people[near]
        people = float(np.nansum(known))
        if rule.minimum_people and people < rule.minimum_people:
            continue
        hours_held = protected(works[k], rule.windows, rule.days)
        if not hours_held.total():
            continue
        hours = hours_held.total() / 3600
        yield finding(
            rule, works[k], tuple(str(n) for n in places.id[near][:SHOWN]), hours_held,
            figures={"hours": round(hours, 2), "places": len(near), "people": people,
                     "people_unknown": int(np.isnan(known).sum())},
            places=len(near), people=people, distance=rule.distance, hours=hours,
            noise=NOISE.get(works[k].noise or "", works[k].noise),
        )  # fmt: skip
