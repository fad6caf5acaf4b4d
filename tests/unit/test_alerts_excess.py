"""The excess rule: no more false alarms than it promises, rings when reports multiply, keeps silent where wrong."""

import numpy as np
import pytest
from scipy import stats

from observatoire.alerts.band import band, daily_counts, windows
from observatoire.alerts.excess import HISTORY, excess
from observatoire.alerts.trend import trends

pytestmark = pytest.mark.unit


def quiet(rate: float, *, series: int, days: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).poisson(rate, (series, days)).astype(float)


@pytest.mark.parametrize(("rate", "days"), [(0.3, 7), (3.0, 7), (3.0, 1), (20.0, 3)])
def test_a_quiet_city_has_no_more_false_alarms_than_the_rule_sets(rate: float, days: int) -> None:
    """8 years of 10 Poisson divisions at 12 a year: 96 days may ring, and no more than chance allows of that."""
    promised, years = 12.0, 8
    daily = quiet(rate, series=10, days=years * 365 + 63, seed=1)

    sums = windows(daily, days)
    rang = band(sums).tail(sums) <= promised / (365 * 10)

    assert rang[:, 63:].sum() <= stats.poisson.ppf(0.999, promised * years)


def test_the_tail_is_at_least_that_of_the_exact_test() -> None:
    """Of nine windows with one rate the last has Binomial(total, 1/9): P(N ≥ n) by summing its probabilities."""
    daily = quiet(2.0, series=1, days=200, seed=2)
    sums = windows(daily, 7)

    tail = band(sums).tail(sums)[0, -1]

    n = int(daily[0, -7:].sum())
    past = int(sum(daily[0, -7 * (k + 1) : -7 * k].sum() for k in range(1, 9)))
    assert tail >= sum(stats.binom.pmf(m, past + n, 1 / 9) for m in range(n, past + n + 1)) - 1e-12


def test_a_division_whose_reports_triple_rings_and_no_other() -> None:
    daily = quiet(4.0, series=6, days=HISTORY, seed=3)
    daily[2, -7:] *= 3

    found = excess(daily, days=7, false_alarms=2)

    assert found.trusted
    assert np.flatnonzero(found.rings).tolist() == [2]
    assert found.upper[2] < found.n[2]


def test_a_rule_that_would_have_rung_too_often_is_not_trusted() -> None:
    """Every fifth week has three times the reports: a rule of one false alarm a year cannot be kept here."""
    daily = quiet(20.0, series=4, days=HISTORY, seed=4)
    week = np.arange(HISTORY) // 7
    daily[:, week % 40 == 0] *= 4
    daily[:, week % 23 == 9] *= 4

    found = excess(daily, days=7, false_alarms=0.02)

    assert found.episodes > found.allowed
    assert not found.trusted


def test_short_history_judges_nothing() -> None:
    found = excess(quiet(5.0, series=2, days=60, seed=5), days=7, false_alarms=2)

    assert found.judged == 0
    assert not found.rings.any()


def test_what_is_expected_is_the_mean_of_the_same_windows_of_eight_weeks() -> None:
    daily = np.arange(100.0)[None, :]

    found = band(windows(daily, 2))

    assert found.mean[0, -1] == np.mean([daily[0, 99 - 7 * k] + daily[0, 98 - 7 * k] for k in range(1, 9)])
    assert np.isnan(found.mean[0, 56])
    assert not np.isnan(found.mean[0, 57])


def test_days_are_counted_back_from_now() -> None:
    counts = daily_counts(np.array([0, 0, 1, -1]), np.array([0.2, 1.0, 2.9, 0.1]), 2, 3)

    assert counts.tolist() == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("last", "state"), [(7.0, "stable"), (3.0, "down"), (16.0, "up")]
)  # 49 a week: nine in ten lie between 36 and 64 or so
def test_a_trend_is_a_word(last: float, state: str) -> None:
    daily = quiet(7.0, series=1, days=200, seed=6)
    daily[0, -7:] = last

    (found,) = trends(daily, days=7)

    assert found.state == state
    assert found.n == 7 * last
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < found.upper


def test_too_few_events_have_no_trend() -> None:
    (found,) = trends(np.zeros((1, 200)), days=7)

    assert (found.state, found.lower, found.upper) == ("unknown", None, None)


def test_nine_quiet_weeks_in_ten_are_stable() -> None:
    states = [found.state for found in trends(quiet(6.0, series=1_000, days=120, seed=8), days=7)]

    assert 0.85 <= states.count("stable") / 1_000 <= 0.97


def test_windows_longer_than_a_week_are_refused() -> None:
    with pytest.raises(ValueError, match="days must be 1 to 7"):
        trends(np.zeros((1, 200)), days=8)
    with pytest.raises(ValueError, match="days 1 to 7"):
        excess(np.zeros((1, 200)), days=0, false_alarms=1)
