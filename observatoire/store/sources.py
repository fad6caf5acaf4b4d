"""What is known of a source between two loads: its cursor, its contract, its age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import class_row
from psycopg.types.json import Json

#: First key of the session's advisory locks by which the loads of one source follow each other, reading included.
SOURCE_LOCK = 0x0B5E_0003


@dataclass(frozen=True)
class Known:
    """What the last load of a source left.

    Attributes
    ----------
    request : bytes
        Fingerprint of what was asked; a cursor holds for the same request only.
    cursor : str or None
    columns : dict of str to str, or None
        The contract: column → kind.
    accepted : datetime or None
        When the contract was recorded.
    """

    request: bytes
    cursor: str | None
    columns: dict[str, str] | None
    accepted: datetime | None


@dataclass(frozen=True)
class Freshness:
    """How old what we have of a source is, beside what its city allows (`stale` is None where nothing is said)."""

    source: str
    collection: str
    load_id: int
    loaded: datetime
    changed: datetime | None
    newest: datetime | None
    max_age: timedelta | None
    age: timedelta
    stale: bool | None


@dataclass(frozen=True)
class Load:
    """One load: how its rows were had, and what became of them."""

    id: int
    kind: str
    source: str
    collection: str
    connector: str | None
    file_sha256: str | None
    since: str | None
    crs_found: str | None
    started: datetime
    finished: datetime | None
    read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int


def known_of(connection: Connection, source: str, collection: str) -> Known | None:
    """Return what the last load of a source left, or None before the first."""
    with connection.cursor(row_factory=class_row(Known)) as cursor:
        return cursor.execute(
            "SELECT request, cursor, columns, accepted FROM obs.sources WHERE source = %s AND collection = %s",
            [source, collection],
        ).fetchone()


def remember(
    cursor: Cursor[Any],
    source: str,
    collection: str,
    load_id: int,
    *,
    request: bytes,
    position: str | None,
    columns: Mapping[str, str] | None,
    newest: datetime | None,
    changed: bool,
    max_age: timedelta | None,
) -> None:
    """Write what a load leaves; the date of a contract is that of the load that first recorded it."""
    cursor.execute(
        "INSERT INTO obs.sources AS s (source, collection, load_id, loaded, changed, newest, max_age, request, cursor, "
        "columns, accepted) VALUES (%(source)s, %(collection)s, %(load_id)s, clock_timestamp(), "
        "CASE WHEN %(changed)s THEN clock_timestamp() END, %(newest)s, %(max_age)s, %(request)s, %(position)s, "
        "%(columns)s, CASE WHEN %(columns)s::json IS NOT NULL THEN now() END) "
        "ON CONFLICT (source, collection) DO UPDATE SET load_id = excluded.load_id, loaded = excluded.loaded, "
        "changed = coalesce(excluded.changed, s.changed), newest = greatest(excluded.newest, s.newest), "
        "max_age = excluded.max_age, request = excluded.request, cursor = excluded.cursor, columns = excluded.columns, "
        "accepted = CASE WHEN s.columns::jsonb = excluded.columns::jsonb THEN s.accepted ELSE excluded.accepted END",
        {
            "source": source,
            "collection": collection,
            "load_id": load_id,
            "request": request,
            "position": position,
            "columns": None if columns is None else Json(dict(columns)),
            "newest": newest,
            "changed": changed,
            "max_age": max_age,
        },
    )


def touch(cursor: Cursor[Any], source: str, collection: str, load_id: int) -> None:
    """Write that a source was asked and had nothing new, or that refused rows of it were read again."""
    cursor.execute(
        "UPDATE obs.sources SET load_id = %s, loaded = clock_timestamp() WHERE source = %s AND collection = %s",
        [load_id, source, collection],
    )


def freshness(connection: Connection) -> list[Freshness]:
    """Return the age of every source, in the order of their names."""
    with connection.cursor(row_factory=class_row(Freshness)) as cursor:
        return cursor.execute(
            "SELECT source, collection, load_id, loaded, changed, newest, max_age, age, stale FROM obs.freshness "
            "ORDER BY source, collection"
        ).fetchall()


def loads(connection: Connection, *, source: str | None = None, limit: int = 20) -> list[Load]:
    """Return the last loads, the newest first."""
    with connection.cursor(row_factory=class_row(Load)) as cursor:
        return cursor.execute(
            "SELECT id, kind, source, collection, connector, encode(file_sha256, 'hex') AS file_sha256, since, "
            "crs_found, started, finished, read, inserted, updated, unchanged, quarantined FROM obs.loads "
            "WHERE %(source)s::text IS NULL OR source = %(source)s ORDER BY id DESC LIMIT %(limit)s",
            {"source": source, "limit": limit},
        ).fetchall()
