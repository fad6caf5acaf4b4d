"""What rules and trends look at, read from the store: dated points with their kind and division; what lasts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import Connection, sql

from observatoire.alerts.items import Items, Lasting
from observatoire.cities import City
from observatoire.errors import NotFound
from observatoire.layers.alert_rules import code_property
from observatoire.layers.model import Layer
from observatoire.layers.rights import FRESHNESS
from observatoire.risk.arrays import Ints
from observatoire.risk.counts import wall_time
from observatoire.store.occurrences import REPORTED, TABLES

#: A source that was not loaded for so long has ended: it no longer says until when its collection is known.
ENDED = timedelta(days=31)

Divisions = tuple[tuple[tuple[str, str], ...], list[Any]]  # (code, name), geometries


def known_until(connection: Connection[Any], layer: Layer, now: datetime, *, schema: str = TABLES) -> datetime | None:
    """Return until when a collection is known: its newest instant that has come, up to the next whole hour.

    Not the hour of the clock: where a feed is late, an empty yesterday would look quiet. Nor that of the one report
    that a resident sent since. None where it has no item.
    """
    fed = fed_until(connection, layer.id, now, schema=schema)
    row = connection.execute(
        sql.SQL("SELECT max({time}) FROM {view} WHERE {time} <= %s").format(
            time=sql.Identifier(layer.time_field or ""), view=sql.Identifier(schema, layer.table)
        ),
        [now if fed is None else min(now, fed)],
    ).fetchone()
    newest: datetime | None = None if row is None else row[0]
    if newest is None:
        return None
    hour = newest.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return min(now, hour if hour == newest else hour + timedelta(hours=1))


def fed_until(connection: Connection[Any], collection: str, now: datetime, *, schema: str = TABLES) -> datetime | None:
    """Return the newest instant that the sources of a collection have brought; None where none is loaded (any more)."""
    view = sql.Identifier("obs", "freshness") if schema == TABLES else sql.Identifier(schema, FRESHNESS)
    row = connection.execute(
        sql.SQL("SELECT max(newest) FROM {} WHERE collection = %s AND loaded > %s").format(view),
        [collection, now - ENDED],
    ).fetchone()
    newest: datetime | None = None if row is None else row[0]
    return newest


def countable(connection: Connection[Any], layer: Layer, now: datetime, *, schema: str) -> tuple[str, datetime]:
    """Return the property that says what an item is, and until when the collection is known.

    Raises
    ------
    NotFound
        If the collection is not one of dated points with a kind and an origin, or holds nothing.
    """
    code = code_property(layer)
    if layer.time_field is None or code is None or "origin" not in layer.properties or layer.geometry != "Point":
        raise NotFound(f"{layer.id}: only dated points that have a kind and an origin are counted over time")
    until = known_until(connection, layer, now, schema=schema)
    if until is None:
        raise NotFound(f"{layer.id}: no item yet")
    return code, until


def read_divisions(connection: Connection[Any], *, schema: str = TABLES, system: str | None = None) -> Divisions:
    """Return the divisions of a system, by default the principal ones, in the order of their codes."""
    rows = connection.execute(
        sql.SQL(
            "SELECT code, nom, ST_AsBinary(geom) FROM {} WHERE systeme IS NOT DISTINCT FROM %s ORDER BY code"
        ).format(sql.Identifier(schema, "divisions")),
        [system],
    ).fetchall()
    return tuple((str(code), str(name)) for code, name, _ in rows), [shapely.from_wkb(wkb) for *_, wkb in rows]


def read_items(
    connection: Connection[Any],
    layer: Layer,
    city: City,
    divisions: Divisions,
    *,
    code: str,
    until: datetime,
    days: int,
    schema: str = TABLES,
) -> Items:
    """Return the reported items of the `days` days before `until`, in the order of their ids.

    Parameters
    ----------
    code : str
        Property that says what an item is.
    """
    time = sql.Identifier(layer.time_field or "")
    rows = connection.execute(
        sql.SQL(
            "SELECT {id}, ST_X(geom), ST_Y(geom), (extract(epoch FROM {time}) * 1000000)::bigint, {code} FROM {view} "
            "WHERE {time} > %s AND {time} <= %s AND origin = %s ORDER BY 1"
        ).format(
            id=sql.Identifier(layer.id_field), time=time, code=sql.Identifier(code),
            view=sql.Identifier(schema, layer.table),
        ),
        [until - timedelta(days=days), until, REPORTED],
    ).fetchall()  # fmt: skip
    ids, x, y, dates, codes = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    xy = np.column_stack([x, y]).astype(float).reshape(-1, 2)
    moments = np.array(dates, dtype=np.int64).view("datetime64[us]")  # a year of items: no object for each
    wall = wall_time(pd.DatetimeIndex(moments).tz_localize("UTC"), city.time_zone)
    return Items(
        np.array(ids, dtype=np.int64), xy, wall, np.array(codes, dtype=object), _inside(xy, divisions[1]),
        until.astimezone(city.zone),
    )  # fmt: skip


def _inside(xy: Any, geometries: list[Any]) -> Ints:
    """Return the index of the division that covers each point, the first where it lies on a border; -1: none."""
    found = np.full(len(xy), -1, dtype=np.int64)
    for k in range(len(geometries) - 1, -1, -1):
        shapely.prepare(geometries[k])
        found[shapely.intersects_xy(geometries[k], *xy.T)] = k
    return found


def read_open(connection: Connection[Any], layer: Layer, subject: str, until: datetime) -> list[Lasting]:
    """Return what began before `until` and has no end, or a later one."""
    return _lasting(
        connection,
        sql.SQL(
            "SELECT {subject}, {time}, {id}, ST_X(ST_Centroid(geom)), ST_Y(ST_Centroid(geom)) FROM {view} "
            "WHERE {time} <= %s AND (fin IS NULL OR fin > %s) ORDER BY 1"
        ),
        layer, subject, [until, until],
    )  # fmt: skip


def read_silent(connection: Connection[Any], layer: Layer, subject: str, until: datetime) -> list[Lasting]:
    """Return the last word of each sensor before `until`."""
    return _lasting(
        connection,
        sql.SQL(
            "SELECT DISTINCT ON ({subject}) {subject}, {time}, {id}, ST_X(ST_Centroid(geom)), ST_Y(ST_Centroid(geom)) "
            "FROM {view} WHERE {time} <= %s ORDER BY {subject}, {time} DESC"
        ),
        layer, subject, [until],
    )  # fmt: skip


def _lasting(
    connection: Connection[Any], query: sql.SQL, layer: Layer, subject: str, values: list[Any]
) -> list[Lasting]:
    composed = query.format(
        subject=sql.Identifier(subject), time=sql.Identifier(layer.time_field or ""),
        id=sql.Identifier(layer.id_field), view=sql.Identifier(TABLES, layer.table),
    )  # fmt: skip
    return [
        Lasting(str(name), since, int(item), (float(x), float(y)))
        for name, since, item, x, y in connection.execute(composed, values).fetchall()
    ]
