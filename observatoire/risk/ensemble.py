"""Weighted geometric mean of models, the weights chosen on past periods only."""

from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import clone

from observatoire.executor.base import INLINE, Executor
from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.calendar_level import calendar_levels
from observatoire.risk.prefix import digest, prefix

HELD_OUT = 13  # last periods on which members are weighed, fitted without them
PRIOR = 100.0  # events' worth of belief in equal weights
STEPS = 12  # of Newton's method on a concave function of few unknowns
MOST_FITS = 16  # kept, of all ensembles
fits: dict[Any, Forecaster] = {}
LEAST = 1e-9  # share of a cell below which logarithms are cut


class Ensemble(Forecaster):
    """The share of a cell is Π_k p_k^w_k, normalised, of its members' shares p_k.

    The weights maximise the likelihood of the events of the last `HELD_OUT` periods, forecast by members fitted on the
    periods before these, with a Gaussian prior at equal weights: a conditional logit, concave. Their sum may leave 1,
    which sharpens or flattens the map as the past calls for.

    Parameters
    ----------
    members : list of (name, Forecaster)
    memory, steps : int, periods
    calendar : ndarray, shape (>= n_periods + steps, n_features), or None
        Features of the calendar, of the periods in X and of those that follow: see `calendar_level`.
    executor : Executor or None
        Where members are fitted; nothing depends on it. None: here.

    Attributes
    ----------
    weights_ : ndarray, shape (n_members,), >= 0
    members_ : list of Forecaster, fitted
    """

    def __init__(
        self,
        members: list[tuple[str, Forecaster]],
        *,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
        calendar: Floats | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.members = members
        self.memory = memory
        self.steps = steps
        self.calendar = calendar
        self.executor = executor

    def _choose(self, table: Table) -> None:
        members = [member for _, member in self.members]
        wanted, before = self._wanted(table)
        known = len(wanted) > len(members)
        models = _fitted(wanted, self.executor or INLINE)
        self.members_ = models[-len(members) :] if members else []
        equal = np.full(len(members), 1 / max(len(members), 1))
        self.weights_ = self._weigh(table, models[: len(members)], before) if known else equal

    def _wanted(self, table: Table) -> tuple[list[tuple[Forecaster, Table]], int]:
        """Return which member is to be fitted on which past, and where the shorter one ends."""
        before = int(table.shape[1]) - HELD_OUT - self.steps + 1
        pasts = [prefix(table, before), table] if before >= HELD_OUT else [table]
        return [(member, past) for past in pasts for _, member in self.members], before

    def fit_ahead(self, tables: list[Table], executor: Executor) -> None:
        """Fit at once what fits on these tables will ask for one after the other, unless more than can be kept."""
        wanted = [pair for table in tables for pair in self._wanted(table)[0]]
        if len({key for key, _ in _keyed(wanted)}) <= MOST_FITS:
            _fitted(wanted, executor)

    def _weigh(self, table: Table, fitted: list[Forecaster], before: int) -> Floats:
        """Return the weights for the periods from `before` on, as forecast by members that were fitted before it."""
        n_periods = table.shape[1]
        logs, came = [], []
        for origin in range(before, n_periods - self.steps + 1, 2):
            past = prefix(table, origin)
            logs.append(np.array([_log_share(member.update(past), past) for member in fitted]))
            came.append(np.asarray(table[:, origin : origin + self.steps].sum(axis=1), dtype=float).ravel())
        return conditional_logit(logs, came)

    def _levels(self, totals: Floats) -> tuple[float, Floats, Floats]:
        if self.calendar is None:
            return super()._levels(totals)
        return calendar_levels(totals, self.calendar, memory=self.memory, steps=self.steps)

    def _prepare(self, table: Table) -> None:
        if not getattr(self, "members_", None):
            raise ValueError("members must hold at least one model")
        for member in self.members_:
            if member.n_features_in_ != table.shape[1]:
                member.update(table)

    def _weight(self, table: Table) -> Floats:
        logs = np.array([_log_share(member, table) for member in self.members_])
        return np.asarray(np.exp(self.weights_ @ logs))

    def _spread(self, table: Table) -> Floats:
        """Return the mean of the members' own spreads."""
        return np.asarray(np.average([member._spread(table) for member in self.members_], axis=0))


def _fitted(wanted: list[tuple[Forecaster, Table]], executor: Executor) -> list[Forecaster]:
    """Return members fitted on tables; one refit's held-out fit was the fit of the refit before."""
    keyed = _keyed(wanted)
    new = {key: pair for key, pair in keyed if key not in fits}
    made = dict(zip(new, executor.map(_fit, list(new.values())), strict=True))
    found = [deepcopy(made[key] if key in made else fits[key]) for key, _ in keyed]
    for key, model in made.items():
        if len(fits) >= MOST_FITS:
            fits.pop(next(iter(fits)))
        fits[key] = model
    return found


def _keyed(wanted: list[tuple[Forecaster, Table]]) -> list[tuple[Any, tuple[Forecaster, Table]]]:
    """Return each pair beside what its fit depends on."""
    return [
        ((type(member), tuple(sorted(member.get_params().items(), key=lambda item: item[0])), digest(table)), pair)
        for pair in wanted
        for member, table in [pair]
    ]


def _fit(pair: tuple[Forecaster, Table]) -> Forecaster:
    member, table = pair
    fitted: Forecaster = clone(member).fit(table)
    return fitted


def conditional_logit(logs: list[Floats], came: list[Floats], *, prior: float = PRIOR) -> Floats:
    """Return the weights w >= 0 that maximise Σ_t Σ_c y_tc log softmax_c(Σ_k w_k l_tkc) - prior/2 |w - 1/K|².

    Parameters
    ----------
    logs : list over periods of ndarray, shape (n_members, n_cells)
        Logarithms of the members' shares.
    came : list over periods of ndarray, shape (n_cells,), events

    References
    ----------
    .. [1] McFadden (1974), Conditional logit analysis of qualitative choice behavior, eq. 18–20.
    """
    n_members = len(logs[0])
    equal = np.full(n_members, 1 / n_members)
    w = equal.copy()
    for _ in range(STEPS):
        gradient, curvature = -prior * (w - equal), prior * np.eye(n_members)
        for values, y in zip(logs, came, strict=True):
            mixed = w @ values
            p = np.exp(mixed - mixed.max())
            p /= p.sum()
            mean = values @ p
            gradient += values @ y - y.sum() * mean
            curvature += y.sum() * ((values * p) @ values.T - np.outer(mean, mean))
        w = w + np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
    w = np.maximum(w, 0.0)
    return w if w.sum() > 0 else equal


def _log_share(member: Forecaster, table: Table) -> Floats:
    """Return the logarithm of the share of each row in the total of the cells that the member was fitted on."""
    if member.level_ <= 0:
        return np.full(table.shape[0], -np.log(member.n_cells_))
    return np.asarray(np.log(np.maximum(member.predict(table) / member.level_, LEAST)))
