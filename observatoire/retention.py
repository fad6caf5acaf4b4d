"""How long items are kept: what a layer file says under `privacy.retention`, done every night and by `obs retention`.

Counted from the last of an item's instants, so that what goes on is kept: an item without any instant has no age.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, Cursor, sql

from observatoire.cities import City
from observatoire.layers.ddl import table
from observatoire.layers.model import Layer
from observatoire.reports.purge import forget
from observatoire.reports.submit import COLLECTION as REPORTS
from observatoire.store.upsert import LOAD_LOCK


@dataclass(frozen=True)
class Over:
    """How many items of a collection are past their time.

    Attributes
    ----------
    before : datetime or None
        Aware; what had ended by then is over. None: the collection is empty, or its newest item says when now is.
    items : int
    """

    collection: str
    retention: str
    before: datetime | None
    items: int


def over(connection: Connection[Any], city: City, layers: Iterable[Layer]) -> list[Over]:
    """Return what is past its time, by collection; nothing is changed."""
    found: list[Over] = []
    with connection.cursor() as cursor:
        for layer, retention in _kept_for_a_time(layers):
            before = _before(cursor, city, layer, retention)
            row = (
                before
                and cursor.execute(
                    sql.SQL("SELECT count(*) FROM {} t WHERE {}").format(table(layer), _ended(layer)), [before]
                ).fetchone()
            )
            found.append(Over(layer.id, retention, before, row[0] if row else 0))
    return found


def remove(connection: Connection[Any], city: City, layers: Iterable[Layer]) -> list[Over]:
    """Remove what is past its time, a transaction for each collection; return how many items of each.

    With an item go its flags as a duplicate and what is kept of the report that it was; counts of tiles and entity tags
    follow. `obs.retentions` keeps that it was done.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the store's administrator, outside any transaction.
    """
    removed: list[Over] = []
    for layer, retention in _kept_for_a_time(layers):
        with connection.transaction(), connection.cursor() as cursor:
            before = _before(cursor, city, layer, retention)
            items = 0 if before is None else _remove(cursor, layer, retention, before)
        removed.append(Over(layer.id, retention, before, items))
    return removed


def _kept_for_a_time(layers: Iterable[Layer]) -> list[tuple[Layer, str]]:
    """Return the layers that say how long their items are kept, and when these happened."""
    return [(each, each.privacy.retention) for each in layers if each.privacy.retention and each.time_field]


def _before(cursor: Cursor[Any], city: City, layer: Layer, retention: str) -> datetime | None:
    """Return when the time of what is kept began.

    Counted from now; in a city whose data end one day, from the newest item that has come to pass.
    """
    assert layer.time_field is not None, layer.id
    now: sql.Composable = sql.SQL("now()")
    if city.past:
        instant = sql.Identifier(layer.time_field)
        now = sql.SQL("(SELECT max({0}) FROM {1} WHERE {0} <= now())").format(instant, table(layer))
    row = cursor.execute(sql.SQL("SELECT {} - %s::interval").format(now), [retention]).fetchone()
    assert row is not None
    before: datetime | None = row[0]
    return before


def _ended(layer: Layer) -> sql.Composed:
    """Return the condition that an item had ended before a parameter."""
    instants = [name for name, prop in layer.properties.items() if prop.format == "date-time"]
    names = sql.SQL(", ").join(sql.Identifier("t", name) for name in dict.fromkeys([*instants, "until"]))
    return sql.SQL("greatest({}) < %s").format(names)


def _remove(cursor: Cursor[Any], layer: Layer, retention: str, before: datetime) -> int:
    # No load of the collection goes on meanwhile; then the locks in the order of `reports.submit`.
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOAD_LOCK, layer.id])
    cursor.execute("SELECT 1 FROM obs.counters WHERE name = %s FOR UPDATE", [layer.id])
    cursor.execute("DROP TABLE IF EXISTS pg_temp.gone")
    name, key = table(layer), sql.Identifier("t", layer.id_field)
    reports = layer.id == REPORTS
    gone = sql.SQL("CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT {} AS id, {} AS reference FROM {} t WHERE {}")
    reference = sql.Identifier("t", "reference") if reports else sql.NULL
    cursor.execute(gone.format(key, reference, name, _ended(layer)), [before])
    items = cursor.rowcount
    if not items:
        return 0
    cursor.execute(sql.SQL("DELETE FROM {} t USING pg_temp.gone g WHERE {} = g.id").format(name, key))
    cursor.execute(
        "DELETE FROM obs.near_duplicates USING pg_temp.gone g WHERE collection = %s AND g.id IN (item, other)",
        [layer.id],
    )
    if reports:
        forget(cursor)
    cursor.execute(
        "INSERT INTO obs.retentions (collection, retention, before, removed) VALUES (%s, %s, %s, %s)",
        [layer.id, retention, before, items],
    )
    cursor.execute("UPDATE obs.versions SET version = version + 1, changed = now() WHERE collection = %s", [layer.id])
    return items
