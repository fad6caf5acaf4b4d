"""Counts by cell and period."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from observatoire.risk.counts import count, wall_time
from observatoire.risk.prefix import digest
from observatoire.risk.spans import Horizon, days

pytestmark = pytest.mark.unit

END = np.datetime64("2024-03-01T00:00", "us")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-60, 20)), max_size=60))
def test_every_event_of_a_whole_period_is_counted_once(events: list[tuple[int, int]]) -> None:
    cells = np.array([cell for cell, _ in events], dtype=int)
    dates = END + np.array([day for _, day in events], dtype=int) * np.timedelta64(1, "D")

    counts = count(cells, dates, 5, end=END, period=7)

    inside = (cells >= 0) & (dates < END) & (dates >= END - np.timedelta64(7 * counts.n_periods, "D"))
    assert counts.totals.sum() == inside.sum()
    assert np.asarray(counts.table.sum(axis=1)).tolist() == np.bincount(cells[inside], minlength=5).tolist()


def test_periods_are_half_open_and_end_at_the_origin() -> None:
    dates = np.array(["2024-02-16", "2024-02-22T23:59:59", "2024-02-23", "2024-03-01"], dtype="datetime64[us]")

    counts = count(np.zeros(4, dtype=int), dates, 1, end=END, period=7)

    assert counts.totals.tolist() == [2, 1]
    assert counts.starts.astype("datetime64[D]").astype(str).tolist() == ["2024-02-16", "2024-02-23"]


def test_a_period_cut_by_the_first_event_is_left_out() -> None:
    dates = np.array(["2024-02-17", "2024-02-24"], dtype="datetime64[us]")

    assert count(np.zeros(2, dtype=int), dates, 1, end=END, period=7).totals.tolist() == [1]


def test_no_event_gives_no_period() -> None:
    assert count(np.empty(0, dtype=int), np.empty(0, dtype="datetime64[us]"), 3, end=END, period=7).n_periods == 0


def test_the_number_of_a_period_does_not_depend_on_the_origin() -> None:
    dates = END - np.arange(1, 100) * np.timedelta64(1, "D")
    whole = count(np.zeros(99, dtype=int), dates, 1, end=END, period=7)
    earlier = count(np.zeros(99, dtype=int), dates, 1, end=END - np.timedelta64(21, "D"), period=7)

    assert whole.numbers[:-3].tolist() == earlier.numbers.tolist()
    assert whole.until(whole.n_periods - 3).table.toarray().tolist() == earlier.table.toarray().tolist()


def test_aware_dates_become_wall_time() -> None:
    assert wall_time(["2024-07-01T22:30:00Z"], "Europe/Paris").astype(str).tolist() == ["2024-07-02T00:30:00.000000"]
    assert wall_time(["2024-07-02"], "Europe/Paris").astype(str).tolist() == ["2024-07-02T00:00:00.000000"]


@pytest.mark.parametrize("text", ["0d", "400d", "7.5", "month", "-7d", ""])
def test_a_horizon_that_is_not_whole_days_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="days"):
        days(text)


@pytest.mark.parametrize("n", [1, 3, 7, 14, 28, 30, 31, 91])
def test_periods_fill_the_horizon(n: int) -> None:
    horizon = Horizon(n)

    assert horizon.steps * horizon.period == pytest.approx(n)
    assert horizon.weeks(52) * horizon.period == pytest.approx(364, abs=horizon.period)


def test_a_digest_tells_tables_apart_and_is_the_same_for_the_same_columns() -> None:
    rng = np.random.default_rng(0)
    table = sparse.csc_array(rng.poisson(0.5, (30, 20)).astype(float))
    other = table.copy()
    other.data[-1] += 1

    assert digest(table, 12) == digest(table[:, :12]) == digest(table.copy(), 12)
    assert digest(table) != digest(other)
    assert digest(table, 19) != digest(table, 20)
    many = [digest(table[:, :k]) for _ in range(3) for k in range(20)]  # more than are kept
    assert len(set(many)) == 20
    assert many[:20] == many[40:]
