"""Bootstrap intervals of means and ratios over origins; in blocks where origins are few, paired by construction."""

from dataclasses import dataclass

import numpy as np

from observatoire.risk.arrays import Floats
from observatoire.risk.evaluate import DRAWS, resample


@dataclass(frozen=True)
class Interval:
    """A number and its interval."""

    value: float
    lower: float
    upper: float
    level: float = 0.95


def of_ratio(above: Floats, below: Floats, *, random_state: int = 0, level: float = 0.95) -> Interval:
    """Return Σ above / Σ below over origins, with its bootstrap interval: the same origins are drawn for both.

    Parameters
    ----------
    above, below : ndarray, shape (n_origins,)
        Origins where either is NaN are left out.

    Returns
    -------
    Interval
        NaN where nothing is left or `below` sums to zero. Under 20 origins, blocks of four are drawn.
    """
    both = np.isfinite(above) & np.isfinite(below)
    above, below = above[both], below[both]
    if len(above) == 0 or below.sum() == 0:
        return Interval(float("nan"), float("nan"), float("nan"), level)
    weights = resample(len(above), random_state=random_state, draws=DRAWS)
    base = weights @ below
    drawn = (weights @ above)[base != 0] / base[base != 0]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(above.sum() / below.sum()), float(low), float(high), level)


def of_mean(values: Floats, *, random_state: int = 0, level: float = 0.95) -> Interval:
    """Return the mean over origins with its bootstrap interval; of a difference of two models, it is paired."""
    return of_ratio(values, np.ones(len(values)), random_state=random_state, level=level)
