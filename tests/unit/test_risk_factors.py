"""What places do in a forecast: ratios that are right, intervals that hold, words that say so."""

import os
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_limits

from observatoire.risk.ensemble import Ensemble
from observatoire.risk.factors import factors
from observatoire.risk.grid import Grid
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.places import Places
from observatoire.risk.sandwich import covariance
from observatoire.risk.self_exciting import SelfExciting

pytestmark = pytest.mark.unit

GRID = Grid.covering((0, 0, 5000, 5000), cell=250, crs="EPSG:2154")
SEEDS = 100 if os.environ.get("OBS_PROVE") == "full" else 12


def fitted(seed: int, *, power: float) -> Any:
    """A short history of events that come as a power of the density of bars; trees stand anywhere."""
    rng = np.random.default_rng(seed)
    places = Places.of(GRID, {"bar": rng.uniform(0, 5000, (12, 2)), "gare": rng.uniform(0, 5000, (3, 2))})
    share = np.exp(power * places.features[places.names.index("bar.density")])
    X = rng.poisson((60 * share / share.sum())[:, None], (GRID.n_cells, 40)).astype(float)
    return PenalisedPoisson(grid=GRID, places=places).fit(X)


def test_the_covariance_is_that_of_the_coefficients_over_samples() -> None:
    """Counts of 300 cells, each with its own rate for good: what the sandwich says is what 100 samples show."""
    rng = np.random.default_rng(0)
    X, cells, found, said = rng.normal(size=(300, 2)), np.tile(np.arange(300), 6), [], []
    rows, weight = np.tile(X, (6, 1)), np.ones(1800)
    with threadpool_limits(limits=1):
        for _ in range(100):
            own = rng.gamma(2.0, 0.5, 300)
            y = rng.poisson(np.tile(own * np.exp(0.2 + X @ [0.4, -0.3]), 6)).astype(float)
            model = PoissonRegressor(alpha=1e-9, solver="newton-cholesky").fit(rows, y)
            found.append(model.coef_)
            said.append(covariance(rows, y, weight, model.predict(rows), cells, penalty=1e-6))

    naive = 1 / np.sqrt(6 * 300 * np.exp(0.2 + 0.125))
    assert np.sqrt(np.diag(np.mean(said, axis=0))) == pytest.approx(np.std(found, axis=0), rel=0.25)
    assert np.std(found, axis=0).min() > 1.5 * naive  # what independent counts would have said is far too little


def test_without_differences_between_rows_it_is_the_information_s_inverse() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20_000, 2))
    mean = np.exp(X @ [0.3, 0.1])
    y = rng.poisson(mean).astype(float)

    found = covariance(X, y, np.ones(len(X)), mean, np.arange(len(X)), penalty=50.0)

    design = np.column_stack([np.ones(len(X)), X])
    classic = np.linalg.inv((design * mean[:, None]).T @ design + np.diag([0, 50, 50]))[1:, 1:]
    assert np.diag(found) == pytest.approx(np.diag(classic), rel=0.1)


def test_what_attracts_events_is_told_as_a_ratio_above_one_with_its_interval() -> None:
    told = factors(fitted(4, power=1.5))

    assert {f["name"] for f in told} == {"bar.distance", "bar.density", "gare.distance", "gare.density"}
    density = next(f for f in told if f["name"] == "bar.density")
    assert 1 < density["lower"] < density["ratio"] < density["upper"]
    assert told[0]["type"] == "bar"  # what is sure comes first
    assert density["per"] == "doubling"
    assert density["level"] == 0.95
    assert density["words"]["fr"].startswith("Bar : deux fois plus alentour : +")
    distance = next(f for f in told if f["name"] == "gare.distance")
    assert distance["words"]["en"].startswith("Twice as near a railway station: ")


def test_a_ratio_is_what_the_regression_itself_says_of_twice_as_many() -> None:
    """Moving one feature by ln 2, the rest held: the forecast is multiplied by the ratio."""
    model = fitted(4, power=1.5)
    first = len(model.mean_) - len(model.places.names)
    k = first + model.places.names.index("bar.density")
    X = np.tile(model.mean_, (2, 1))
    X[1, k] += np.log(2)

    low, high = model.model_.predict((X - model.mean_) / model.scale_)

    assert next(f for f in factors(model) if f["name"] == "bar.density")["ratio"] == pytest.approx(high / low)


def test_where_places_do_nothing_intervals_hold_one() -> None:
    """Nominal 95 %: over the seeds at least 88 % of the four intervals do (two standard errors at the small count)."""
    held = [f["lower"] <= 1 <= f["upper"] for seed in range(SEEDS) for f in factors(fitted(seed, power=0.0))]

    assert np.mean(held) >= 0.88


def test_the_ensemble_carries_its_own_power_of_the_effect() -> None:
    model = fitted(4, power=1.5)
    ensemble = Ensemble([("a", SelfExciting(grid=GRID)), ("b", model)])
    ensemble.members_, ensemble.weights_ = [SelfExciting(grid=GRID), model], np.array([0.5, 0.5])

    alone, shared = ({f["name"]: f["ratio"] for f in factors(m)} for m in (model, ensemble))

    assert shared == pytest.approx({name: ratio**0.5 for name, ratio in alone.items()})


def test_without_places_nothing_is_told() -> None:
    X = np.random.default_rng(0).poisson(1.0, (GRID.n_cells, 40)).astype(float)

    assert factors(PenalisedPoisson(grid=GRID).fit(X)) == []
    assert factors(SelfExciting(grid=GRID).fit(X)) == []
