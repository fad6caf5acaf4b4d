"""A table or a query of PostgreSQL, read in one read-only transaction through a cursor of the server.

Cursor: the greatest value of the column that `since` names; rows at it are read again, for others may have come with
        the same value. A row that is committed late with an earlier value is not seen: name a column without such rows.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import shapely
from psycopg import Connection as Postgres
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from etl.connectors.features import asked, record, whole
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.credentials import secret
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Table

REQUEST = {
    "table": "`table` or `schema.table`; this or `query`",
    "query": "a SELECT",
    "since": "column, growing, of which only rows at or beyond the cursor are asked",
    "timeout": "longest time of a statement, 1–86400 s; default: 600",
}
_BATCH = 2_000  # rows
_SESSION = "-c default_transaction_read_only=on -c DateStyle=ISO,YMD -c TimeZone=UTC -c IntervalStyle=iso_8601"


def fetch(address: str, options: Options) -> Table:
    """Open a table or query; `address` is `env:NAME`, a variable that holds the connection string.

    Raises
    ------
    SourceUnavailable
        If the server cannot be reached, or refuses.
    BadSource
        If there is no such table, or the query is wrong.
    """
    request = asked(options, REQUEST)
    if ("table" in request) == ("query" in request):
        raise BadInput("request: expected either table or query")
    timeout = whole(request, "timeout", 600, 86_400)
    connection = _connected(_conninfo(address), timeout)
    try:
        query = _query(request)
        columns, place = _described(connection, query)
        crs = _crs(connection, query, place)
    except psycopg.Error as error:
        connection.close()
        raise BadSource(f"the database refuses the table or query (SQLSTATE {error.sqlstate})") from None
    if (column := request.get("since")) is not None and column not in columns:
        connection.close()
        raise BadInput(f"request.since: expected one of {', '.join(columns)}")
    last = [options.since]
    records = _records(connection, query, columns, place, column, options, last)
    return Table(columns, records, crs, lambda: last[0] if column is not None else None)


def _conninfo(address: str) -> str:
    text = secret("address", address) if address.startswith("env:") else address
    try:
        parts = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        raise BadInput("address: expected env:NAME, or postgresql://host/database without a password") from None
    if not address.startswith("env:") and parts.get("password"):
        raise BadInput("address: it holds a password; expected env:NAME")
    return text


def _connected(conninfo: str, timeout: int) -> Postgres:
    try:
        connection = psycopg.connect(
            conninfo, connect_timeout=10, options=f"{_SESSION} -c statement_timeout={timeout}s", client_encoding="utf8"
        )
    except psycopg.Error:
        raise SourceUnavailable("the database cannot be reached, or refuses the login") from None
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _query(request: dict[str, str]) -> sql.Composable:
    if "table" in request:
        return sql.SQL("TABLE {}").format(sql.Identifier(*request["table"].split(".")))
    return sql.SQL(request["query"].strip().rstrip(";"))  # the city's own, read-only


def _described(connection: Postgres, query: sql.Composable) -> tuple[tuple[str, ...], str | None]:
    """Return the columns, and which holds geometries."""
    cursor = connection.execute(sql.SQL("SELECT * FROM ({}\n) AS q LIMIT 0").format(query), prepare=False, binary=True)
    columns = [(column.name, column.type_code) for column in cursor.description or ()]
    found = connection.execute("SELECT oid::int FROM pg_type WHERE typname IN ('geometry', 'geography')").fetchall()
    spatial = {oid for (oid,) in found}
    place = next((name for name, oid in columns if oid in spatial), None)
    return tuple(name for name, oid in columns if oid not in spatial), place


def _crs(connection: Postgres, query: sql.Composable, place: str | None) -> str | None:
    if place is None:
        return None
    row = connection.execute(
        sql.SQL("SELECT ST_SRID({0}::geometry) FROM ({1}\n) AS q WHERE {0} IS NOT NULL LIMIT 1").format(
            sql.Identifier(place), query
        )
    ).fetchone()
    return f"EPSG:{row[0]}" if row and row[0] else None


def _records(
    connection: Postgres,
    query: sql.Composable,
    columns: tuple[str, ...],
    place: str | None,
    since: str | None,
    options: Options,
    last: list[str | None],
) -> Iterator[Record]:
    texts = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns]
    where = sql.SQL("ST_AsBinary({}::geometry)").format(sql.Identifier(place)) if place else sql.SQL("NULL::bytea")
    statement = sql.SQL("SELECT {}, {} FROM ({}\n) AS q").format(sql.SQL(", ").join(texts), where, query)
    rank = 0
    try:
        with connection, connection.cursor(name="obs_source") as cursor:
            cursor.itersize = _BATCH
            if since is not None:
                named = sql.Identifier(since)
                if last[0] is not None:
                    # An untyped literal takes the type of the column.
                    statement += sql.SQL(" WHERE {} >= {}").format(named, sql.Literal(last[0]))
                statement += sql.SQL(" ORDER BY {} NULLS FIRST").format(named)
            for rank, (*values, wkb) in enumerate(cursor.execute(statement), start=1):
                row = dict(zip(columns, (_plain(value) for value in values), strict=True))
                if since is not None and row[since]:
                    last[0] = row[since]
                yield record(rank, row, columns, options, geometry=_shape(wkb) if wkb is not None else None)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise SourceUnavailable(f"the database went away, or took too long, after row {rank}") from None
    except psycopg.Error as error:
        raise BadSource(f"the database refuses the query after row {rank} (SQLSTATE {error.sqlstate})") from None
    finally:
        connection.close()


def _plain(value: str | None) -> str:
    return "" if value is None else value


def _shape(wkb: bytes) -> Any:
    return lambda: shapely.from_wkb(wkb)


CONNECTOR = Connector("postgres", fetch=fetch)
