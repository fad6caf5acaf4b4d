"""What to expect of a window of days, from the same days of the eight weeks before it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from observatoire.risk.arrays import Floats, Ints

WEEKS = 8
#: Fewer events than this in the eight windows before say nothing of a trend.
FEWEST = 8
SMALLEST = 1e-9  # variance of a shock that is none


@dataclass(frozen=True, eq=False)
class Band:
    """Of each series and day: what is expected of the window that ends with that day. NaN where history is short.

    Attributes
    ----------
    past : ndarray, shape (n_series, n_days)
        Events of the eight windows before, together.
    mean : ndarray, same shape
    size : ndarray, same shape
        Of the negative binomial: the mean of eight windows is itself uncertain, and the city jumps from week to week.
    """

    past: Floats
    mean: Floats
    size: Floats

    def tail(self, n: Floats) -> Floats:
        """Return the probability of `n` events or more; NaN where unknown.

        It is the larger of two: the negative binomial's, and that of the exact conditional test [1]_: given the total
        of nine windows of one Poisson rate, the last has Binomial(total, 1/9). The second never rings more often than
        it says in a city whose counts are Poisson, whatever the rate.

        References
        ----------
        .. [1] Przyborowski & Wilenski (1940), Biometrika 31, 313–323.
        """
        exact = stats.binom.sf(n - 1, n + self.past, 1 / (WEEKS + 1))
        with np.errstate(invalid="ignore"):
            wide = stats.nbinom.sf(n - 1, self.size, self.size / (self.size + self.mean))
        worst = np.maximum(exact, np.where(self.mean > 0, wide, 0.0))
        return np.where(np.isfinite(self.mean), worst, np.nan)

    def bounds(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Return lower and upper bound between which `level` of the windows lie, in events."""
        p = self.size / (self.size + self.mean)
        with np.errstate(invalid="ignore"):
            low, high = (stats.nbinom.ppf(q, self.size, p) for q in ((1 - level) / 2, (1 + level) / 2))
        return np.where(self.mean > 0, low, self.mean), np.where(self.mean > 0, high, self.mean)


def windows(daily: Floats, days: int) -> Floats:
    """Return the sum of the `days` days that end with each day; NaN before there are as many.

    >>> windows(np.array([[1.0, 2, 3, 4]]), 2)
    array([[nan,  3.,  5.,  7.]])
    """
    run = np.cumsum(np.pad(daily, ((0, 0), (1, 0))), axis=1)
    out = np.full(daily.shape, np.nan)
    out[:, days - 1 :] = run[:, days:] - run[:, :-days]
    return out


def band(sums: Floats) -> Band:
    """Return what was to be expected of each window, from those before it only.

    Parameters
    ----------
    sums : ndarray, shape (n_series, n_days), events
        `windows` of consecutive days.

    Notes
    -----
    The variance of the shock S of a series, in n ~ Poisson(S · mean), is taken by moments on the windows that ended at
    least a week before: E (n - mean)² = mean (1 + 1/8) + mean² Var S.
    """
    n_days = sums.shape[1]
    back = np.full((WEEKS, *sums.shape), np.nan)
    for k in range(1, WEEKS + 1):
        if n_days > 7 * k:
            back[k - 1, :, 7 * k :] = sums[:, : -7 * k]
    past = back.sum(axis=0)  # NaN as soon as one is missing
    mean = past / WEEKS
    with np.errstate(invalid="ignore", divide="ignore"):
        own = ((sums - mean) ** 2 - mean * (1 + 1 / WEEKS)) / mean**2
        size = 1 / ((1 + 1 / np.maximum(past, 1)) * (1 + _before(own)) - 1)
    return Band(past, mean, np.where(np.isfinite(mean), size, np.nan))


def _before(own: Floats) -> Floats:
    """Return the mean of what was measured until a week before each day, never negative; 0 before the first."""
    known = np.isfinite(own)
    total, n = np.cumsum(np.where(known, own, 0.0), axis=1), np.cumsum(known, axis=1)
    mean = np.where(n > 0, total / np.maximum(n, 1), 0.0)
    shifted = np.zeros_like(mean)
    shifted[:, 7:] = mean[:, :-7]
    return np.maximum(shifted, SMALLEST)


def daily_counts(series: Ints, ages: Floats, n_series: int, n_days: int) -> Floats:
    """Return events by series and day, the oldest day first; a day is 24 hours counted back from now.

    Parameters
    ----------
    series : ndarray of int, shape (n,)
        Negative ones are not counted.
    ages : ndarray, shape (n,), days ≥ 0
    """
    day = np.floor(ages).astype(int)
    keep = (series >= 0) & (day >= 0) & (day < n_days)
    flat = np.bincount(series[keep] * n_days + (n_days - 1 - day[keep]), minlength=n_series * n_days)
    return flat.astype(float).reshape(n_series, n_days)
