"""The first load of a table: its indexes are made once the rows are in, as any bulk loader does.

A GiST index takes each row in for some 10 µs, and is made of all of them, sorted, in a tenth of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor, sql
from psycopg.errors import LockNotAvailable

#: Below this, rows, an index is no burden.
WORTH_IT = 10_000


@contextmanager
def indexes_at_the_end(cursor: Cursor[Any], table: sql.Composable, rows: int) -> Iterator[None]:
    """Insert in this block without the table's indexes that hold no rule; they are there again at its end.

    Only where the table is empty, `rows` are many, and nobody is reading: the table is locked until the transaction
    ends, and its readers, who would have found nothing, wait. Otherwise the indexes stay, and nothing is locked.

    Parameters
    ----------
    cursor : psycopg.Cursor
        Of the table's owner, inside a transaction.
    table : sql.Composable
        Qualified name.
    rows : int
        That will be inserted.
    """
    definitions = _set_aside(cursor, table) if rows >= WORTH_IT and _is_empty(cursor, table) else []
    yield
    for definition in definitions:
        cursor.execute(definition.encode())


def _is_empty(cursor: Cursor[Any], table: sql.Composable) -> bool:
    return cursor.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(table)).fetchone() is None


def _set_aside(cursor: Cursor[Any], table: sql.Composable) -> list[str]:
    """Drop the table's indexes that make nothing unique and stand for no constraint; return how they are made."""
    try:
        with cursor.connection.transaction():
            cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(table))
    except LockNotAvailable:
        return []
    found = cursor.execute(
        "SELECT n.nspname, c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indrelid = %s::regclass AND NOT i.indisunique "
        "AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY c.relname",
        [table.as_string(cursor)],
    ).fetchall()
    for schema, index, _ in found:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, index)))
    return [definition for _, _, definition in found]
