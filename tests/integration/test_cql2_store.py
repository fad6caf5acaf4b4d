"""Compiled filters in PostGIS: texts, patterns, letters, numbers, midnights, NULL, and the indexes that serve."""

import math
import os
import random
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from observatoire.cql2 import Queryable, compile_filter, refused_by_database
from observatoire.layers.model import AUDIENCES
from observatoire.layers.rights import create_roles, role

pytestmark = pytest.mark.integration

PARIS = ZoneInfo("Europe/Paris")
ROWS = 200_000 if os.environ.get("OBS_PROVE") == "full" else 20_000
COLUMNS = {
    "id": "integer", "s": "text", "n": "integer", "x": "float", "d": "date", "t": "timestamp", "t1": "timestamp",
    "a": "text[]",
}  # fmt: skip
QUERYABLES: dict[str, Queryable] = {
    name: Queryable(name, kind, sql.Identifier(name))  # type: ignore[arg-type]
    for name, kind in COLUMNS.items()
} | {"geometry": Queryable("geometry", "geometry", sql.Identifier("geom"), 2154)}
Ids = Callable[..., set[int]]


@pytest.fixture(scope="module")
def store(database: str) -> Iterator[psycopg.Connection]:
    """A connection to a database with the functions, many rows in Marseille with indexes, and an empty table."""
    migration = (files("observatoire.store") / "migrations" / "0002_cql2.sql").read_text("utf-8")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(migration.encode())
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.execute("SET random_page_cost = 1.1")
        for name in ("big", "small"):
            connection.execute(
                f"CREATE TABLE {name} (id bigint, s text, n bigint, x float8, d date, t timestamptz, t1 timestamptz, "
                "a text[], geom geometry(Geometry, 2154))".encode()
            )
        connection.execute(
            "INSERT INTO big SELECT i, 'Rue ' || i, i, i / 7.0, date '2000-01-01' + mod(i, 9000)::int, "
            "timestamptz '2020-01-01' + i * interval '11 minutes', timestamptz '2020-01-02' + i * interval '1 hour', "
            "ARRAY['k' || mod(i, 5000)], "
            "ST_Point(880000 + mod(i * 7919, 30000), 6230000 + mod(i * 104729, 30000), 2154) "
            "FROM generate_series(1, %s::bigint) i",
            [ROWS],
        )
        for index in (
            "(id)", "(s text_pattern_ops)", "(n)", "(x)", "(d)", "(t, id)", "USING gin (a)", "USING gist (geom)",
            "((obs_accenti(obs_casei(s))) text_pattern_ops)",
        ):  # fmt: skip
            connection.execute(f"CREATE INDEX ON big {index}".encode())
        connection.execute("ANALYZE big")
        yield connection


@pytest.fixture
def rows(store: psycopg.Connection) -> Callable[..., None]:
    """Return a function that makes `small` hold these rows: dicts of columns; `wkt` is in EPSG:2154."""

    def fill(*values: dict[str, Any]) -> None:
        store.execute("TRUNCATE small")
        for i, row in enumerate(values):
            columns = [c for c in row if c != "wkt"]
            statement = sql.SQL("INSERT INTO small (id, {}geom) VALUES (%s, {}ST_GeomFromText(%s, 2154))").format(
                sql.SQL("").join(sql.SQL("{}, ").format(sql.Identifier(c)) for c in columns),
                sql.SQL("").join(sql.SQL("%s, ") for _ in columns),
            )
            store.execute(statement, [i, *(row[c] for c in columns), row.get("wkt")])

    return fill


@pytest.fixture
def ids(store: psycopg.Connection) -> Ids:
    """Return a function: the ids of `small` that a filter selects."""

    def select(source: Any, lang: str = "cql2-text", zone: ZoneInfo = PARIS) -> set[int]:
        done = compile_filter(source, lang=lang, queryables=QUERYABLES, zone=zone)
        query = sql.SQL("SELECT id FROM small WHERE {}").format(done.where)
        return {i for (i,) in store.execute(query, done.args)}

    return select


# Texts

UNICODE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NEAR = st.text("a%_\\'\"é{}$1 -", max_size=6)
RELAXED = settings(
    max_examples=500 if os.environ.get("OBS_PROVE") == "full" else 60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@RELAXED
@given(texts=st.lists(st.one_of(UNICODE, NEAR), min_size=1, max_size=5), wanted=st.one_of(UNICODE, NEAR))
def test_a_text_selects_the_rows_that_equal_it(rows: Any, ids: Ids, texts: list[str], wanted: str) -> None:
    rows(*({"s": s} for s in [*texts, wanted, None]))
    expected = {i for i, s in enumerate([*texts, wanted]) if s == wanted}

    assert ids({"op": "=", "args": [{"property": "s"}, wanted]}, "cql2-json") == expected
    assert ids("s = '" + wanted.replace("'", "''") + "'") == expected
    assert ids({"op": "in", "args": [{"property": "s"}, [wanted]]}, "cql2-json") == expected


@RELAXED
@given(texts=st.lists(NEAR, min_size=1, max_size=5), pattern=NEAR)
def test_a_pattern_selects_what_the_same_regular_expression_matches(
    rows: Any, ids: Ids, texts: list[str], pattern: str
) -> None:
    """`%` any text, `_` one character, backslash takes the next one as it is; one alone at the end is refused."""
    if len(pattern) - len(pattern.rstrip("\\")) & 1:
        pattern += "\\"
    rows(*({"s": s} for s in texts))
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(re.escape(p[1:]) if len(p) == 2 else signs.get(p, re.escape(p)) for p in parts)

    expected = {i for i, s in enumerate(texts) if re.fullmatch(expression, s, re.DOTALL)}

    assert ids({"op": "like", "args": [{"property": "s"}, pattern]}, "cql2-json") == expected


def test_case_folding_is_that_of_unicode(store: psycopg.Connection) -> None:
    """Every letter of Python's Unicode that has case, against `str.casefold`."""
    assigned = [chr(c) for c in range(1, sys.maxunicode) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    letters = [c for c in assigned if c.casefold() != c or c.upper() != c]
    query = "SELECT c, f FROM unnest(%s::text[], %s::text[]) AS pairs (c, f) WHERE obs_casei(c) <> obs_casei(f)"

    different = store.execute(
        query, [letters, [unicodedata.normalize("NFC", c).casefold() for c in letters]]
    ).fetchall()

    assert len(letters) > 2_500
    assert different == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Straße", "STRASSE", True), ("École", "éCOLE", True), ("e\u0301cole", "ÉCOLE", True), ("Οδός", "ΟΔΌΣ", True),
     ("İzmir", "izmir", False), ("a", "á", False), ("a", "b", False)],
)  # fmt: skip
def test_casei(rows: Any, ids: Ids, one: str, other: str, same: bool) -> None:
    rows({"s": one})

    assert bool(ids(f"CASEI(s) = CASEI('{other}')")) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("cœur", "coeur", True), ("ça", "ca", True), ("l’été", "l'ete", True), ("Chișinău", "Chisinau", True),
     ("e\u0301te\u0301", "été", True), ("a", "A", False), ("a", "b", False)],
)  # fmt: skip
def test_accenti(rows: Any, ids: Ids, one: str, other: str, same: bool) -> None:
    rows({"s": one})

    assert bool(ids("ACCENTI(s) = ACCENTI('" + other.replace("'", "''") + "')")) is same


def test_a_full_width_sign_does_not_become_a_sign_of_like(rows: Any, ids: Ids) -> None:
    rows({"s": "100％"}, {"s": "100 euros"}, {"s": "100%"})

    assert ids("ACCENTI(s) LIKE ACCENTI('100％')") == {0, 2}


# Numbers


@pytest.mark.parametrize("big", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
def test_integers_are_exact(rows: Any, ids: Ids, big: int) -> None:
    rows({"n": big}, {"n": big - 1 if big > 0 else big + 1})

    assert ids(f"n = {big}") == {0}
    assert ids({"op": "in", "args": [{"property": "n"}, [big]]}, "cql2-json") == {0}
    assert ids(f"n < {2**63} AND n >= {-(2**63)}") == {0, 1}


def test_powers_are_those_of_the_c_library_or_null(store: psycopg.Connection) -> None:
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 1e308, -1e308, 1e-308, 5e-324, 1.0000001, 1e300]
    for a in special:
        for b in [*special, 1023.0, 1024.0, -1074.0, 1 / 3]:
            (found,) = store.execute("SELECT obs_power(%s, %s)", [a, b]).fetchone() or ()
            try:
                expected = math.pow(a, b)
            except (ValueError, OverflowError):
                expected = None
            if expected is not None and 0 < abs(expected) < 1e-307:
                assert abs(found) < 1e-307, (a, b)
            elif expected is not None and abs(expected) > 1.7e308:
                assert found is None or found == expected, (a, b)
            else:
                assert found == (None if expected is None else pytest.approx(expected, rel=1e-12)), (a, b)


def test_no_operation_on_whatever_numbers_is_another_error_than_the_clients(
    store: psycopg.Connection, rows: Any, ids: Ids
) -> None:
    values = [0.0, -1.5, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan, 3.0]
    rows(*({"x": x} for x in values))
    rng = random.Random(7)
    refused = []
    for _ in range(300):
        terms = [rng.choice(["x", "x", "1e308", "5e-324", "0.1", "-3", "2"]) for _ in range(3)]
        ops = [rng.choice(["+", "-", "*", "/", "%", "div", "^"]) for _ in range(2)]
        try:
            ids(f"(x {ops[0]} {terms[0]}) {ops[1]} {terms[1]} > {terms[2]}")
        except psycopg.Error as error:
            refused.append(refused_by_database(error))

    assert 0 < len(refused) < 300
    assert None not in refused


# Times


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-14"])
def test_a_date_is_the_days_own_length_in_the_citys_zone(
    store: psycopg.Connection, rows: Any, ids: Ids, day: str
) -> None:
    """23, 25 and 24 hours by PostgreSQL's calendar: the last microsecond before, the first, the last,
    the first after."""
    rows({}, {}, {}, {})
    for i, (microseconds, days) in enumerate([(-1, 0), (0, 0), (-1, 1), (0, 1)]):
        store.execute(
            "UPDATE small SET t = ((%s::date + %s::int)::timestamp AT TIME ZONE 'Europe/Paris') "
            "+ %s * interval '1 microsecond' WHERE id = %s",
            [day, days, microseconds, i],
        )

    assert ids(f"t = DATE('{day}')") == ids(f"T_INTERSECTS(t, DATE('{day}'))") == {1, 2}
    assert ids(f"t <> DATE('{day}')") == {0, 3}
    assert ids(f"t < DATE('{day}')") == ids(f"T_BEFORE(t, DATE('{day}'))") == {0}
    assert ids(f"t > DATE('{day}')") == ids(f"T_AFTER(t, DATE('{day}'))") == {3}
    assert ids(f"t <= DATE('{day}')") == {0, 1, 2}
    assert ids(f"t >= DATE('{day}')") == {1, 2, 3}


def test_an_interval_with_an_unknown_bound_is_unknown_also_when_negated(rows: Any, ids: Ids) -> None:
    rows({"t": "2026-01-02Z", "t1": "2026-01-03Z"}, {"t": "2026-01-02Z"}, {"t1": "2026-01-03Z"})

    after = "T_AFTER(INTERVAL(t, t1), TIMESTAMP('2026-01-01T00:00:00Z'))"
    assert ids(after) == {0}
    assert ids(f"NOT {after}") == set()
    assert ids(f"({after}) IS NULL") == {1, 2}
    assert ids("T_AFTER(INTERVAL(t, '..'), TIMESTAMP('2026-01-01T00:00:00Z'))") == {0, 1}


def test_parts_of_a_time_are_those_of_the_citys_clock(rows: Any, ids: Ids) -> None:
    rows({"t": "2026-07-14T22:30:00Z"}, {"t": "2026-07-14T21:30:00Z"})

    assert ids("hour(t) = 0 AND day(t) = 15 AND weekday(t) = 3") == {0}
    assert ids("hour(t) >= 23") == {1}


# Places


def test_a_distance_is_in_metres(rows: Any, ids: Ids) -> None:
    """From the place of POINT(5.37 43.30) in Lambert-93, by gdaltransform: 99 m and 101 m to the east."""
    rows({"wkt": "POINT(892493.7 6247424.6)"}, {"wkt": "POINT(892495.8 6247424.6)"})

    assert ids("dwithin(geometry, POINT(5.37 43.30), 100)") == {0}


@pytest.mark.parametrize("box", ["BBOX(-180,-90,180,90)", "BBOX(-180,-90,-180,90)", "BBOX(170,-90,-170,90)"])
@pytest.mark.parametrize(
    "op", ["INTERSECTS", "DISJOINT", "WITHIN", "CONTAINS", "EQUALS", "TOUCHES", "CROSSES", "OVERLAPS"]
)
def test_the_world_and_the_far_side_of_it_are_no_error(rows: Any, ids: Ids, op: str, box: str) -> None:
    rows({"wkt": "POINT(892493.7 6247424.6)"}, {"wkt": None})
    world = box == "BBOX(-180,-90,180,90)"
    expected = {"INTERSECTS": world, "WITHIN": world, "DISJOINT": not world}.get(op, False)

    assert ids(f"S_{op}(geometry, {box})") == ({0} if expected else set())


# Rights and indexes


def test_every_audience_may_call_the_functions(store: psycopg.Connection) -> None:
    for statement in create_roles():
        store.execute(statement)
    for audience in AUDIENCES:
        with store.transaction():
            store.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role(audience))))
            store.execute("SET LOCAL search_path = nowhere, public")
            row = store.execute("SELECT obs_accenti(obs_casei('É')), obs_power(2, 3), obs_mod(5, 3), obs_div(7, 2)")

            assert row.fetchone() == ("e", 8, 2, 3)


BOX = "BBOX(5.30,43.20,5.302,43.202)"
INDEXED = [
    "s = 'Rue 7'", "s IN ('Rue 7', 'Rue 8')", "s LIKE 'Rue 77%'", "ACCENTI(CASEI(s)) = ACCENTI(CASEI('RUE 7'))",
    "ACCENTI(CASEI(s)) LIKE ACCENTI(CASEI('RUE 77%'))", "n = 5", "n = 5.0", "n IN (5, 6)", "n BETWEEN 5 AND 9",
    "n < 5.5",
    "n = 2 + 3", "x = 5", "x < 5", "d = DATE('2001-01-01')", "d < DATE('2000-01-02')",
    "d = TIMESTAMP('2001-01-01T12:00:00Z')", "t = DATE('2020-01-02')", "t <= DATE('2020-01-02')",
    "t IN (DATE('2020-01-02'))",
    "t > TIMESTAMP('2020-01-02T00:00:00Z') AND t < DATE('2020-01-03')",
    "T_INTERSECTS(t, INTERVAL('2020-01-02','2020-01-03'))", "T_BEFORE(t, DATE('2020-01-02'))",
    "T_INTERSECTS(d, INTERVAL('2001-01-01','2001-01-02'))", "T_EQUALS(t, TIMESTAMP('2020-01-02T00:00:00Z'))",
    "A_CONTAINS(a, ('k7'))", "A_OVERLAPS(a, ('k7','k8'))", f"S_INTERSECTS(geometry, {BOX})",
    f"S_WITHIN(geometry, {BOX})",
    f"S_CONTAINS({BOX}, geometry)", f"S_EQUALS(geometry, {BOX})", f"S_TOUCHES(geometry, {BOX})",
    f"S_CROSSES(geometry, {BOX})", f"S_OVERLAPS(geometry, {BOX})", f"NOT S_DISJOINT(geometry, {BOX})",
    "dwithin(geometry, POINT(5.3 43.2), 100)", f"S_INTERSECTS(geometry, {BOX}) AND NOT (n = 3 OR s = 'x')",
]  # fmt: skip


@pytest.mark.parametrize("text", INDEXED)
def test_an_index_serves(store: psycopg.Connection, text: str) -> None:
    done = compile_filter(text, lang="cql2-text", queryables=QUERYABLES, zone=PARIS)
    query = sql.SQL("EXPLAIN SELECT id FROM big WHERE {}").format(done.where)

    plan = "\n".join(line for (line,) in store.execute(query, done.args))

    assert "Index" in plan
    assert "Seq Scan" not in plan
