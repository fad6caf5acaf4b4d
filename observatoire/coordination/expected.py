"""Incidents to be expected under works, against what is usual at the same place, with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import nbinom

from observatoire.coordination.risk import USUAL
from observatoire.coordination.scene import Surroundings
from observatoire.works.checks.place import around as within
from observatoire.works.model import Work
from observatoire.works.rules import Risk, Rules
from observatoire.works.scene import RiskCells

DISTANCE = 50.0  # m around the footprint, where no rule of the city says another


def expected(works: Sequence[Work], around: Surroundings, rules: Rules) -> list[dict[str, Any]]:
    """Return, by work, what the forecast says of the part of its time that it covers, and what is usual in all of it.

    `usual_whole` with its central 90 % interval is that of the whole time of the works: the count of the last 52 weeks
    is Poisson, its rate has Jeffreys' prior, hence the number to come is negative binomial. Empty without a forecast.
    """
    cells = around.scene.risk
    if cells is None or around.forecast is None:
        return []
    distance = next((rule.distance for rule in rules.rules if isinstance(rule, Risk)), DISTANCE)
    return [_of(work, cells, distance) | {"forecast": dict(around.forecast)} for work in works]


def _of(work: Work, cells: RiskCells, distance: float) -> dict[str, Any]:
    part = within(work, cells, distance)
    covered = part.share > 0
    numbers = {name: _number(getattr(part, name)) if covered else None for name in ("expected", "lower", "upper")}
    usual, low, high = _usual(work, cells, distance)
    return {
        "subject": work.id,
        **numbers,
        "usual": _number(part.usual) if covered else None,
        "share": round(part.share, 4),
        "usual_whole": _number(usual),
        "usual_lower": _number(low),
        "usual_upper": _number(high),
        "cells_unknown": part.unknown,
    }


def _usual(work: Work, cells: RiskCells, distance: float) -> tuple[float, float, float]:
    """Return the usual number in the footprint and the whole time of works, and its central 90 % interval."""
    place = work.footprint.buffer(max(distance, 0.5))
    near = np.sort(cells.tree.query(place, predicate="intersects"))
    shares = np.array([place.intersection(g).area / g.area for g in cells.geometry[near]])
    known = np.isfinite(cells.usual[near])
    if not known.any():
        return (float("nan"),) * 3
    in_a_year = USUAL / (cells.end - cells.start)  # horizons
    seen = float((cells.usual[near] * shares)[known].sum()) * in_a_year
    ratio = work.schedule.instants.total() / USUAL.total_seconds()
    if ratio == 0:
        return 0.0, 0.0, 0.0
    low, high = nbinom.ppf([0.05, 0.95], seen + 0.5, 1 / (1 + ratio))
    return seen * ratio, float(low), float(high)


def _number(value: float) -> float | None:
    return None if not np.isfinite(value) else round(value, 4)
