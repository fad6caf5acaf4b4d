"""What was refused, and why. The rows themselves are not kept."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True)
class Entry:
    """One refused row, and how many alike there were (`rows`)."""

    source: str
    collection: str
    load_id: int
    line: int
    field: str
    reason: str
    message: str
    rows: int


@dataclass(frozen=True)
class Total:
    """How many rows of a source were refused for one reason."""

    source: str
    collection: str
    reason: str
    rows: int


def entries(connection: Connection, *, source: str | None = None, limit: int = 100) -> list[Entry]:
    """Return the last refused rows, the newest first."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            "SELECT source, collection, load_id, line, field, reason, message, rows FROM obs.quarantine "
            "WHERE %(source)s::text IS NULL OR source = %(source)s ORDER BY load_id DESC, line, id LIMIT %(limit)s",
            {"source": source, "limit": limit},
        ).fetchall()


def totals(connection: Connection) -> list[Total]:
    """Return refused rows counted by source, collection and reason."""
    with connection.cursor(row_factory=class_row(Total)) as cursor:
        return cursor.execute(
            "SELECT source, collection, reason, sum(rows)::bigint AS rows FROM obs.quarantine "
            "GROUP BY source, collection, reason ORDER BY source, collection, rows DESC, reason"
        ).fetchall()
