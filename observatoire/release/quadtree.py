"""A public quadtree: places that each hold nothing, or at least `least` events."""

from dataclasses import dataclass

import numpy as np

from observatoire.risk.arrays import Floats, Ints

LEAST = 5  # events of a published place
SMALLEST = 400.0  # m, side of the smallest square


@dataclass(frozen=True)
class Leaf:
    """One published place: a square, or some of its four quarters taken together.

    Attributes
    ----------
    x, y, side : float, m
        Lower left corner and side of the square.
    quarters : tuple of int
        Which of its quarters (0 south-west, 1 south-east, 2 north-west, 3 north-east); empty: the whole square.
    count : int
        Events in it.
    """

    x: float
    y: float
    side: float
    quarters: tuple[int, ...]
    count: int

    @property
    def squares(self) -> list[tuple[float, float, float]]:
        """The squares that it is made of: lower left corner and side, m."""
        if not self.quarters:
            return [(self.x, self.y, self.side)]
        half = self.side / 2
        return [(self.x + half * (q % 2), self.y + half * (q // 2), half) for q in self.quarters]

    @property
    def area_km2(self) -> float:
        """Its area."""
        return sum(side**2 for _, _, side in self.squares) / 1e6


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
    """Cut a square into quarters, again and again, such that every place holds nothing or at least `least` events.

    Quarters that hold too few are taken together with one another, and where these are still too few with the smallest
    of the others; what is taken together is not cut any further.

    Parameters
    ----------
    xy : ndarray, shape (n_events, 2), m
    corner, side : m
        Of the whole; `side` is `smallest` times a power of two.

    Returns
    -------
    list of Leaf
        Places with events, disjoint; together they hold all events, whatever lies outside them holds none. Empty where
        the whole holds fewer than `least`.

    Raises
    ------
    ValueError
        If an event lies outside the whole.

    Notes
    -----
    A released place is never contained in another released one, so that no difference of two counts of one release is
    the count of a smaller place.

    Examples
    --------
    >>> xy = np.array([[100.0, 100.0]] * 5 + [[700.0, 700.0]] * 6)
    >>> [(leaf.x, leaf.side, leaf.count) for leaf in leaves(xy, (0.0, 0.0), 800.0)]
    [(0.0, 400.0, 5), (400.0, 400.0, 6)]
    """
    if len(xy) and not ((xy >= corner) & (xy < np.add(corner, side))).all():
        raise ValueError("xy: expected events inside the whole square")
    if len(xy) < least:
        return []
    return _cut(xy, corner[0], corner[1], side, least, smallest)


def _cut(xy: Floats, x: float, y: float, side: float, least: int, smallest: float) -> list[Leaf]:
    half = side / 2
    if half < smallest:
        return [Leaf(x, y, side, (), len(xy))]
    quarter: Ints = (xy[:, 0] >= x + half) + 2 * (xy[:, 1] >= y + half).astype(np.int64)
    counts = np.bincount(quarter, minlength=4)
    together = _too_few(counts, least)
    if len(together) == np.count_nonzero(counts):
        return [Leaf(x, y, side, (), len(xy))]
    made = [Leaf(x, y, side, tuple(sorted(together)), int(counts[together].sum()))] if together else []
    for k in np.flatnonzero(counts).tolist():
        if k not in together:
            made += _cut(xy[quarter == k], x + half * (k % 2), y + half * (k // 2), half, least, smallest)
    return made


def _too_few(counts: Ints, least: int) -> list[int]:
    """Return the quarters that must be taken together."""
    together = np.flatnonzero((counts > 0) & (counts < least)).tolist()
    others = [k for k in np.argsort(counts, kind="stable").tolist() if counts[k] >= least]
    while together and counts[together].sum() < least:
        together.append(others.pop(0))
    return [int(k) for k in together]
