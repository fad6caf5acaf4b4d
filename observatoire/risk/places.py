"""What stands near a cell: distance to and density of places, of types on a list; never who lives there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import KDTree

from observatoire.risk.arrays import Floats
from observatoire.risk.grid import Grid
from observatoire.risk.place_types import check_type

NEAR = 300.0  # m: standard deviation of the kernel of densities
FAR = 3000.0  # m: beyond, one distance is like another
OFFSET = 0.1  # places within reach: added before the logarithm


@dataclass(frozen=True, eq=False)
class Places:
    """Features of a grid's cells, the same in all periods.

    Attributes
    ----------
    names : tuple of str
        `bar.distance`, `bar.density`, …
    features : ndarray, shape (n_features, n_cells)
        Logarithms of the distance from the centre to the nearest place and of the number of places around it.
    numbers : mapping of type to int
        How many places there are of each type that was asked for.
    """

    names: tuple[str, ...]
    features: Floats
    numbers: Mapping[str, int]

    @classmethod
    def of(cls, grid: Grid, places: Mapping[str, ArrayLike]) -> Self:
        """Return the features of places by type.

        Parameters
        ----------
        places : mapping of type to array, shape (n, 2), m
            In the CRS of the grid. A type without places says nothing and is left out.

        Raises
        ------
        ValueError
            If a type is not allowed, or positions are not finite (n, 2) arrays.
        """
        names: list[str] = []
        rows: list[Floats] = []
        numbers: dict[str, int] = {}
        for kind, given in sorted(places.items()):
            check_type(kind)
            xy = np.asarray(given, dtype=float)
            if xy.ndim != 2 or xy.shape[1] != 2 or not np.isfinite(xy).all():
                raise ValueError(f"places.{kind}: expected finite positions of shape (n, 2), in metres")
            numbers[kind] = len(xy)
            if len(xy):
                names += [f"{kind}.distance", f"{kind}.density"]
                rows += [_distance(grid, xy), _density(grid, xy)]
        return cls(tuple(names), np.array(rows) if rows else np.empty((0, grid.n_cells)), numbers)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: it never changes."""
        return self


def _distance(grid: Grid, xy: Floats) -> Floats:
    found, _ = KDTree(xy).query(grid.centres, distance_upper_bound=FAR)
    return np.asarray(np.log(np.minimum(found, FAR) + grid.cell / 2))


def _density(grid: Grid, xy: Floats) -> Floats:
    """Return log(offset + Σ exp(-d²/2h²)) at each centre."""
    near = KDTree(grid.centres).sparse_distance_matrix(KDTree(xy), 3 * NEAR, output_type="coo_matrix")
    weight = np.exp(-0.5 * (near.data / NEAR) ** 2)
    return np.asarray(np.log(OFFSET + np.bincount(near.row, weight, minlength=grid.n_cells)))
