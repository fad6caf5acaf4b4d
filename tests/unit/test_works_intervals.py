"""The algebra of instants against plain Booleans, one a minute."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatoire.works.intervals import Intervals
from observatoire.works.timetable import Timetable

pytestmark = pytest.mark.unit

SPAN = 60
sets = st.lists(st.tuples(st.integers(0, SPAN), st.integers(0, SPAN)), max_size=8)


def held(intervals: Intervals) -> np.ndarray:
    """Return one Boolean an instant: the definition of the set."""
    on = np.zeros(SPAN, dtype=bool)
    for start, end in intervals.pairs():
        on[start:end] = True
    return on


@settings(max_examples=300, deadline=None)
@given(sets, sets)
def test_algebra_is_that_of_sets(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    left, right = Intervals.of(a), Intervals.of(b)
    plain = np.zeros(SPAN, dtype=bool)
    for start, end in a:
        plain[start:end] = True

    assert np.array_equal(held(left), plain)
    assert np.array_equal(held(left.union(right)), held(left) | held(right))
    assert np.array_equal(held(left.intersection(right)), held(left) & held(right))
    assert np.array_equal(held(left.difference(right)), held(left) & ~held(right))
    assert np.array_equal(held(left.complement(0, SPAN)), ~held(left))
    assert left.total() == plain.sum()
    assert left.overlaps(right) == bool((held(left) & held(right)).any())
    assert np.array_equal(left.contains(np.arange(SPAN)), plain)
    assert left.shift(5).shift(-5) == left


@settings(max_examples=200, deadline=None)
@given(sets, sets)
def test_equal_sets_have_one_form(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    left, right = Intervals.of(a), Intervals.of(b)
    both = left.union(right)

    assert (both.ends[:-1] < both.starts[1:]).all()
    assert (both.starts < both.ends).all()
    assert both == right.union(left)
    assert hash(both) == hash(right.union(left))
    assert left.difference(right).union(left.intersection(right)) == left


def test_intervals_that_touch_do_not_overlap() -> None:
    morning, afternoon = Intervals.of([(0, 12)]), Intervals.of([(12, 24)])

    assert not morning.overlaps(afternoon)
    assert morning.union(afternoon).pairs() == [(0, 24)]


@settings(max_examples=100, deadline=None)
@given(st.lists(sets, min_size=1, max_size=6), st.lists(sets, min_size=1, max_size=6))
def test_meetings_of_many_are_the_intersections_of_each_pair(a: list, b: list) -> None:
    left, right = [Intervals.of(s) for s in a], [Intervals.of(s) for s in b]
    mine, theirs = (grid.ravel() for grid in np.meshgrid(np.arange(len(left)), np.arange(len(right))))

    pair, start, end = Timetable.of(left).meetings(Timetable.of(right), mine, theirs)

    for k, (i, j) in enumerate(zip(mine, theirs, strict=True)):
        assert Intervals(start[pair == k], end[pair == k]) == left[i].intersection(right[j])
