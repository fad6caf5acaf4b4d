"""The first load of a table makes its indexes at the end: the same indexes, the same rows, nobody kept out."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection, sql

from observatoire.store.firstload import WORTH_IT, indexes_at_the_end

pytestmark = pytest.mark.integration

TABLE = sql.Identifier("spots")
FILL = "INSERT INTO spots SELECT n, ST_Point(n %% 97, n %% 89, 2154) FROM generate_series(1, %s) n"
NAMES = "SELECT indexname FROM pg_indexes WHERE tablename = 'spots' ORDER BY 1"
RULES = ["spots_geom_excl"]
ALL = sorted([*RULES, "spots_far", "spots_geom", "spots_key", "spots_once", "spots_pkey"])


@pytest.fixture
def spots(database: str) -> Iterator[Connection]:
    """An empty table with six indexes: one excludes, three make unique, of which two are constraints."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE TABLE spots (id bigint PRIMARY KEY, geom geometry(Point, 2154), "
            "EXCLUDE USING gist (geom WITH &&) WHERE (id < 0), CONSTRAINT spots_key UNIQUE (geom, id) DEFERRABLE)"
        )
        connection.execute("CREATE INDEX spots_geom ON spots USING gist (geom) WHERE id > 0")
        connection.execute("CREATE INDEX spots_far ON spots (ST_X(geom))")
        connection.execute("CREATE UNIQUE INDEX spots_once ON spots (id, geom)")
        connection.commit()
        yield connection
        connection.rollback()
        connection.execute("DROP TABLE spots")
        connection.commit()


def names(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(NAMES).fetchall()]


def definitions(connection: Connection) -> list[tuple[str, ...]]:
    return connection.execute(
        "SELECT indexname, indexdef, pg_get_constraintdef(k.oid) FROM pg_indexes "
        "LEFT JOIN pg_constraint k ON conname = indexname WHERE tablename = 'spots' ORDER BY 1"
    ).fetchall()


def test_the_indexes_are_away_while_rows_come_in_and_the_same_afterwards(spots: Connection) -> None:
    before = definitions(spots)
    with spots.transaction(), spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, WORTH_IT):
        within = names(spots)
        cursor.execute(FILL, [WORTH_IT])

    assert within == RULES
    assert definitions(spots) == before
    spots.execute("SET enable_seqscan = off")
    box = "SELECT count(*) FROM spots WHERE id > 0 AND geom && ST_MakeEnvelope(0, 0, 5, 5, 2154)"
    plan = spots.execute(f"EXPLAIN {box}").fetchall()
    assert any("spots_geom" in line for (line,) in plan)
    assert spots.execute(box).fetchone() == (sum(n % 97 <= 5 and n % 89 <= 5 for n in range(1, WORTH_IT + 1)),)


@pytest.mark.parametrize(("there", "rows"), [(0, WORTH_IT - 1), (1, WORTH_IT)], ids=["few rows", "a filled table"])
def test_otherwise_they_stay(spots: Connection, there: int, rows: int) -> None:
    spots.execute(FILL, [there])
    with spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, rows):
        assert names(spots) == ALL


def test_a_reader_is_not_waited_for(spots: Connection, database: str) -> None:
    with psycopg.connect(database) as reader:
        reader.execute("SELECT FROM spots")
        with spots.transaction(), spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, WORTH_IT):
            within = names(spots)
            cursor.execute(FILL, [10])

    assert within == ALL
    assert spots.execute("SELECT count(*) FROM spots").fetchone() == (10,)


def test_what_others_rest_on_stays(spots: Connection) -> None:
    spots.execute("CREATE TABLE marks (spot bigint REFERENCES spots (id))")
    before = definitions(spots)
    with spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, WORTH_IT):
        within = names(spots)
        cursor.execute(FILL, [10])

    assert within == ["spots_geom_excl", "spots_pkey"]
    assert definitions(spots) == before


def test_rows_that_are_not_unique_fail_at_the_end(spots: Connection) -> None:
    failure = pytest.raises(psycopg.errors.UniqueViolation)
    with failure, spots.transaction(), spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, WORTH_IT):
        cursor.execute(FILL, [10])
        cursor.execute(FILL, [10])

    assert names(spots) == ALL


def test_a_load_that_fails_leaves_them(spots: Connection) -> None:
    before = definitions(spots)
    spots.rollback()
    failure = pytest.raises(psycopg.errors.DivisionByZero)
    with failure, spots.transaction(), spots.cursor() as cursor, indexes_at_the_end(cursor, TABLE, WORTH_IT):
        assert names(spots) == RULES
        cursor.execute("SELECT 1 / 0")

    assert definitions(spots) == before
