"""Scores by hand, from scipy, and from calibration."""

import numpy as np
import pytest
from scipy import stats

from observatoire.risk.evaluate import gain, resample
from observatoire.risk.predictive import Predictive
from observatoire.risk.scores import brier, covered, hits, log_score, poisson_deviance

pytestmark = pytest.mark.unit


def test_pai_and_pei_by_hand() -> None:
    """Ten cells, 8 events; the two cells of highest risk hold 3 of them, the best two hold 6."""
    risk = np.array([9, 8, 7, 6, 5, 4, 3, 2, 1, 0.0])
    y = np.array([2, 1, 0, 0, 4, 0, 0, 1, 0, 0.0])

    seen = hits(risk, y, fraction=0.2)

    assert seen.pai == pytest.approx((3 / 8) / (2 / 10))
    assert seen.pei == pytest.approx(3 / 6)


def test_a_flat_map_has_pai_one() -> None:
    y = np.random.default_rng(0).poisson(0.3, 1000).astype(float)

    assert hits(np.ones(1000), y, fraction=0.02).pai == pytest.approx(1)


def test_ties_count_as_the_mean_over_random_orders() -> None:
    rng = np.random.default_rng(1)
    risk, y = rng.integers(0, 3, 50).astype(float), rng.poisson(1.0, 50).astype(float)

    drawn = [hits(risk + rng.uniform(0, 0.5, 50), y, fraction=0.3).caught for _ in range(4000)]

    assert hits(risk, y, fraction=0.3).caught == pytest.approx(np.mean(drawn), abs=0.2)


def test_no_event_has_no_pai() -> None:
    assert np.isnan(hits(np.arange(10.0), np.zeros(10), fraction=0.1).pai)


def test_deviance_is_scikit_learns() -> None:
    from sklearn.metrics import mean_poisson_deviance

    rng = np.random.default_rng(2)
    expected, y = rng.gamma(1.0, size=200), rng.poisson(0.7, 200).astype(float)

    assert poisson_deviance(expected, y) == pytest.approx(mean_poisson_deviance(y, expected))


@pytest.fixture
def predictive() -> Predictive:
    rng = np.random.default_rng(3)
    return Predictive(rng.gamma(0.6, 1.5, 400) + 1e-4, rng.gamma(1.0, 0.3, 400), 0.02)


def test_the_distribution_is_scipys_negative_binomial(predictive: Predictive) -> None:
    y = np.random.default_rng(4).poisson(1.0, 400).astype(float)
    theirs = stats.nbinom(predictive.size, predictive.size / (predictive.size + predictive.expected))

    assert predictive.cdf(y) == pytest.approx(theirs.cdf(y))
    assert predictive.probability() == pytest.approx(1 - theirs.pmf(0))
    assert log_score(predictive, y) == pytest.approx(-theirs.logpmf(y).mean())
    lower, upper = predictive.interval(0.8)
    assert lower.tolist() == theirs.ppf(0.1).tolist()
    assert upper.tolist() == theirs.ppf(0.9).tolist()


def test_an_interval_of_many_events_is_scipys_too() -> None:
    many = Predictive(np.array([3.0, 900.0, 40.0]), np.array([0.1, 0.2, 0.0]), 0.01)
    theirs = stats.nbinom(many.size, many.size / (many.size + many.expected))

    assert many.interval(0.9)[1].tolist() == theirs.ppf(0.95).tolist()


def test_coverage_of_what_was_drawn_from_the_model_is_nominal(predictive: Predictive) -> None:
    """Draw the common shock and the cells' own rates as the model says: intervals cover their level."""
    rng = np.random.default_rng(5)
    cells: list[float] = []
    total: list[float] = []
    for _ in range(400):
        own = rng.gamma(1 / predictive.spread, predictive.spread * predictive.expected)
        y = rng.poisson(own * rng.gamma(1 / 0.02, 0.02)).astype(float)
        cells.append(covered(predictive, y, level=0.8))
        low, high = predictive.total_interval(0.8)
        total.append(low <= y.sum() <= high)

    assert np.mean(cells) == pytest.approx(0.8, abs=0.01)
    assert np.mean(total) == pytest.approx(0.8, abs=0.06)


def test_brier_by_hand() -> None:
    sure = Predictive(np.array([50.0, 1e-9]), np.zeros(2), 0.0)

    assert brier(sure, np.array([1.0, 1.0])) == pytest.approx(0.5, abs=1e-6)


def test_the_bootstrap_draws_each_origin_as_often() -> None:
    for n in (12, 52):
        weights = resample(n, random_state=0)
        assert (weights.sum(axis=1) == n).all()
        assert weights.mean(axis=0) == pytest.approx(1, abs=0.15)


def test_a_gain_of_a_tenth_is_found_with_its_interval() -> None:
    base = np.random.default_rng(6).gamma(20, 1.0, 52)

    won = gain(1.1 * base, base)

    assert (won.relative, won.lower, won.upper) == pytest.approx((0.1, 0.1, 0.1))


def test_the_interval_of_no_gain_holds_zero_in_about_95_of_100_cases() -> None:
    rng = np.random.default_rng(7)
    held = []
    for seed in range(200):
        shared = rng.gamma(30, 1.0, 52)
        won = gain(shared + rng.normal(0, 3, 52), shared + rng.normal(0, 3, 52), random_state=seed)
        held.append(won.lower <= 0 <= won.upper)

    assert 0.88 <= np.mean(held) <= 0.99
