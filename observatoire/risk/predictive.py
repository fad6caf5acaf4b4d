"""The distribution of what will be counted: negative binomial by cell, with one common shock for the city."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from observatoire.risk.arrays import Floats

LARGE = 50.0  # expected events above which the recursion is longer than scipy's search


@dataclass(frozen=True, eq=False)
class Predictive:
    """Counts of one period: y_c ~ Poisson(S · λ_c), λ_c ~ Gamma around `expected`, S common with mean 1.

    Attributes
    ----------
    expected : ndarray, shape (n_cells,), events per period, > 0
    spread : ndarray, shape (n_cells,)
        Squared coefficient of variation of λ_c: what is not known of the cell itself (0: known exactly).
    shock : float
        Variance of S.
    """

    expected: Floats
    spread: Floats
    shock: float

    @property
    def size(self) -> Floats:
        """Size r of each cell's negative binomial: variance is m + m²/r, and 1/r = (1 + spread)(1 + shock) - 1."""
        return np.asarray(1 / np.maximum((1 + self.spread) * (1 + self.shock) - 1, 1e-9))

    @property
    def total(self) -> float:
        """Expected events of all cells."""
        return float(self.expected.sum())

    @property
    def total_size(self) -> float:
        """Size of the city total's negative binomial; the cells' own spreads average out."""
        own = float((self.expected**2 * self.spread).sum()) / max(self.total, 1e-300) ** 2
        return 1 / ((1 + own) * (1 + self.shock) - 1)

    def probability(self) -> Floats:
        """Return the probability of at least one event in each cell."""
        return np.asarray(-np.expm1(-self.size * np.log1p(self.expected / self.size)))

    def cdf(self, y: Floats) -> Floats:
        """Return P(Y <= y) in each cell."""
        return _cdf(y, self.expected, self.size)

    def interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Return the central interval of each cell's count: its quantiles (1 - level)/2 and (1 + level)/2."""
        tail = (1 - level) / 2
        return _quantile(tail, self.expected, self.size), _quantile(1 - tail, self.expected, self.size)

    def total_interval(self, level: float = 0.9) -> tuple[float, float]:
        """Return the central interval of the count of the whole city."""
        tail, r = (1 - level) / 2, self.total_size
        low, high = stats.nbinom.ppf([tail, 1 - tail], r, r / (r + self.total))
        return float(low), float(high)

    def total_cdf(self, y: float) -> float:
        """Return P(total <= y)."""
        return float(_cdf(np.array([y]), np.array([self.total]), np.array([self.total_size]))[0])


def _cdf(y: Floats, mean: Floats, size: Floats) -> Floats:
    p = size / (size + mean)
    return np.where(y < 0, 0.0, special.betainc(size, np.floor(np.maximum(y, 0)) + 1, p))


def _quantile(q: float, mean: Floats, size: Floats) -> Floats:
    """Return the smallest k with P(Y <= k) >= q, by the recursion of the negative binomial's terms over all cells."""
    k = np.zeros(len(mean))
    many = mean > LARGE
    if many.any():
        k[many] = stats.nbinom.ppf(q, size[many], (size / (size + mean))[many])
        k[~many] = _quantile(q, mean[~many], size[~many])
        return k
    term = np.exp(-size * np.log1p(mean / size))
    below = term.copy()
    left = np.nonzero(below < q)[0]
    ratio = mean / (size + mean)
    while left.size:
        k[left] += 1
        term[left] *= (k[left] - 1 + size[left]) / k[left] * ratio[left]
        below[left] += term[left]
        left = left[below[left] < q]
    return k
