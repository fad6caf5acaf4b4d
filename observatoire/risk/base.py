"""What all forecasters share: a table of past counts in, the distribution of the next period out."""

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from observatoire.risk.arrays import Floats, Ints, Table
from observatoire.risk.grid import Grid
from observatoire.risk.level import level, past_levels, shock
from observatoire.risk.predictive import Predictive
from observatoire.risk.prefix import checked, columns, digest, mark_checked


class Forecaster(BaseEstimator):  # type: ignore[misc]
    """Base of the models: `fit(X)` on the past of every cell, `predict(X)` of the period after it.

    X has one row a cell and one column a past period, oldest first; it may be sparse. A model says how the city's
    expected total is shared between cells (`_weight`); level and shock are common to all, from the totals alone.

    Attributes
    ----------
    level_ : float
        Expected events of the whole grid in the next `steps` periods.
    shock_ : float
        Variance of the factor common to all cells.
    weight_ : float
        Sum of the fitted cells' weights.
    n_cells_ : int
    """

    memory: int
    steps: int
    grid: Grid | None = None

    def fit(self, X: Table, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Choose what is to be chosen on past periods only, then learn from all of them; `y` is not used."""
        table = self._table(X, reset=True)
        self._choose(table)
        return self._learn(table)

    def update(self, X: Table) -> Self:
        """Learn from a longer past, keeping what `fit` has chosen: cheap, for the origins between two fits."""
        check_is_fitted(self)
        return self._learn(self._table(X, reset=True))

    def predict(self, X: Table) -> Floats:
        """Return the expected events of each row in the next `steps` periods, shape (n_rows,)."""
        check_is_fitted(self)
        return self._expected(self._table(X, reset=False))

    def predictive(self, X: Table) -> Predictive:
        """Return the predictive distribution of each row and of their total."""
        check_is_fitted(self)
        table = self._table(X, reset=False)
        return Predictive(np.maximum(self._expected(table), 1e-12), self._spread(table), self.shock_)

    def _learn(self, table: Table) -> Self:
        if min(self.memory, self.steps) < 1:
            raise ValueError(f"memory and steps must be >= 1 period, got {self.memory} and {self.steps}")
        totals = np.asarray(table.sum(axis=0), dtype=float).ravel()
        self.n_cells_ = int(table.shape[0])
        self.level_, said, came = self._levels(totals)
        self.shock_ = shock(said, came)
        self._prepare(table)
        weights = self._weight(table)
        self.weight_ = float(weights.sum())
        self._fitted = (digest(table), weights) if self.grid is not None else None
        return self

    def _expected(self, table: Table) -> Floats:
        if self.weight_ <= 0:
            return np.full(table.shape[0], self.level_ / self.n_cells_)
        if self._fitted is not None and self._fitted[0] == digest(table):
            return self.level_ * self._fitted[1] / self.weight_
        return self.level_ * self._weight(table) / self.weight_

    def _table(self, X: Table, *, reset: bool) -> Table:
        table = X if checked(X) else self._validated(X, reset=reset)
        if reset:
            self.n_features_in_ = int(table.shape[1])
        elif table.shape[1] != self.n_features_in_:
            expected = f"{type(self).__name__} is expecting {self.n_features_in_} features"
            raise ValueError(f"X has {table.shape[1]} features, but {expected}")
        if reset and self.grid is not None and self.grid.n_cells != table.shape[0]:
            raise ValueError(f"X has {table.shape[0]} rows, the grid {self.grid.n_cells} cells")
        return table

    def _validated(self, X: Table, *, reset: bool) -> Table:
        table = validate_data(self, X, accept_sparse="csc", dtype=np.float64, reset=reset)
        check_non_negative(table, type(self).__name__)
        whole = sparse.csc_array(table)
        mark_checked(whole)
        return whole

    def _choose(self, table: Table) -> None:
        """Choose hyper-parameters on the columns of `table`."""

    def _levels(self, totals: Floats) -> tuple[float, Floats, Floats]:
        """Return the level of the next `steps` periods, and what the same rule said and what came at past origins."""
        plain = level(totals, memory=self.memory, steps=self.steps)
        return plain, *past_levels(totals, memory=self.memory, steps=self.steps)

    def _prepare(self, table: Table) -> None:
        """Learn what `_weight` needs and a row alone does not hold."""

    def _weight(self, table: Table) -> Floats:
        """Return the share of each row in the total, not normalised."""
        raise NotImplementedError

    def _spread(self, table: Table) -> Floats:
        """Return what is not known of each row's rate: its squared coefficient of variation."""
        return np.zeros(table.shape[0])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags


def trials(n_periods: int, *, most: int, every: int = 1) -> Ints:
    """Return the past periods on which a choice is scored: the last ones, half the past before them.

    >>> trials(100, most=3, every=2)
    array([95, 97, 99])
    """
    first = max(1, (n_periods + 1) // 2)
    return np.arange(n_periods - 1, first - 1, -every)[:most][::-1].astype(np.int64)


def weighted(table: Table, weights: Floats) -> Floats:
    """Return the sum of each row's columns, weighted: shape (n_rows,)."""
    used = np.flatnonzero(weights)
    if used.size == 0:
        return np.zeros(table.shape[0])
    first, last = int(used[0]), int(used[-1]) + 1
    part = columns(table, first, last) if isinstance(table, sparse.csc_array) else table[:, first:last]
    return np.asarray(part @ weights[first:last], dtype=float).ravel()
