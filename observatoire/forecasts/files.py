"""Forecast from a file of events to a file of cells: no store needed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from observatoire.errors import BadInput
from observatoire.executor.configured import configured
from observatoire.forecasts.events_files import Events, read_cells, read_events, read_places
from observatoire.forecasts.from_partitions import forecast_partitions
from observatoire.forecasts.partitions import is_partitioned
from observatoire.risk.aoristic import Shift, aoristic
from observatoire.risk.calendar import Calendar
from observatoire.risk.forecast import Forecast, forecasts
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import Effort
from observatoire.risk.spans import days

type Progress = Callable[[int, int, str], None]


def forecast_files(
    events: Path,
    *,
    as_of: str,
    horizon: str = "7d",
    cell: float = 250.0,
    out: Path,
    origins: int = 1,
    step: str = "7d",
    cells: Path | None = None,
    crs: str | None = None,
    tz: str = "UTC",
    mapping: Mapping[str, str] | None = None,
    category: str | None = None,
    shift: str | None = None,
    places: Path | None = None,
    calendar: str | None = None,
    effort: Effort = "quick",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Forecast the cells of a file of events and write them as GeoParquet.

    Parameters
    ----------
    events : Path
        CSV, plain or gzip: `id,date,lon,lat[,category]` in WGS 84; other names by `mapping`. Or GeoParquet, a file or
        a folder of partitions, in any CRS (see `observatoire.forecasts.partitions`).
    as_of : text, ISO 8601
        Origin, the last one when there are several; naive times are read in `tz`. Later events are not looked at.
    horizon, step : text
        Whole days: `7d`, `2w`.
    cell : float, m
    out : Path
        Columns `as_of, cell_id, expected, lower, upper, probability, rank, answer, geometry`.
    origins : int
    cells : Path, optional
        CSV `cell_id,x_min,y_min` of lower left corners in `crs`; else the cells that hold an event before the first
        origin, gaps closed.
    crs : text, `EPSG:n`, optional
        Projected CRS of the grid; else the UTM zone of the events.
    tz : text
    mapping : property to column
    category : text, optional
        Only events of this category.
    shift : text, optional
        Hours of the day, `21-05`: only what happens then is forecast. An event of which a day is known, or an interval
        (`until`), counts by the share of it that lies in the shift.
    places : Path, optional
        CSV `type,lon,lat`: what stands near the cells, of the types of `observatoire.risk.places`.
    calendar : text, optional
        Whose holidays the total follows: `FR`, `FR-57`, or with the zone of school holidays `FR:B`.
    effort : quick or full
        Full adds boosted trees: three times as long, no sharper on the set we measured.
    progress : callable (done, total, message), optional

    Returns
    -------
    dict
        JSON-serialisable: `read`, `used`, `later`, `refused` by reason (read is the sum of them), `days_only` (dates
        without a time), `crs`, `n_cells`, `origins` with their answers, and `card`, the skill card of the last one.

    Raises
    ------
    SourceUnavailable
        If a file is missing.
    BadInput
        If a value cannot be used; the message names it.
    """
    read: dict[str, Any] = {"mapping": mapping or {}, "tz": tz, "category": category}
    try:
        if crs is None and cells is not None:
            raise BadInput("crs: --cells needs the projected CRS that they are written in, such as --crs EPSG:2154")
        origin = instant(as_of, tz)
        hours = Shift.parse(shift) if shift else None
        grid = read_cells(cells, cell=cell, crs=crs) if cells and crs else None
        with configured() as executor:
            options: dict[str, Any] = {
                "horizon": horizon, "origins": origins, "step": step, "effort": effort, "executor": executor,
                "progress": progress, "calendar": _calendar(calendar),
            }  # fmt: skip
            if is_partitioned(events):
                if hours or places:
                    raise BadInput(f"{'shift' if hours else 'places'}: needs events in a CSV, not in Parquet")
                first = np.datetime64(_first(origin, origins, step), "us")
                results, grid, counted = forecast_partitions(
                    events, origin=origin, first=first, cell=cell, crs=crs, grid=grid, **read, **options
                )
            else:
                found = read_events(events, **read)
                crs = crs or utm(found)
                xy = project(found, crs)
                grid = grid or _grid(found, xy, _first(origin, origins, step), cell, crs)
                options["weights"] = aoristic(found.start, found.until, hours) if hours else None
                options["places"] = read_places(places, grid=grid) if places else None
                results = forecasts(xy, found.dates, grid, as_of=origin, tz=tz, **options)
                counted = _counted(found, grid, xy, origin)
    except ValueError as error:
        raise BadInput(str(error)) from None
    write_cells(results, grid, out)
    return counted | _summary(grid, results, cells_given=cells is not None)


def _calendar(text: str | None) -> Calendar | None:
    """Return the calendar of `FR`, `FR-57` or `FR:B`."""
    country, _, zone = (text or "").partition(":")
    return Calendar(country, zone or None) if country else None


def utm(events: Events) -> str:
    """Return the UTM zone of the median event, `EPSG:326nn` or `EPSG:327nn`."""
    if not len(events.lon):
        raise BadInput("events: no row can be used, a CRS cannot be estimated")
    lon, lat = float(np.median(events.lon)), float(np.median(events.lat))
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def project(events: Events, crs: str) -> Any:
    """Return positions in `crs`, shape (n, 2), m; NaN where the projection does not reach."""
    try:
        transform = pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform
    except pyproj.exceptions.CRSError:
        raise BadInput(f"crs: no coordinate reference system is named {crs!r}; expected EPSG:n") from None
    xy = np.column_stack(transform(events.lon, events.lat)) if len(events.lon) else np.empty((0, 2))
    xy[~np.isfinite(xy).all(axis=1)] = np.nan
    return xy


def instant(text: str, tz: str) -> pd.Timestamp:
    """Return a moment as naive wall time of `tz`."""
    try:
        moment = pd.Timestamp(text)
    except ValueError:
        raise BadInput(f"as_of: expected a date or a time, ISO 8601, got {text!r}") from None
    if pd.isna(moment):
        raise BadInput("as_of: expected a date or a time, ISO 8601")
    return moment.tz_convert(tz).tz_localize(None) if moment.tzinfo else moment


def _first(origin: pd.Timestamp, origins: int, step: str) -> pd.Timestamp:
    """Return the first of the origins."""
    return origin - pd.Timedelta(days=days(step) * (max(origins, 1) - 1))


def _grid(events: Events, xy: Any, first: pd.Timestamp, cell: float, crs: str) -> Grid:
    """Return the grid of the events before the first origin: the cells do not know the future either."""
    if not len(events.dates):
        raise BadInput("events: no row can be used: " + (", ".join(events.refused) or "the file has none"))
    known = (events.dates < np.datetime64(first, "us")) & np.isfinite(xy).all(axis=1)
    if not known.any():
        raise BadInput(f"events: none lies before the first origin, {first.isoformat()}")
    return Grid.of_events(xy[known], cell=cell, crs=crs)


def write_cells(results: list[Forecast], grid: Grid, out: Path) -> None:
    """Write the cells of one or several forecasts as GeoParquet, whole or not at all."""
    frame = pd.concat([one.frame for one in results], ignore_index=True)
    geometry = np.tile(grid.polygons(), len(results))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    gpd.GeoDataFrame(frame, geometry=geometry, crs=grid.crs).to_parquet(partial, index=False)
    partial.replace(out)


def _counted(events: Events, grid: Grid, xy: Any, origin: pd.Timestamp) -> dict[str, Any]:
    inside = grid.locate(xy) >= 0
    before = events.dates < np.datetime64(origin, "us")
    refused = dict(events.refused)
    if n_outside := int((before & ~inside).sum()):
        refused["outside-every-cell"] = n_outside
    return {
        "read": events.read,
        "used": int((before & inside).sum()),
        "later": int((~before).sum()),
        "refused": refused,
        "days_only": int((events.day_only & before & inside).sum()),
    }


def _summary(grid: Grid, results: list[Forecast], *, cells_given: bool) -> dict[str, Any]:
    return {
        "crs": grid.crs,
        "cells": "given" if cells_given else "derived from the events before the first origin",
        "n_cells": grid.n_cells,
        "area_km2": round(grid.area_km2, 6),
        "origins": [
            {"as_of": one.card["as_of"], "answer": one.answer, "code": one.card["code"], "reason": one.card["reason"]}
            for one in results
        ],
        "card": results[-1].card,
    }
