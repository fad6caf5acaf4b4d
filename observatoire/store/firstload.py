"""The first load of a table: its indexes are made once the rows are in, as any bulk loader does.

A GiST index takes each row in for some 10 µs, and is made of all of them, sorted, in a tenth of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor, sql
from psycopg.errors import DependentObjectsStillExist, LockNotAvailable

#: Below this, rows, an index is no burden.
WORTH_IT = 10_000


@contextmanager
def indexes_at_the_end(cursor: Cursor[Any], table: sql.Composable, rows: int) -> Iterator[None]:
    """Insert in this block without the table's indexes; they are there again at its end.

    Only where the table is empty, `rows` are many, and nobody is reading: the table is locked until the transaction
    ends, and its readers, who would have found nothing, wait. Otherwise the indexes stay, and nothing is locked.
    What makes unique is made again too: rows that are not then fail at the end. Rules of exclusion stay.

    Parameters
    ----------
    cursor : psycopg.Cursor
        Of the table's owner, inside a transaction.
    table : sql.Composable
        Qualified name.
    rows : int
        That will be inserted.
    """
    definitions = set_aside(cursor, table) if rows >= WORTH_IT else None
    yield
    put_back(cursor, definitions or [])


def set_aside(cursor: Cursor[Any], table: sql.Composable) -> list[sql.Composed] | None:
    """Drop the indexes of an empty table that nobody reads, and return how they are made again; else None.

    The table is then locked until the transaction ends.
    """
    if not _is_empty(cursor, table):
        return None
    try:
        with cursor.connection.transaction():
            cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(table))
    except LockNotAvailable:
        return None
    if not _is_empty(cursor, table):  # somebody wrote before it was ours
        return None
    return [made for drop, made in _indexes(cursor, table) if _dropped(cursor, drop)]


def put_back(cursor: Cursor[Any], definitions: list[sql.Composed]) -> None:
    """Make the indexes again that were set aside."""
    for definition in definitions:
        cursor.execute(definition)


def _is_empty(cursor: Cursor[Any], table: sql.Composable) -> bool:
    return cursor.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(table)).fetchone() is None


def _indexes(cursor: Cursor[Any], table: sql.Composable) -> list[tuple[sql.Composed, sql.Composed]]:
    """Return how each index of a table is dropped and made, but those that others rest on, or that exclude."""
    found = cursor.execute(
        "SELECT n.nspname, c.relname, pg_get_indexdef(c.oid), k.conname, pg_get_constraintdef(k.oid) "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid "
        "WHERE i.indrelid = %s::regclass AND NOT i.indisreplident AND coalesce(k.contype IN ('p', 'u'), true) "
        "ORDER BY i.indisunique DESC, c.relname",
        [table.as_string(cursor)],
    ).fetchall()
    return [
        (
            sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, index)),
            sql.Composed([sql.SQL(definition)]),
        )
        if constraint is None
        else (
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, sql.Identifier(constraint)),
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(table, sql.Identifier(constraint), sql.SQL(rule)),
        )
        for schema, index, definition, constraint, rule in found
    ]


def _dropped(cursor: Cursor[Any], drop: sql.Composed) -> bool:
    """Drop an index, unless something rests on it: a foreign key, a view that groups by a primary key."""
    try:
        with cursor.connection.transaction():
            cursor.execute(drop)
    except DependentObjectsStillExist:
        return False
    return True
