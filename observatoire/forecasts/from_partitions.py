"""Forecast from events in GeoParquet that need not fit in memory: counted as they are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from observatoire.errors import BadInput
from observatoire.forecasts.partitions import Partitions
from observatoire.risk.arrays import Ints
from observatoire.risk.forecast import Forecast, tallied
from observatoire.risk.grid import Grid
from observatoire.risk.tally import Tally


def forecast_partitions(
    events: Path,
    *,
    origin: pd.Timestamp,
    first: np.datetime64,
    cell: float,
    crs: str | None,
    grid: Grid | None,
    mapping: Mapping[str, str],
    tz: str,
    category: str | None,
    **options: Any,
) -> tuple[list[Forecast], Grid, dict[str, Any]]:
    """Return the forecasts, their grid, and `read`, `used`, `later`, `refused`, `days_only`.

    Parameters
    ----------
    first : datetime64
        The first origin: the grid is made of the events before it, unless `grid` is given.
    options
        Those of `observatoire.risk.forecast.tallied`.

    Raises
    ------
    BadInput
        If `crs` is missing (it would take all positions to estimate it), or nothing can be used.
    """
    if crs is None:
        raise BadInput("crs: events in Parquet need the projected CRS of the grid, such as --crs EPSG:2154")
    source = Partitions(events, crs, mapping, tz, category)
    grid = grid or _grid(source, first, cell, crs)
    days_only = 0

    def count(end: np.datetime64, period: float) -> Tally:
        nonlocal days_only
        tally = Tally(grid.n_cells, end=end, period=period)
        days_only = 0
        for batch in source:
            where = grid.locate(batch.xy)
            tally.add(where, batch.dates)
            days_only += int((where >= 0)[batch.dates < end].sum()) if batch.day_only else 0
        last.append(tally)
        return tally

    last: list[Tally] = []
    results = tallied(count, grid, as_of=origin, tz=tz, **options)
    tally = last[-1]
    refused = {reason: n for reason, n in source.refused.items() if n}
    if tally.outside:
        refused["outside-every-cell"] = tally.outside
    used = source.read - tally.later - sum(refused.values())
    counted = {"read": source.read, "used": used, "later": tally.later, "refused": refused, "days_only": days_only}
    return results, grid, counted


def _grid(source: Partitions, first: np.datetime64, cell: float, crs: str) -> Grid:
    """Return the cells that hold an event before the first origin, gaps closed; scans the rows once."""
    if not cell > 0:
        raise BadInput(f"cell must be > 0 m, got {cell}")
    held: Ints = np.empty((0, 2), dtype=np.int64)
    for batch in source:
        known = batch.xy[batch.dates < first]
        held = np.unique(np.concatenate([held, np.floor(known / cell).astype(np.int64)]), axis=0)
    if not len(held):
        raise BadInput(f"events: no row can be used, or none lies before {np.datetime_as_string(first, 'm')}")
    return Grid.of_events(np.asarray((held + 0.5) * cell, dtype=np.float64), cell=cell, crs=crs)
