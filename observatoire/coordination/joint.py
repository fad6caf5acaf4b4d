"""Trenches near in space and time that could be one site, on a day that leaves no conflict."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import shapely

from observatoire.coordination.question import from_tomorrow, movable
from observatoire.coordination.scene import Surroundings
from observatoire.works.finding import Severity
from observatoire.works.joint import joint_trenches, settled
from observatoire.works.model import Work
from observatoire.works.rules import Rules

APART = 100.0  # m between trenches that could be one site
NEAR = 200.0  # m: trenches further from the works that are asked about are not proposed with them


def shared_sites(
    works: Sequence[Work], around: Surroundings, rules: Rules, *, now: datetime, at_least: Severity
) -> list[dict[str, Any]]:
    """Return the joint trenches that some of the works take part in, those that save most days first.

    Works that have begun take part in none; none is put on a day that is past, nor where a new search finds a conflict.
    """
    ids = {w.id for w in works}
    place = shapely.union_all([w.footprint for w in works]).buffer(NEAR)
    others = [w for w in around.scene.works if w.id not in ids and w.footprint.intersects(place)]
    free = [from_tomorrow(w, now) for w in (*works, *others) if movable(w, now)]
    checked = (
        settled(joint, free, around.scene, rules, at_least)
        for joint in joint_trenches(free, distance=APART)
        if ids & set(joint.works)
    )
    found = sorted((j for j in checked if j is not None), key=lambda j: (-j.saved_days, j.works))
    return [
        {
            "works": list(j.works), "start": j.start.isoformat(), "moves": dict(j.moves),
            "days_apart": j.days_apart, "days_together": j.days_together, "saved_days": j.saved_days,
        }
        for j in found
    ]  # fmt: skip
