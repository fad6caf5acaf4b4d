"""A skill card from the store: what the nightly job, `obs demo` and the process `risk-evaluation` share."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.errors import BadInput
from observatoire.executor.base import Progress
from observatoire.executor.configured import configured
from observatoire.forecasts.skill_plots import plots
from observatoire.forecasts.store import MOST_CELLS, origin_after
from observatoire.layers.catalog import layer_of
from observatoire.risk.arrays import Ints
from observatoire.risk.evaluation import evaluate
from observatoire.risk.grid import Grid
from observatoire.risk.labels import Labels
from observatoire.risk.skill import skill_card
from observatoire.store.labelled import read_labelled
from observatoire.store.nearby import read_places, readable
from observatoire.store.occurrences import TABLES, read_grid
from observatoire.store.skill_cards import write_card

ORIGINS = 52


def evaluate_store(
    connection: Connection[Any],
    city: City,
    collection: str,
    *,
    horizon_days: int = 7,
    natures: tuple[str, ...] = (),
    origins: int = ORIGINS,
    step_days: int | None = None,
    as_of: datetime | None = None,
    schema: str = TABLES,
    cell: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the skill card of the reported items of a collection.

    Parameters
    ----------
    connection : psycopg.Connection
        Of a login that may read `schema`.
    as_of : datetime, optional
        End of the last period scored; by default as in `forecast_store`.
    schema : str
        What is read: the tables, or the views of an audience.
    cell : float, m, optional
        By default the city's.

    Raises
    ------
    BadInput
        If a value cannot be used; the text names it.
    """
    now = datetime.now(UTC)
    if as_of is not None and as_of > now:
        raise BadInput("as_of: expected a moment that has been, got one that lies ahead")
    read = read_labelled(connection, layer_of(collection), schema=schema, natures=natures)
    if len(read.dates) == 0:
        raise BadInput(f"collection: {collection} has no reported item to evaluate forecasts of")
    origin = as_of or origin_after(read.dates[-1].to_pydatetime(), city, now)
    known = np.asarray(read.dates < pd.Timestamp(origin))
    grid = read_grid(connection, city, events=read.xy[known], schema=schema, cell=cell)
    if grid.n_cells > MOST_CELLS:
        raise BadInput(f"cell: expected at most {MOST_CELLS} cells, got {grid.n_cells}; enlarge the cell")
    near = readable(city.places_for(collection, horizon_days), schema)
    district, names = read_districts(connection, grid, schema=schema)
    try:
        with configured() as executor:
            found = evaluate(
                read.xy,
                read.dates,
                grid,
                as_of=origin,
                horizon=horizon_days,
                origins=origins,
                step=step_days,
                tz=city.time_zone,
                calendar=city.holidays,
                places=read_places(connection, grid, near, schema=schema) if near else None,
                labels=Labels(read.nature, read.timed, district, names),
                executor=executor,
                progress=progress,
            )
    except ValueError as error:
        raise BadInput(str(error)) from None
    card = skill_card(found, collection=collection, natures=natures, sources=read.sources)
    return card | {"computed": now.isoformat(timespec="seconds")}


def evaluate_and_keep(
    connection: Connection[Any], city: City, collection: str, horizon_days: int, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Make a card, draw its plots, keep both, and return the card."""
    card = evaluate_store(connection, city, collection, horizon_days=horizon_days, progress=progress)
    connection.rollback()
    with connection.transaction():
        write_card(connection, card, {language: plots(card, language) for language in city.languages})
    return card


def read_districts(connection: Connection[Any], grid: Grid, *, schema: str = TABLES) -> tuple[Ints, tuple[str, ...]]:
    """Return the index of the principal division that holds each cell's centre (-1: none), and the divisions' names."""
    rows = connection.execute(
        sql.SQL("SELECT nom, ST_AsBinary(geom) FROM {} WHERE systeme IS NULL ORDER BY id").format(
            sql.Identifier(schema, "divisions")
        )
    ).fetchall()
    found = np.full(grid.n_cells, -1, dtype=np.int64)
    x, y = grid.centres.T
    for k, (_, geometry) in enumerate(rows):
        found[shapely.contains_xy(shapely.from_wkb(geometry), x, y)] = k
    return found, tuple(str(name) for name, _ in rows)
