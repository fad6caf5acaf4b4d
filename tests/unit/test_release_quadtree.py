"""The public quadtree: nobody is alone in a published square, and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatoire.release.quadtree import LEAST, Leaf, leaves, root

pytestmark = pytest.mark.unit
points = st.lists(st.tuples(st.integers(0, 3_199), st.integers(0, 3_199)), max_size=120)


def held(leaf: Leaf, xy: np.ndarray) -> np.ndarray:
    """Which points lie in a leaf, by its squares."""
    inside = np.zeros(len(xy), dtype=bool)
    for x, y, side in leaf.squares:
        inside |= ((xy >= (x, y)) & (xy < (x + side, y + side))).all(axis=1)
    return inside


@given(points)
@settings(max_examples=200, deadline=None)
def test_every_published_place_holds_enough_and_together_they_hold_all(places: list[tuple[int, int]]) -> None:
    xy = np.array(places, dtype=float).reshape(-1, 2)

    made = leaves(xy, (0.0, 0.0), 3_200.0)

    assert all(leaf.count >= LEAST and side >= 400 for leaf in made for *_, side in leaf.squares)
    assert sum(leaf.count for leaf in made) == (len(xy) if len(xy) >= LEAST else 0)
    assert all(held(leaf, xy).sum() == leaf.count for leaf in made)


@given(points)
@settings(max_examples=100, deadline=None)
def test_no_difference_of_published_counts_is_a_small_place(places: list[tuple[int, int]]) -> None:
    """Places of one release are disjoint: the only sums that can be formed are unions of whole places."""
    made = leaves(np.array(places, dtype=float).reshape(-1, 2), (0.0, 0.0), 3_200.0)

    squares = [square for leaf in made for square in leaf.squares]
    for k, (x, y, side) in enumerate(squares):
        for u, v, other in squares[k + 1 :]:
            assert x + side <= u or u + other <= x or y + side <= v or v + other <= y


def test_a_lone_event_is_taken_together_with_the_smallest_quarter_and_the_largest_stays_apart() -> None:
    xy = np.array([[10.0, 10.0]] * 20 + [[700.0, 700.0]] + [[700.0, 10.0]] * 6)

    made = leaves(xy, (0.0, 0.0), 800.0)

    assert made == [Leaf(0.0, 0.0, 800.0, (1, 3), 7), Leaf(0.0, 0.0, 400.0, (), 20)]


def test_where_nothing_stays_apart_the_square_is_whole() -> None:
    xy = np.array([[10.0, 10.0]] * 20 + [[700.0, 700.0]])

    assert leaves(xy, (0.0, 0.0), 800.0) == [Leaf(0.0, 0.0, 800.0, (), 21)]


def test_the_whole_covers_the_city_and_does_not_depend_on_events() -> None:
    x, y, side = root((879_950.0, 6_231_510.0, 906_690.0, 6_258_960.0))

    assert x <= 879_950
    assert y <= 6_231_510
    assert x + side >= 906_690
    assert y + side >= 6_258_960
    assert side == 400 * 2**7


def test_events_outside_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="inside the whole square"):
        leaves(np.array([[-1.0, 0.0]] * 9), (0.0, 0.0), 800.0)
