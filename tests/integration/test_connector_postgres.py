"""A table of another PostgreSQL: read whole, read-only, from where the last load ended."""

import psycopg
import pytest
import shapely

from etl.connectors import postgres
from observatoire.errors import BadInput, BadSource, ObsError, SourceUnavailable
from observatoire.intake.options import Options
from observatoire.intake.source import Table

pytestmark = pytest.mark.integration

N = 5_003


@pytest.fixture
def address(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    with psycopg.connect(database, autocommit=True) as base:
        base.execute("DROP TABLE IF EXISTS public.mains")
        base.execute(
            "CREATE TABLE public.mains AS SELECT i AS num, timestamptz '2026-01-01Z' + i * interval '1 min' AS maj, "
            "i % 2 = 0 AS oui, NULL::text AS vide, ST_SetSRID(ST_MakePoint(i, 2), 2154) AS geom "
            "FROM generate_series(1, 5003) AS i"
        )
    monkeypatch.setenv("MAINS", database)
    return "env:MAINS"


def read(address: str, cursor: str | None = None, **request: str) -> Table:
    return postgres.fetch(address, Options(request=request, since=cursor))


def test_a_table_is_read_whole_with_its_places(address: str) -> None:
    table = read(address, table="public.mains")
    records = list(table.records)

    assert (table.columns, table.crs) == (("num", "maj", "oui", "vide"), "EPSG:2154")
    assert [r.row["num"] for r in records] == [str(n) for n in range(1, N + 1)]  # type: ignore[call-overload]
    assert dict(records[1].row) == {"num": "2", "maj": "2026-01-01 00:02:00+00", "oui": "true", "vide": ""}  # type: ignore[arg-type]
    assert records[1].geometry == shapely.Point(2, 2)


def test_the_next_load_begins_at_the_cursor(address: str, database: str) -> None:
    first = read(address, table="mains", since="maj")
    list(first.records)
    assert first.cursor is not None
    with psycopg.connect(database) as base:
        base.execute("INSERT INTO mains (num, maj) VALUES (9001, '2027-01-01Z')")

    second = read(address, first.cursor(), table="mains", since="maj")

    assert [r.row["num"] for r in second.records] == ["5003", "9001"]  # type: ignore[call-overload]
    assert second.cursor is not None
    assert second.cursor() == "2027-01-01 00:00:00+00"


def test_a_query_writes_nothing(address: str, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as base:
        base.execute("CREATE OR REPLACE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM mains; SELECT 1'")
    with pytest.raises(BadSource, match="SQLSTATE 25006"):
        list(read(address, query="SELECT spoil() AS num").records)
    assert len(list(read(address, query="SELECT num FROM mains WHERE num % 10 = 0 -- all tens").records)) == 500


@pytest.mark.parametrize(
    ("address_", "request_", "says"),
    [
        ("env:MAINS", {"table": "no_such"}, "SQLSTATE 42P01"),
        ("env:MAINS", {"query": "SELEC 1"}, "SQLSTATE 42601"),
        ("env:MAINS", {}, "either table or query"),
        ("env:MAINS", {"table": "mains", "since": "x"}, "expected one of num, maj"),
        ("postgresql://a:hunter2@127.0.0.1/x", {"table": "x"}, "it holds a password"),
        ("host=127.0.0.1 port=1", {"table": "x"}, "cannot be reached"),
    ],
)
def test_what_cannot_be_read_is_said_in_our_words(
    address: str, address_: str, request_: dict[str, str], says: str
) -> None:
    with pytest.raises(ObsError, match=says) as error:
        read(address_, **request_)

    assert "hunter2" not in str(error.value)


def test_a_server_that_goes_away_stops_the_load(address: str, database: str) -> None:
    records = read(address, table="mains").records
    next(records)
    with psycopg.connect(database, autocommit=True) as base:
        base.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )

    with pytest.raises(SourceUnavailable, match="after row"):
        list(records)


def test_a_statement_that_takes_too_long_ends(address: str) -> None:
    with pytest.raises((SourceUnavailable, BadSource)):
        list(read(address, query="SELECT num, pg_sleep(0.3)::text AS s FROM mains", timeout="1").records)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="expected env:NAME"):
        read("mysql://x/y", table="x")
