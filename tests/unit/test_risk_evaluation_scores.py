"""CRPS against numerical integration, hit curves and reliability by hand, intervals by repetition."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from observatoire.risk.crps import crps, mean_crps, total_crps
from observatoire.risk.hit_curve import AREAS, caught
from observatoire.risk.intervals import of_mean, of_ratio
from observatoire.risk.predictive import Predictive
from observatoire.risk.reliability import brier_parts, reliability
from observatoire.risk.scores import brier, hits

pytestmark = pytest.mark.unit


def integrated(distribution: object, y: float) -> float:
    """∫ (F(x) - 1{x >= y})² dx, adaptive quadrature between the jumps: another program than ours."""
    top = int(max(distribution.ppf(1 - 1e-12), y)) + 2  # type: ignore[attr-defined]
    return sum(
        integrate.quad(lambda x: (distribution.cdf(x) - (x >= y)) ** 2, k, k + 1)[0]  # type: ignore[attr-defined]
        for k in range(top)
    )


@pytest.mark.parametrize(("mean", "size"), [(0.03, 0.4), (1.0, 2.0), (7.5, 0.7), (30.0, 12.0), (80.0, 25.0)])
@pytest.mark.parametrize("y", [0.0, 1.0, 9.0, 60.0])
def test_crps_is_the_integral_of_its_definition(mean: float, size: float, y: float) -> None:
    found = crps(np.array([mean]), np.array([size]), np.array([y]))[0]

    assert found == pytest.approx(integrated(stats.nbinom(size, size / (size + mean)), y), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("mean", [0.2, 3.0, 40.0, 120.0])
@pytest.mark.parametrize("y", [0.0, 2.0, 50.0])
def test_crps_of_a_poisson_count_is_its_closed_form(mean: float, y: float) -> None:
    """(y - λ)(2F(y) - 1) + 2λ f(y) - λ e^{-2λ}(I0(2λ) + I1(2λ)): Wei & Held (2014), Test 23, 787-805."""
    law = stats.poisson(mean)
    closed = (
        (y - mean) * (2 * law.cdf(y) - 1)
        + 2 * mean * law.pmf(y)
        - mean * (special.ive(0, 2 * mean) + special.ive(1, 2 * mean))
    )

    assert crps(np.array([mean]), np.array([np.inf]), np.array([y]))[0] == pytest.approx(closed, rel=1e-5)


def test_crps_is_e_y_minus_half_e_y_y() -> None:
    """E|Y - y| - E|Y - Y'|/2 by drawing (Gneiting & Raftery 2007, eq. 21)."""
    rng = np.random.default_rng(0)
    one, two = rng.negative_binomial(1.5, 1.5 / 5.5, (2, 2_000_000))

    drawn = np.abs(one - 3).mean() - np.abs(one - two).mean() / 2

    assert crps(np.array([4.0]), np.array([1.5]), np.array([3.0]))[0] == pytest.approx(drawn, rel=5e-3)


def test_crps_is_proper() -> None:
    """In the mean over what the true distribution draws, no other mean scores better."""
    y = np.arange(60.0)
    weight = stats.nbinom.pmf(y, 2.0, 2.0 / 5.0)
    expected = {m: weight @ crps(np.full(60, m), np.full(60, 2.0), y) for m in (2.0, 2.7, 3.0, 3.4, 4.5)}

    assert min(expected, key=lambda m: expected[m]) == 3.0


@pytest.mark.parametrize(("mean", "size", "y"), [([-1.0], [1.0], [0.0]), ([1.0], [0.0], [0.0]), ([1.0], [1.0], [0.5])])
def test_crps_refuses_what_is_no_count(mean: list[float], size: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match="mean must be >= 0"):
        crps(np.array(mean), np.array(size), np.array(y))


def test_crps_of_a_map_is_the_mean_of_its_cells_and_that_of_the_total_its_own() -> None:
    rng = np.random.default_rng(1)
    map_ = Predictive(rng.gamma(1.0, 0.5, 30), np.full(30, 0.2), 0.01)
    y = rng.poisson(map_.expected).astype(float)

    assert mean_crps(map_, y) == pytest.approx(crps(map_.expected, map_.size, y).mean())
    law = stats.nbinom(map_.total_size, map_.total_size / (map_.total_size + map_.total))
    assert total_crps(map_, y.sum()) == pytest.approx(integrated(law, y.sum()), rel=1e-6)


def test_the_hit_curve_of_a_flat_map_is_the_diagonal() -> None:
    y = np.random.default_rng(2).poisson(0.4, 300).astype(float)

    assert caught(np.ones(300), y, np.array(AREAS)) == pytest.approx(np.array(AREAS) * y.sum())


def test_the_hit_curve_meets_the_hits_at_whole_cells() -> None:
    rng = np.random.default_rng(3)
    risk, y = rng.integers(0, 6, 200).astype(float), rng.poisson(1.0, 200).astype(float)

    for share in (0.01, 0.02, 0.05, 0.5):
        assert caught(risk, y, np.array([share]))[0] == pytest.approx(hits(risk, y, fraction=share).caught)


def test_a_reliability_table_by_hand() -> None:
    """Two probabilities, 0.2 ten times and 0.8 five times."""
    said = np.array([0.2] * 10 + [0.8] * 5)
    came = np.array([1.0, 1, 1] + [0] * 7 + [1] * 4 + [0])

    low, high = reliability(said, came, bins=2)

    assert (low.n, low.said, low.came) == pytest.approx((10, 0.2, 0.3))
    assert (high.n, high.said, high.came) == pytest.approx((5, 0.8, 0.8))
    wilson = stats.binomtest(3, 10).proportion_ci(0.95, method="wilson")
    assert (low.lower, low.upper) == pytest.approx(tuple(wilson))


def test_calibrated_probabilities_are_reliable_and_others_are_not() -> None:
    rng = np.random.default_rng(4)
    p = rng.beta(0.5, 4, 60_000)
    happened = (rng.random(60_000) < p).astype(float)

    held = [row.lower <= row.said <= row.upper for row in reliability(p, happened)]
    doubled = [row.lower <= row.said <= row.upper for row in reliability(np.minimum(2 * p, 1), happened)]

    assert np.mean(held) >= 0.8
    assert np.mean(doubled) <= 0.1


def test_the_brier_score_has_murphys_parts() -> None:
    """Where each bin holds one probability the decomposition is exact."""
    rng = np.random.default_rng(5)
    p = rng.choice([0.05, 0.2, 0.6], 3000)
    happened = (rng.random(3000) < p).astype(float)

    parts = brier_parts(p, happened, bins=40)

    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty)
    sure = Predictive(-np.log1p(-p), np.full(3000, 0.0), 0.0)
    assert parts.brier == pytest.approx(brier(sure, happened), abs=1e-6)


def test_no_forecast_has_no_table() -> None:
    assert reliability(np.empty(0), np.empty(0)) == []


def test_the_interval_of_a_mean_holds_it_in_about_95_of_100_cases() -> None:
    rng = np.random.default_rng(6)
    held = [(i := of_mean(rng.gamma(4, 1.0, 52), random_state=k)).lower <= 4 <= i.upper for k in range(200)]

    assert 0.88 <= np.mean(held) <= 0.99


def test_a_ratio_leaves_out_what_is_not_known() -> None:
    found = of_ratio(np.array([2.0, np.nan, 4.0]), np.array([1.0, 5.0, 2.0]))

    assert (found.value, found.lower, found.upper) == pytest.approx((2, 2, 2))
    assert np.isnan(of_ratio(np.array([1.0]), np.array([0.0])).value)


def test_few_origins_are_drawn_in_blocks_that_keep_their_dependence() -> None:
    """Twelve origins in runs of four equal values: drawn one by one the interval would be half as wide."""
    runs = np.repeat([0.0, 6.0, 3.0], 4)

    block = of_mean(runs)
    single = np.std([np.random.default_rng(k).choice(runs, 12).mean() for k in range(2000)])

    assert (block.upper - block.lower) / (2 * 1.96) > 1.3 * single
