"""What a forecast reads of the store, as arrays: where and when things happened, and the cells."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.errors import BadInput
from observatoire.layers.model import Layer
from observatoire.risk.arrays import Floats
from observatoire.risk.grid import Grid

#: Schema of the tables themselves: what the store's owner reads. Callers read their schema of views.
TABLES = "data"
#: Only these train a forecast: what patrols discover says where patrols were (DESIGN, decision 9).
REPORTED = "reported"

_ROWS = 100_000  # ids of which one array is made
_HEADER = 20  # bytes before the first value of an array of one dimension, in PostgreSQL's binary format
_POSTGRES_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")
_NUMBER = np.dtype([("length", ">i4"), ("value", ">f8")])
_INSTANT = np.dtype([("length", ">i4"), ("value", ">i8")])


def read_events(
    connection: Connection[Any], layer: Layer, *, schema: str = TABLES, nature: str | None = None
) -> tuple[Floats, pd.DatetimeIndex]:
    """Return the places and the instants of a point collection's reported items.

    Parameters
    ----------
    schema : str
        Where to read: the tables, or the views of an audience (positions then are as precise as it may see them).
    nature : str, optional
        One kind only.

    Returns
    -------
    xy : ndarray, shape (n_events, 2), m
        In the CRS of the store.
    dates : DatetimeIndex, shape (n_events,)
        UTC. Events are in no order: nothing that is computed from them may depend on one.

    Raises
    ------
    BadInput
        If the collection has no points or no dates, or `schema` does not show the origin of its items.

    Notes
    -----
    PostgreSQL gathers the values into arrays, whose binary format numpy reads without a Python object per value or per
    row: 2 400 000 rows cost this process 0.3 s.
    """
    if layer.geometry != "Point" or layer.time_field is None:
        raise BadInput(f"target: expected a collection of dated points, got {layer.id}")
    if schema != TABLES and "origin" not in layer.properties:
        raise BadInput(f"target: {layer.id} does not show the origin of its items")
    query = sql.SQL(
        "SELECT array_agg(ST_X(geom)), array_agg(ST_Y(geom)), array_agg({time}) FROM {view} "
        "WHERE origin = {origin} AND {nature} AND geom IS NOT NULL AND {time} IS NOT NULL GROUP BY id / {rows}"
    ).format(
        time=sql.Identifier(layer.time_field),
        view=sql.Identifier(schema, layer.table),
        origin=sql.Literal(REPORTED),
        nature=sql.SQL("true") if nature is None else sql.SQL("nature = {}").format(sql.Literal(nature)),
        rows=sql.Literal(_ROWS),
    )
    with connection.cursor(binary=True) as cursor:
        result = cursor.execute(query).pgresult
        assert result is not None
        x, y, t = (
            [_values(result.get_value(row, column), kind) for row in range(result.ntuples)]
            for column, kind in enumerate((_NUMBER, _NUMBER, _INSTANT))
        )
    if not x:
        return np.empty((0, 2)), pd.DatetimeIndex([], dtype="datetime64[us, UTC]")
    instants = _POSTGRES_EPOCH + np.concatenate(t).astype("timedelta64[us]")
    return np.column_stack([np.concatenate(x), np.concatenate(y)]), pd.DatetimeIndex(instants).tz_localize("UTC")


def _values(array: bytes | None, kind: "np.dtype[Any]") -> Any:
    """Return the values of an array in PostgreSQL's binary format, none of them null."""
    assert array is not None
    return np.frombuffer(array, dtype=kind, offset=_HEADER)["value"].astype(kind["value"].newbyteorder("="))


def read_grid(
    connection: Connection[Any], city: City, *, events: Floats, schema: str = TABLES, cell: float | None = None
) -> Grid:
    """Return the city's cells as they are in the store or, without them or with another size, over the same area.

    Parameters
    ----------
    events : ndarray, shape (n_events, 2), m
        Those known at the origin; they make the area where the city's file says so (`grid.over: signalements`).
    cell : float, m, optional
        Side of a cell; default: the city's.

    Raises
    ------
    BadInput
        If there is no such grid: no division, no event, or a cell larger than the area.
    """
    side = cell or city.grid.cell
    rows = connection.execute(
        sql.SQL("SELECT cell_id, ST_XMin(geom), ST_YMin(geom) FROM {} WHERE cote = %s ORDER BY id").format(
            sql.Identifier(schema, "mailles")
        ),
        [side],
    ).fetchall()
    try:
        if rows:
            names, x, y = zip(*rows, strict=True)
            return Grid.of_cells(names, x, y, cell=side, crs=city.crs)
        if city.grid.over == "signalements":
            return Grid.of_events(events, cell=side, crs=city.crs)
        return Grid.covering(_area(connection, city, schema), cell=side, crs=city.crs)
    except ValueError as error:
        raise BadInput(f"cell: {error}") from None


def _area(connection: Connection[Any], city: City, schema: str) -> Any:
    """Return the divisions as one geometry, or the extent, in the CRS of the store."""
    if city.grid.over == "divisions":
        query = sql.SQL("SELECT ST_AsBinary(ST_Union(geom)) FROM {}").format(sql.Identifier(schema, "divisions"))
        row = connection.execute(query).fetchone()
    else:
        row = connection.execute(
            "SELECT ST_AsBinary(ST_Transform(ST_Segmentize(ST_MakeEnvelope(%s, %s, %s, %s, 4326), 0.01), %s))",
            [*city.extent, city.srid],
        ).fetchone()
    if row is None or row[0] is None:
        raise BadInput("cell: the city's grid covers its divisions, and none is loaded")
    return shapely.from_wkb(row[0])


def local_midnight(moment: datetime, city: City, *, after: bool) -> datetime:
    """Return the midnight of the city before a moment, or the first one after it."""
    day = pd.Timestamp(moment).tz_convert(city.time_zone).tz_localize(None).normalize() + pd.Timedelta(days=int(after))
    midnight = day.tz_localize(city.time_zone, ambiguous=True, nonexistent="shift_forward")
    return midnight.to_pydatetime()
