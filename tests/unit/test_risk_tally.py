"""Counting part by part gives what counting at once gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatoire.risk import tally as module
from observatoire.risk.counts import count
from observatoire.risk.forecast import Events
from observatoire.risk.tally import Tally

pytestmark = pytest.mark.unit

END = np.datetime64("2024-03-01T06:00", "us")
EVENTS = st.lists(st.tuples(st.integers(-1, 4), st.integers(-90 * 24, 10 * 24)), max_size=80)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(1, 7), st.sampled_from([7.0, 7.5]))
def test_a_tally_of_parts_is_the_count_of_the_whole(events: list[tuple[int, int]], parts: int, period: float) -> None:
    cells = np.array([cell for cell, _ in events], dtype=np.int64)
    dates = END + np.array([hours for _, hours in events], dtype=np.int64) * np.timedelta64(1, "h")
    tally = Tally(5, end=END, period=period)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WAITING", 3)
        for k in range(parts):
            tally.add(cells[k::parts], dates[k::parts])

    ours, theirs = tally.counts(), count(cells, dates, 5, end=END, period=period)

    assert ours.table.toarray().tolist() == theirs.table.toarray().tolist()
    assert (ours.end, ours.period, ours.n_periods) == (theirs.end, theirs.period, theirs.n_periods)
    assert tally.later == (dates >= END).sum()
    assert tally.outside == ((dates < END) & (cells < 0)).sum()
    for gone in (0, 1, 30):
        as_of = END - np.timedelta64(gone, "D")
        assert tally.situation(as_of) == Events(cells, dates).situation(as_of, 5)


def test_an_origin_that_is_not_whole_days_before_the_end_is_refused() -> None:
    for as_of in (END - np.timedelta64(5, "h"), END + np.timedelta64(1, "D")):
        with pytest.raises(ValueError, match="whole days before"):
            Tally(3, end=END, period=7).situation(as_of)


def test_a_weight_counts_for_a_part_of_an_event() -> None:
    tally = Tally(2, end=END, period=7)

    tally.add(np.array([0, 0, 1]), END - np.array([1, 2, 8]) * np.timedelta64(1, "D"), np.array([0.25, 0.5, 1.0]))

    assert tally.counts().table.toarray().tolist() == [[0.75], [0.0]]
    assert tally.situation(END)[0].per_week == pytest.approx(1.75 / 8)


def test_what_is_kept_does_not_grow_with_the_rows() -> None:
    """A million events of ten cells in ten weeks are a hundred numbers."""
    rng = np.random.default_rng(0)
    tally = Tally(10, end=END, period=7)
    for _ in range(20):
        back = rng.integers(1, 70 * 86_400, 50_000) * np.timedelta64(1, "s")
        tally.add(rng.integers(0, 10, 50_000), END - back)
    tally.counts()

    assert tally._table.nnz <= 100
    assert tally._waiting == []
    assert tally._per_day.sum() == 1_000_000
