"""Penalised Poisson regression on lagged maps of past events, and on the places near a cell."""

import numpy as np

from observatoire.risk.arrays import Floats, Ints, Table
from observatoire.risk.base import Forecaster, trials
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.grid import Grid
from observatoire.risk.log_linear import LogLinear
from observatoire.risk.maps import maps, mixed, season, shares
from observatoire.risk.places import Places
from observatoire.risk.sandwich import covariance
from observatoire.risk.self_exciting import HALF_LIVES, REACHES

TRIALS = 26  # past origins that are learned from
OFFSETS = (0.02, 0.5)  # of the mean rate, added before the logarithm: how an empty cell and a busy one look
IDLE = 0.1  # of the mean rate: busyness of a cell where nothing ever happened
ROWS = 120_000  # without event, of all trials: fewer add noise of their own (on past origins of the set we develop on)
PENALTY = 50.0  # log-likelihood units per squared standardised coefficient: about fifty events' worth of doubt


class PenalisedPoisson(Forecaster):
    """A cell's rate is a product of powers of its own and its neighbourhood's decayed counts.

    Log-linear in log(f + offset), where f runs over the maps of `SelfExciting` and those of the same season in past
    years, each relative to its mean. Every cell with an event is learned from, and a sample of the others
    by inverse chance, busier ones oftener. With `places` it is of the class of risk terrain models.

    Parameters
    ----------
    grid : Grid or None
    half_lives : tuple of float, periods
    reaches : tuple of float, m
    year : int, periods
        In a year, for the same season.
    penalty : float
        Ridge on standardised coefficients, in units of log-likelihood: it weighs less as events are more.
    rows : int
        Most rows without event that are learned from.
    memory, steps : int, periods
    places : Places or None
        What stands near the cells of the grid; their coefficients share the ridge.
    random_state : int
        Of the sample of rows.

    Attributes
    ----------
    model_ : LogLinear, fitted on standardised features, or None where nothing happened
    covariance_ : ndarray, shape (n_features, n_features), with `places` only
        Of its coefficients: see `factors`.

    References
    ----------
    .. [1] Caplan, Kennedy & Miller (2011), Risk Terrain Modeling, Justice Quarterly 28, 360–381.
    """

    def __init__(
        self,
        *,
        grid: Grid | None = None,
        half_lives: tuple[float, ...] = HALF_LIVES,
        reaches: tuple[float, ...] = REACHES,
        year: int = 52,
        penalty: float = PENALTY,
        rows: int = ROWS,
        places: Places | None = None,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
        random_state: int = 0,
    ) -> None:
        self.grid = grid
        self.half_lives = half_lives
        self.reaches = reaches
        self.year = year
        self.penalty = penalty
        self.rows = rows
        self.places = places
        self.memory = memory
        self.steps = steps
        self.random_state = random_state

    def _maps(self, table: Table, n_periods: int) -> Floats:
        lags = maps(table, n_periods, grid=self.grid, half_lives=self.half_lives, reaches=self.reaches)[1:]
        return np.concatenate([lags, season(table, n_periods, grid=self.grid, year=self.year)])

    def _features(self, raw: Floats, sums: Floats, n_cells: int) -> Floats:
        """Return the features, shape (n_rows, n_features), of maps whose sums over `n_cells` cells are known."""
        relative = shares(raw, sums) * n_cells
        return np.concatenate([np.log(relative + offset) for offset in OFFSETS]).T

    def _beside(self, features: Floats, cells: Ints | None = None) -> Floats:
        """Return features with those of the places near the given cells, or near all, as further columns."""
        if self.places is None:
            return features
        near = self.places.features if cells is None else self.places.features[:, cells]
        return np.concatenate([features, near.T], axis=1)

    def _choose(self, table: Table) -> None:
        if not self.penalty > 0:
            raise ValueError(f"penalty must be > 0, got {self.penalty}")
        if self.places is not None and self.places.features.shape[1] != table.shape[0]:
            raise ValueError(f"places are of {self.places.features.shape[1]} cells, X has {table.shape[0]} rows")
        rng = np.random.default_rng(self.random_state)
        origins = trials(table.shape[1] - self.steps + 1, most=TRIALS, every=2).tolist()
        parts = [self._sample(table, origin, self.rows // max(len(origins), 1), rng) for origin in origins]
        self.model_: LogLinear | None = None
        if not parts or sum(float(y.sum()) for _, y, *_ in parts) == 0:
            return
        features, *rest = zip(*parts, strict=True)
        y, weight, cells = (np.concatenate(part) for part in rest)
        Z = np.concatenate([part.T for part in features], axis=1)  # a feature a row: all below goes along it
        self.low_, self.high_ = Z.min(axis=1), Z.max(axis=1)
        self.mean_ = Z.mean(axis=1)
        Z -= self.mean_[:, None]
        spread = np.sqrt(np.einsum("ij,ij->i", Z, Z) / Z.shape[1])
        self.scale_ = np.where(spread > 1e-9, spread, 1.0)
        Z /= self.scale_[:, None]
        self.model_ = LogLinear().fit(Z, y, weight, penalty=self.penalty)
        if self.places is not None:
            self.covariance_ = covariance(Z.T, y, weight, self.model_.predict(Z.T), cells, penalty=self.penalty)

    def _sample(
        self, table: Table, origin: int, most: int, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats, Ints]:
        """Return features, relative rate, weight and index of cells: with an event after `origin`, and some without."""
        n_cells = int(table.shape[0])
        came = np.asarray(table[:, origin : origin + self.steps].sum(axis=1), dtype=float).ravel()
        raw = self._maps(table, origin)
        sums = raw.sum(axis=1)
        busy = np.sqrt(mixed(raw, sums, np.full(len(raw), n_cells / len(raw))) + IDLE)
        chance = np.where(came > 0, 1.0, np.minimum(1.0, most * busy / max(float(busy[came == 0].sum()), 1e-9)))
        chosen = np.nonzero(rng.random(n_cells) < chance)[0]
        exposure = max(float(came.sum()), 1.0) / n_cells
        features = self._beside(self._features(raw[:, chosen], sums, n_cells), chosen)
        return features, came[chosen] / exposure, exposure / chance[chosen], chosen

    def _prepare(self, table: Table) -> None:
        self.sums_ = self._maps(table, table.shape[1]).sum(axis=1)

    def _weight(self, table: Table) -> Floats:
        if self.model_ is None:
            return np.ones(table.shape[0])
        X = self._beside(self._features(self._maps(table, table.shape[1]), self.sums_, self.n_cells_))
        inside = np.clip(X, self.low_, self.high_)  # no extrapolation: this is what blows up on short histories
        return np.asarray(self.model_.predict((inside - self.mean_) / self.scale_))
