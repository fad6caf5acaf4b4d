"""A square lattice of cells, in metres, in one projected CRS."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from observatoire.risk.arrays import Floats, Ints

LARGEST_LATTICE = 50_000_000  # nodes of the bounding rectangle: the look-up table is one int32 each
TOLERANCE = 0.001  # of a cell: corners written with few decimals still lie on the lattice


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of one lattice; not all of its nodes need be there (sea, hills, outside the city).

    Attributes
    ----------
    cell : float, m
        Side of a cell.
    crs : str
        Projected CRS in metres, `EPSG:n`.
    cell_id : ndarray of object, shape (n_cells,)
        Names, unique.
    x_min, y_min : ndarray, shape (n_cells,), m
        Lower left corners. A cell holds its lower and left sides, not the others.

    Raises
    ------
    ValueError
        If the CRS is not projected in metres, there is no cell, or cells overlap or do not lie on one lattice.
    """

    cell: float
    crs: str
    cell_id: NDArray[Any]
    x_min: Floats
    y_min: Floats

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cell) and self.cell > 0):
            raise ValueError(f"cell must be > 0 m, got {self.cell}")
        check_crs(self.crs)
        if not self.cell_id.shape == self.x_min.shape == self.y_min.shape or self.x_min.ndim != 1:
            raise ValueError("cell_id, x_min and y_min must be arrays of one length")
        if self.n_cells == 0:
            raise ValueError("the grid has no cell")
        if not (np.isfinite(self.x_min).all() and np.isfinite(self.y_min).all()):
            raise ValueError("x_min and y_min must be finite numbers, in metres")
        if len(set(self.cell_id.tolist())) != self.n_cells:
            raise ValueError("cell_id must be unique")
        for name, corners, index in (("x_min", self.x_min, self.col), ("y_min", self.y_min, self.row)):
            if np.abs((corners - corners.min()) / self.cell - index).max() > TOLERANCE:
                raise ValueError(f"{name}: cells do not lie on one lattice of {self.cell:g} m")
        if np.unique(self.row * self.shape[1] + self.col).size != self.n_cells:
            raise ValueError(f"two cells of {self.cell:g} m lie on the same place")

    @classmethod
    def of_cells(cls, cell_id: ArrayLike, x_min: ArrayLike, y_min: ArrayLike, *, cell: float, crs: str) -> Self:
        """Return the grid of given lower left corners, on any lattice."""
        names = np.array([str(name) for name in np.asarray(cell_id, dtype=object).ravel()], dtype=object)
        return cls(float(cell), crs, names, np.asarray(x_min, dtype=float), np.asarray(y_min, dtype=float))

    @classmethod
    def covering(cls, area: Any, *, cell: float, crs: str) -> Self:
        """Return the cells whose centre lies in `area`, on the lattice through the origin of the CRS.

        Parameters
        ----------
        area : shapely geometry, or (x_min, y_min, x_max, y_max) in m
            In `crs`.
        """
        geometry = shapely.box(*area) if isinstance(area, Sequence) else area
        if not cell > 0:
            raise ValueError(f"cell must be > 0 m, got {cell}")
        west, south, east, north = geometry.bounds if not geometry.is_empty else (0, 0, 0, 0)
        col, row = np.arange(west // cell, east // cell + 1), np.arange(south // cell, north // cell + 1)
        _check_lattice(col.size, row.size, cell)
        x, y = (a.ravel() * cell for a in np.meshgrid(col, row))
        inside = shapely.contains_xy(geometry, x + cell / 2, y + cell / 2)
        if not inside.any():
            raise ValueError(f"no centre of a cell of {cell:g} m lies in the area: the cell is larger than the area")
        return cls._named(x[inside], y[inside], cell=cell, crs=crs)

    @classmethod
    def of_events(cls, xy: Floats, *, cell: float, crs: str) -> Self:
        """Return the cells that hold an event, and those that close the gaps between them.

        A morphological closing by 3 × 3 cells: nothing is added outwards, because a wider mask flatters every model.
        """
        if len(xy) == 0:
            raise ValueError("no events: the grid cannot be derived from them")
        if not cell > 0:
            raise ValueError(f"cell must be > 0 m, got {cell}")
        index = np.floor(np.asarray(xy, dtype=float) / cell).astype(np.int64)
        low = index.min(axis=0) - 1
        n_col, n_row = index.max(axis=0) - low + 2
        _check_lattice(int(n_col), int(n_row), cell)
        seen = np.zeros((n_row, n_col), dtype=bool)
        seen[index[:, 1] - low[1], index[:, 0] - low[0]] = True
        row, col = np.nonzero(ndimage.binary_closing(seen, np.ones((3, 3), dtype=bool)) | seen)
        return cls._named((col + low[0]) * float(cell), (row + low[1]) * float(cell), cell=cell, crs=crs)

    @classmethod
    def _named(cls, x: Floats, y: Floats, *, cell: float, crs: str) -> Self:
        """Name cells as INSPIRE and INSEE do: `CRS3035RES200mN2471400E3942600`."""
        head = f"CRS{crs.rpartition(':')[2]}RES{cell:g}m"
        names = [f"{head}N{n:.10g}E{e:.10g}" for e, n in zip(x.tolist(), y.tolist(), strict=True)]
        return cls(float(cell), crs, np.array(names, dtype=object), x, y)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: it never changes, and copies would forget what is cached by grid."""
        return self

    @property
    def n_cells(self) -> int:
        return len(self.x_min)

    @property
    def area_km2(self) -> float:
        return self.n_cells * (self.cell / 1000) ** 2

    @property
    def centres(self) -> Floats:
        """Centres, shape (n_cells, 2), m."""
        return np.column_stack([self.x_min, self.y_min]) + self.cell / 2

    @cached_property
    def col(self) -> Ints:
        """Column of each cell in the lattice, from 0 in the west."""
        return np.rint((self.x_min - self.x_min.min()) / self.cell).astype(np.int64)

    @cached_property
    def row(self) -> Ints:
        """Row of each cell in the lattice, from 0 in the south."""
        return np.rint((self.y_min - self.y_min.min()) / self.cell).astype(np.int64)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the lattice that bounds the cells."""
        n_row, n_col = int(self.row.max()) + 1, int(self.col.max()) + 1
        _check_lattice(n_col, n_row, self.cell)
        return n_row, n_col

    @cached_property
    def _lookup(self) -> NDArray[np.int32]:
        table = np.full(self.shape, -1, dtype=np.int32)
        table[self.row, self.col] = np.arange(self.n_cells)
        return table

    def locate(self, xy: ArrayLike) -> Ints:
        """Return the index of the cell that holds each point, -1 outside every cell or where a coordinate is NaN."""
        points = np.asarray(xy, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"xy must have shape (n, 2), got {points.shape}")
        n_row, n_col = self.shape
        col = np.floor((points[:, 0] - self.x_min.min()) / self.cell)
        row = np.floor((points[:, 1] - self.y_min.min()) / self.cell)
        on = (row >= 0) & (row < n_row) & (col >= 0) & (col < n_col)
        found = np.full(len(points), -1, dtype=np.int64)
        found[on] = self._lookup[row[on].astype(np.int64), col[on].astype(np.int64)]
        return found

    def polygons(self) -> NDArray[Any]:
        """Return the cells as shapely polygons, in `crs`."""
        squares: NDArray[Any] = shapely.box(self.x_min, self.y_min, self.x_min + self.cell, self.y_min + self.cell)
        return squares


@lru_cache(maxsize=64)
def check_crs(crs: str) -> None:
    """Raise ValueError unless `crs` is a projected CRS in metres."""
    try:
        found = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise ValueError(f"crs: no coordinate reference system is named {crs!r}; expected EPSG:n") from None
    if not found.is_projected:
        raise ValueError(f"crs: {crs} is not projected; expected a projected CRS in metres, such as EPSG:2154")
    units = {axis.unit_name for axis in found.axis_info}
    if units - {"metre", "meter"}:
        raise ValueError(f"crs: {crs} is in {', '.join(sorted(units))}; expected metres")


def _check_lattice(n_col: int, n_row: int, cell: float) -> None:
    if n_col * n_row > LARGEST_LATTICE:
        raise ValueError(f"cells of {cell:g} m over {n_col} × {n_row} places are too many: enlarge the cell")
