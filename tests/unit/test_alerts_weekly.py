"""Weekly series: each week against what was known when it ended."""

import numpy as np
import pytest

from observatoire.alerts.trend import trends
from observatoire.alerts.weekly import weekly

LEARNT = 133


def test_a_week_says_what_the_trend_said_on_its_last_day() -> None:
    daily = np.random.default_rng(3).poisson([[2.0], [9.0]], (2, LEARNT + 7 * 5)).astype(float)

    found = weekly(daily, weeks=6, learnt=LEARNT)

    for back in range(6):
        end = daily.shape[1] - 7 * back
        for series, then in zip(found, trends(daily[:, end - LEARNT : end], days=7), strict=True):
            at = 5 - back
            said = (series.n[at], series.state[at], series.expected[at], series.lower[at], series.upper[at])
            assert said == (then.n, then.state, then.mean, then.lower, then.upper)


def test_what_comes_later_changes_no_week_before_it() -> None:
    daily = np.ones((1, LEARNT + 21))
    surge = daily.copy()
    surge[:, -7:] = 40

    (calm,), (loud,) = weekly(daily, weeks=4, learnt=LEARNT), weekly(surge, weeks=4, learnt=LEARNT)

    assert calm.upper == loud.upper
    assert loud.n == [7, 7, 7, 280]
    assert loud.state == ["stable", "stable", "stable", "up"]


def test_a_series_of_too_few_events_has_no_band() -> None:
    (series,) = weekly(np.zeros((1, LEARNT)), weeks=1, learnt=LEARNT)

    assert (series.state, series.lower, series.upper) == (["unknown"], [None], [None])


@pytest.mark.parametrize("weeks", [0, 3])
def test_fewer_days_than_the_weeks_need_are_refused(weeks: int) -> None:
    with pytest.raises(ValueError, match="weeks need"):
        weekly(np.ones((1, LEARNT + 7)), weeks=weeks, learnt=LEARNT)
