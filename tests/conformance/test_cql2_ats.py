"""The OGC's own abstract tests and examples of CQL2 (21-065r2), run on its GeoPackage in PostGIS."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cql2
import geopandas
import psycopg
import pyogrio
import pytest
from psycopg import sql

from observatoire.cql2 import FilterError, Queryable, compile_filter
from observatoire.cql2.parse import parse

pytestmark = [pytest.mark.conformance, pytest.mark.realdata]

#: Counts that the standard prints wrong, with the names that the data hold.
ERRATA = {
    "ACCENTI(name) LIKE accenti('Ch%')": ["Chengdu", "Chicago", "Chișinău"],
    "ACCENTI(CASEI(name)) LIKE accenti(casei('Chiș%'))": ["Chișinău"],
    "ACCENTI(CASEI(name)) LIKE accenti(casei('cHis%'))": ["Chișinău"],
}
#: Predicates of each class.
CLASSES = {
    "accent-insensitive-comparison": 11, "advanced-comparison-operators": 14, "arithmetic": 13, "basic-cql2": 48,
    "basic-cql2-combi": 77, "basic-spatial-functions": 8, "basic-spatial-functions-plus": 7,
    "case-insensitive-comparison": 10, "property-property": 101, "spatial-functions": 26, "temporal-functions": 36,
}  # fmt: skip
KINDS = {
    "object": ("text", "text"), "str": ("text", "text"), "int64": ("integer", "bigint"), "int32": ("integer", "bigint"),
    "float64": ("float", "float8"), "bool": ("boolean", "boolean"), "datetime64[D]": ("date", "date"),
    "datetime64[ms]": ("timestamp", "timestamptz"), "datetime64[ms, UTC]": ("timestamp", "timestamptz"),
}  # fmt: skip


@pytest.fixture(scope="module")
def natural_earth(database: str, ogc: Path) -> Iterator[tuple[psycopg.Connection, dict[str, dict[str, Queryable]]]]:
    """A connection to the three layers in PostGIS, and their queryables."""
    migration = (files("observatoire.store") / "migrations" / "0002_cql2.sql").read_text("utf-8")
    package = ogc / "ne110m4cql2.gpkg"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(migration.encode())
        queryables = {name: _load(connection, package, name) for name, _ in pyogrio.list_layers(package)}
        yield connection, queryables


def _load(connection: psycopg.Connection, package: Path, name: str) -> dict[str, Queryable]:
    info = pyogrio.read_info(package, layer=name)
    kinds = {f: KINDS[str(t)] for f, t in zip(info["fields"], info["dtypes"], strict=True)}
    frame = geopandas.read_file(package, layer=name, engine="pyogrio", use_arrow=True)
    columns = [sql.SQL("{} {}").format(sql.Identifier(f), sql.SQL(t)) for f, (_, t) in kinds.items()]
    connection.execute(
        sql.SQL("CREATE TABLE {} ({}, geom geometry(Geometry, 4326))").format(
            sql.Identifier(name), sql.SQL(", ").join(columns)
        )
    )
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(kinds))
    insert = sql.SQL("INSERT INTO {} VALUES ({}, ST_GeomFromWKB(%s, 4326))").format(sql.Identifier(name), marks)
    values = frame[list(kinds)].astype(object).where(frame[list(kinds)].notna(), None)
    rows = [[*row, shape.wkb] for row, shape in zip(values.values.tolist(), frame.geometry, strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(insert, rows)
    found = {f: Queryable(f, kind, sql.Identifier(f)) for f, (kind, _) in kinds.items()}
    return found | {"geom": Queryable("geom", "geometry", sql.Identifier("geom"), 4326)}


def _predicates(ogc: Path) -> list[dict[str, str]]:
    with (ogc / "cql2_abstract_tests.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _names(layer: str) -> str:
    return "NAME" if layer == "ne_110m_admin_0_countries" else "name"


def _selected(natural_earth: Any, layer: str, source: Any, lang: str) -> list[str]:
    connection, queryables = natural_earth
    done = compile_filter(source, lang=lang, queryables=queryables[layer], zone=ZoneInfo("Europe/Paris"))
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY 1").format(
        sql.Identifier(_names(layer)), sql.Identifier(layer), done.where
    )
    return [name for (name,) in connection.execute(query, done.args)]


def test_the_abstract_tests_are_all_there(ogc: Path) -> None:
    assert Counter(row["class"] for row in _predicates(ogc)) == CLASSES


@pytest.mark.parametrize("lang", ["cql2-text", "cql2-json"])
def test_every_abstract_test_selects_the_printed_number_of_items_or_the_named_ones(
    natural_earth: Any, ogc: Path, lang: str
) -> None:
    """351 predicates; for JSON, the tree of the `cql2` package, an independent reader, is the input."""
    wrong = {}
    for row in _predicates(ogc):
        text = row["predicate"]
        source = text if lang == "cql2-text" else json.dumps(cql2.parse_text(text).to_json())
        names = _selected(natural_earth, row["layer"], source, lang)
        expected = ERRATA.get(text)
        right = names == expected if expected is not None else len(names) == int(row["expected_count"])
        if not right:
            wrong[text] = (row["expected_count"], names[:5])

    assert wrong == {}


def test_a_coordinate_beyond_the_pole_is_refused(natural_earth: Any) -> None:
    with pytest.raises(FilterError, match="-90 to 90"):
        _selected(natural_earth, "ne_110m_admin_0_countries", "S_INTERSECTS(geom,POINT(90 180))", "cql2-text")


def test_the_published_examples_parse_to_the_published_json(ogc: Path, normal: Any) -> None:
    texts = sorted((ogc / "examples" / "text").glob("*.txt"))
    objects = {p.stem: p for p in (ogc / "examples" / "json").glob("*.json")}
    assert (len(texts), len(objects)) == (120, 109)

    published = {stem: normal(parse(path.read_text("utf-8"), "cql2-json")) for stem, path in objects.items()}
    different = [
        path.stem for path in texts
        if normal(parse(path.read_text("utf-8"), "cql2-text")) != published[path.stem.split("-alt")[0]]
    ]  # fmt: skip

    assert different == []


def test_our_reader_agrees_with_the_cql2_package_on_all_texts_of_the_ogc(ogc: Path, normal: Any) -> None:
    texts = [row["predicate"] for row in _predicates(ogc)]
    texts += [p.read_text("utf-8") for p in sorted((ogc / "examples" / "text").glob("*.txt"))]

    different = [t for t in texts if normal(parse(t, "cql2-text")) != normal(cql2.parse_text(t).to_json())]

    assert different == []
    assert len(texts) == 351 + 120
