"""A forecast from the store: what `obs forecast`, `make demo` and the process `risk-forecast` share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from psycopg import Connection
from pyproj import Transformer

from observatoire.cities import City, ForecastSettings
from observatoire.errors import BadInput
from observatoire.executor.base import Progress
from observatoire.executor.configured import configured
from observatoire.forecasts.ledger import seal
from observatoire.forecasts.made import StoreForecast
from observatoire.layers.catalog import layer_of
from observatoire.risk.aoristic import Shift, aoristic
from observatoire.risk.arrays import Floats
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid
from observatoire.store.database import Store
from observatoire.store.forecasts import write_card, write_forecast
from observatoire.store.kept_scores import KeptScores
from observatoire.store.nearby import read_places
from observatoire.store.occurrences import TABLES, Occurrences, local_midnight, read_events, read_grid

MOST_CELLS = 250_000

type Corners = tuple[float, float, float, float]


def forecast_and_write(
    store: Store, city: City, wanted: ForecastSettings, *, as_of: str | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Forecast a collection of the city on the city's grid, keep it, seal it in the ledger, and return its card."""
    with store.connect() as connection:
        made = forecast_store(
            connection, city, wanted.target, wanted.horizon_days, as_of=parse_moment(as_of, city),
            places=wanted.places, kept=KeptScores(store.connect), progress=progress,
        )  # fmt: skip
        connection.rollback()
        card = keep(connection, city, made)
        seal(connection, city, made, card)
        return card


def forecast_apart(
    store: Store,
    city: City,
    wanted: ForecastSettings,
    *,
    out: Path,
    as_of: str | None = None,
    shift: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Forecast a collection of the store into a GeoParquet file, keep nothing in the store, and return its card."""
    from observatoire.forecasts.files import write_cells  # late: the child of a job does without geopandas

    with store.connect() as connection:
        made = forecast_store(
            connection, city, wanted.target, wanted.horizon_days, as_of=parse_moment(as_of, city), shift=shift,
            places=wanted.places, kept=KeptScores(store.connect), progress=progress,
        )  # fmt: skip
        connection.rollback()
    write_cells([made.forecast], made.grid, out)
    return made.forecast.card | {"target": wanted.target}


def rehearse(store: Store, city: City, wanted: ForecastSettings, *, before: datetime) -> dict[str, Any]:
    """Forecast as it would have been a horizon before a moment, and keep the card only; return it.

    A city that begins today has then something to hold beside what happened; nothing after that moment is looked at. It
    was not made before its period, so the ledger knows nothing of it.
    """
    as_of = local_midnight(before - timedelta(days=wanted.horizon_days - 0.5), city, after=False)
    with store.connect() as connection:
        made = forecast_store(connection, city, wanted.target, wanted.horizon_days, as_of=as_of)
        connection.rollback()
        return write_card(connection, city, target=made.target, horizon_days=made.horizon_days, forecast=made.forecast)


def keep(connection: Connection[Any], city: City, made: StoreForecast) -> dict[str, Any]:
    """Write a forecast to `risque` and its card to `obs.forecasts`, and return the card."""
    return write_forecast(
        connection,
        city,
        target=made.target,
        horizon_days=made.horizon_days,
        forecast=made.forecast,
        grid=made.grid,
    )


def forecast_store(
    connection: Connection[Any],
    city: City,
    target: str,
    horizon_days: int,
    *,
    as_of: datetime | None = None,
    schema: str = TABLES,
    cell: float | None = None,
    nature: str | None = None,
    bbox: Corners | None = None,
    shift: str | None = None,
    places: Sequence[str] = (),
    kept: KeptScores | None = None,
    progress: Progress | None = None,
) -> StoreForecast:
    """Forecast the reported items of a collection, by cell.

    Parameters
    ----------
    connection : psycopg.Connection
        Of a login that may read `schema`.
    horizon_days : int, days
    as_of : datetime, optional
        Origin; by default the first midnight of the city after the last item or, where that is still to come, the last
        midnight that has been.
    schema : str
        What is read: the tables, or the views of an audience.
    cell : float, m, optional
        Side of a cell; by default the city's grid.
    nature : str, optional
        One kind only.
    bbox : (west, south, east, north), degrees, optional
        Cells whose centre lies in it; the forecast and its skill are then those of this area.
    shift : str, optional
        Hours of the day, `21-05`: only what happens then is forecast. Where a day or an interval is known, an item
        counts by the share of it that lies in these hours.
    places : sequence of str
        Types of places whose distance and density the model may use: see `observatoire.store.nearby`.
    kept : KeptScores, optional
        Where the scores of past periods are looked for before they are computed; the forecast is the same to the byte.

    Raises
    ------
    BadInput
        If `as_of` lies ahead, there is nothing to forecast from, or no cell; if a shift or a type of place is unknown.
    """
    now = datetime.now(UTC)
    if as_of is not None and as_of > now:
        raise BadInput("as_of: expected a moment that has been, got one that lies ahead")
    hours = _hours(shift)
    read = read_events(
        connection, layer_of(target), schema=schema, nature=nature, zone=city.time_zone if hours else None
    )
    if len(read.dates) == 0:
        raise BadInput(f"target: {target} has no reported item to forecast from")
    origin = as_of or origin_after(read.dates.max().to_pydatetime(), city, now)
    read = read.ordered() if hours else read  # sums of shares are rounded: always in the same order
    known = read.xy[np.asarray(read.dates < pd.Timestamp(origin))]
    grid = read_grid(connection, city, events=known, schema=schema, cell=cell)
    if bbox is not None:
        grid = _within(grid, bbox)
    if grid.n_cells > MOST_CELLS:
        raise BadInput(f"cell: expected at most {MOST_CELLS} cells, got {grid.n_cells}; enlarge the cell")
    near = read_places(connection, grid, places, schema=schema) if places else None
    try:
        with configured() as executor:
            made = forecast(
                read.xy, read.dates, grid, as_of=origin, horizon=horizon_days, tz=city.time_zone,
                weights=_shares(read, hours), calendar=city.holidays, places=near,
                explain=True, executor=executor, kept=kept, progress=progress,
            )  # fmt: skip
    except ValueError as error:
        raise BadInput(str(error)) from None
    made.card["shift"] = shift
    return StoreForecast(target, horizon_days, made, grid)


def _shares(read: Occurrences, hours: Shift | None) -> Floats | None:
    return aoristic(read.start, read.until, hours) if hours else None


def _hours(shift: str | None) -> Shift | None:
    try:
        return None if shift is None else Shift.parse(shift)
    except ValueError as error:
        raise BadInput(str(error)) from None


def parse_moment(text: str | None, city: City) -> datetime | None:
    """Return a date or a time, read in the city's zone where it has none; None of None.

    Raises
    ------
    BadInput
        If it is neither.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=city.zone)
    except ValueError:
        raise BadInput("as_of: expected a date like 2024-05-01 or a time like 2024-05-01T00:00:00+02:00") from None


def origin_after(last: datetime, city: City, now: datetime) -> datetime:
    """Return the city's first midnight after the last item or, where that is to come, the last one that has been."""
    following = local_midnight(last, city, after=True)
    return following if following <= now else local_midnight(now, city, after=False)


def _within(grid: Grid, bbox: Corners) -> Grid:
    to_degrees = Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True)
    lon, lat = to_degrees.transform(grid.centres[:, 0], grid.centres[:, 1])
    west, south, east, north = bbox
    inside = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
    if inside.size == 0:
        raise BadInput("bbox: no cell of the city has its centre in it")
    return Grid.of_cells(grid.cell_id[inside], grid.x_min[inside], grid.y_min[inside], cell=grid.cell, crs=grid.crs)
