"""What a place is known for: incidents to be expected, lamps that light it."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

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


def _risk(rule: Risk, work: Work, cells: RiskCells) -> Finding | None:
    held = work.schedule.instants.intersection(Intervals.between(cells.start, cells.end))
    if not held.total():
        return None
    place = work.footprint.buffer(max(rule.distance, 0.5))
    near = np.sort(cells.tree.query(place, predicate="intersects"))
    share = shapely.area(shapely.intersection(cells.geometry[near], place)) / shapely.area(cells.geometry[near])
    share *= held.total() / (cells.end - cells.start).total_seconds()
    known = np.isfinite(cells.expected[near]) & np.isfinite(cells.usual[near])
    figures = {
        name: float((getattr(cells, name)[near] * share)[known].sum())
        for name in ("expected", "lower", "upper", "usual")
    }
    if not known.any() or figures["expected"] < rule.minimum or figures["expected"] < rule.ratio * figures["usual"]:
        return None
    in_horizon = 100 * held.total() / work.schedule.instants.total()
    return finding(
        rule, work, tuple(str(n) for n in cells.id[near[known]]), held,
        figures={k: round(v, 3) for k, v in figures.items()} | {"cells_unknown": int((~known).sum())},
        share=in_horizon, expected=figures["expected"], lower=figures["lower"], upper=figures["upper"],
        usual=figures["usual"],
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
