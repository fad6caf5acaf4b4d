"""What a place is known for: incidents to be expected, lamps that light it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from observatoire.risk.arrays import Ints
from observatoire.works.checks.noise import protected
from observatoire.works.checks.words import finding
from observatoire.works.finding import Finding
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import Lighting, Risk
from observatoire.works.scene import RiskCells, Scene


def check_risk(rule: Risk, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return the works where more is to be expected than usual; None where there is no forecast for their time.

    Counts of cells are shared by area (footprint widened by `distance`) and by time (share of the horizon that the
    works hold). The bounds are those of the cells, shared in the same way and added: they are at least as wide as
    those of the sum.
    """
    cells = scene.risk
    if cells is None:
        return None
    return (f for w in works if (f := _risk(rule, w, cells)) is not None)


@dataclass(frozen=True)
class Around:
    """What is expected around works while they hold their place, within the horizon of a forecast.

    Attributes
    ----------
    cells : ndarray of int64
        Rows of the cells that are known.
    expected, lower, upper, usual : float
        Events; NaN where no cell is known.
    share : float, 0 to 1
        Of the time of the works that lies in the horizon.
    unknown : int
        Number of cells for which nothing is known.
    """

    cells: Ints
    held: Intervals
    expected: float
    lower: float
    upper: float
    usual: float
    share: float
    unknown: int


def around(work: Work, cells: RiskCells, distance: float) -> Around:
    """Return what is expected in the footprint, widened by `distance` (m), and the time of works."""
    held = work.schedule.instants.intersection(Intervals.between(cells.start, cells.end))
    place = work.footprint.buffer(max(distance, 0.5))
    near = np.sort(cells.tree.query(place, predicate="intersects"))
    share = shapely.area(shapely.intersection(cells.geometry[near], place)) / shapely.area(cells.geometry[near])
    share *= held.total() / (cells.end - cells.start).total_seconds()
    known = np.isfinite(cells.expected[near]) & np.isfinite(cells.usual[near])
    expected, lower, upper, usual = (
        float((getattr(cells, name)[near] * share)[known].sum()) if known.any() else float("nan")
        for name in ("expected", "lower", "upper", "usual")
    )
    total = work.schedule.instants.total()
    in_horizon = held.total() / total if total else 0.0
    return Around(near[known], held, expected, lower, upper, usual, in_horizon, int((~known).sum()))


def _risk(rule: Risk, work: Work, cells: RiskCells) -> Finding | None:
    found = around(work, cells, rule.distance)
    enough = found.expected >= max(rule.minimum, rule.ratio * found.usual)
    if not found.held.total() or not enough:  # NaN is not enough
        return None
    figures = {name: round(getattr(found, name), 3) for name in ("expected", "lower", "upper", "usual")}
    return finding(
        rule, work, tuple(str(n) for n in cells.id[found.cells]), found.held,
        figures=figures | {"cells_unknown": found.unknown},
        share=100 * found.share, expected=found.expected, lower=found.lower, upper=found.upper, usual=found.usual,
    )  # fmt: skip


def check_lighting(rule: Lighting, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return the works that put lamps out in dark hours; None where lamps are unknown."""
    lamps = scene.lamps
    if lamps is None:
        return None

    def found() -> Iterator[Finding]:
        for work in works:
            if not work.lighting_cut:
                continue
            out = np.sort(lamps.tree.query(work.footprint, predicate="intersects"))
            dark = protected(work, rule.windows)
            if len(out) < rule.minimum or not dark.total():
                continue
            hours = dark.total() / 3600
            figures = {"lamps": float(len(out)), "hours": round(hours, 2)}
            yield finding(
                rule, work, tuple(str(n) for n in lamps.id[out]), dark, figures=figures, lamps=len(out), hours=hours
            )

    return found()
