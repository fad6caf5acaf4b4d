"""Random filters, executed by PostGIS and evaluated in Python: the same rows, in three-valued logic."""

import json
import random
from collections.abc import Iterator
from importlib.resources import files
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import shapely
from psycopg import sql

from observatoire.cql2 import Queryable, compile_filter
from observatoire.cql2.parse import parse

pytestmark = pytest.mark.conformance

#: Both clocks change on 29 March 2026, among the rows' dates: at 2 in the morning, and at midnight, which is skipped.
ZONES = {name: ZoneInfo(name) for name in ("Europe/Paris", "Asia/Beirut")}
COLUMNS = {
    "id": ("integer", "bigint"), "name": ("text", "text"), "n": ("integer", "bigint"), "big": ("integer", "bigint"),
    "x": ("float", "float8"), "ok": ("boolean", "boolean"), "d": ("date", "date"), "d2": ("date", "date"),
    "t": ("timestamp", "timestamptz"), "t0": ("timestamp", "timestamptz"), "t1": ("timestamp", "timestamptz"),
    "tags": ("text[]", "text[]"),
}  # fmt: skip
QUERYABLES: dict[str, Queryable] = {
    name: Queryable(name, kind, sql.Identifier(name)) for name, (kind, _) in COLUMNS.items()
} | {name: Queryable(name, "geometry", sql.Identifier(name), srid) for name, srid in (("geom", 2154), ("place", 4326))}
SEED = 20_260_329


@pytest.fixture(scope="module")
def rows(oracle: ModuleType) -> list[dict[str, Any]]:
    rng = random.Random(SEED)
    found = [row for zone in ZONES.values() for row in oracle.make_rows(rng, zone, 50)]
    return [row | {"id": i} for i, row in enumerate(found)]


@pytest.fixture(scope="module")
def table(database: str, rows: list[dict[str, Any]]) -> Iterator[psycopg.Connection]:
    """A connection to the rows in PostGIS."""
    migration = (files("observatoire.store") / "migrations" / "0002_cql2.sql").read_text("utf-8")
    columns = ", ".join(f"{name} {kind}" for name, (_, kind) in COLUMNS.items())
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(migration.encode())
        connection.execute(
            f"CREATE TABLE rows ({columns}, geom geometry(Geometry, 2154), place geometry(Geometry, 4326))".encode()
        )
        with connection.cursor() as cursor:
            marks = ", ".join(["%s"] * len(COLUMNS))
            cursor.executemany(
                f"INSERT INTO rows VALUES ({marks}, ST_GeomFromWKB(%s, 2154), ST_GeomFromWKB(%s, 4326))".encode(),
                [
                    [
                        *(row[c] for c in COLUMNS),
                        *(None if row[g] is None else shapely.to_wkb(row[g]) for g in ("geom", "place")),
                    ]
                    for row in rows
                ],
            )
        yield connection


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_random_filters_select_the_rows_that_the_standard_says(
    table: psycopg.Connection, oracle: ModuleType, rows: list[dict[str, Any]], full: bool, zone: ZoneInfo
) -> None:
    """1 000 filters a zone (5 000 in prove), as JSON and as text in turn; every difference is an error."""
    maker = oracle.Maker(random.Random(f"{SEED} {zone.key}"), zone)
    different, telling = [], 0
    for i in range(5_000 if full else 1_000):
        tree = maker.filter()
        source, lang = (json.dumps(tree), "cql2-json") if i % 2 else (oracle.to_text(tree), "cql2-text")
        done = compile_filter(source, lang=lang, queryables=QUERYABLES, zone=zone)
        query = sql.SQL("SELECT id FROM rows WHERE {}").format(done.where)
        selected = {id_ for (id_,) in table.execute(query, done.args)}
        expected = {row["id"] for row in rows if oracle.evaluate(tree, row, zone) is True}
        telling += 0 < len(expected) < len(rows)
        if selected != expected:
            different.append((oracle.to_text(tree), selected ^ expected))

    assert different == []
    assert telling > (i + 1) / 2, "most filters select some rows and leave some"


def test_both_forms_of_random_filters_are_read_alike(oracle: ModuleType, normal: Any) -> None:
    maker = oracle.Maker(random.Random(SEED), ZONES["Europe/Paris"])
    for _ in range(500):
        tree = maker.filter()

        assert normal(parse(oracle.to_text(tree), "cql2-text")) == normal(tree)
