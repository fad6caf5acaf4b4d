"""What a forecast knows besides past events: the calendar, hours of the day, intervals, places nearby."""

from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from observatoire.errors import BadInput
from observatoire.forecasts.files import forecast_files
from observatoire.risk.aoristic import Shift, aoristic
from observatoire.risk.boosting import Boosting
from observatoire.risk.calendar import FEATURES, Calendar
from observatoire.risk.calendar_level import calendar_levels
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid
from observatoire.risk.level import level, past_levels
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.place_types import ALLOWED
from observatoire.risk.places import OFFSET, Places

pytestmark = pytest.mark.unit

GRID = Grid.covering((0, 0, 5000, 5000), cell=250, crs="EPSG:2154")
WEEK = np.timedelta64(7, "D")


def of(name: str, features: Any) -> Any:
    return features[..., FEATURES.index(name)]


def test_public_holidays_are_those_of_the_law() -> None:
    """Code du travail, L3133-1: eleven days; in Moselle also Good Friday and 26 December."""
    year = of("holiday", Calendar("FR").days(date(2026, 1, 1), 365))
    moselle = of("holiday", Calendar("FR-57").days(date(2026, 1, 1), 365))

    first = np.datetime64("2026-01-01")
    assert year.sum() == 11
    assert (first + np.flatnonzero(moselle > year)).astype(str).tolist() == ["2026-04-03", "2026-12-26"]


def test_school_holidays_differ_by_zone_and_are_unknown_when_not_published() -> None:
    """Arrêté du 7 décembre 2022, winter 2024: zone A from 17 February, B from 24, C from 10."""
    off = {z: of("school_holiday", Calendar("FR", z).days(date(2024, 2, 1), 29)) for z in "ABC"}

    assert {z: int(np.flatnonzero(days)[0]) + 1 for z, days in off.items()} == {"A": 17, "B": 24, "C": 10}
    assert np.isnan(of("school_holiday", Calendar("FR", "B").days(date(2060, 1, 1), 10))).all()


def test_weekdays_are_those_of_the_calendar_and_seasons_turn_once_a_year() -> None:
    days = Calendar().days(date(2024, 1, 1), 7)  # a Monday

    assert [row.tolist() for row in days[:, 4:10]] == [[float(j == k) for j in range(6)] for k in range(7)]
    winter, summer = (of("season_cos", Calendar().days(date(2024, month, 1), 1)[0]) for month in (1, 7))
    assert winter > 0.99
    assert summer < -0.99


def test_a_period_is_the_mean_of_its_days_and_of_parts_of_days() -> None:
    """A week has each weekday once; seven days and a half from a Monday have half a Monday more."""
    starts = np.array(["2024-04-29", "2024-05-06"], dtype="datetime64[us]")
    weeks, longer = Calendar().periods(starts, 7.0), Calendar().periods(starts[:1], 7.5)

    assert of("monday", weeks) == pytest.approx([1 / 7, 1 / 7])
    assert of("holiday", weeks) == pytest.approx([1 / 7, 2 / 7])  # 1 May; 8 and 9 May 2024
    assert of("monday", longer) == pytest.approx([1.5 / 7.5])
    assert Calendar().periods(starts[:0], 7.0).shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"country": "XX"}, "no public holidays are known for 'XX'"),
        ({"school_zone": "D"}, "expected one of A, B, C, got 'D'"),
        ({"country": "US", "school_zone": "B"}, "known for France only"),
    ],
)
def test_a_calendar_that_nobody_knows_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Calendar(**given)


def test_a_level_follows_the_calendar_where_the_past_bears_it_out() -> None:
    """Four years of weeks whose rate is multiplied by e^(0.6 cos): the total ahead is found; without effect, 1."""
    rng = np.random.default_rng(0)
    starts = np.datetime64("2021-01-04", "us") + np.arange(210) * WEEK
    x = Calendar().periods(starts, 7.0)
    rate = 300 * np.exp(0.6 * x[:, 0])
    totals = rng.poisson(rate[:200]).astype(float)
    errors, plain = [], []
    for n in range(150, 200):
        errors.append(calendar_levels(totals[:n], x, memory=8, steps=1)[0] / rate[n] - 1)
        plain.append(level(totals[:n], memory=8) / rate[n] - 1)

    assert np.abs(errors).mean() < 0.5 * np.abs(plain).mean()
    flat = rng.poisson(300, 200).astype(float)
    assert calendar_levels(flat, x, memory=8, steps=1)[0] == level(flat, memory=8)
    assert calendar_levels(flat[:60], x, memory=8, steps=1)[0] == level(flat[:60], memory=8)


def test_a_calendar_does_not_look_at_the_future_and_must_reach_it() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(150, 3))
    totals = rng.poisson(200, 140).astype(float)
    moved = totals.copy()
    moved[120:] = rng.permutation(moved[120:])

    one, other = (calendar_levels(t[:120], x, memory=8, steps=2) for t in (totals, moved))
    assert one[0] == other[0]
    assert [len(part) for part in one[1:]] == [len(part) for part in past_levels(totals[:120], memory=8, steps=2)]
    with pytest.raises(ValueError, match="calendar must hold 142 periods, got 141"):
        calendar_levels(totals, x[:141], memory=8, steps=2)


def test_features_that_are_not_known_everywhere_are_left_out() -> None:
    rng = np.random.default_rng(2)
    totals = rng.poisson(200, 140).astype(float)
    x = np.column_stack([rng.normal(size=150), np.where(np.arange(150) > 139, np.nan, 1.0)])

    with_unknown, without = (calendar_levels(totals, f, memory=8, steps=1)[0] for f in (x, x[:, :1]))

    assert with_unknown == without


def test_aoristic_weights_of_shifts_that_part_the_day_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    start = np.datetime64("2024-03-30", "us") + rng.integers(0, 10**11, 400) * np.timedelta64(1, "us")
    until = start + rng.integers(0, 4 * 10**11, 400) * np.timedelta64(1, "us")
    until[:20] = start[:20]
    until[20:40] = np.datetime64("NaT")

    weights = [aoristic(start, until, Shift.parse(text)) for text in ("05-13", "13-21", "21-05")]

    assert np.sum(weights, axis=0) == pytest.approx(np.ones(400))
    assert np.isin(np.array(weights)[:, :40], (0.0, 1.0)).all()


def test_aoristic_weights_are_shares_of_time_by_counting_minutes() -> None:
    start, until = np.datetime64("2024-05-01T18:10"), np.datetime64("2024-05-03T02:40")
    minutes = np.arange(start, until).astype("datetime64[h]").astype(int) % 24

    found = aoristic(np.array([start]), np.array([until]), Shift(21, 5))

    assert found == pytest.approx([np.mean((minutes >= 21) | (minutes < 5))])


@pytest.mark.parametrize("text", ["21", "21-21", "0-24", "25-3", "evening", "21-05-13"])
def test_a_shift_is_two_different_hours(text: str) -> None:
    with pytest.raises(ValueError, match="shift: expected two different hours"):
        Shift.parse(text)


def test_an_event_that_ends_before_it_starts_is_refused() -> None:
    day = np.array(["2024-05-02", "2024-05-01"], dtype="datetime64[us]")
    with pytest.raises(ValueError, match="1 events end before they start"):
        aoristic(day, day[::-1], Shift(21, 5))


def test_distances_and_densities_are_what_their_definitions_say() -> None:
    bars = np.array([[1125.0, 1125.0], [1125.0, 1425.0]])

    places = Places.of(GRID, {"bar": bars, "gare": np.empty((0, 2))})

    assert places.names == ("bar.distance", "bar.density")
    at = int(GRID.locate([[1100, 1100]])[0])
    offsets = np.linalg.norm(GRID.centres[:, None] - bars, axis=2)
    assert places.features[0] == pytest.approx(np.log(np.minimum(offsets.min(axis=1), 3000) + 125))
    assert places.features[1, at] == pytest.approx(np.log(OFFSET + 1 + np.exp(-0.5)))


@pytest.mark.parametrize("kind", ["revenu", "population", "logement-social", "income", "nationalite", ""])
def test_traits_of_residents_are_refused_by_type(kind: str) -> None:
    assert kind not in ALLOWED
    with pytest.raises(ValueError, match="traits of residents are never used"):
        Places.of(GRID, {kind: np.zeros((1, 2))})


@pytest.mark.parametrize("xy", [np.zeros(2), np.full((1, 2), np.nan), np.zeros((2, 3))])
def test_positions_of_places_are_checked(xy: Any) -> None:
    with pytest.raises(ValueError, match=r"places\.bar: expected finite positions"):
        Places.of(GRID, {"bar": xy})


@pytest.mark.parametrize("model", [PenalisedPoisson, Boosting])
def test_events_near_places_are_found_by_the_regression(model: Any) -> None:
    """A history too thin to tell cells apart: places that cause the events bring the forecast nearer the truth."""
    rng = np.random.default_rng(4)
    places = Places.of(GRID, {"bar": rng.uniform(0, 5000, (12, 2))})
    rate = 40 * np.exp(1.5 * places.features[1]) / np.exp(1.5 * places.features[1]).sum()
    X = rng.poisson(rate[:, None], (GRID.n_cells, 40)).astype(float)

    without, knowing = (model(grid=GRID, places=p).fit(X).predict(X) for p in (None, places))

    def regret(m: Any) -> float:
        m = m * rate.sum() / m.sum()
        return float((rate * np.log(rate / m)).sum())

    assert regret(knowing) < 0.8 * regret(without)
    assert clone(model(grid=GRID, places=places)).places is places
    with pytest.raises(ValueError, match="places are of 400 cells, X has 3 rows"):
        model(places=places).fit(np.ones((3, 20)))


def test_weights_are_checked() -> None:
    xy, dates = np.full((3, 2), 100.0), ["2024-01-01"] * 3
    for weights in ([1.0], [0.5, 2.0, 1.0], [0.5, np.nan, 1.0]):
        with pytest.raises(ValueError, match="weights must be 3 numbers from 0 to 1"):
            forecast(xy, dates, GRID, as_of="2024-06-03", weights=weights)


def nights(tmp_path: Path) -> Path:
    """Two years: by day in the west, by night in the east; half of the nights are told as an interval."""
    rng = np.random.default_rng(0)
    n = 6000
    night = rng.random(n) < 0.5
    start = pd.Timestamp("2022-06-06") + pd.to_timedelta(rng.integers(0, 727, n), unit="D")
    start += pd.to_timedelta(np.where(night, 21, 9), unit="h")
    until = pd.Series((start + pd.Timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M"))
    until[rng.random(n) < 0.5] = ""
    # 34 hot cells a side
    hot = rng.uniform(0, 0.02, (34, 2))[rng.integers(0, 34, n)] + rng.normal(0, 0.0004, (n, 2))
    lon, lat = 5.40 + hot[:, 0] + np.where(night, 0.03, 0.0), 43.30 + hot[:, 1]
    frame = pd.DataFrame(
        {"id": range(n), "date": start.strftime("%Y-%m-%dT%H:%M"), "fin": until, "lon": lon, "lat": lat}
    )
    frame.to_csv(tmp_path / "nights.csv", index=False)
    return tmp_path / "nights.csv"


def test_a_forecast_of_a_shift_is_of_what_happens_then(tmp_path: Path) -> None:
    options: dict[str, Any] = {"as_of": "2024-06-03", "crs": "EPSG:2154", "cell": 250.0, "mapping": {"until": "fin"}}
    path, found = nights(tmp_path), {}
    for name, more in {"all": {}, "night": {"shift": "21-05"}, "day": {"shift": "05-21", "calendar": "FR:B"}}.items():
        out = tmp_path / f"{name}.parquet"
        summary = forecast_files(path, out=out, **options, **more)
        frame = gpd.read_parquet(out)
        east = frame.geometry.centroid.x > frame.geometry.centroid.x.mean()
        found[name] = (summary["card"]["total"]["expected"], frame["expected"][east].sum())

    total, night, day = (found[name][0] for name in ("all", "night", "day"))
    assert night + day == pytest.approx(total, rel=0.1)
    assert found["night"][1] / night > 0.8
    assert found["day"][1] / day < 0.2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shift": "night"}, "shift: expected two different hours"),
        ({"calendar": "XX"}, "no public holidays are known"),
        ({"calendar": "FR:Z"}, "school_zone: expected one of"),
        ({"mapping": {"until": "nothing"}}, "no column 'nothing'"),
        ({"places": [("revenu", 5.4, 43.3)]}, "type 'revenu' is not allowed"),
        ({"places": [("bar", 500, 43.3)]}, "degrees in WGS 84"),
        ({"places": [("bar", "", 43.3)]}, "degrees in WGS 84"),
    ],
)
def test_a_bad_feature_of_a_file_is_a_clear_error(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    if rows := options.get("places"):
        pd.DataFrame(rows, columns=["type", "lon", "lat"]).to_csv(tmp_path / "places.csv", index=False)
        options = {"places": tmp_path / "places.csv"}

    with pytest.raises(BadInput, match=said):
        forecast_files(nights(tmp_path), as_of="2024-06-03", out=tmp_path / "o.parquet", crs="EPSG:2154", **options)


def test_intervals_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    path = nights(tmp_path)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "fin"], frame.loc[1, "fin"] = "later", "2000-01-01"
    frame.to_csv(path, index=False)

    summary = forecast_files(
        path, as_of="2024-06-03", out=tmp_path / "o.parquet", crs="EPSG:2154", mapping={"until": "fin"}
    )

    assert summary["refused"] == {"bad-until": 1, "ends-before-it-starts": 1}


def test_places_of_a_file_reach_the_forecast(tmp_path: Path) -> None:
    """The count is served here, and the model ranks cells of equal count."""
    pd.DataFrame({"type": "bar", "lon": [5.41, 5.44], "lat": 43.31}).to_csv(tmp_path / "places.csv", index=False)
    path, made = nights(tmp_path), []
    for places in (None, tmp_path / "places.csv"):
        out = tmp_path / "out.parquet"
        forecast_files(path, as_of="2024-06-03", out=out, crs="EPSG:2154", places=places)
        made.append(gpd.read_parquet(out)["rank"])

    assert made[0].notna().all()
    assert made[0].tolist() != made[1].tolist()
