"""Forecasts in time: which weeks, put together how, and what a difference is."""

from datetime import date
from typing import Any

import pytest
from qgis_obs.core.comparison import compare
from qgis_obs.core.weeks import BadForecast, Forecast, forecast, origins, together

pytestmark = pytest.mark.unit

SQUARE = {"type": "Polygon", "coordinates": [[[5, 43], [6, 43], [6, 44], [5, 43]]]}


def answer(
    start: str = "2026-11-23T00:00:00+01:00", end: str = "2026-11-30T00:00:00+01:00", target: str = "signalements",
    **cells: tuple[float | None, float | None, float | None],
) -> dict[str, Any]:  # fmt: skip
    """What the process gives: `expected, lower, upper` by cell."""
    features = [
        {
            "geometry": SQUARE,
            "properties": {"cell_id": cell, "expected": e, "lower": lo, "upper": up, "answer": "count"},
        }
        for cell, (e, lo, up) in cells.items()
    ]
    return {"features": features, "forecast": {"start": start, "end": end, "target": target, "badge": "weak"}}


def made(**how: Any) -> Forecast:
    return forecast(answer(**how))


def test_weeks_go_back_from_the_last_by_the_calendar() -> None:
    """Over the change of clocks (25 October 2026) a week is seven days of the calendar, not 168 hours."""
    assert origins(date(2026, 11, 2), 3) == ["2026-10-19", "2026-10-26", "2026-11-02"]
    assert origins(date(2026, 3, 1), 2, 28) == ["2026-02-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("count", "days", "name"), [(0, 7, "count"), (53, 7, "count"), (2, 0, "days"), (2, 29, "days")]
)
def test_too_many_weeks_are_refused_by_name(count: int, days: int, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        origins(date(2026, 1, 1), count, days)


def test_a_period_is_told_by_its_first_and_last_day() -> None:
    assert made(a=(1, 0, 2)).period == "2026-11-23 – 2026-11-29"


def test_weeks_are_one_feature_a_cell_and_period_and_unknown_stays_null() -> None:
    later = made(start="2026-11-30T00:00:00+01:00", end="2026-12-07T00:00:00+01:00", a=(None, None, None))
    found = together([later, made(a=(1.5, 0, 3), b=(0.5, 0, 2))])["features"]

    rows = [(f["properties"]["start"][:10], f["properties"]["cell_id"], f["properties"]["expected"]) for f in found]
    assert rows == [("2026-11-23", "a", 1.5), ("2026-11-23", "b", 0.5), ("2026-11-30", "a", None)]


def test_two_forecasts_of_one_period_or_of_two_collections_are_not_put_together() -> None:
    with pytest.raises(BadForecast, match="start"):
        together([made(a=(1, 0, 2)), made(a=(1, 0, 2))])
    other = made(start="2026-11-30T00:00:00+01:00", end="2026-12-07T00:00:00+01:00", target="faits", a=(1, 0, 2))
    with pytest.raises(BadForecast, match="target"):
        together([made(a=(1, 0, 2)), other])


def test_a_difference_is_after_less_before_and_unknown_where_one_abstains() -> None:
    before = made(a=(1.0, 0, 2), b=(2.0, 1, 3), c=(None, None, None), only=(9.0, 8, 10))
    after = made(a=(4.0, 3, 6), b=(1.5, 1, 3), c=(1.0, 0, 2))

    found = compare(before, after)

    said = {f["properties"]["cell_id"]: f["properties"] for f in found.features}
    assert {cell: one["difference"] for cell, one in said.items()} == {"a": 3.0, "b": -0.5, "c": None}
    assert {cell: one["apart"] for cell, one in said.items()} == {"a": True, "b": False, "c": None}
    assert (found.total, found.apart, found.unknown) == (2.5, 1, 1)
    assert (found.only_before, found.only_after) == (1, 0)
    assert found.largest() == 3.0


def test_intervals_that_touch_are_not_apart() -> None:
    found = compare(made(a=(1.0, 0, 2)), made(a=(3.0, 2, 4)))

    assert found.apart == 0


def test_a_week_is_not_compared_with_a_month_nor_with_another_grid() -> None:
    month = made(end="2026-12-21T00:00:00+01:00", a=(1, 0, 2))
    with pytest.raises(BadForecast, match="horizon_days: 7 and 28"):
        compare(made(a=(1, 0, 2)), month)
    with pytest.raises(BadForecast, match="cell_id"):
        compare(made(a=(1, 0, 2)), made(b=(1, 0, 2)))


def test_a_week_in_which_the_clock_changes_is_as_long_as_any() -> None:
    """19 to 26 October 2026 in Paris has 169 hours."""
    autumn = made(start="2026-10-19T00:00:00+02:00", end="2026-10-26T00:00:00+01:00", a=(1, 0, 2))

    assert compare(autumn, made(a=(1, 0, 2))).total == 0


@pytest.mark.parametrize(
    ("broken", "member"),
    [
        ({}, "features"),
        ({"features": []}, "forecast"),
        ({"features": [], "forecast": {"start": "2026-01-01"}}, "forecast"),
        ({"features": [{"properties": {}}], "forecast": {"start": "x", "end": "y"}}, r"features\[0\].*cell_id"),
    ],
)
def test_what_is_no_forecast_is_refused_by_member(broken: Any, member: str) -> None:
    with pytest.raises(BadForecast, match=member):
        forecast(broken)
