"""On the simulated city, whose true intensity is known: calibration, regret against the truth, no look-ahead."""

import os

import numpy as np
import pytest

from observatoire.risk.arrays import Floats
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Count, CountLastYear, Flat, Kernel, Seasonal
from observatoire.risk.counts import Counts, count
from observatoire.risk.evaluate import Roller
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import lineup
from observatoire.risk.scores import covered
from observatoire.risk.simulate import SimulatedCity, simulate
from observatoire.risk.spans import Horizon

pytestmark = pytest.mark.unit

FULL = os.environ.get("OBS_PROVE") == "full"
WEEKS = 104 if FULL else 52


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    return simulate(end="2026-01-01", years=3 if FULL else 2.2, scale=1.0 if FULL else 0.4, random_state=11)


@pytest.fixture(scope="module")
def grid(city: SimulatedCity) -> Grid:
    return Grid.covering(city.land, cell=250 if FULL else 500, crs="EPSG:2154")


@pytest.fixture(scope="module")
def counts(city: SimulatedCity, grid: Grid) -> Counts:
    where = grid.locate(city.reports[["x", "y"]].to_numpy())
    dates = city.reports["date"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return count(where, dates, grid.n_cells, end="2025-12-31", period=7)


def baselines(grid: Grid) -> dict[str, Forecaster]:
    return {
        "flat": Flat(),
        "last week": Count(window=1),
        "count 4 weeks": Count(window=4),
        "count 1 year": CountLastYear(),
        "count all": Count(window=None),
        "same season": Seasonal(),
        "kernel": Kernel(grid=grid),
        "decay": Kernel(grid=grid, half_life=17.0, window=None),
        "prospective": Kernel(grid=grid, half_life=4.0, bandwidth=400.0, window=8),
        "empirical Bayes": EmpiricalBayes(grid=grid),
    }


@pytest.fixture(scope="module")
def roller(counts: Counts, grid: Grid) -> Roller:
    return Roller(counts, baselines(grid) | {"model": lineup(grid, Horizon(7))["model"]})


@pytest.fixture(scope="module")
def truth(city: SimulatedCity, grid: Grid, counts: Counts) -> list[tuple[int, Floats]]:
    """The true expected events of each cell in the last weeks, every other one."""
    at = grid.locate(city.corners + 25)
    found = []
    for k in range(counts.n_periods - WEEKS, counts.n_periods, 4):
        start = counts.starts[k]
        expected = city.expected(start, start + np.timedelta64(7, "D"))
        found.append((k, np.bincount(at[at >= 0], expected[at >= 0], minlength=grid.n_cells)))
    return found


def regret(expected: Floats, true: Floats) -> float:
    """Kullback-Leibler divergence of independent Poisson counts, nats a cell: the log score given away."""
    m, t = np.maximum(expected, 1e-12), np.maximum(true, 1e-12)
    return float((t * np.log(t / m) - t + m).mean())


def test_90_percent_intervals_of_cells_cover_87_to_93(roller: Roller, counts: Counts) -> None:
    """By the randomised transform: the plain interval of a count that is mostly 0 covers more than it says."""
    origins = range(counts.n_periods - WEEKS, counts.n_periods)
    cells = [covered(roller.predict("model", k), roller.came(k), level=0.9) for k in origins]

    assert 0.87 <= np.mean(cells) <= 0.93


def test_90_percent_intervals_of_the_citys_total_cover_87_to_93_over_cities() -> None:
    """Twelve simulated cities, 52 weeks each. In one city's year it was seen to lie between 0.77 and 0.98."""
    held = []
    for seed in range(12):
        dates = simulate(end="2026-01-01", years=2.2, scale=0.4, random_state=seed).reports["date"]
        naive = dates.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
        weeks = count(np.zeros(len(naive), dtype=np.int64), naive, 1, end="2025-12-31", period=7)
        for k in range(weeks.n_periods - 52, weeks.n_periods):
            low, high = Flat().fit(weeks.table[:, :k]).predictive(weeks.table[:, :k]).total_interval(0.9)
            held.append(low <= weeks.totals[k] <= high)

    assert 0.87 <= np.mean(held) <= 0.93


def test_regret_against_the_true_intensity_is_less_than_any_baselines(
    roller: Roller, truth: list[tuple[int, Floats]], grid: Grid
) -> None:
    given_away = {
        name: np.mean([regret(roller.predict(name, k).expected, true) for k, true in truth]) for name in roller.models
    }

    others = {name: value for name, value in given_away.items() if name != "model"}
    assert given_away["model"] < min(others.values()), given_away
    assert 0 < given_away["model"] < 0.6 * given_away["flat"]


def test_the_log_score_on_the_truths_own_events_is_better_than_any_baselines(roller: Roller, counts: Counts) -> None:
    origins = list(range(counts.n_periods - WEEKS, counts.n_periods))
    mean = roller.scores(origins)["log_score"].groupby(level="model").mean()

    assert mean["model"] < mean.drop("model").min(), mean.to_dict()


def test_a_permuted_future_changes_no_model(counts: Counts, grid: Grid) -> None:
    """Every model, from an origin in the middle, with all later weeks shuffled over cells."""
    k = counts.n_periods - 20
    table = counts.table.tolil()
    later = table[:, k:].toarray()
    table[:, k:] = np.random.default_rng(0).permutation(later)
    moved = Counts(table.tocsc(), counts.end, counts.period)
    models = baselines(grid) | {"model": lineup(grid, Horizon(7))["model"]}

    for name in models:
        told = [Roller(one, {name: models[name]}).predict(name, k) for one in (counts, moved)]
        assert told[0].expected.tolist() == told[1].expected.tolist(), name
        assert told[0].shock == told[1].shock


def test_the_same_seed_gives_the_same_bytes(counts: Counts, grid: Grid) -> None:
    k = counts.n_periods - 1
    told = [
        Roller(counts, {"m": lineup(grid, Horizon(7), effort="full")["model"]}).predict("m", k).expected.tobytes()
        for _ in range(2)
    ]

    assert told[0] == told[1]
