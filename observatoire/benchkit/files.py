"""A file of events made ready for the frozen protocol."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from observatoire.benchkit.run import Step, bench
from observatoire.errors import BadInput
from observatoire.forecasts.events_files import Events, read_cells, read_events
from observatoire.forecasts.files import instant, project, utm
from observatoire.risk.counts import count
from observatoire.risk.evaluate import LEAST_PAST
from observatoire.risk.grid import Grid
from observatoire.risk.protocol import HORIZON_DAYS, ORIGINS


def bench_files(
    events: Path,
    *,
    model: Path | None = None,
    as_of: str | None = None,
    cell: float = 250.0,
    cells: Path | None = None,
    crs: str | None = None,
    tz: str = "UTC",
    mapping: Mapping[str, str] | None = None,
    category: str | None = None,
    progress: Step | None = None,
) -> dict[str, Any]:
    """Return the table of the frozen protocol on a file of events.

    Parameters
    ----------
    as_of : text, optional
        End of the last tested week, `tz`; by default the midnight after the last event.
    events, cell, cells, crs, tz, mapping, category
        As in `forecast_files`. Without `cells` the grid is made of the events before the first tested week.

    Raises
    ------
    SourceUnavailable
        If a file is missing.
    BadInput
        If a value cannot be used; the text names it.
    BadModel
        If the model is no forecaster.
    """
    try:
        found = read_events(events, mapping=mapping or {}, tz=tz, category=category)
        if not len(found.dates):
            raise BadInput("events: no row can be used")
        if crs is None and cells is not None:
            raise BadInput("crs: --cells needs the projected CRS that they are written in, such as --crs EPSG:2154")
        crs = crs or utm(found)
        end = _end(found, as_of, tz)
        xy = project(found, crs)
        grid = read_cells(cells, cell=cell, crs=crs) if cells else _grid(found, xy, end, cell, crs)
        where = grid.locate(xy)
        counts = count(where, found.dates, grid.n_cells, end=end, period=HORIZON_DAYS)
        table = bench(counts, grid, model=model, events=events, progress=progress)
    except ValueError as error:
        raise BadInput(str(error)) from None
    before = found.dates < end
    tested = before & (found.dates >= np.datetime64(table["first_origin"], "us"))
    return table | {
        "events_file": {"read": found.read, "refused": found.refused, "used": int((before & (where >= 0)).sum())},
        "tested_outside_every_cell": int((tested & (where < 0)).sum()),
    }


def _end(events: Events, as_of: str | None, tz: str) -> np.datetime64:
    if as_of is None:
        return np.datetime64(events.dates.max(), "D") + np.timedelta64(1, "D")
    return np.datetime64(instant(as_of, tz), "us")


def _grid(events: Events, xy: Any, end: np.datetime64, cell: float, crs: str) -> Grid:
    placed = np.isfinite(xy).all(axis=1) & (events.dates < end)
    if not placed.any():
        raise BadInput("events: none has a place and a date before the end of the last tested week; give --cells")
    week = np.timedelta64(HORIZON_DAYS, "D")
    weeks = int((end - np.datetime64(events.dates[placed].min(), "D")) // week)
    tested = min(ORIGINS, max(weeks - LEAST_PAST, 0))  # as `bench` chooses them
    first = end - tested * week
    known = placed & (events.dates < first)
    if not known.any():
        day = np.datetime_as_string(first, "D")
        raise BadInput(f"events: {weeks} weeks of history, none before the first tested, {day}; give --cells")
    return Grid.of_events(xy[known], cell=cell, crs=crs)
