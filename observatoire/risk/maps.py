"""Maps of past events: one for each way of forgetting and each reach in space."""

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import weighted
from observatoire.risk.grid import Grid
from observatoire.risk.memo import Memo
from observatoire.risk.prefix import digest
from observatoire.risk.smooth import smooth

FOREVER = float("inf")  # half-life of the map that forgets nothing
drawn = Memo()


def decay(n_periods: int, half_life: float) -> Floats:
    """Return the weight of each past period, 1 for the last one, halved every `half_life` periods.

    >>> decay(3, 1.0)
    array([0.25, 0.5 , 1.  ])
    """
    return np.asarray(0.5 ** (np.arange(n_periods - 1, -1, -1) / half_life))


def maps(
    table: Table, n_periods: int, *, grid: Grid | None, half_lives: tuple[float, ...], reaches: tuple[float, ...]
) -> Floats:
    """Return decayed and smoothed counts as known after the first `n_periods` columns.

    Returns
    -------
    ndarray, shape (1 + n_half_lives · n_reaches, n_cells), events, read only
        The first is a flat map of ones; without a grid each half-life gives one map.
    """
    key = (digest(table, n_periods), grid, half_lives, reaches)
    return drawn.get(key, lambda: _draw(table, n_periods, grid, half_lives, reaches))


def _draw(
    table: Table, n_periods: int, grid: Grid | None, half_lives: tuple[float, ...], reaches: tuple[float, ...]
) -> Floats:
    weights = np.zeros((table.shape[1], len(half_lives)))
    weights[:n_periods] = np.column_stack([decay(n_periods, half_life) for half_life in half_lives])
    counts = np.ascontiguousarray(np.asarray(table @ weights).T)
    near = [counts] if grid is None else [smooth(counts, grid, bandwidth=reach) for reach in reaches]
    return np.concatenate([np.ones((1, table.shape[0])), *near])


def shares(raw: Floats, sums: Floats | None = None, *, of: int | None = None) -> Floats:
    """Return maps divided by their sums, so that each is a distribution over cells; an empty map becomes flat.

    Of some of the cells only, where the sums over all and their number `of` are given.
    """
    sums = raw.sum(axis=1) if sums is None else sums
    empty = sums <= 0
    if not empty.any():
        return raw / sums[:, None]
    out = raw / np.where(empty, 1.0, sums)[:, None]
    out[empty] = 1 / (raw.shape[1] if of is None else of)
    return out


def mixed(raw: Floats, sums: Floats, parts: Floats) -> Floats:
    """Return Σ_j parts_j shares_j of maps whose sums over all cells are known, shape (n_cells,)."""
    empty = sums <= 0
    of_each = np.where(empty, 0.0, parts / np.where(empty, 1.0, sums))
    return np.asarray(of_each @ raw + parts[empty].sum() / raw.shape[1])


def season(table: Table, n_periods: int, *, grid: Grid | None, year: int) -> Floats:
    """Return the counts of the same season in the two years before, about nine weeks each, smoothed near and wide.

    Returns
    -------
    ndarray, shape (2, n_cells), events; (1, n_cells) without a grid
        Zero where the history is shorter than a year.
    """
    weights = np.zeros(table.shape[1])
    around = max(1, round(year / 12))
    for ago in (year, 2 * year):
        weights[max(n_periods - ago - around, 0) : max(n_periods - ago + around + 1, 0)] = 1.0
    weights[n_periods:] = 0.0
    counts = weighted(table, weights)[None]
    return (
        counts if grid is None else np.concatenate([smooth(counts, grid, bandwidth=reach) for reach in (200.0, 600.0)])
    )
