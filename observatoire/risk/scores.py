"""How good one forecast was, once the period has come."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from observatoire.risk.arrays import Floats
from observatoire.risk.predictive import Predictive

FRACTIONS = (0.01, 0.02, 0.05)  # of the cells: the forecast protocol's areas
LEVELS = (0.5, 0.8, 0.9)


@dataclass(frozen=True)
class Hits:
    """What a map caught in its first cells: events, the most that any map could, the cells' share of the area."""

    caught: float
    most: float
    events: float
    share: float

    @property
    def pai(self) -> float:
        """Predictive accuracy index: share of events over share of area; NaN without events (Chainey et al. 2008)."""
        return self.caught / self.events / self.share if self.events else float("nan")

    @property
    def pei(self) -> float:
        """Predictive efficiency index, exact: PAI over the best PAI of that area; NaN without events (Hunt 2016)."""
        return self.caught / self.most if self.most else float("nan")


def hits(risk: Floats, y: Floats, *, fraction: float) -> Hits:
    """Return what the cells of highest risk caught; ties at the limit count by expected hits under random breaking.

    Parameters
    ----------
    risk : ndarray, shape (n_cells,)
    y : ndarray, shape (n_cells,), events
    fraction : float, 0 to 1
        Of the cells; the nearest whole number of cells is taken, at least one.

    Examples
    --------
    Two of four cells: the first catches 3, and one of two equal cells catches 1 or 0.

    >>> hits(np.array([9.0, 5, 5, 1]), np.array([3.0, 1, 0, 2]), fraction=0.5)
    Hits(caught=3.5, most=5.0, events=6.0, share=0.5)
    """
    n = len(risk)
    k = min(max(round(fraction * n), 1), n)
    limit = np.partition(risk, n - k)[n - k]
    above, tied = risk > limit, risk == limit
    caught = float(y[above].sum() + y[tied].mean() * (k - above.sum()))
    positive = np.sort(y[y > 0])[::-1]
    return Hits(caught, float(positive[:k].sum()), float(y.sum()), k / n)


def poisson_deviance(expected: Floats, y: Floats) -> float:
    """Return the mean Poisson deviance 2 (y log(y/m) - y + m) of the cells.

    >>> round(poisson_deviance(np.array([1.0, 1.0]), np.array([0.0, 2.0])), 4)
    1.3863
    """
    return float(2 * (special.xlogy(y, y) - special.xlogy(y, expected) - y + expected).mean())


def log_score(predictive: Predictive, y: Floats) -> float:
    """Return the mean of -log P(Y = y) under each cell's negative binomial, nats."""
    r, m = predictive.size, predictive.expected
    score = r * np.log1p(m / r)
    seen = y > 0
    r, m, k = r[seen], m[seen], y[seen]
    score[seen] -= special.gammaln(k + r) - special.gammaln(r) - special.gammaln(k + 1) + k * np.log(m / (r + m))
    return float(score.mean())


def brier(predictive: Predictive, y: Floats) -> float:
    """Return the mean squared error of the probability of at least one event."""
    return float(((predictive.probability() - (y > 0)) ** 2).mean())


def covered(predictive: Predictive, y: Floats, *, level: float) -> float:
    """Return the share of cells inside their central interval, randomised: a calibrated model gives `level` exactly.

    Counts are discrete: the plain interval of a quiet cell is [0, 0] and covers far more than its nominal. The
    randomised probability transform spreads each count over (P(Y < y), P(Y <= y)) evenly.

    References
    ----------
    .. [1] Czado, Gneiting & Held (2009), Biometrics 65, 1254–1261.
    """
    return _covered(predictive, y, (level,))[0]


def _covered(predictive: Predictive, y: Floats, levels: tuple[float, ...]) -> list[float]:
    """Return `covered` of several levels: the transform is the same for all."""
    at = 1 - predictive.probability()
    below = np.zeros(len(y))
    seen = y > 0
    some = Predictive(predictive.expected[seen], predictive.spread[seen], predictive.shock)
    at[seen], below[seen] = some.cdf(y[seen]), some.cdf(y[seen] - 1)
    width = np.maximum(at - below, 1e-300)
    shares = []
    for level in levels:
        tail = (1 - level) / 2
        inside = np.minimum(at, 1 - tail) - np.maximum(below, tail)
        shares.append(float((np.maximum(inside, 0) / width).mean()))
    return shares


def total_covered(predictive: Predictive, total: float, *, level: float) -> float:
    """Return 1 when the city's count lies in its central interval, else 0."""
    return _total_covered(predictive, total, (level,))[0]


def _total_covered(predictive: Predictive, total: float, levels: tuple[float, ...]) -> list[float]:
    """Return `total_covered` of several levels, by what lies below: quantiles would have to be searched for."""
    at, below = predictive.total_cdf(total), predictive.total_cdf(total - 1)
    return [float(at >= (1 - level) / 2 and below < 1 - (1 - level) / 2) for level in levels]


def score(predictive: Predictive, y: Floats) -> dict[str, float]:
    """Return every score of one forecast, by name."""
    found: dict[str, float] = {"events": float(y.sum()), "expected": predictive.total}
    for fraction in FRACTIONS:
        seen = hits(predictive.expected, y, fraction=fraction)
        name = f"{100 * fraction:g}"
        found |= {f"pai{name}": seen.pai, f"pei{name}": seen.pei, f"hits{name}": seen.caught}
        found[f"expected{name}"] = _top(predictive.expected, fraction)
    found["deviance"] = poisson_deviance(predictive.expected, y)
    found["log_score"] = log_score(predictive, y)
    found["brier"] = brier(predictive, y)
    cells, total = _covered(predictive, y, LEVELS), _total_covered(predictive, found["events"], LEVELS)
    for level, inside, held in zip(LEVELS, cells, total, strict=True):
        found[f"cells{100 * level:g}"] = inside
        found[f"total{100 * level:g}"] = held
    return found


def _top(expected: Floats, fraction: float) -> float:
    k = min(max(round(fraction * len(expected)), 1), len(expected))
    return float(np.partition(expected, len(expected) - k)[len(expected) - k :].sum())
