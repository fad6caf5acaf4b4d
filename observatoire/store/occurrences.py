"""What a forecast reads of the store, as arrays: where and when things happened, and the cells."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.errors import BadInput
from observatoire.layers.model import AUDIENCES, Layer, Property
from observatoire.layers.rights import role
from observatoire.risk.arrays import Dates, Floats
from observatoire.risk.grid import Grid

#: Schema of the tables themselves: what the store's owner reads. Callers read their schema of views.
TABLES = "data"
#: Only these train a forecast: what patrols discover says where patrols were (DESIGN, decision 9).
REPORTED = "reported"

_PARTS = 4  # ranges of ids of which PostgreSQL makes an array each, several at once where it has processes for it
_FEW = 50_000  # ids under which one range is enough
_HEADER = 20  # bytes before the first value of an array of one dimension, in PostgreSQL's binary format
_POSTGRES_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")
_NUMBER = np.dtype([("length", ">i4"), ("value", ">f8")])
_INSTANT = np.dtype([("length", ">i4"), ("value", ">i8")])
_KNOWN = sql.SQL("CASE WHEN until > {time} THEN until - interval '1 microsecond' ELSE {time} END")
#: When its interval ends, wall time: where only its hour or its day is known, with them; of a month or a year no more
#: is known than of a day, each hour of which is as likely. Clocks that are set back end no interval before its start.
_ENDS = sql.SQL(
    "greatest(timezone({zone}, {time}), coalesce(timezone({zone}, {until}), timezone({zone}, {time}) + CASE precision "
    "WHEN 'hour' THEN interval '1 hour' WHEN 'day' THEN interval '1 day' WHEN 'month' THEN interval '1 day' "
    "WHEN 'year' THEN interval '1 day' ELSE interval '0' END))"
)


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Reported items of a collection of points, in no order: nothing that is computed from them may depend on one.

    Attributes
    ----------
    xy : ndarray, shape (n_events, 2), m
        In the CRS of the store.
    dates : DatetimeIndex, shape (n_events,)
        UTC. From when on it is known that it happened: its moment, or the end of its interval less a microsecond.
    start, until : ndarray of datetime64, shape (n_events,)
        Wall time; empty where it was not asked for. Between which moments it happened: those of an interval, or of the
        hour or the day that is known.
    """

    xy: Floats
    dates: pd.DatetimeIndex
    start: Dates
    until: Dates

    def ordered(self) -> "Occurrences":
        """Return the same by start, end and place."""
        order = np.lexsort((self.xy[:, 1], self.xy[:, 0], self.until, self.start))
        return Occurrences(self.xy[order], self.dates[order], self.start[order], self.until[order])


def shown(layer: Layer, schema: str) -> dict[str, Property]:
    """Return the properties of a layer that a schema shows: in the tables all, in an audience's views its own."""
    if schema == TABLES:
        return layer.properties
    return layer.properties_for(next(audience for audience in AUDIENCES if role(audience) == schema))


def known(layer: Layer, schema: str) -> sql.Composable:
    """Return from when on it is known that an item happened: its moment or, where `schema` shows it, its latest one."""
    time = sql.Identifier(layer.time_field or "")
    return _KNOWN.format(time=time) if "until" in shown(layer, schema) else time


def read_events(
    connection: Connection[Any],
    layer: Layer,
    *,
    schema: str = TABLES,
    nature: str | None = None,
    zone: str | None = None,
) -> Occurrences:
    """Return the places and the instants of a point collection's reported items.

    Parameters
    ----------
    schema : str
        Where to read: the tables, or the views of an audience (positions then are as precise as it may see them).
    nature : str, optional
        One kind only.
    zone : str, optional
        Time zone of `start` and `until`, which are read only then.

    Raises
    ------
    BadInput
        If the collection has no points or no dates, or `schema` does not show what is needed of its items: their
        origin; with `zone`, how precise their dates are.

    Notes
    -----
    PostgreSQL gathers the values into arrays, whose binary format numpy reads without a Python object per value or per
    row. It does so by ranges of ids, which its parallel workers share out among them.
    """
    properties = shown(layer, schema)
    if layer.geometry != "Point" or layer.time_field is None:
        raise BadInput(f"target: expected a collection of dated points, got {layer.id}")
    if schema != TABLES and "origin" not in properties:
        raise BadInput(f"target: {layer.id} does not show the origin of its items")
    if zone and schema != TABLES and "precision" not in properties:
        raise BadInput(f"shift: {layer.id} does not show how precise its dates are")
    time = sql.Identifier(layer.time_field)
    columns = [sql.SQL("ST_X(geom)"), sql.SQL("ST_Y(geom)"), known(layer, schema)]
    if zone:
        ended = sql.SQL("until" if "until" in properties else "NULL::timestamptz")
        columns.append(sql.SQL("timezone({}, {})").format(sql.Literal(zone), time))
        columns.append(_ENDS.format(time=time, zone=sql.Literal(zone), until=ended))
    view = sql.Identifier(schema, layer.table)
    part = sql.SQL(
        "SELECT {columns} FROM {view} "
        "WHERE origin = {origin} AND {nature} AND geom IS NOT NULL AND {time} IS NOT NULL AND "
    ).format(
        columns=sql.SQL(", ").join(sql.SQL("array_agg({})").format(column) for column in columns),
        time=time,
        view=view,
        origin=sql.Literal(REPORTED),
        nature=sql.SQL("true") if nature is None else sql.SQL("nature = {}").format(sql.Literal(nature)),
    )
    query = sql.SQL(" UNION ALL ").join(part + ids for ids in _ranges(connection, view))
    with connection.cursor(binary=True) as cursor:
        result = cursor.execute(query).pgresult
        assert result is not None
        read = [
            _column([result.get_value(row, k) for row in range(result.ntuples)], _NUMBER if k < 2 else _INSTANT)
            for k in range(len(columns))
        ]
    moments, *span = (_POSTGRES_EPOCH + column.astype("timedelta64[us]") for column in read[2:])
    none = np.empty(0, dtype="datetime64[us]")
    start, until = span or (none, none)
    return Occurrences(np.column_stack(read[:2]), pd.DatetimeIndex(moments).tz_localize("UTC"), start, until)


def _ranges(connection: Connection[Any], view: sql.Composable) -> list[sql.Composed]:
    """Return conditions on the ids of a collection, of which each item meets one."""
    row = connection.execute(sql.SQL("SELECT min(id), max(id) FROM {}").format(view)).fetchone()
    low, high = row if row is not None and row[0] is not None else (0, 0)
    n = _PARTS if high - low > _FEW else 1
    edges = [low + (high - low + 1) * k // n for k in range(n + 1)]
    return [sql.SQL("id >= {} AND id < {}").format(a, b) for a, b in pairwise(edges)]


def _column(arrays: list[bytes | None], kind: "np.dtype[Any]") -> Any:
    """Return the values of several arrays as one."""
    own = kind["value"].newbyteorder("=")
    return np.concatenate([np.empty(0, dtype=own), *(_values(array, kind) for array in arrays if array is not None)])


def _values(array: bytes, kind: "np.dtype[Any]") -> Any:
    """Return the values of an array in PostgreSQL's binary format, none of them null."""
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
