"""Places where many items lie close together."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from observatoire.risk.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Crowd:
    """Items around one of them.

    Attributes
    ----------
    centre : int
        Index of the item in the middle.
    members : ndarray of int
        Indices of the items within the radius, itself among them; ascending.
    """

    centre: int
    members: Ints


def crowds(xy: Floats, ids: Ints, *, radius: float, at_least: int) -> list[Crowd]:
    """Return the crowded places, the fullest first; no item belongs to two.

    The item with the most others within `radius` (the bound is included) makes the first crowd, of equals the one with
    the smallest id; its members are put aside and the rest is looked at again, until nobody has enough.

    Parameters
    ----------
    xy : ndarray, shape (n, 2), m
    ids : ndarray of int, shape (n,)
    radius : float, m, > 0
    at_least : int, ≥ 1

    Raises
    ------
    ValueError
        If a parameter is out of its range, or the arrays do not fit.

    Examples
    --------
    >>> xy = np.array([[0.0, 0], [30, 0], [60, 0], [500, 0]])
    >>> [crowd.members.tolist() for crowd in crowds(xy, np.arange(4), radius=40, at_least=3)]
    [[0, 1, 2]]
    """
    if radius <= 0 or at_least < 1:
        raise ValueError(f"radius must be > 0 m and at_least ≥ 1, got {radius} and {at_least}")
    if xy.ndim != 2 or xy.shape[1] != 2 or len(ids) != len(xy):
        raise ValueError(f"xy must have shape (n, 2) with n ids, got {xy.shape} and {len(ids)}")
    left = np.arange(len(xy))
    found = []
    while len(left) >= at_least:
        tree = cKDTree(xy[left])
        counts = tree.query_ball_point(xy[left], radius, return_length=True)
        if counts.max() < at_least:
            break
        best = int(np.lexsort((ids[left], -counts))[0])
        inside = np.sort(np.asarray(tree.query_ball_point(xy[left[best]], radius), dtype=int))
        found.append(Crowd(int(left[best]), left[inside]))
        left = np.delete(left, inside)
    return found
