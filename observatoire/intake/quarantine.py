"""What was refused, why, and what became of it. The rows themselves are not kept here."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import class_row

from observatoire.errors import BadInput, NotFound


@dataclass(frozen=True)
class Entry:
    """One refused row, and how many alike there were (`rows`); `fingerprint` names it in a decision file.

    Attributes
    ----------
    state : {"open", "accepted", "corrected", "superseded", "gone"}
    settled : int or None
        The load that closed it.
    """

    source: str
    collection: str
    load_id: int
    line: int
    field: str
    reason: str
    message: str
    rows: int
    fingerprint: str
    state: str
    settled: int | None


@dataclass(frozen=True)
class Closed:
    """How many entries of a source its loads have closed, by how."""

    source: str
    collection: str
    state: str
    entries: int


@dataclass(frozen=True)
class Total:
    """How many rows of a source were refused for one reason."""

    source: str
    collection: str
    reason: str
    rows: int


def entries(
    connection: Connection, *, source: str | None = None, limit: int = 100, closed: bool = False
) -> list[Entry]:
    """Return the last refused rows, the newest first: those that are open, or also those that are not (`closed`)."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            "SELECT source, collection, load_id, line, field, reason, message, rows, "
            "encode(row_digest, 'hex') AS fingerprint, coalesce(closed, 'open') AS state, settled FROM obs.quarantine "
            "WHERE (settled IS NULL OR %(closed)s) AND (%(source)s::text IS NULL OR source = %(source)s) "
            "ORDER BY load_id DESC, line, id LIMIT %(limit)s",
            {"source": source, "limit": limit, "closed": closed},
        ).fetchall()


def closings(connection: Connection) -> list[Closed]:
    """Return the closed entries counted by source, collection and how they were closed."""
    with connection.cursor(row_factory=class_row(Closed)) as cursor:
        return cursor.execute(
            "SELECT source, collection, closed AS state, count(*) AS entries FROM obs.quarantine "
            "WHERE settled IS NOT NULL GROUP BY source, collection, closed ORDER BY source, collection, closed"
        ).fetchall()


def totals(connection: Connection) -> list[Total]:
    """Return open refused rows counted by source, collection and reason."""
    with connection.cursor(row_factory=class_row(Total)) as cursor:
        return cursor.execute(
            "SELECT source, collection, reason, sum(rows)::bigint AS rows FROM obs.quarantine "
            "WHERE settled IS NULL GROUP BY source, collection, reason ORDER BY source, collection, rows DESC, reason"
        ).fetchall()


def collection_of(connection: Connection, source: str) -> str:
    """Return the collection into which a source is loaded.

    Raises
    ------
    NotFound
        If no load has its name.
    BadInput
        If it is loaded into several.
    """
    found = connection.execute(
        "SELECT DISTINCT collection FROM obs.loads WHERE source = %s ORDER BY collection", [source]
    ).fetchall()
    if not found:
        raise NotFound("source: nothing was loaded under this name; `obs loads` lists the names")
    if len(found) > 1:
        raise BadInput(f"collection: the source is loaded into {', '.join(c for (c,) in found)}; name one")
    return str(found[0][0])
