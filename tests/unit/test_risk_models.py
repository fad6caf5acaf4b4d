"""The models, held against mathematics and scikit-learn."""

import warnings

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import PoissonRegressor
from sklearn.utils.estimator_checks import check_estimator

from observatoire.risk import ensemble, maps
from observatoire.risk.arrays import Ints
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Count, CountLastYear, Flat, Kernel, Seasonal
from observatoire.risk.best_count import BestCount
from observatoire.risk.boosting import Boosting
from observatoire.risk.ensemble import Ensemble, conditional_logit
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.grid import Grid
from observatoire.risk.level import level, past_levels, shock
from observatoire.risk.log_linear import LogLinear
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.self_exciting import SelfExciting, explain

pytestmark = pytest.mark.unit

MODELS = [
    Flat(),
    Count(),
    CountLastYear(),
    BestCount(),
    Seasonal(),
    Kernel(),
    EmpiricalBayes(),
    SelfExciting(),
    PenalisedPoisson(),
    Boosting(),
    Ensemble([("bayes", EmpiricalBayes()), ("poisson", PenalisedPoisson())]),
]
GRID = Grid.covering((0, 0, 5000, 5000), cell=250, crs="EPSG:2154")


def drawn(n_periods: int = 60, seed: int = 0) -> sparse.csc_array:
    rng = np.random.default_rng(seed)
    return sparse.csc_array(
        rng.poisson(rng.gamma(0.5, 0.4, GRID.n_cells)[:, None], (GRID.n_cells, n_periods)).astype(float)
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_scikit_learns_estimator_checks_pass(model: Forecaster) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)  # array API input, asked for by an environment variable
        check_estimator(model)


@pytest.mark.parametrize(
    "model", [Flat(), CountLastYear(), BestCount(grid=GRID), SelfExciting(grid=GRID), Boosting(grid=GRID)]
)
def test_expected_events_sum_to_the_level(model: Forecaster) -> None:
    X = drawn()

    expected = model.fit(X).predict(X)

    assert expected.sum() == pytest.approx(X.sum(axis=0)[-8:].mean())
    assert (expected > 0).all()


def test_the_count_is_what_its_definition_says() -> None:
    """90 % of the last 52 periods' share, 10 % flat, times the mean of the last 8 periods."""
    X = drawn(70).toarray()

    share = X[:, -52:].sum(axis=1) / X[:, -52:].sum()
    expected = (0.9 * share + 0.1 / len(X)) * X[:, -8:].sum() / 8

    assert CountLastYear().fit(X).predict(X) == pytest.approx(expected)


def test_the_posterior_is_the_conjugate_gamma() -> None:
    """Without decay or neighbours: Gamma(κm + Σy, κ + n) by numerical integration of Bayes' rule."""
    X = drawn(12).toarray()
    model = EmpiricalBayes(half_life=1e9, kappa=5.0).fit(X)
    prior = stats.gamma(5 * X.mean(), scale=1 / 5)
    rates = np.linspace(1e-6, 8, 200_001)

    for row in (int(X.sum(axis=1).argmax()), int(X.sum(axis=1).argmin())):
        density = prior.pdf(rates) * stats.poisson.pmf(X[row][:, None], rates).prod(axis=0)
        density /= density.sum()
        mean = (rates * density).sum()
        variance = ((rates - mean) ** 2 * density).sum()
        share = model.predict(X)[row] / model.level_

        assert share == pytest.approx(mean / (X.mean() * len(X)), rel=1e-3)
        assert model.predictive(X).spread[row] == pytest.approx(variance / mean**2, rel=1e-3)


def test_em_finds_the_shares_that_events_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    maps = rng.dirichlet(np.full(300, 0.2), size=3)
    truth = np.array([0.6, 0.3, 0.1])
    events = rng.multinomial(60_000, truth @ maps)

    theta = explain(maps, events.astype(float), pseudo=0.0)

    assert theta == pytest.approx(truth, abs=0.02)


def test_an_update_keeps_what_was_chosen_and_equals_a_fit_when_nothing_is_chosen() -> None:
    X = drawn(60)
    model = EmpiricalBayes(half_life=10.0, bandwidth=300.0, kappa=4.0, grid=GRID)

    updated = model.fit(X[:, :50]).update(X).predict(X)

    assert updated.tolist() == model.fit(X).predict(X).tolist()


def test_an_empty_history_is_flat() -> None:
    X = np.zeros((GRID.n_cells, 20))
    for model in (CountLastYear(), EmpiricalBayes(grid=GRID), SelfExciting(grid=GRID)):
        assert model.fit(X).predict(X).tolist() == [0.0] * GRID.n_cells


def test_a_grid_of_another_size_is_refused() -> None:
    for model in (EmpiricalBayes(grid=GRID), SelfExciting(grid=GRID)):
        with pytest.raises(ValueError, match="cells"):
            model.fit(np.ones((3, 20)))


def test_counts_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="Negative"):
        CountLastYear().fit(np.array([[1.0, -1.0]]))


def test_level_is_the_mean_of_the_memory() -> None:
    assert level(np.arange(20.0), memory=8) == pytest.approx(15.5)
    said, came = past_levels(np.arange(20.0), memory=8, steps=2)
    assert (said[-1], came[-1]) == (2 * 13.5, 18 + 19)


def test_the_shock_that_totals_were_drawn_with_is_found() -> None:
    rng = np.random.default_rng(1)
    came = rng.poisson(400 * rng.gamma(1 / 0.01, 0.01, 5000)).astype(float)

    assert shock(np.full(5000, 400.0), came) == pytest.approx(0.01, rel=0.1)


def test_the_ensemble_finds_the_member_that_is_right() -> None:
    """Events drawn from one member's shares, sharpened: the other gets nothing, the sum of weights leaves 1."""
    rng = np.random.default_rng(0)
    right, wrong = np.log(rng.dirichlet(np.ones(500), size=2))
    sharp = np.exp(1.4 * right)
    came = [rng.multinomial(20_000, sharp / sharp.sum()).astype(float) for _ in range(3)]

    weights = conditional_logit([np.array([right, wrong])] * 3, came)

    assert weights == pytest.approx([1.4, 0.0], abs=0.03)


def test_an_update_forecasts_as_if_nothing_were_kept_in_memory() -> None:
    """Maps and fits are remembered between models; forgetting them changes nothing."""
    X = drawn(80)
    model = Ensemble([("mixture", SelfExciting(grid=GRID)), ("poisson", PenalisedPoisson(grid=GRID))])
    first = model.fit(X[:, :78]).update(X).predict(X)
    maps.drawn.clear()
    ensemble.fits.clear()

    assert model.fit(X[:, :78]).update(X).predict(X).tolist() == first.tolist()


def test_the_count_is_the_years_unless_another_is_surely_better() -> None:
    """Places that never change are told best by all the past; when they all move, by the last weeks."""
    rng = np.random.default_rng(3)
    rate = rng.gamma(0.5, 0.4, GRID.n_cells)
    before, after = rng.permutation(rate), rng.permutation(rate)
    lasting = rng.poisson(rate[:, None], (GRID.n_cells, 156))
    moved = rng.poisson(np.column_stack([before] * 126 + [after] * 30))

    def chosen(counts: Ints) -> tuple[type, str]:
        fitted = BestCount(grid=GRID).fit(sparse.csc_array(counts.astype(float)))
        return type(fitted.rule_), fitted.name_

    assert chosen(lasting) == (Count, "all")
    assert chosen(moved) == (Kernel, "decayed")
    assert chosen(lasting[:, :10]) == (CountLastYear, "year")


def test_newtons_regression_is_scikit_learns() -> None:
    """The same maximum from weighted rows, with and without the first look at an eighth of them."""
    rng = np.random.default_rng(4)
    for n in (2_000, 40_000):
        Z = rng.standard_normal((6, n))
        y = rng.poisson(np.exp(0.4 * Z[0] - 0.3 * Z[1] - 1)).astype(float)
        weight = rng.uniform(0.1, 3, n)
        theirs = PoissonRegressor(alpha=50 / weight.sum(), tol=1e-10, max_iter=1000).fit(Z.T, y, sample_weight=weight)

        ours = LogLinear().fit(Z, y, weight, penalty=50.0)

        assert ours.coef_ == pytest.approx(theirs.coef_, abs=1e-5)
        assert ours.predict(Z.T[:5]) == pytest.approx(theirs.predict(Z.T[:5]), rel=1e-4)


def test_newtons_shares_are_those_that_em_climbs_to() -> None:
    rng = np.random.default_rng(5)
    for n in (500, 40_000):
        seen, weight = rng.gamma(0.5, 1.0, (5, n)), rng.poisson(2.0, n).astype(float)
        slowly = np.full(5, 0.2)
        for _ in range(3_000):
            slowly = slowly * (seen @ (weight / (slowly @ seen))) + 5.0
            slowly /= slowly.sum()

        assert explain(seen, weight) == pytest.approx(slowly, abs=1e-5)
