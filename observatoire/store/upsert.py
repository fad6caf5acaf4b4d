"""Set-based upsert: rows are copied to temporary tables, then merged in a few statements of one transaction.

Everything that a load writes, ids included, is decided inside its transaction and from its input alone: a load that was
killed and run again leaves what one clean run leaves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Cursor, sql

from observatoire.layers.ddl import columns, table
from observatoire.layers.model import Layer
from observatoire.store.counters import take_ids
from observatoire.store.firstload import indexes_at_the_end
from observatoire.store.straight import Straight

#: First key of the advisory locks by which the loads of one collection follow each other.
LOAD_LOCK = 0x0B5E_0002
#: A load that changed more rows than this refreshes the planner's statistics.
ANALYZE_FROM = 1_000
#: Of a sample of so many times 300 rows, which is enough to plan by; autovacuum's own is thrice as large.
ANALYZE_TARGET = 30

#: What a load may sort and join in memory: rows of one batch of a few hundred thousand.
WORK_MEM = "64MB"

_FILLED = ("source", "load_id")  # the same for all rows of a load
_REFUSED = ("seq", "line", "digest", "field", "reason", "message", "key")


@dataclass(frozen=True)
class Merged:
    """What a merge did with the rows that were staged."""

    load_id: int
    inserted: int
    updated: int
    unchanged: int
    superseded: int


def staged_columns(layer: Layer) -> tuple[str, ...]:
    """Return the columns of the table of staged items, in the order in which their values are given."""
    return ("seq", "line", "digest", "geom", *_own(layer))


def create_staging(cursor: Cursor[Any], layer: Layer) -> None:
    """Wait for the other loads of the collection, and make the temporary tables of this one."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOAD_LOCK, layer.id])
    _set(cursor, "work_mem", WORK_MEM)
    own = _names("geom", *_own(layer))
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(own, table(layer))
    )
    cursor.execute(
        "ALTER TABLE pg_temp.incoming ADD COLUMN seq bigint, ADD COLUMN line bigint, ADD COLUMN digest bytea"
    )
    cursor.execute(
        "CREATE TEMP TABLE refused (seq bigint, line bigint, digest bytea, field text, reason text, message text, "
        "key text) ON COMMIT DROP"
    )


def stage(cursor: Cursor[Any], layer: Layer, rows: Iterable[Sequence[Any]], refused: Iterable[Sequence[Any]]) -> None:
    """Copy items (`staged_columns`) and refusals (`_REFUSED`) to their tables."""
    for name, fields, values in (("incoming", staged_columns(layer), rows), ("refused", _REFUSED, refused)):
        if values == []:
            continue
        with cursor.copy(_copying(name, fields)) as copy:
            for row in values:
                copy.write_row(row)


def stage_lines(cursor: Cursor[Any], layer: Layer, lines: str) -> None:
    """Copy items that are written already, as COPY reads them: a line each, `staged_columns` parted by tabs."""
    if lines:
        with cursor.copy(_copying("incoming", staged_columns(layer))) as copy:
            copy.write(lines)


def _copying(name: str, fields: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier("pg_temp", name), _names(*fields))


def merge(cursor: Cursor[Any], layer: Layer, source: str, straight: Straight | None = None) -> Merged:
    """Bring the staged items into the collection: those that have not gone there straight.

    Of several rows with one key the last holds; an earlier one that says the same is unchanged, one that says something
    else is refused as superseded. New items are numbered in the order in which their keys first appear.
    """
    load_id = (straight and straight.load_id) or take_ids(cursor, "obs.loads", 1)
    total, alike, superseded = _settle_duplicates(cursor, layer)
    if straight and straight.begun and not alike + superseded:
        matched, updated, inserted = 0, 0, straight.finish()
    else:
        if straight:
            straight.undo()
        matched, updated, inserted = _bring(cursor, layer, source, load_id, total, alike + superseded)
    if inserted or updated:
        cursor.execute(
            "INSERT INTO obs.versions AS v (collection, version) VALUES (%s, 1) "
            "ON CONFLICT (collection) DO UPDATE SET version = v.version + 1, changed = now()",
            [layer.id],
        )
    if inserted + updated > ANALYZE_FROM:
        _set(cursor, "default_statistics_target", str(ANALYZE_TARGET))
        cursor.execute(sql.SQL("ANALYZE {}").format(table(layer)))
    return Merged(load_id, inserted, updated, matched - updated + alike, superseded)


def _bring(
    cursor: Cursor[Any], layer: Layer, source: str, load_id: int, total: int, repeated: int
) -> tuple[int, int, int]:
    """Return how many of the staged items the collection had, how many of these it had otherwise, how many are new."""
    matched, updated = 0, 0
    if known := _knows(cursor, layer, source):
        _look_at_keys(cursor)
        joined = sql.SQL("FROM pg_temp.incoming i JOIN {} t ON t.source = %s AND t.source_key = i.source_key")
        matched = _count(cursor, sql.SQL("SELECT count(*) ") + joined.format(table(layer)), [source])
        updated = _update(cursor, layer, source, load_id)
    count = total - repeated - matched
    return matched, updated, _insert(cursor, layer, source, load_id, count, known=known, repeated=repeated > 0)


def newest(cursor: Cursor[Any], layer: Layer) -> datetime | None:
    """Return the latest staged instant that has come to pass; None for a layer without instants."""
    if layer.time_field is None:
        return None
    instant = sql.Identifier(layer.time_field)
    row = cursor.execute(sql.SQL("SELECT max({0}) FROM pg_temp.incoming WHERE {0} <= now()").format(instant)).fetchone()
    assert row is not None
    found: datetime | None = row[0]
    return found


def _set(cursor: Cursor[Any], name: str, value: str) -> None:
    """Set a parameter of the server until the transaction ends."""
    cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _look_at_keys(cursor: Cursor[Any]) -> None:
    """Have the planner know what the joins ask of the staged items; geometries are dear to analyse."""
    cursor.execute("ANALYZE pg_temp.incoming (seq, source_key)")


def _knows(cursor: Cursor[Any], layer: Layer, source: str) -> bool:
    """Tell whether the collection has any item of a source."""
    known = sql.SQL("SELECT FROM {} WHERE source = %s LIMIT 1").format(table(layer))
    return cursor.execute(known, [source]).fetchone() is not None


def _settle_duplicates(cursor: Cursor[Any], layer: Layer) -> tuple[int, int, int]:
    """Leave one row a key in the table of staged items.

    Where there were others, the table `keys` says with which of its rows each key began.

    Returns
    -------
    tuple of int
        How many rows there were, how many said the same as the last of their key, how many something else.
    """
    counts = (
        "SELECT coalesce(sum(n), 0), count(*) FROM (SELECT count(*) AS n FROM pg_temp.incoming GROUP BY source_key) k"
    )
    row = cursor.execute(counts).fetchone()
    assert row is not None
    total, keys = map(int, row)
    extra = total - keys
    if not extra:
        return total, 0, 0
    cursor.execute(
        "CREATE TEMP TABLE keys ON COMMIT DROP AS SELECT source_key, min(seq) AS first, max(seq) AS last "
        "FROM pg_temp.incoming GROUP BY source_key"
    )
    cursor.execute("ANALYZE pg_temp.keys")
    _look_at_keys(cursor)
    cursor.execute(
        sql.SQL(
            "INSERT INTO pg_temp.refused SELECT i.seq, i.line, i.digest, 'id', 'superseded', 'id: superseded', "
            "i.source_key "
            "FROM pg_temp.keys k JOIN pg_temp.incoming i ON i.source_key = k.source_key AND i.seq < k.last "
            "JOIN pg_temp.incoming w ON w.seq = k.last WHERE k.first < k.last AND ({}) IS DISTINCT FROM ({})"
        ).format(_values("i", layer), _values("w", layer))
    )
    superseded = cursor.rowcount
    cursor.execute(
        "DELETE FROM pg_temp.incoming i USING pg_temp.keys k WHERE k.source_key = i.source_key AND i.seq < k.last"
    )
    return total, extra - superseded, superseded


def _update(cursor: Cursor[Any], layer: Layer, source: str, load_id: int) -> int:
    cursor.execute(
        sql.SQL(
            "UPDATE {} t SET ({}, load_id) = ROW({}, %s) FROM pg_temp.incoming i "
            "WHERE t.source = %s AND t.source_key = i.source_key AND ({}) IS DISTINCT FROM ({})"
        ).format(
            table(layer),
            _names("geom", *_own(layer)),
            _values("i", layer),
            _values("t", layer),
            _values("i", layer),
        ),
        [load_id, source],
    )
    return cursor.rowcount


def _insert(
    cursor: Cursor[Any], layer: Layer, source: str, load_id: int, count: int, *, known: bool, repeated: bool
) -> int:
    """Insert the staged items whose keys the collection does not have, `count` of them, and return how many."""
    if not count:
        return 0
    first = sql.Identifier("k", "first") if repeated else sql.Identifier("i", "seq")
    keys = sql.SQL("JOIN pg_temp.keys k ON k.source_key = i.source_key " if repeated else "")
    new = sql.SQL("WHERE NOT EXISTS (SELECT FROM {} t WHERE t.source = %(source)s AND t.source_key = i.source_key) ")
    insert = sql.SQL(
        "INSERT INTO {} ({}, source, load_id, {}) SELECT %(first)s - 1 + row_number() OVER (ORDER BY {first}), "
        "%(source)s, %(load)s, {} FROM pg_temp.incoming i {}{}ORDER BY {first}"
    ).format(
        table(layer),
        sql.Identifier(layer.id_field),
        _names("geom", *_own(layer)),
        _values("i", layer),
        keys,
        new.format(table(layer)) if known else sql.SQL(""),
        first=first,
    )
    given = {"source": source, "load": load_id, "first": take_ids(cursor, layer.id, count)}
    with indexes_at_the_end(cursor, table(layer), count):
        cursor.execute(insert, given)
    return count


def _own(layer: Layer) -> tuple[str, ...]:
    return tuple(name for name in columns(layer) if name not in _FILLED)


def _names(*names: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _values(alias: str, layer: Layer) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in ("geom", *_own(layer)))


def _count(cursor: Cursor[Any], query: sql.SQL | sql.Composed, given: Any = None) -> int:
    row = cursor.execute(query, given).fetchone()
    assert row is not None
    return int(row[0])
