"""Continuous ranked probability score of counts: how far a whole distribution lies from what came."""

import numpy as np
from scipy import special, stats

from observatoire.risk.arrays import Floats
from observatoire.risk.predictive import LARGE, Predictive

POISSON = 1e9  # size of a negative binomial that cannot be told from a Poisson distribution
REST = 1e-12  # probability above which a tail is summed


def crps(mean: Floats, size: Floats, y: Floats) -> Floats:
    """Return Σ_k (F(k) - 1{y <= k})² of negative binomial counts, in events: 0 is best.

    Parameters
    ----------
    mean : ndarray, shape (n,), events, >= 0
    size : ndarray, shape (n,), > 0
        Variance is mean + mean²/size; infinity, or anything over 1e9, is Poisson.
    y : ndarray of whole numbers, shape (n,), events, >= 0

    Returns
    -------
    ndarray, shape (n,), events
        Of a sure forecast it is the absolute error.

    Raises
    ------
    ValueError
        If shapes differ, a mean is negative, a size not positive or a count not a whole number >= 0.

    Notes
    -----
    Σ_k (1 - F(k))² + Σ_{k<y} (2 F(k) - 1), summed up to where less than 1e-12 is left of the tail.

    References
    ----------
    .. [1] Gneiting & Raftery (2007), JASA 102, 359–378, section 4.2; for counts, Czado, Gneiting & Held (2009),
       Biometrics 65, 1254–1261, section 3.2 (ranked probability score).

    Examples
    --------
    Nothing expected, two came.

    >>> crps(np.array([0.0]), np.array([1.0]), np.array([2.0]))
    array([2.])
    """
    if not mean.shape == size.shape == y.shape or mean.ndim != 1:
        raise ValueError(f"mean, size and y must have one shape (n,), got {mean.shape}, {size.shape}, {y.shape}")
    if not ((mean >= 0).all() and (size > 0).all() and (y >= 0).all() and (y == np.floor(y)).all()):
        raise ValueError("mean must be >= 0, size > 0, y whole numbers >= 0")
    size = np.minimum(size, POISSON)
    found = np.zeros(len(mean))
    many = mean > LARGE
    for at in np.flatnonzero(many):
        found[at] = _one(float(mean[at]), float(size[at]), float(y[at]))
    few = np.flatnonzero(~many)
    found[few] = _recursive(mean[few], size[few], y[few])
    return found


def mean_crps(predictive: Predictive, y: Floats) -> float:
    """Return the mean of the cells' scores, events a cell."""
    return float(crps(predictive.expected, predictive.size, y).mean())


def total_crps(predictive: Predictive, total: float) -> float:
    """Return the score of the count of the whole city, events."""
    return float(crps(np.array([predictive.total]), np.array([predictive.total_size]), np.array([total]))[0])


def _recursive(mean: Floats, size: Floats, y: Floats) -> Floats:
    """Sum over k for all cells together, by the recursion of the distribution's terms."""
    term = np.exp(-size * np.log1p(mean / size))
    below = term.copy()
    ratio = mean / (size + mean)
    found = np.zeros(len(mean))
    left = np.arange(len(mean))
    k = 0
    while left.size:
        f = np.minimum(below[left], 1.0)
        found[left] += (1 - f) ** 2 + np.where(k < y[left], 2 * f - 1, 0.0)
        k += 1
        left = left[(1 - f > REST) | (k < y[left])]
        term[left] *= (k - 1 + size[left]) / k * ratio[left]
        below[left] += term[left]
    return found


def _one(mean: float, size: float, y: float) -> float:
    """Sum over k for one cell of many events, from the distribution function itself."""
    p = size / (size + mean)
    most = max(float(stats.nbinom.isf(REST, size, p)), y)
    k = np.arange(int(most) + 1)
    f = special.betainc(size, k + 1.0, p)
    return float(((f - (k >= y)) ** 2).sum())
