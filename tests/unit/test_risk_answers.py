"""The three answers."""

import os

import numpy as np
import pytest

from observatoire.risk.answers import Situation, hopeless
from observatoire.risk.arrays import Dates, Floats
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid

pytestmark = pytest.mark.unit

GRID = Grid.covering((0, 0, 6000, 6000), cell=250, crs="EPSG:2154")
FULL = os.environ.get("OBS_PROVE") == "full"
WEEKS = 80 if FULL else 36
AS_OF = "2024-06-03"
SEEDS = 100 if FULL else 2


def events(table: Floats, rng: np.random.Generator) -> tuple[Floats, Dates]:
    """Return events of a table of counts (cells by weeks), somewhere in their cell and week."""
    cell, week = np.nonzero(table)
    n = table[cell, week].astype(int)
    cell, week = np.repeat(cell, n), np.repeat(week, n)
    xy = GRID.centres[cell] + rng.uniform(-120, 120, (len(cell), 2))
    seconds = (rng.uniform(0, 7, len(cell)) * 86_400).astype(int)
    start = np.datetime64(AS_OF, "s") - (table.shape[1] - week) * np.timedelta64(7, "D")
    return xy, (start + seconds * np.timedelta64(1, "s")).astype("datetime64[us]")


def uniform(rng: np.random.Generator) -> Floats:
    return rng.poisson(120 / GRID.n_cells, (GRID.n_cells, WEEKS))


def shuffled(rng: np.random.Generator) -> Floats:
    """Clustered in each week, but each week elsewhere."""
    rate = rng.gamma(0.3, size=GRID.n_cells)
    return np.column_stack([rng.permutation(rng.poisson(120 * rate / rate.sum())) for _ in range(WEEKS)])


def three_a_week(rng: np.random.Generator) -> Floats:
    rate = rng.gamma(0.3, size=GRID.n_cells)
    return rng.poisson(3 * (rate / rate.sum())[:, None], (GRID.n_cells, WEEKS))


@pytest.mark.parametrize("draw", [uniform, shuffled, three_a_week], ids=lambda draw: draw.__name__)
def test_it_abstains_where_there_is_nothing_to_know(draw: object) -> None:
    abstained = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        made = forecast(*events(draw(rng), rng), GRID, as_of=AS_OF)  # type: ignore[operator]
        abstained += made.answer == "abstains"

    assert abstained >= 0.95 * SEEDS


def test_an_abstention_has_no_cells_but_a_flat_rate() -> None:
    rng = np.random.default_rng(0)

    made = forecast(*events(uniform(rng), rng), GRID, as_of=AS_OF)

    assert made.frame[["expected", "lower", "upper", "probability", "rank"]].isna().all(axis=None)
    assert made.card["code"] == "no-better-than-flat"
    assert made.card["flat_rate"] == pytest.approx(120 / GRID.n_cells, rel=0.15)
    assert made.card["total"] is None


def test_the_count_is_served_where_nothing_beats_it() -> None:
    """Few cells hold everything, at rates that never change: a year's count is all there is to know."""
    rng = np.random.default_rng(1)
    rate = np.zeros(GRID.n_cells)
    rate[rng.choice(GRID.n_cells, 40, replace=False)] = np.geomspace(1, 12, 40)
    table = rng.poisson(rate[:, None] + 0.001, (GRID.n_cells, WEEKS))

    made = forecast(*events(table, rng), GRID, as_of=AS_OF)

    assert made.answer == "count"
    share = table[:, -52:].sum(axis=1) / table[:, -52:].sum()
    expected = (0.9 * share + 0.1 / GRID.n_cells) * table[:, -8:].sum() / 8
    assert made.frame["expected"].to_numpy() == pytest.approx(expected)


def test_the_model_is_served_where_places_change() -> None:
    """Hot places last some weeks: a year's count lags behind."""
    rng = np.random.default_rng(2)
    rate = np.full((GRID.n_cells, WEEKS), 0.02)
    for _ in range(150):
        week = rng.integers(0, WEEKS)
        rate[rng.integers(0, GRID.n_cells), week : week + 10] += 4.0

    made = forecast(*events(rng.poisson(rate), rng), GRID, as_of=AS_OF)

    assert made.answer == "model"
    assert made.card["gain"]["lower"] > 0


@pytest.mark.parametrize(
    ("situation", "code"),
    [
        (Situation(days=400, per_week=100, n_cells=500, days_since_last=15), "stale-data"),
        (Situation(days=69, per_week=100, n_cells=500, days_since_last=1), "short-history"),
        (Situation(days=400, per_week=9.9, n_cells=500, days_since_last=1), "few-events"),
        (Situation(days=400, per_week=100, n_cells=19, days_since_last=1), "few-cells"),
        (Situation(days=400, per_week=100, n_cells=500, days_since_last=1), None),
    ],
)
def test_it_says_why_the_data_forbid_a_forecast(situation: Situation, code: str | None) -> None:
    verdict = hopeless(situation)

    assert (verdict.code if verdict else None) == code
    if verdict:
        assert verdict.reason.fr
        assert verdict.reason.en
