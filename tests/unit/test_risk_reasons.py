"""Why a place: each map beside the forecast is what it says it is."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from observatoire.risk.arrays import Floats
from observatoire.risk.forecast import BESIDE, Forecast, forecast
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import lineup
from observatoire.risk.reasons import KINDS, without
from observatoire.risk.spans import Horizon

pytestmark = pytest.mark.unit

SIDE, WEEKS = 12, 120
OLD, NEW = 25, 118  # a cell where it has happened for years, and one where it began three weeks ago


@pytest.fixture(scope="module")
def counts() -> Floats:
    """One event in twenty cell-weeks anywhere; six a week in an old hot spot, and in five that move."""
    rng = np.random.default_rng(5)
    table = rng.poisson(0.05, (SIDE * SIDE, WEEKS)).astype(float)
    table[OLD] += rng.poisson(6, WEEKS)
    for first in range(0, WEEKS - 3, 8):
        table[rng.choice(NEW, 5, replace=False), first : min(first + 8, WEEKS - 3)] += 6
    table[NEW, -3:] += 6
    return table


@pytest.fixture(scope="module")
def made(counts: Floats) -> Forecast:
    """The same counts as events, forecast and explained."""
    side = np.arange(SIDE) * 250.0
    x, y = (a.ravel() for a in np.meshgrid(side, side))
    grid = Grid.of_cells(np.array([f"c{k}" for k in range(x.size)]), x, y, cell=250.0, crs="EPSG:2154")
    cell, week = np.nonzero(counts)
    times = counts[cell, week].astype(int)
    cell, week = np.repeat(cell, times), np.repeat(week, times)
    xy = np.column_stack([x[cell], y[cell]]) + 125.0
    dates = pd.Timestamp("2023-01-02 12:00") + pd.to_timedelta(7 * week + 1, unit="D")
    as_of = pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=WEEKS)
    return forecast(xy, pd.Series(dates), grid, as_of=str(as_of), explain=True)


def test_the_baseline_is_the_simple_count(made: Forecast, counts: Floats) -> None:
    """Places move here: the decayed count, halved in 17 weeks and spread over 150 m, a hundredth of it even.

    The kernel's mass beyond the edge is given back; the level is the mean of the last eight weeks.
    """
    weeks = counts[:, 1:]  # the first begins before the first event's day: it is not counted
    decayed = (weeks * 0.5 ** (np.arange(WEEKS - 1)[::-1] / 17)).sum(axis=1).reshape(SIDE, SIDE)
    spread, mass = (
        gaussian_filter(a, 150 / 250, mode="constant", truncate=3) for a in (decayed, np.ones((SIDE, SIDE)))
    )
    near = (spread / mass).ravel()
    share = 0.99 * near / near.sum() + 0.01 / len(near)

    assert made.beside["baseline"] == pytest.approx(share * counts[:, -8:].sum() / 8, rel=1e-9)


def test_what_is_recent_lifts_the_cell_where_it_began(made: Forecast) -> None:
    assert made.answer == "model"
    assert tuple(made.beside) == BESIDE
    expected = made.frame["expected"].to_numpy()
    recent, lasting = (expected / made.beside[f"without_{kind}"] for kind in ("recent", "lasting"))

    assert recent[NEW] > 2  # lifted by its last weeks
    assert recent[NEW] > lasting[NEW]
    assert np.median(recent) < 1  # a quiet cell is lowered by its own


def test_the_total_of_the_city_stays_the_same(made: Forecast) -> None:
    total = made.frame["expected"].sum()

    assert [made.beside[f"without_{kind}"].sum() for kind in KINDS] == pytest.approx([total] * len(KINDS))


def test_nobody_who_does_not_ask_is_told(made: Forecast) -> None:
    """The columns of a forecast are a contract: the other maps are beside it."""
    assert not set(BESIDE) & set(made.frame.columns)


def test_of_a_model_of_another_make_nothing_is_said() -> None:
    horizon = Horizon(7.0)
    count = lineup(Grid.of_cells(np.array(["a"]), np.zeros(1), np.zeros(1), cell=1.0, crs="EPSG:2154"), horizon)[
        "count"
    ]

    assert without(count.fit(np.ones((1, 60))), np.ones((1, 60))) == {}
