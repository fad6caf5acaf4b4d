"""Rolling origin: each past period forecast from what was known before it, and what the scores are worth."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from observatoire.executor.base import INLINE, Executor, Progress
from observatoire.risk.arrays import Floats
from observatoire.risk.base import Forecaster
from observatoire.risk.counts import Counts
from observatoire.risk.ensemble import Ensemble
from observatoire.risk.kept import Rows
from observatoire.risk.predictive import Predictive
from observatoire.risk.prefix import mark_checked, prefix
from observatoire.risk.scores import score

REFIT = 13  # periods between two choices of hyper-parameters
LEAST_PAST = 8  # periods before the first origin that is scored
FEW = 20  # origins under which the bootstrap draws blocks
BLOCK = 4  # origins: a month of weeks
DRAWS = 4000

PAST_SCORED = "past periods scored"


def chosen_at(counts: Counts, n_periods: int, refit: int = REFIT) -> int:
    """Return after how many periods the hyper-parameters of an origin are chosen."""
    chosen = n_periods - (int(counts.numbers[0]) + n_periods) % refit
    return n_periods if chosen < LEAST_PAST else chosen


def fitted(
    model: Forecaster, counts: Counts, n_periods: int, cache: dict[int, Forecaster], *, refit: int = REFIT
) -> Forecaster:
    """Return the model as it stood after the first `n_periods`.

    Hyper-parameters were chosen at the last refit before, a date of the calendar and not of the origin: the same
    origin gives the same forecast whether it stands alone or in a series.
    """
    chosen = chosen_at(counts, n_periods, refit)
    if chosen not in cache:
        cache[chosen] = clone(model).fit(prefix(counts.table, chosen))
    if chosen == n_periods:
        return cache[chosen]
    return deepcopy(cache[chosen]).update(counts.past(n_periods))


@dataclass
class Roller:
    """Forecasts and scores of several models over the origins of one history, each computed once.

    Attributes
    ----------
    counts : Counts
    models : mapping of name to Forecaster, not fitted
    steps : int, periods
        Horizon of the forecasts.
    refit : int, periods
        Between two choices of hyper-parameters.
    executor : Executor
        Where past origins are computed; sent to a worker, it runs there, in it.
    """

    counts: Counts
    models: Mapping[str, Forecaster]
    steps: int = 1
    refit: int = REFIT
    executor: Executor = INLINE

    def __post_init__(self) -> None:
        mark_checked(self.counts.table)  # counted here: models need not look at every value of every past again
        self._fits: dict[str, dict[int, Forecaster]] = {name: {} for name in self.models}
        self._scores: Rows = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return what a worker needs: no model fitted so far, it fits its own."""
        return self.__dict__ | {"_fits": {name: {} for name in self.models}, "_scores": {}}

    def predict(self, name: str, n_periods: int) -> Predictive:
        """Return the forecast of the `steps` periods after the first `n_periods`."""
        return self.model(name, n_periods).predictive(self.counts.past(n_periods))

    def model(self, name: str, n_periods: int) -> Forecaster:
        """Return a model as it stood after the first `n_periods`."""
        return fitted(self.models[name], self.counts, n_periods, self._fits[name], refit=self.refit)

    def fit_ahead(self, origins: list[int], executor: Executor) -> None:
        """Make the choices for some origins at once; nothing that is computed later depends on it."""
        chosen = sorted({chosen_at(self.counts, k, self.refit) for k in origins})
        for model in self.models.values():
            if isinstance(model, Ensemble):
                model.fit_ahead([prefix(self.counts.table, k) for k in chosen], executor)
        executor.map(self._fit, chosen)

    def _fit(self, chosen: int) -> None:
        for name in self.models:
            self.model(name, chosen)

    def came(self, n_periods: int) -> Floats:
        """Return what came in the `steps` periods after the first `n_periods`."""
        ahead = self.counts.table[:, n_periods : n_periods + self.steps]
        return np.asarray(ahead.sum(axis=1), dtype=float).ravel()

    def origins(self, n_periods: int, most: int) -> list[int]:
        """Return up to `most` origins whose whole period lies before the end of the first `n_periods`, oldest first."""
        return list(range(n_periods - self.steps, LEAST_PAST - 1, -self.steps))[:most][::-1]

    def each[T](
        self, origins: list[int], judge: Callable[[Predictive, Floats], T], progress: Progress | None = None
    ) -> list[dict[str, T]]:
        """Return what `judge` makes of each model's forecast and of what came, by model, for each origin."""
        told = (lambda done, n, _: progress(done, n, PAST_SCORED)) if progress else None
        return self.executor.map(partial(_judged, self, judge), origins, told)

    def remember(self, rows: Rows) -> None:
        """Take scores that were computed before for computed."""
        self._scores |= rows

    def rows(self, origins: list[int]) -> Rows:
        """Return the scores computed so far of some origins."""
        return {key: self._scores[key] for k in origins for name in self.models if (key := (name, k)) in self._scores}

    def scores(self, origins: list[int], progress: Progress | None = None) -> pd.DataFrame:
        """Return one row per origin and model, indexed by both."""
        new = [k for k in origins if (next(iter(self.models)), k) not in self._scores]
        for k, found in zip(new, self.each(new, score, progress), strict=True):
            self._scores |= {(name, k): row for name, row in found.items()}
        rows = {(name, k): self._scores[name, k] for k in origins for name in self.models}
        frame = pd.DataFrame.from_dict(rows, orient="index")
        frame.index = pd.MultiIndex.from_tuples(rows or [], names=["model", "origin"])
        return frame


def _judged[T](roller: Roller, judge: Callable[[Predictive, Floats], T], origin: int) -> dict[str, T]:
    came = roller.came(origin)
    return {name: judge(roller.predict(name, origin), came) for name in roller.models}


def resample(n: int, *, random_state: int, draws: int = DRAWS) -> Floats:
    """Return bootstrap weights of n origins, shape (draws, n), of sum n by row: in blocks under 20 origins."""
    rng = np.random.default_rng(random_state)
    size = BLOCK if BLOCK < n < FEW else 1
    starts = rng.integers(0, n, size=(draws, -(-n // size)))
    drawn = ((starts[:, :, None] + np.arange(size)) % n).reshape(draws, -1)[:, :n]
    return np.asarray(
        np.bincount((drawn + n * np.arange(draws)[:, None]).ravel(), minlength=n * draws).reshape(draws, n), dtype=float
    )


@dataclass(frozen=True)
class Gain:
    """Relative gain of one mean over another, with its interval."""

    relative: float
    lower: float
    upper: float
    level: float = 0.95


def gain(ours: Floats, theirs: Floats, *, random_state: int = 0, level: float = 0.95) -> Gain:
    """Return by how much the mean of `ours` exceeds that of `theirs`, paired over origins, by the bootstrap.

    Parameters
    ----------
    ours, theirs : ndarray, shape (n_origins,)
        A score of two models at the same origins, higher is better. Origins where either is NaN are left out.

    Returns
    -------
    Gain
        mean(ours) / mean(theirs) - 1; NaN where no origin is left or theirs are all zero.
    """
    both = np.isfinite(ours) & np.isfinite(theirs)
    ours, theirs = ours[both], theirs[both]
    if len(ours) == 0 or theirs.sum() <= 0:
        return Gain(float("nan"), float("nan"), float("nan"), level)
    weights = resample(len(ours), random_state=random_state)
    base = weights @ theirs
    drawn = (weights @ ours)[base > 0] / base[base > 0] - 1
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Gain(float(ours.sum() / theirs.sum() - 1), float(low), float(high), level)
