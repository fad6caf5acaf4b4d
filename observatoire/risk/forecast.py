"""Forecast of places: expected events by cell, or an abstention, with the skill measured on past origins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from observatoire.executor.base import INLINE, Executor, Inline, Progress
from observatoire.executor.threads import Threads, processors
from observatoire.risk.answers import Answer, Situation, Verdict, decide, hopeless
from observatoire.risk.arrays import Bools, Dates, Floats, Ints
from observatoire.risk.calendar import Calendar
from observatoire.risk.card import card
from observatoire.risk.counts import Counts, wall_time
from observatoire.risk.ensemble import fits
from observatoire.risk.evaluate import Roller
from observatoire.risk.factors import factors
from observatoire.risk.grid import Grid
from observatoire.risk.kept import Kept, name_of
from observatoire.risk.lineup import WEEKS_OF_LEVEL, WEEKS_OF_REFIT, Effort, lineup
from observatoire.risk.maps import drawn
from observatoire.risk.places import Places
from observatoire.risk.predictive import Predictive
from observatoire.risk.prefix import digest, forget
from observatoire.risk.reasons import KINDS, without
from observatoire.risk.spans import WEEK, Horizon, days
from observatoire.risk.tally import Tally

COLUMNS = ("as_of", "cell_id", "expected", "lower", "upper", "probability", "rank", "answer")
LEVEL = 0.9  # of the interval of each cell's count
MOST_THREADS = 4  # that fit members at once: a forecast has not much more to fit
PAST_ORIGINS = 52  # on which the skill is measured
#: Other maps of the same cells, for who asks why.
BESIDE = ("baseline", *(f"without_{kind}" for kind in KINDS))


@dataclass(frozen=True, eq=False)
class Forecast:
    """One forecast.

    Attributes
    ----------
    frame : DataFrame, one row per cell in the order of the grid
        `as_of` (aware, UTC), `cell_id`, `expected` (events in the horizon), `lower` and `upper` (90 % interval of the
        cell's count), `probability` (of at least one event), `rank` (1 the highest), `answer`. All but the names and
        the answer are null where it abstains.
    answer : abstains, count or model
    card : dict, JSON-serialisable
        The skill card: see `observatoire.risk.card`.
    beside : mapping of `BESIDE` to ndarray, shape (n_cells,), events
        Where it was asked to explain: `baseline`, what the simple count expects of each cell; for a model also
        `without_…`, what it would expect were that kind of the past alike everywhere (see `factors`).
    """

    frame: pd.DataFrame
    answer: Answer
    card: dict[str, Any]
    beside: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Events:
    """Events on a grid: the cell of each (-1 outside) and its wall time."""

    cells: Ints
    dates: Dates

    def before(self, as_of: np.datetime64) -> Bools:
        return np.asarray((self.cells >= 0) & (self.dates < as_of))

    def situation(self, as_of: np.datetime64, n_cells: int) -> tuple[Situation, int, np.datetime64 | None]:
        """Return what the data allow, the number of events and the last one's date, all before the origin."""
        known = self.dates[self.before(as_of)]
        if known.size == 0:
            return Situation(0.0, 0.0, n_cells, 0.0), 0, None
        recent = int((known >= as_of - np.timedelta64(WEEK * WEEKS_OF_LEVEL, "D")).sum())
        day = np.timedelta64(1, "D")
        span, since = (as_of - known.min()) / day, (as_of - known.max()) / day
        return Situation(float(span), recent / WEEKS_OF_LEVEL, n_cells, float(since)), known.size, known.max()


@dataclass(frozen=True, eq=False)
class Past:
    """What the scores of past origins depend on besides the counts, and where they are kept."""

    grid: Grid
    horizon: Horizon
    effort: Effort
    calendar: Floats | None
    places: Places | None
    kept: Kept | None

    def scores(self, roller: Roller, n_periods: int, progress: Progress | None) -> pd.DataFrame:
        """Return the scores of the origins before the end of the first `n_periods`; what is kept is not computed."""
        origins = roller.origins(n_periods, PAST_ORIGINS)
        name = self._name(roller.counts, n_periods) if self.kept is not None else ""
        found = self.kept.get(name) if self.kept is not None else None
        roller.remember(found or {})
        if isinstance(roller.executor, Inline):
            roller.fit_ahead([n_periods] if found else [*origins, n_periods], Threads(min(processors(), MOST_THREADS)))
        scores = roller.scores(origins, progress)
        if self.kept is not None and not found:
            self.kept.put(name, roller.rows(origins))
        return scores

    def _name(self, counts: Counts, n_periods: int) -> str:
        near = None if self.places is None else (self.places.names, self.places.features)
        known = self.calendar if self.calendar is None else self.calendar[: n_periods + self.horizon.steps]
        return name_of([
            digest(counts.table, n_periods), int(counts.numbers[0]), counts.period, n_periods, self.horizon.steps,
            self.effort, self.grid.crs, self.grid.cell, self.grid.x_min, self.grid.y_min, known, *(near or ()),
        ])  # fmt: skip


def forecast(
    xy: ArrayLike,
    dates: Any,
    grid: Grid,
    *,
    as_of: Any,
    horizon: str | float = "7d",
    tz: str = "UTC",
    weights: ArrayLike | None = None,
    effort: Effort = "quick",
    calendar: Calendar | None = None,
    places: Places | None = None,
    random_state: int = 0,
    explain: bool = False,
    executor: Executor = INLINE,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast the events of each cell in the horizon that begins at `as_of`.

    Parameters
    ----------
    xy : array, shape (n_events, 2), m
        In the CRS of the grid.
    dates : array, shape (n_events,)
        Aware dates are converted to `tz`; naive ones are wall time of `tz`.
    grid : Grid
    as_of : datetime or text
        Origin. Events at or after it are not looked at.
    horizon : text or number
        Whole days: `7d`, `2w`.
    tz : str
        Time zone of the city: periods begin at its hours.
    effort : quick or full
        Full adds boosted trees: three times as long, no sharper on the set we measured.
    weights : array, shape (n_events,), 0 to 1, optional
        How much of an event counts: see `aoristic`.
    calendar : Calendar, optional
        Of the city: the model's total follows it where the past bears that out.
    places : Places, optional
        What stands near the cells.
    random_state : int
        Of the bootstrap; the models draw their samples from seeds of their own.
    explain : bool
        Whether the maps `beside` are made.
    executor : Executor
        Where past origins and the ensemble's members are computed: nothing in the forecast depends on it.
    kept : Kept, optional
        Where scores of past origins are looked for, and kept when they are not found: nothing depends on it either.
    progress : callable (done, total, message), optional

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        If lengths differ, a date is missing, or the horizon is not a whole number of days.
    """
    return forecasts(
        xy, dates, grid, as_of=as_of, horizon=horizon, tz=tz, weights=weights, effort=effort, calendar=calendar,
        places=places, random_state=random_state, explain=explain, executor=executor, kept=kept, progress=progress,
    )[0]  # fmt: skip


def forecasts(
    xy: ArrayLike,
    dates: Any,
    grid: Grid,
    *,
    as_of: Any,
    horizon: str | float = "7d",
    origins: int = 1,
    step: str | float = "7d",
    tz: str = "UTC",
    weights: ArrayLike | None = None,
    effort: Effort = "quick",
    calendar: Calendar | None = None,
    places: Places | None = None,
    random_state: int = 0,
    explain: bool = False,
    executor: Executor = INLINE,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> list[Forecast]:
    """Return the forecasts of `origins` origins, `step` apart, the last at `as_of`; the rest as in `forecast`.

    Each is what `forecast` gives for that origin alone; past periods that they share are computed once.
    """
    events = Events(grid.locate(xy), wall_time(dates, tz))
    if len(events.cells) != len(events.dates):
        raise ValueError(f"xy has {len(events.cells)} rows, dates {len(events.dates)}")
    if np.isnat(events.dates).any():
        raise ValueError("dates: some are missing; leave these events out and count them")
    shares = None if weights is None else checked_weights(weights, len(events.dates))

    def tally(end: np.datetime64, period: float) -> Tally:
        found = Tally(grid.n_cells, end=end, period=period)
        found.add(events.cells, events.dates, shares)
        return found

    return tallied(
        tally, grid, as_of=as_of, horizon=horizon, origins=origins, step=step, tz=tz, effort=effort,
        calendar=calendar, places=places, random_state=random_state, explain=explain, executor=executor, kept=kept,
        progress=progress,
    )  # fmt: skip


def tallied(
    tally: Callable[[np.datetime64, float], Tally],
    grid: Grid,
    *,
    as_of: Any,
    horizon: str | float = "7d",
    origins: int = 1,
    step: str | float = "7d",
    tz: str = "UTC",
    effort: Effort = "quick",
    calendar: Calendar | None = None,
    places: Places | None = None,
    random_state: int = 0,
    explain: bool = False,
    executor: Executor = INLINE,
    kept: Kept | None = None,
    progress: Progress | None = None,
) -> list[Forecast]:
    """Return the same as `forecasts` from events that need not be in memory.

    Parameters
    ----------
    tally : callable (end, period in days) -> Tally
        Counts all events before an end, wall time of `tz`, in periods; called once, or once an origin where a step is
        not whole periods.
    """
    if origins < 1:
        raise ValueError(f"origins must be >= 1, got {origins}")
    last, ahead = wall_time([as_of] if not isinstance(as_of, str) else as_of, tz)[0], Horizon(days(horizon))
    back = np.arange(origins)[::-1] * np.timedelta64(days(step), "D")
    whole = (days(step) / ahead.period) % 1 == 0  # origins whole periods apart share their counts
    known: Tally | None = None
    roller: Roller | None = None
    made = []
    with threadpool_limits(limits=1):
        for k, origin in enumerate(last - back):
            if known is None or roller is None or not whole:
                known = tally(last if whole else origin, ahead.period)
                counts = known.counts()
                features = dated(calendar, counts, ahead.steps)
                models = lineup(grid, ahead, effort=effort, calendar=features, places=places, executor=executor)
                past = Past(grid, ahead, effort, features, places, kept)
                roller = Roller(counts, models, ahead.steps, ahead.weeks(WEEKS_OF_REFIT), executor)
            if progress and origins > 1:
                progress(k, origins, f"forecast as of {np.datetime_as_string(origin, 'D')}")
            told = progress if origins == 1 else None
            one = _one(known, past, origin, roller, tz=tz, random_state=random_state, explain=explain, progress=told)
            made.append(one)
    drawn.clear()
    fits.clear()
    forget()
    return made


def checked_weights(weights: ArrayLike, n_events: int) -> Floats:
    """Return the weights of events as an array; raise ValueError unless there is one from 0 to 1 for each."""
    found = np.asarray(weights, dtype=float)
    if found.shape != (n_events,) or not ((found >= 0) & (found <= 1)).all():
        raise ValueError(f"weights must be {n_events} numbers from 0 to 1, got shape {found.shape}")
    return found


def dated(calendar: Calendar | None, counts: Counts, steps: int) -> Floats | None:
    """Return the calendar's features of the periods counted and of the `steps` that follow."""
    if calendar is None or counts.n_periods == 0:
        return None
    width = np.timedelta64(round(counts.period * 86_400e6), "us")
    return calendar.periods(counts.starts[0] + np.arange(counts.n_periods + steps) * width, counts.period)


def _one(
    known: Tally,
    past: Past,
    as_of: np.datetime64,
    roller: Roller,
    *,
    tz: str,
    random_state: int,
    explain: bool,
    progress: Progress | None,
) -> Forecast:
    situation, n_events, last_date = known.situation(as_of)
    n_periods = _periods(roller.counts, as_of)
    verdict, scores = hopeless(situation), None
    if verdict is None:
        scores = past.scores(roller, n_periods, progress)
        verdict = decide(scores, random_state=random_state)
    maps = {name: roller.predict(name, n_periods) for name in roller.models} if verdict.answer != "abstains" else {}
    served = maps.get(verdict.answer)
    aware = pd.Timestamp(as_of).tz_localize(tz, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
    return Forecast(
        frame=_frame(past.grid, aware, verdict, served, maps.get("model")),
        answer=verdict.answer,
        card=card(
            verdict,
            scores,
            past.grid,
            situation=situation,
            n_events=n_events,
            last_date=last_date,
            as_of=aware,
            horizon=past.horizon,
            maps=maps,
            count=roller.model("count", n_periods).name_ if maps else None,
        )
        | _of_places(past.places, roller, n_periods, verdict.answer),
        beside=_beside(roller, n_periods, verdict, maps) if explain else {},
    )


def _of_places(places: Places | None, roller: Roller, n_periods: int, answer: Answer) -> dict[str, Any]:
    """Return what the card says of places: how many there are of each type, and what they do in the model served."""
    if places is None:
        return {"places": {}, "factors": []}
    found = factors(roller.model("model", n_periods)) if answer == "model" else []
    return {"places": dict(places.numbers), "factors": found}


def _beside(roller: Roller, n_periods: int, verdict: Verdict, maps: Mapping[str, Predictive]) -> dict[str, Floats]:
    if verdict.answer == "abstains":
        return {}
    found = {"baseline": maps["count"].expected}
    if verdict.answer == "model":
        kinds = without(roller.model("model", n_periods), roller.counts.past(n_periods))
        found |= {f"without_{kind}": expected for kind, expected in kinds.items()}
    return found


def _periods(counts: Counts, as_of: np.datetime64) -> int:
    """Return how many of the counted periods end at or before the origin."""
    gone = (counts.end - as_of) / np.timedelta64(1, "D") / counts.period
    return max(counts.n_periods - round(float(gone)), 0)


def _frame(
    grid: Grid, as_of: pd.Timestamp, verdict: Verdict, served: Predictive | None, tie: Predictive | None
) -> pd.DataFrame:
    n = grid.n_cells
    empty = np.full(n, np.nan)
    values: dict[str, Any] = dict.fromkeys(("expected", "lower", "upper", "probability"), empty)
    rank = pd.array([pd.NA] * n, dtype="Int64")
    if served is not None:
        lower, upper = served.interval(LEVEL)
        values = {"expected": served.expected, "lower": lower, "upper": upper, "probability": served.probability()}
        rank = pd.array(_rank(served.expected, tie.expected if tie else served.expected), dtype="Int64")
    data = {"as_of": pd.DatetimeIndex([as_of] * n), "cell_id": grid.cell_id, **values, "rank": rank}
    return pd.DataFrame(data | {"answer": np.array([verdict.answer] * n, dtype=object)})[list(COLUMNS)]


def _rank(risk: Floats, tie: Floats) -> Ints:
    """Return ranks from 1, the highest risk first; among equals the second map decides, then the order of cells."""
    order = np.lexsort((-tie, -risk))
    rank = np.empty(len(risk), dtype=np.int64)
    rank[order] = np.arange(1, len(risk) + 1)
    return rank
