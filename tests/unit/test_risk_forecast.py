"""A forecast: its columns, its determinism, its blindness to the future; and the frozen set."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from observatoire.risk.arrays import Dates, Floats
from observatoire.risk.baselines import CountLastYear
from observatoire.risk.card import COUNTS
from observatoire.risk.evaluate import Roller
from observatoire.risk.forecast import COLUMNS, forecast, forecasts
from observatoire.risk.grid import Grid
from observatoire.risk.simulate import SimulatedCity, simulate
from observatoire.risk.tally import Tally

pytestmark = pytest.mark.unit

AS_OF = "2025-12-29"


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    return simulate(end="2026-01-01", years=0.8, scale=0.5)


@pytest.fixture(scope="module")
def grid(city: SimulatedCity) -> Grid:
    return Grid.covering(city.land, cell=1000, crs="EPSG:2154")


def positions(city: SimulatedCity) -> Floats:
    return city.reports[["x", "y"]].to_numpy()


def test_the_frame_is_the_contracts(city: SimulatedCity, grid: Grid) -> None:
    made = forecast(positions(city), city.reports["date"], grid, as_of=AS_OF, tz="Europe/Paris")

    frame = made.frame
    assert tuple(frame.columns) == COLUMNS
    assert frame["cell_id"].tolist() == grid.cell_id.tolist()
    assert frame["as_of"].unique().tolist() == [pd.Timestamp("2025-12-28T23:00Z")]
    assert sorted(frame["rank"]) == list(range(1, grid.n_cells + 1))
    assert frame.sort_values("rank")["expected"].is_monotonic_decreasing
    assert (frame["lower"] <= frame["upper"]).all()
    assert frame["probability"].between(0, 1).all()
    assert frame["expected"].sum() == pytest.approx(made.card["total"]["expected"])
    assert json.loads(json.dumps(made.card, allow_nan=False)) == made.card
    assert f"the simple count ({COUNTS[made.card['simple_count']].en})" in made.card["words"]["en"]


def test_the_same_seed_gives_the_same_bytes(city: SimulatedCity, grid: Grid) -> None:
    one, two = (forecast(positions(city), city.reports["date"], grid, as_of=AS_OF) for _ in range(2))

    assert one.frame.to_csv() == two.frame.to_csv()
    assert one.card == two.card


def test_the_future_is_never_looked_at(city: SimulatedCity, grid: Grid) -> None:
    xy, dates = positions(city), city.reports["date"].dt.tz_localize(None).to_numpy()
    as_of = np.datetime64("2025-11-03")
    future = np.nonzero(dates >= as_of)[0]
    moved = xy.copy()
    moved[future] = xy[np.random.default_rng(0).permutation(future)] + 300

    told = [
        forecast(xy, dates, grid, as_of=as_of),
        forecast(moved, dates, grid, as_of=as_of),
        forecast(xy[dates < as_of], dates[dates < as_of], grid, as_of=as_of),
    ]

    assert len(future) > 1000
    assert told[0].frame.to_csv() == told[1].frame.to_csv() == told[2].frame.to_csv()
    assert told[0].card == told[1].card == told[2].card


@pytest.mark.parametrize("step", ["7d", "3d"])
def test_an_origin_in_a_series_forecasts_as_it_would_alone(city: SimulatedCity, grid: Grid, step: str) -> None:
    xy, dates = positions(city), city.reports["date"]

    series = forecasts(xy, dates, grid, as_of=AS_OF, origins=3, step=step)

    alone = forecast(xy, dates, grid, as_of=series[0].frame["as_of"].iloc[0])
    assert [made.card["as_of"] for made in series][-1] == "2025-12-29T00:00:00+00:00"
    assert series[0].frame.to_csv() == alone.frame.to_csv()
    assert series[0].card == alone.card


def test_a_month_ahead_expects_about_four_weeks(city: SimulatedCity, grid: Grid) -> None:
    week, month = (
        forecast(positions(city), city.reports["date"], grid, as_of=AS_OF, horizon=horizon) for horizon in ("7d", "28d")
    )

    assert month.answer != "abstains"
    assert month.frame["expected"].sum() == pytest.approx(4 * week.frame["expected"].sum(), rel=1e-6)


def test_skill_on_the_simulated_city_is_that_of_the_truth_or_less(city: SimulatedCity, grid: Grid) -> None:
    """The true intensity ranks cells best: a forecast that beats it has seen the future."""
    made = forecast(positions(city), city.reports["date"], grid, as_of="2025-12-22")
    cells = grid.locate(positions(city))
    ahead = (city.reports["date"] >= "2025-12-22") & (city.reports["date"] < "2025-12-29")
    y = np.bincount(cells[ahead & (cells >= 0)], minlength=grid.n_cells)

    at = grid.locate(city.corners + 25)
    true = np.bincount(at[at >= 0], city.expected("2025-12-22", "2025-12-29")[at >= 0], minlength=grid.n_cells)
    score = [
        float((y * np.log(m / m.sum())).sum()) for m in (true + 1e-12, made.frame["expected"], np.ones(grid.n_cells))
    ]

    assert score[0] > score[1] > score[2]


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ([], "few"),
        (["2025-12-28"], "short-history"),
        (["2025-01-01", "2025-12-28"], "few-events"),
        (["2024-01-01", "2025-01-01"], "stale-data"),
    ],
)
def test_next_to_nothing_is_an_abstention(grid: Grid, dates: list[str], code: str) -> None:
    made = forecast(np.tile(grid.centres[0], (len(dates), 1)), pd.DatetimeIndex(dates), grid, as_of=AS_OF)

    assert made.answer == "abstains"
    assert code in made.card["code"] or made.card["code"] == "short-history"


def test_a_missing_date_is_refused(grid: Grid) -> None:
    with pytest.raises(ValueError, match="missing"):
        forecast(grid.centres[:2], np.array(["2025-01-01", "NaT"], dtype="datetime64[us]"), grid, as_of=AS_OF)


def test_arrays_of_other_lengths_are_refused(grid: Grid) -> None:
    with pytest.raises(ValueError, match="rows"):
        forecast(grid.centres[:3], ["2025-01-01"], grid, as_of=AS_OF)


@pytest.fixture(scope="module")
def frozen() -> tuple[Grid, Floats, Dates]:
    """The frozen evaluation, as its SOURCE.md defines it."""
    folder = Path(os.environ.get("OBS_DATA", "")) / "chicago_311_sanitation"
    if "OBS_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("OBS_DATA does not hold chicago_311_sanitation")
    cells = pd.read_csv(folder / "eval_cells.csv")
    grid = Grid.of_cells(cells["cell_id"], cells["x_min"], cells["y_min"], cell=250, crs="EPSG:26971")
    with gzip.open(folder / "sanitation_code_complaints.csv.gz", "rt") as file:
        rows = pd.read_csv(file, dtype={"Status": str})
    rows = rows[rows["Latitude"].notna() & ~rows["Status"].fillna("").str.contains("Dup")]
    rows = rows[(rows["Creation_Date"] >= "2011-01-01") & (rows["Creation_Date"] <= "2014-12-30")]
    to_metres = Transformer.from_crs(4326, 26971, always_xy=True)
    xy = np.column_stack(to_metres.transform(rows["Longitude"].to_numpy(), rows["Latitude"].to_numpy()))
    return grid, xy, rows["Creation_Date"].to_numpy().astype("datetime64[us]")


@pytest.mark.realdata
def test_the_frozen_set_gives_what_its_source_says(frozen: tuple[Grid, Floats, Dates]) -> None:
    """The count of one year has PAI at 2 % 6.39-6.41 and deviance .2558 over 52 weeks."""
    grid, xy, dates = frozen
    tally = Tally(grid.n_cells, end=np.datetime64("2014-12-31"), period=7.0)
    tally.add(grid.locate(xy), dates, None)
    roller = Roller(tally.counts(), {"year": CountLastYear()})

    mean = roller.scores(roller.origins(roller.counts.n_periods, 52)).mean()

    assert 6.39 <= round(mean["pai2"], 2) <= 6.41
    assert round(mean["deviance"], 4) == 0.2558


@pytest.mark.realdata
def test_the_model_is_within_the_bars_of_the_frozen_set(frozen: tuple[Grid, Floats, Dates]) -> None:
    """PAI at 2 % of 7.30, deviance .2422; the simple count is no worse than that of one year."""
    grid, xy, dates = frozen

    card = forecast(xy, dates, grid, as_of="2014-12-31").card

    assert card["origins"] == 52
    assert card["pai"]["count"]["2"] >= 6.39
    assert card["deviance"]["count"] <= 0.2558
    assert card["pai"]["model"]["2"] >= 7.30
    assert card["deviance"]["model"] <= 0.2422
    assert 0.9 <= card["observed_over_predicted"]["top2"] <= 1.15
    assert card["answer"] == "model"
    assert card["gain"]["lower"] > 0
    assert 0.83 <= card["coverage"]["total"]["90"] <= 0.97
