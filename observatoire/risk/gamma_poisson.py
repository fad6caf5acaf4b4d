"""Empirical Bayes: each cell's decayed count, drawn towards its neighbourhood's by as much as it is thin."""

from itertools import product

import numpy as np

from observatoire.risk.arrays import Floats, Ints, Table
from observatoire.risk.base import Forecaster, trials, weighted
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.grid import Grid
from observatoire.risk.smooth import smooth

HALF_LIVES = (8.0, 17.0, 35.0, 70.0, 140.0)  # periods
BANDWIDTHS = (150.0, 300.0, 600.0, 1500.0)  # m
PRIORS = (4.0, 15.0, 60.0)  # periods
WHOLE = 0.001  # share of the prior that is the grid's mean, so that no rate is zero
TRIALS = 13  # past periods on which a choice is scored


class EmpiricalBayes(Forecaster):
    """Gamma–Poisson model of a cell's rate.

    With weights w_k = 2^(-k/half_life) on the period k back, c = Σ w y and W = Σ w, the prior of the cell's rate is
    Gamma(κ m, κ) where m is the kernel average of c / W around it, and the posterior Gamma(c + κ m, W + κ): its mean
    is the rate, and one over its first parameter the squared coefficient of variation.

    Parameters
    ----------
    half_life : float or None, periods
    bandwidth : float or None, m
        Of the Gaussian kernel; without a grid the prior is the mean of all cells.
    kappa : float or None, periods
        What the prior is worth. A None is chosen in `fit`, by deviance on the last periods of the past.
    grid : Grid or None
    memory, steps : int, periods

    References
    ----------
    .. [1] Clayton & Kaldor (1987), Biometrics 43, 671–681, eq. 2–4.
    """

    def __init__(
        self,
        *,
        half_life: float | None = None,
        bandwidth: float | None = None,
        kappa: float | None = None,
        grid: Grid | None = None,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
    ) -> None:
        self.half_life = half_life
        self.bandwidth = bandwidth
        self.kappa = kappa
        self.grid = grid
        self.memory = memory
        self.steps = steps

    def _choose(self, table: Table) -> None:
        for name in ("half_life", "bandwidth", "kappa"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be > 0, got {value}")
        half_lives = HALF_LIVES if self.half_life is None else (self.half_life,)
        bandwidths = BANDWIDTHS if self.bandwidth is None else (self.bandwidth,)
        bandwidths = bandwidths if self.grid is not None else bandwidths[:1]
        kappas = PRIORS if self.kappa is None else (self.kappa,)
        options = list(product(half_lives, bandwidths, kappas))
        best = options[len(options) // 2] if len(options) == 1 else self._best(table, half_lives, bandwidths, kappas)
        self.half_life_, self.bandwidth_, self.kappa_ = best

    def _best(
        self, table: Table, half_lives: tuple[float, ...], bandwidths: tuple[float, ...], kappas: tuple[float, ...]
    ) -> tuple[float, float, float]:
        """Return the options of least deviance on the last past periods, each forecast from those before it."""
        n_periods = table.shape[1]
        origins = trials(n_periods, most=TRIALS, every=4)
        if len(origins) == 0:
            return half_lives[len(half_lives) // 2], bandwidths[len(bandwidths) // 2], kappas[len(kappas) // 2]
        came = [_column(table, int(t)) for t in origins]
        score = dict.fromkeys(product(half_lives, bandwidths, kappas), 0.0)
        for half_life in half_lives:
            decay = np.column_stack([_decay(int(t), half_life, n_periods) for t in origins])
            for counts, weight, (at, y) in zip((table @ decay).T.copy(), decay.sum(axis=0), came, strict=True):
                for bandwidth in bandwidths:
                    prior = self._prior(counts / weight, bandwidth)
                    for kappa in kappas:  # the rates of cells without an event are never needed, only their sum
                        total = max(float(counts.sum() + kappa * prior.sum()), 1e-300)
                        share = (counts[at] + kappa * prior[at]) / total
                        score[half_life, bandwidth, kappa] += float(y @ np.log(np.maximum(share, 1e-300)))
        return max(score, key=lambda option: score[option])

    def _prior(self, rate: Floats, bandwidth: float) -> Floats:
        """Return the prior mean of each cell's rate, with the sum of `rate` kept."""
        mean = rate.mean(axis=-1, keepdims=True)
        if self.grid is None:
            return np.broadcast_to(mean, rate.shape)
        around = smooth(rate, self.grid, bandwidth=bandwidth)
        kept = mean / np.maximum(around.mean(axis=-1, keepdims=True), 1e-300)
        return (1 - WHOLE) * around * kept + WHOLE * mean

    def _prepare(self, table: Table) -> None:
        self.decay_ = _decay(table.shape[1], self.half_life_, table.shape[1])
        self.prior_ = self._prior(weighted(table, self.decay_) / self.decay_.sum(), self.bandwidth_)

    def _posterior(self, table: Table) -> Floats:
        """Return the first parameter of each row's posterior Gamma."""
        prior = self.prior_ if self.grid is not None else np.full(table.shape[0], self.prior_[0])
        return weighted(table, self.decay_) + self.kappa_ * prior

    def _weight(self, table: Table) -> Floats:
        return self._posterior(table)

    def _spread(self, table: Table) -> Floats:
        return 1 / np.maximum(self._posterior(table), 1e-9)


def _decay(origin: int, half_life: float, n_periods: int) -> Floats:
    """Return the weight of each period seen from `origin`, 0 from there on."""
    back = origin - np.arange(n_periods)
    return np.where(back > 0, 0.5 ** ((np.maximum(back, 1) - 1) / half_life), 0.0)


def _column(table: Table, k: int) -> tuple[Ints, Floats]:
    """Return the rows and the values of one column."""
    part = slice(table.indptr[k], table.indptr[k + 1])
    return table.indices[part], table.data[part]
