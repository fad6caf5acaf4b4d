"""Series week by week, each week judged by what was known when it ended."""

from dataclasses import dataclass

from observatoire.alerts.trend import State, Trend, trends
from observatoire.risk.arrays import Floats

WEEK = 7


@dataclass(frozen=True)
class Weekly:
    """Consecutive weeks of one series, the oldest first; a mean or bound is None where nothing is known."""

    n: list[int]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    state: list[State]


def weekly(daily: Floats, *, weeks: int, learnt: int) -> list[Weekly]:
    """Return each series over the `weeks` weeks that end with its last day.

    A week has the trend that was told on its last day (`trend.trends`): nothing that came later is in its band.

    Parameters
    ----------
    daily : ndarray, shape (n_series, n_days), events
        `learnt` days up to the end of the first week, and the weeks after it.
    weeks : int, ≥ 1
    learnt : int, days
        How far back a week's band looks, the week itself counted in.

    Raises
    ------
    ValueError
        If there are fewer days than that.

    Examples
    --------
    One event a day, for ten weeks: seven a week, as expected.

    >>> import numpy as np
    >>> weekly(np.ones((1, 70)), weeks=1, learnt=70)[0].expected
    [7.0]
    """
    n_days = daily.shape[1]
    if weeks < 1 or n_days < learnt + WEEK * (weeks - 1):
        raise ValueError(f"{weeks} weeks need {learnt + WEEK * (weeks - 1)} days, got {n_days}")
    ends = [n_days - WEEK * k for k in range(weeks - 1, -1, -1)]
    told = [trends(daily[:, end - learnt : end], days=WEEK) for end in ends]
    return [_one([week[k] for week in told]) for k in range(len(daily))]


def _one(found: list[Trend]) -> Weekly:
    return Weekly(
        n=[trend.n for trend in found],
        expected=[trend.mean for trend in found],
        lower=[trend.lower for trend in found],
        upper=[trend.upper for trend in found],
        state=[trend.state for trend in found],
    )
