"""More than the past explains: the excess rule, and whether its promise was kept over the last year."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from observatoire.alerts.band import Band, band, windows
from observatoire.risk.arrays import Floats

type Flags = NDArray[np.bool_]
YEAR = 365  # evaluations a year: one a day counts, however often it is looked at
HISTORY = 7 * 8 + 7 + YEAR  # days that are read


@dataclass(frozen=True, eq=False)
class Excess:
    """What the rule says today of each series.

    Attributes
    ----------
    n, mean, upper, p : ndarray, shape (n_series,)
        Events of the window, expected, upper bound of nine windows in ten, probability of as many or more.
    rings : ndarray of bool, shape (n_series,)
    episodes : int
        How often it would have rung over the year before: runs of days, of all series.
    allowed : int
        How often at most, if it kept its promise (99 %).
    judged : int
        Days over which it was judged.
    """

    n: Floats
    mean: Floats
    upper: Floats
    p: Floats
    rings: Flags
    episodes: int
    allowed: int
    judged: int

    @property
    def trusted(self) -> bool:
        """Whether it has kept its promise here; where it has not, it must not ring."""
        return self.episodes <= self.allowed


def excess(daily: Floats, *, days: int, false_alarms: float) -> Excess:
    """Judge the window that ends today, and replay the year before it.

    Parameters
    ----------
    daily : ndarray, shape (n_series, n_days), events
    days : int
        Length of the window.
    false_alarms : float
        A year, over all series, in a city where nothing changes.

    Raises
    ------
    ValueError
        If `days` is not 1 to 7, or `daily` is not a table.
    """
    if daily.ndim != 2 or not 1 <= days <= 7:
        raise ValueError(f"daily must be (n_series, n_days) and days 1 to 7, got {daily.shape} and {days}")
    sums = windows(daily, days)
    known = band(sums)
    rang = _rings(sums, known, false_alarms)
    past = rang[:, -YEAR - 1 : -1]
    judged = int(np.isfinite(known.mean[:, -YEAR - 1 : -1]).any(axis=0).sum())
    promised = false_alarms * max(judged, 1) / YEAR
    return Excess(
        n=sums[:, -1], mean=known.mean[:, -1], upper=known.bounds()[1][:, -1], p=known.tail(sums)[:, -1],
        rings=rang[:, -1], episodes=_episodes(past), allowed=int(stats.poisson.ppf(0.99, promised)), judged=judged,
    )  # fmt: skip


def _rings(sums: Floats, known: Band, false_alarms: float) -> Flags:
    level = false_alarms / (YEAR * max(len(sums), 1))
    return np.asarray(np.nan_to_num(known.tail(sums), nan=1.0) <= level)


def _episodes(rang: Flags) -> int:
    """Return the number of runs of days that rang, of all series."""
    return int((rang & ~np.pad(rang, ((0, 0), (1, 0)))[:, :-1]).sum())
