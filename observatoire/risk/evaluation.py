"""An evaluation: every model forecast from each past origin, and all that can be said once the periods have come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from observatoire.executor.base import INLINE, Executor, Progress
from observatoire.risk.answers import Situation, Verdict, decide, hopeless
from observatoire.risk.arrays import Bools, Dates, Floats, Ints
from observatoire.risk.base import Forecaster
from observatoire.risk.calendar import Calendar
from observatoire.risk.counts import count, wall_time
from observatoire.risk.crps import mean_crps, total_crps
from observatoire.risk.ensemble import fits
from observatoire.risk.evaluate import LEAST_PAST, Roller
from observatoire.risk.flagged import singled_out
from observatoire.risk.forecast import Events, dated
from observatoire.risk.grid import Grid
from observatoire.risk.hit_curve import AREAS, caught
from observatoire.risk.labels import Labels, shift
from observatoire.risk.lineup import WEEKS_OF_REFIT, Effort, lineup
from observatoire.risk.maps import drawn
from observatoire.risk.places import Places
from observatoire.risk.predictive import Predictive
from observatoire.risk.prefix import forget
from observatoire.risk.scores import score
from observatoire.risk.spans import Horizon, days

FLAGGED = 0.02  # of the cells
MOST_ORIGINS = 104


@dataclass(frozen=True, eq=False)
class Origin:
    """What one origin's forecast said and what came.

    Attributes
    ----------
    start, end : numpy.datetime64
        The period forecast, wall time, end excluded.
    expected, flagged : ndarray, shape (n_cells,)
        Of the model that is served.
    came : ndarray, shape (n_cells,), events
    parts : rows of (kind, name, events, hits in the flagged cells)
    """

    start: np.datetime64
    end: np.datetime64
    total: tuple[float, float, float]
    expected: Floats
    probability: Floats
    flagged: Bools
    came: Floats
    parts: list[tuple[str, str, float, float]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The past forecasts of one collection, scored.

    Attributes
    ----------
    as_of : Timestamp, aware, in the city's zone
    scores : DataFrame indexed by model and origin
        Columns of `scores.score`, `crps` and `crps_total`.
    curves : dict of model to ndarray, shape (n_origins, n_areas)
        Events caught in each of `hit_curve.AREAS`.
    origins : list of Origin
        Of the model served; where the answer is to abstain, of the model that would have been.
    simple_count : {"year", "all", "decayed"}, optional
        What the simple count is at `as_of`; None where the answer is to abstain, or `models` have another.
    """

    verdict: Verdict
    situation: Situation
    grid: Grid
    horizon: Horizon
    step_days: int
    as_of: pd.Timestamp
    n_events: int
    dates: Dates
    scores: pd.DataFrame
    labels: Labels
    curves: dict[str, Floats] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)
    simple_count: str | None = None

    @property
    def served(self) -> str:
        """Name of the model that `origins` are of."""
        return "count" if self.verdict.answer == "count" else "model"


def evaluate(
    xy: ArrayLike,
    dates: Any,
    grid: Grid,
    *,
    as_of: Any,
    horizon: str | float = "7d",
    origins: int = 52,
    step: str | float | None = None,
    tz: str = "UTC",
    effort: Effort = "quick",
    labels: Labels | None = None,
    models: Mapping[str, Forecaster] | None = None,
    calendar: Calendar | None = None,
    places: Places | None = None,
    random_state: int = 0,
    executor: Executor = INLINE,
    progress: Progress | None = None,
) -> Evaluation:
    """Forecast the past from each of its origins and score it.

    Parameters
    ----------
    xy, dates, grid, as_of, horizon, tz, effort, calendar, places
        As in `forecast`. The last period scored ends at `as_of`, or before it.
    origins : int, 1 to 104
        Periods scored, at most; history may hold fewer.
    step : text or number, optional
        Days between two origins: at least the horizon, so that no event is scored twice, and whole periods of it
        (a horizon of 30 days is made of four periods of 7.5). By default the horizon.
    labels : Labels, optional
        By which events the scores are told apart.
    models : mapping, optional
        In place of the line-up that is served; must have `flat`, `count` and `model`.
    executor : Executor
        Where past origins are computed: nothing in the evaluation depends on it.

    Raises
    ------
    ValueError
        On inputs that cannot be used; the text names them.
    """
    if not 1 <= origins <= MOST_ORIGINS:
        raise ValueError(f"origins must be 1 to {MOST_ORIGINS}, got {origins}")
    ahead = Horizon(days(horizon))
    step_days = ahead.days if step is None else days(step)
    if step_days < ahead.days or (step_days / ahead.period) % 1:
        raise ValueError(f"step must be at least the horizon and whole periods of {ahead.period:g} days, got {step}")
    labels = labels or Labels()
    events = Events(grid.locate(xy), wall_time(dates, tz))
    _check(events, grid, labels)
    last = wall_time([as_of] if not isinstance(as_of, str) else as_of, tz)[0]
    situation, n_events, _ = events.situation(last, grid.n_cells)
    aware = pd.Timestamp(last).tz_localize(tz, ambiguous=True, nonexistent="shift_forward")
    known = events.before(last)
    common = {
        "situation": situation, "grid": grid, "horizon": ahead, "step_days": step_days, "as_of": aware,
        "n_events": n_events, "dates": events.dates[known], "labels": labels,
    }  # fmt: skip
    verdict = hopeless(situation)
    if verdict is not None:
        return Evaluation(verdict=verdict, scores=pd.DataFrame(), **common)  # type: ignore[arg-type]
    counts = count(events.cells, events.dates, grid.n_cells, end=last, period=ahead.period)
    roller = Roller(
        counts,
        models or lineup(grid, ahead, effort=effort, calendar=dated(calendar, counts, ahead.steps), places=places),
        ahead.steps,
        ahead.weeks(WEEKS_OF_REFIT),
        executor,
    )
    wanted = _origins(counts.n_periods, ahead, step_days, origins)
    with threadpool_limits(limits=1):
        made = list(_predictions(roller, wanted, progress))
        simple = getattr(roller.model("count", counts.n_periods), "name_", None)
    drawn.clear()
    fits.clear()
    forget()
    scores = _frame(made)
    verdict = decide(scores, random_state=random_state)
    served = "count" if verdict.answer == "count" else "model"
    return Evaluation(
        verdict=verdict,
        scores=scores,
        curves={
            name: np.array([caught(maps[name].expected, y, np.array(AREAS)) for _, maps, y in made])
            for name in roller.models
        },
        origins=[_origin(maps[served], y, counts.starts[k], ahead, events, labels) for k, maps, y in made],
        simple_count=None if verdict.answer == "abstains" else simple,
        **common,  # type: ignore[arg-type]
    )


def flag(expected: Floats) -> Bools:
    """Return the cells that a map flags: the first 2 %, at least one; among equals the first of the grid."""
    k = max(round(FLAGGED * len(expected)), 1)
    flagged = np.zeros(len(expected), dtype=bool)
    flagged[np.argsort(-expected, kind="stable")[:k]] = True
    return flagged


def _check(events: Events, grid: Grid, labels: Labels) -> None:
    n = len(events.dates)
    if len(events.cells) != n:
        raise ValueError(f"xy has {len(events.cells)} rows, dates {n}")
    if np.isnat(events.dates).any():
        raise ValueError("dates: some are missing; leave these events out and count them")
    for name, values, length in (
        ("nature", labels.nature, n), ("timed", labels.timed, n), ("district", labels.district, grid.n_cells)
    ):  # fmt: skip
        if values is not None and len(values) != length:
            raise ValueError(f"labels.{name} has {len(values)} rows, expected {length}")


def _origins(n_periods: int, horizon: Horizon, step_days: int, most: int) -> list[int]:
    """Return how many periods lie before each origin, oldest first."""
    stride = round(step_days / horizon.period)
    return list(range(n_periods - horizon.steps, LEAST_PAST - 1, -stride))[:most][::-1]


def _map(map_: Predictive, came: Floats) -> Predictive:  # noqa: ARG001 (what `Roller.each` calls)
    return map_


def _predictions(
    roller: Roller, origins: list[int], progress: Progress | None
) -> Iterable[tuple[int, dict[str, Predictive], Floats]]:
    for k, found in zip(origins, roller.each(origins, _map, progress), strict=True):
        yield k, found, roller.came(k)


def _frame(made: list[tuple[int, dict[str, Predictive], Floats]]) -> pd.DataFrame:
    rows = {
        (name, k): score(map_, y) | {"crps": mean_crps(map_, y), "crps_total": total_crps(map_, float(y.sum()))}
        for k, maps, y in made
        for name, map_ in maps.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame.index = pd.MultiIndex.from_tuples(rows or [], names=["model", "origin"])
    return frame


def _origin(
    map_: Predictive, y: Floats, start: np.datetime64, horizon: Horizon, events: Events, labels: Labels
) -> Origin:
    start = np.datetime64(start, "us")
    end = start + np.timedelta64(horizon.days, "D")
    flagged = flag(map_.expected)
    inside = (events.cells >= 0) & (events.dates >= start) & (events.dates < end)
    lower, upper = map_.total_interval(0.9)
    return Origin(
        start=start,
        end=end,
        total=(map_.total, lower, upper),
        expected=map_.expected,
        probability=map_.probability(),
        flagged=flagged,
        came=y,
        parts=list(_parts(events, inside, flagged, labels)),
    )


def _parts(events: Events, inside: Bools, flagged: Bools, labels: Labels) -> Iterable[tuple[str, str, float, float]]:
    """Yield what came by nature and by shift, and how much of it in the flagged cells."""
    hit = flagged[events.cells[inside]]
    kinds: list[tuple[str, NDArray[np.object_], Bools]] = []
    everything = np.ones(len(hit), dtype=bool)
    if labels.nature is not None:
        kinds.append(("nature", labels.nature[inside], everything))
    if labels.timed is not None:
        kinds.append(("shift", shift(events.dates[inside]), labels.timed[inside]))
    for kind, names, known in kinds:
        for name in np.unique(names[known].astype(str)):
            of = known & (names == name)
            yield kind, str(name), float(of.sum()), float((of & hit).sum())


def by_district(evaluation: Evaluation) -> tuple[Floats, Floats, Bools, Floats]:
    """Return expected and observed events, which cells are flagged, hits: each of shape (n_origins, n_districts)."""

    at: Ints = evaluation.labels.district if evaluation.labels.district is not None else np.empty(0, dtype=np.int64)
    n = len(evaluation.labels.districts)
    inside = at >= 0

    def summed(values: Floats) -> Floats:
        return np.bincount(at[inside], values[inside], minlength=n)

    rows = evaluation.origins
    out = [singled_out(o.flagged, at.astype(float), n_districts=n) for o in rows]
    return (
        np.array([summed(o.expected) for o in rows]),
        np.array([summed(o.came) for o in rows]),
        np.array(out),
        np.array([summed(o.came * o.flagged) for o in rows]),
    )
