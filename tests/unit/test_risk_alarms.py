"""Alarms ring on what was planted, and on quiet data no more often than is said."""

import os

import numpy as np
import pytest
from scipy import stats

from observatoire.risk.arrays import Floats
from observatoire.risk.baselines import CountLastYear
from observatoire.risk.feedback import LIMIT, feedback
from observatoire.risk.flagged import chance_of_run, flagged_too_long, singled_out, weeks_in_a_row
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.outage import APART, cusum, evidence, expectation, outage, per_day

pytestmark = pytest.mark.unit

FULL = os.environ.get("OBS_PROVE") == "full"
MONDAY = np.datetime64("2024-01-01")
DAY_330 = MONDAY + np.timedelta64(330, "D")


def feed(rng: np.random.Generator, n_days: int, *, mean: float = 20.0, shock: float = 0.02) -> Floats:
    """A feed with a weekly rhythm and days that jump together."""
    rhythm = np.tile([1.2, 1.1, 1.0, 1.0, 1.1, 0.9, 0.7], n_days // 7 + 1)[:n_days]
    return rng.poisson(mean * rhythm * rng.gamma(1 / shock, shock, n_days)).astype(float)


# ------------------------------------------------------------------------------------------------------------- outage
def test_a_planted_outage_of_a_month_is_found_within_days() -> None:
    late = []
    for seed in range(20):
        daily = feed(np.random.default_rng(seed), 400)
        daily[330:360] = 0

        found = outage(daily, first_day=MONDAY, feed="a")

        assert found.state == "rings"
        late.append((np.datetime64(found.detail["rang"]) - DAY_330).astype(int))
        assert [gap["start"] for gap in found.detail["gaps"]] == [str(DAY_330)]
        assert [gap["days"] for gap in found.detail["gaps"]] == [30]
    assert np.mean(np.array(late) <= 3) >= 0.9
    assert max(late) <= 7


def test_a_feed_that_loses_most_of_its_events_is_found_though_never_silent() -> None:
    rang = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        daily = feed(rng, 400)
        daily[340:370] = rng.binomial(daily[340:370].astype(int), 0.25)
        rang += outage(daily, first_day=MONDAY, feed="a").state == "rings"

    assert rang == 20


@pytest.mark.parametrize("mean", [2.0, 20.0])
def test_quiet_feeds_ring_no_more_often_than_once_in_ten_years(mean: float) -> None:
    """Half a year is judged each time: at most 182 in 3650 ring, one in twenty."""
    n = 2000 if FULL else 300
    rang = sum(
        outage(feed(np.random.default_rng([seed, 1]), 420, mean=mean), first_day=MONDAY, feed="a").state == "rings"
        for seed in range(n)
    )

    assert stats.binomtest(rang, n, 182 / APART, alternative="greater").pvalue > 0.01


def test_the_evidence_is_a_likelihood_ratio() -> None:
    """E exp(l) = 1 under what is expected: what Lorden's bound rests on."""
    expected = expectation(np.full(70, 6.0))
    y = np.arange(400.0)
    k = 63
    many = type(expected)(np.full(400, expected.mean[k]), np.full(400, expected.size[k]))
    law = stats.nbinom(expected.size[k], expected.size[k] / (expected.size[k] + expected.mean[k]))

    assert (law.pmf(y) * np.exp(evidence(y, many))).sum() == pytest.approx(1)


def test_the_cusum_forgets_good_days() -> None:
    assert cusum(np.array([2.0, 2.0, -5.0, 1.0])).tolist() == [2, 4, 0, 1]


def test_a_short_feed_is_not_judged() -> None:
    assert outage(np.ones(30), first_day=MONDAY, feed="a").state == "unknown"


def test_days_are_counted_to_the_end() -> None:
    dates = np.array(["2024-01-01T10", "2024-01-01T12", "2024-01-03T00", "2024-01-05T00"], dtype="datetime64[us]")

    daily, first = per_day(dates, end=np.datetime64("2024-01-05"))

    assert daily.tolist() == [2, 0, 1, 0]
    assert first == np.datetime64("2024-01-01")


# ----------------------------------------------------------------------------------------------------------- feedback
def patrolled(seed: int, *, discovery: float, weeks: int = 130, look: int = 26) -> list[str]:
    """A city whose model learns from all records; patrols go where it flags and find there what nobody reports.

    Residents report a quarter of what happens: with a discovery of a half, reported/predicted in flagged cells then
    tends to 0.25/(0.25 + 0.5 · 0.75) = 0.4, what was measured elsewhere. In the last `look` weeks patrols find a share
    `discovery` of the rest in the flagged cells. Returns the state of the alarm at each of these weeks.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.4, size=400)
    rate *= 120 / rate.sum()
    reported, records = (np.zeros((400, weeks)) for _ in range(2))
    series: list[tuple[float, float, float, float]] = []
    states = []
    for t in range(weeks):
        happened = rng.poisson(4 * rate * rng.gamma(100, 0.01))
        reported[:, t] = rng.binomial(happened, 0.25)
        records[:, t] = reported[:, t]
        if t >= weeks - look - 39:
            model = EmpiricalBayes(half_life=17.0, kappa=15.0).fit(records[:, :t])
            expected = model.predict(records[:, :t])
            flagged = expected >= np.sort(expected)[-20]
            if t >= weeks - look:
                records[:, t] += np.where(flagged, rng.binomial(happened - reported[:, t].astype(int), discovery), 0)
            o, e = reported[:, t], expected
            series.append((o[flagged].sum(), e[flagged].sum(), o[~flagged].sum(), e[~flagged].sum()))
            if t >= weeks - look:
                states.append(feedback(*np.array(series).T, source="reported").state)
    return states


def test_discovery_of_a_half_is_found_within_26_weeks() -> None:
    n = 100 if FULL else 10
    found = sum("rings" in patrolled(seed, discovery=0.5) for seed in range(n))

    assert found >= 0.9 * n


def test_without_discovery_fewer_than_5_of_100_cities_ring_in_26_weeks() -> None:
    n = 200 if FULL else 24
    false = sum("rings" in patrolled(1000 + seed, discovery=0.0) for seed in range(n))

    assert false < max(0.05 * n, 2)


def test_one_look_at_the_limit_itself_rings_about_once_in_a_hundred() -> None:
    rng = np.random.default_rng(0)
    e, e_else = np.full(26, 40.0), np.full(26, 300.0)
    rang = [
        feedback(rng.poisson(LIMIT * e), e, rng.poisson(e_else), e_else, source="r").state == "rings"
        for _ in range(4000)
    ]

    assert 0.002 <= np.mean(rang) <= 0.02


def test_a_city_that_falls_as_a_whole_does_not_ring() -> None:
    rng = np.random.default_rng(1)
    e, e_else = np.full(26, 40.0), np.full(26, 300.0)

    found = feedback(rng.poisson(0.4 * e), e, rng.poisson(0.4 * e_else), e_else, source="r")

    assert found.state == "quiet"
    assert found.detail["observed_over_predicted"] == pytest.approx(0.4, abs=0.05)


def test_too_few_events_say_nothing() -> None:
    few = np.full(10, 0.2)

    assert feedback(few, few, few, few, source="r").state == "unknown"


def test_nothing_at_all_where_much_was_expected_rings() -> None:
    e = np.full(26, 10.0)

    assert feedback(np.zeros(26), e, e, e, source="r").state == "rings"


# ------------------------------------------------------------------------------------------------------------ flagged
def test_a_district_is_singled_out_at_twice_the_citys_share() -> None:
    district = np.repeat([0, 1, 2], [10, 10, 80]).astype(float)
    flagged = np.zeros(100, dtype=bool)
    flagged[[0, 1, 10]] = True  # 3 %: a fifth of the first district, a tenth of the second

    assert singled_out(flagged, district, n_districts=3).tolist() == [True, True, False]
    flagged[20:24] = True  # 7 %: the second is now under twice
    assert singled_out(flagged, district, n_districts=3).tolist() == [True, False, False]


def test_it_rings_at_26_periods_in_a_row() -> None:
    assert flagged_too_long(np.ones(26, dtype=bool), district="D").state == "rings"
    assert flagged_too_long(np.array([True] * 40 + [False] + [True] * 25), district="D").state == "quiet"
    assert flagged_too_long(np.ones(25, dtype=bool), district="D").state == "unknown"
    assert weeks_in_a_row(np.array([True, False])) == 0


def test_runs_by_chance_are_as_frequent_as_said() -> None:
    rng = np.random.default_rng(2)
    draws = rng.random((20_000, 12)) < 0.6
    runs = np.array(["11111" in "".join("01"[int(v)] for v in row) for row in draws])

    assert chance_of_run(0.6, 5, 12) == pytest.approx(runs.mean(), abs=0.01)


def test_maps_drawn_at_random_each_week_never_single_out_for_half_a_year() -> None:
    """In a city without places a district is singled out by chance, but never 26 times in a row."""
    rng = np.random.default_rng(3)
    district = rng.integers(0, 16, 2000).astype(float)
    out = np.array([singled_out(rng.permutation(2000) < 40, district, n_districts=16) for _ in range(520)])

    assert chance_of_run(float(out.mean()), 26, 520) < 0.001
    assert not any(
        flagged_too_long(out[:t, d], district="D").state == "rings" for t in (26, 52, 520) for d in range(16)
    )


def test_a_count_that_is_too_sure_of_its_places_does_not_ring_by_itself() -> None:
    """A year's count puts too much on its first cells; that is no feedback."""
    rng = np.random.default_rng(4)
    rate = rng.gamma(0.3, size=500)
    rate *= 150 / rate.sum()
    table = rng.poisson(rate[:, None], (500, 90)).astype(float)
    parts = []
    for t in range(64, 90):
        expected = CountLastYear().fit(table[:, :t]).predict(table[:, :t])
        flagged = expected >= np.sort(expected)[-10]
        y = table[:, t]
        parts.append((y[flagged].sum(), expected[flagged].sum(), y[~flagged].sum(), expected[~flagged].sum()))

    assert feedback(*np.array(parts).T, source="reported").state == "quiet"
