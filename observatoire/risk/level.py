"""The city's level, and how far it jumps from one period to the next."""

import numpy as np

from observatoire.risk.arrays import Floats

PAST = 104  # most past origins from which the shock is estimated
SMALLEST_SHOCK = 1e-4  # variance of a shock of 1 %: no series of real reports was found to be purer


def level(totals: Floats, *, memory: int, steps: int = 1) -> float:
    """Return the expected events of the next `steps` periods: the mean of the last `memory` ones.

    >>> level(np.array([100.0, 10, 20, 30]), memory=3, steps=2)
    40.0
    """
    if len(totals) == 0:
        return 0.0
    return float(totals[-memory:].mean() * steps)


def past_levels(totals: Floats, *, memory: int, steps: int = 1) -> tuple[Floats, Floats]:
    """Return what `level` said at each past origin with at least half its memory, and what came."""
    first = max(1, memory // 2)
    origins = np.arange(first, len(totals) - steps + 1)[-PAST:]
    run = np.concatenate([[0.0], np.cumsum(totals)])
    begin = np.maximum(origins - memory, 0)
    said = (run[origins] - run[begin]) / np.maximum(origins - begin, 1) * steps
    came = run[origins + steps] - run[origins]
    return said, came


def shock(said: Floats, came: Floats) -> float:
    """Return the variance of the common factor S in `came ~ Poisson(S · said)`, E S = 1, by moments.

    Var(came) = said + said² · Var(S), so Var(S) is the mean of ((came - said)² - said) / said², never below
    `SMALLEST_SHOCK`. A Poisson total alone covers 31–75 % of weeks at nominal 90 %.
    """
    known = said > 0
    if not known.any():
        return SMALLEST_SHOCK
    mean = said[known]
    excess = ((came[known] - mean) ** 2 - mean) / mean**2
    return max(float(excess.mean()), SMALLEST_SHOCK)
