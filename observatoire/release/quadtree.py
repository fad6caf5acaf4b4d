"""A public quadtree: squares that each hold nothing, or at least `least` events."""

from dataclasses import dataclass

import numpy as np

from observatoire.risk.arrays import Floats, Ints

LEAST = 5  # events of a published square
SMALLEST = 400.0  # m, side of the smallest square


@dataclass(frozen=True)
class Leaf:
    """One published square: lower left corner and side (m), and how many events it holds."""

    x: float
    y: float
    side: float
    count: int


def root(bounds: tuple[float, float, float, float], smallest: float = SMALLEST) -> tuple[float, float, float]:
    """Return the corner and the side of the square over an area, on the lattice of the smallest squares, m.

    Parameters
    ----------
    bounds : (west, south, east, north), m
        Of the city, never of the events: the squares do not depend on what happened.

    Examples
    --------
    >>> root((450.0, 10.0, 1_900.0, 900.0))
    (400.0, 0.0, 1600.0)
    """
    west, south, east, north = bounds
    x, y = (float(np.floor(v / smallest) * smallest) for v in (west, south))
    wide = max(east - x, north - y, smallest)
    return x, y, float(smallest * 2 ** int(np.ceil(np.log2(wide / smallest))))


def leaves(
    xy: Floats, corner: tuple[float, float], side: float, *, least: int = LEAST, smallest: float = SMALLEST
) -> list[Leaf]:
    """Cut a square into four as long as every quarter holds nothing or at least `least` events.

    Parameters
    ----------
    xy : ndarray, shape (n_events, 2), m
    corner, side : m
        Of the whole; `side` is `smallest` times a power of two.

    Returns
    -------
    list of Leaf
        Squares with events, disjoint; together they hold all events, whatever lies outside them holds none. Empty where
        the whole holds fewer than `least`.

    Raises
    ------
    ValueError
        If an event lies outside the whole.

    Notes
    -----
    A released leaf is never contained in another released one, so that no difference of two counts of one release is
    the count of a smaller place (trust, G4: complementary suppression).

    Examples
    --------
    >>> leaves(np.array([[100.0, 100.0]] * 5 + [[700.0, 700.0]] * 6), (0.0, 0.0), 800.0)
    [Leaf(x=0.0, y=0.0, side=400.0, count=5), Leaf(x=400.0, y=400.0, side=400.0, count=6)]
    """
    if len(xy) and not ((xy >= corner) & (xy < np.add(corner, side))).all():
        raise ValueError("xy: expected events inside the whole square")
    if len(xy) < least:
        return []
    return _cut(xy, corner[0], corner[1], side, least, smallest)


def _cut(xy: Floats, x: float, y: float, side: float, least: int, smallest: float) -> list[Leaf]:
    half = side / 2
    if half < smallest:
        return [Leaf(x, y, side, len(xy))]
    quarter: Ints = (xy[:, 0] >= x + half) + 2 * (xy[:, 1] >= y + half).astype(np.int64)
    counts = np.bincount(quarter, minlength=4)
    if ((counts > 0) & (counts < least)).any():
        return [Leaf(x, y, side, len(xy))]
    made: list[Leaf] = []
    for k in np.flatnonzero(counts).tolist():
        made += _cut(xy[quarter == k], x + half * (k % 2), y + half * (k // 2), half, least, smallest)
    return made
