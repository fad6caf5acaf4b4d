"""The public quadtree: nobody is alone in a published square, and nothing is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatoire.release.quadtree import LEAST, leaves, root

pytestmark = pytest.mark.unit
points = st.lists(st.tuples(st.integers(0, 3_199), st.integers(0, 3_199)), max_size=120)


@given(points)
@settings(max_examples=200, deadline=None)
def test_every_published_square_holds_enough_and_together_they_hold_all(places: list[tuple[int, int]]) -> None:
    xy = np.array(places, dtype=float).reshape(-1, 2)

    made = leaves(xy, (0.0, 0.0), 3_200.0)

    assert all(leaf.count >= LEAST and leaf.side >= 400 for leaf in made)
    assert sum(leaf.count for leaf in made) == (len(xy) if len(xy) >= LEAST else 0)
    for leaf in made:
        inside = ((xy >= (leaf.x, leaf.y)) & (xy < (leaf.x + leaf.side, leaf.y + leaf.side))).all(axis=1)
        assert inside.sum() == leaf.count


@given(points)
@settings(max_examples=100, deadline=None)
def test_no_difference_of_published_counts_is_a_small_place(places: list[tuple[int, int]]) -> None:
    """Squares of one release are disjoint: the only sums that can be formed are unions of whole squares."""
    made = leaves(np.array(places, dtype=float).reshape(-1, 2), (0.0, 0.0), 3_200.0)

    for k, one in enumerate(made):
        for other in made[k + 1 :]:
            apart = (
                one.x + one.side <= other.x
                or other.x + other.side <= one.x
                or one.y + one.side <= other.y
                or other.y + other.side <= one.y
            )
            assert apart


def test_a_lone_event_keeps_its_quarter_together_with_the_others() -> None:
    xy = np.array([[10.0, 10.0]] * 20 + [[700.0, 700.0]])

    (whole,) = leaves(xy, (0.0, 0.0), 800.0)

    assert (whole.side, whole.count) == (800.0, 21)


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
