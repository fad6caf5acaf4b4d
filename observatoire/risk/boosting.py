"""Gradient boosting on lagged maps: what powers and products do not say."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import trials
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.grid import Grid
from observatoire.risk.penalised_poisson import OFFSETS, TRIALS, PenalisedPoisson
from observatoire.risk.places import Places
from observatoire.risk.self_exciting import HALF_LIVES, REACHES


class Boosting(PenalisedPoisson):
    """Poisson boosting that corrects `PenalisedPoisson`: trees are grown on y / m weighted by m, its own forecast.

    Much slower, and better by less than a year of weeks can prove on the set we measured: forecasts that a person waits
    for leave it out. A feature that is constant, as the same season is in a first year, is never split on.

    Parameters
    ----------
    trees, leaves : int
    learning_rate : float
    """

    def __init__(
        self,
        *,
        grid: Grid | None = None,
        half_lives: tuple[float, ...] = HALF_LIVES,
        reaches: tuple[float, ...] = REACHES,
        year: int = 52,
        penalty: float = 50.0,
        rows: int = 30_000,
        trees: int = 30,
        leaves: int = 8,
        learning_rate: float = 0.05,
        places: Places | None = None,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            grid=grid,
            half_lives=half_lives,
            reaches=reaches,
            year=year,
            penalty=penalty,
            rows=rows,
            places=places,
            memory=memory,
            steps=steps,
            random_state=random_state,
        )
        self.trees = trees
        self.leaves = leaves
        self.learning_rate = learning_rate

    def _choose(self, table: Table) -> None:
        super()._choose(table)
        self.trees_: HistGradientBoostingRegressor | None = None
        if self.model_ is None:
            return
        rng = np.random.default_rng([self.random_state, 1])
        origins = trials(table.shape[1] - self.steps + 1, most=TRIALS, every=2).tolist()
        parts = [self._sample(table, origin, self.rows // len(origins), rng) for origin in origins]
        X, y, weight, _ = (np.concatenate(part) for part in zip(*parts, strict=True))
        said = np.maximum(self._regression(X), 1e-6)
        grown = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.trees,
            max_leaf_nodes=self.leaves,
            learning_rate=self.learning_rate,
            min_samples_leaf=300,
            max_bins=32,
            early_stopping=False,
            random_state=self.random_state,
        )
        with threadpool_limits(limits=1):  # threads that wait for each other cost a hundred times the work
            self.trees_ = grown.fit(self._once(X), y / said, sample_weight=weight * said)

    def _regression(self, X: Floats) -> Floats:
        assert self.model_ is not None
        inside = np.clip(X, self.low_, self.high_)
        return np.asarray(self.model_.predict((inside - self.mean_) / self.scale_))

    def _weight(self, table: Table) -> Floats:
        said = super()._weight(table)
        if self.trees_ is None:
            return said
        X = self._beside(self._features(self._maps(table, table.shape[1]), self.sums_, self.n_cells_))
        with threadpool_limits(limits=1):
            return np.asarray(said * self.trees_.predict(self._once(X)))

    def _once(self, X: Floats) -> Floats:
        """Return the maps under their first offset only, and the places: trees do not see monotone changes."""
        lags = X.shape[1] - (0 if self.places is None else len(self.places.names))
        return np.delete(X, np.s_[lags // len(OFFSETS) : lags], axis=1)
