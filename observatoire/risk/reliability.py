"""Whether « 30 % » happens three times in ten: the reliability table of the probabilities of at least one event."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from observatoire.risk.arrays import Floats

BINS = 10
LEVEL = 0.95


@dataclass(frozen=True)
class Bin:
    """Forecasts of about one probability.

    Attributes
    ----------
    n : int
        Cells and periods.
    said : float
        Mean probability.
    came : float
        Share of them with at least one event.
    lower, upper : float
        95 % interval of that share as if cells were independent (Wilson): where a shock is common, it is too narrow.
    """

    n: int
    said: float
    came: float
    lower: float
    upper: float


def reliability(probability: Floats, happened: Floats, *, bins: int = BINS) -> list[Bin]:
    """Return the reliability table, from the lowest probabilities to the highest.

    Parameters
    ----------
    probability : ndarray, shape (n,), 0 to 1
    happened : ndarray of 0 and 1, shape (n,)
    bins : int, >= 1
        Each holds about the same sum of probability, so that the few cells that matter are not lost in one bin.
        Equal probabilities are never parted: there may be fewer bins.

    References
    ----------
    .. [1] Bröcker & Smith (2007), Weather and Forecasting 22, 651–661. The interval: Wilson (1927), JASA 22, 209–212.
    """
    if probability.shape != happened.shape or probability.ndim != 1:
        raise ValueError(f"shapes must be one (n,), got {probability.shape} and {happened.shape}")
    if len(probability) == 0:
        return []
    values, where = np.unique(probability, return_inverse=True)
    n = np.bincount(where).astype(float)
    mass = np.cumsum(values * n)
    group = np.minimum((bins * (mass - values * n / 2) / max(mass[-1], 1e-300)).astype(int), bins - 1)[where]
    size, said, came = (np.bincount(group, w, minlength=bins) for w in (None, probability, happened))
    return [_bin(int(size[k]), said[k], came[k]) for k in range(bins) if size[k]]


def _bin(n: int, said: float, came: float) -> Bin:
    share, z2 = came / n, float(stats.norm.ppf((1 + LEVEL) / 2)) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (share * (1 - share) / n + z2 / (4 * n * n))) ** 0.5 / (1 + z2 / n)
    return Bin(n, float(said / n), float(share), max(float(centre - half), 0.0), min(float(centre + half), 1.0))


@dataclass(frozen=True)
class BrierParts:
    """Brier score = reliability - resolution + uncertainty + what bins hide (Murphy 1973)."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float


def brier_parts(probability: Floats, happened: Floats, *, bins: int = BINS) -> BrierParts:
    """Return the Brier score of the events {at least one} and its three parts over the bins of the table."""
    table = reliability(probability, happened, bins=bins)
    n, said, came = (np.array([getattr(row, name) for row in table], dtype=float) for name in ("n", "said", "came"))
    base = float(happened.mean())
    return BrierParts(
        float(((probability - happened) ** 2).mean()),
        float(np.average((said - came) ** 2, weights=n)),
        float(np.average((came - base) ** 2, weights=n)),
        base * (1 - base),
    )
