"""Gaussian smoothing of values on the cells of a grid."""

from functools import lru_cache

import numpy as np
from scipy import ndimage

from observatoire.risk.arrays import Floats
from observatoire.risk.grid import Grid

REACH = 3.0  # standard deviations beyond which a cell weighs nothing
WIDE = 15  # rows or columns per row of the kernel above which a moving kernel is faster than a product of matrices


def smooth(values: Floats, grid: Grid, *, bandwidth: float) -> Floats:
    """Return the kernel average of cell values around each cell.

    Parameters
    ----------
    values : ndarray, shape (..., n_cells)
    grid : Grid
    bandwidth : float, m
        Standard deviation of the Gaussian kernel; 0 returns the values.

    Returns
    -------
    ndarray, shape (..., n_cells)
        Divided by the kernel's mass inside the grid: a constant stays constant up to the coast (Diggle 1985's edge
        correction). Sums are not kept exactly.
    """
    if bandwidth < 0:
        raise ValueError(f"bandwidth must be >= 0 m, got {bandwidth}")
    if bandwidth == 0:
        return values
    near = _blur(np.atleast_2d(values), grid, bandwidth) / _mass(grid, bandwidth)
    return np.asarray(near.reshape(values.shape))


@lru_cache(maxsize=32)
def _mass(grid: Grid, bandwidth: float) -> Floats:
    """Return the share of the kernel around each cell that falls on cells of the grid."""
    return np.asarray(_blur(np.ones((1, grid.n_cells)), grid, bandwidth)[0])


def _blur(rows: Floats, grid: Grid, bandwidth: float) -> Floats:
    """Return each row convolved with the kernel, cells that are not in the grid counting as 0."""
    image = np.zeros((len(rows), *grid.shape))
    image[:, grid.row, grid.col] = rows
    sigma = bandwidth / grid.cell
    reach = max(REACH, 0.5 / sigma)
    if max(grid.shape) > WIDE * (2 * int(reach * sigma + 0.5) + 1):
        blurred = ndimage.gaussian_filter(image, sigma=(0, sigma, sigma), mode="constant", truncate=reach)
    else:
        blurred = _kernel(grid.shape[0], sigma, reach) @ image @ _kernel(grid.shape[1], sigma, reach)
    return np.asarray(blurred[:, grid.row, grid.col])


@lru_cache(maxsize=64)
def _kernel(n: int, sigma: float, reach: float) -> Floats:
    """Return the (n, n) matrix of the one-dimensional kernel, symmetric; the same weights as scipy's filter."""
    radius = int(reach * sigma + 0.5)
    offset = np.arange(n)[:, None] - np.arange(n)[None, :]
    weight = np.where(np.abs(offset) <= radius, np.exp(-0.5 * (offset / sigma) ** 2), 0.0)
    return np.asarray(weight / np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).sum())
