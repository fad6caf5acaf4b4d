"""The short way of a batch leaves in the store what the long way leaves, row by row, refusal by refusal."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.intake.express import Express
from observatoire.intake.options import Options, options_from_text
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
HEAD = ("num", "ref", "le", "type", "x", "y")
MAPS = {
    "degrees": options_from_text(map="id=num,reference=ref,date=le,nature=type,lon=x,lat=y"),
    "metres": options_from_text(map="id=num,reference=ref,date=le,nature=type,x=x,y=y", crs="EPSG:2154"),
    "metres of a CRS that nobody says": options_from_text(map="id=num,date=le,nature=type,x=x,y=y", drop="ref"),
    "codes": options_from_text(map="id=num,reference=ref,date=le,nature=type,lon=x,lat=y", codes=["nature:OVNI=autre"]),
    "no key": options_from_text(map="id=*,reference=ref,date=le,nature=type,lon=x,lat=y", drop="num"),
}
TEXTS = {
    "num": ["", " K-7 ", "K-7", "06 12 34 56 78", "Jean Dupont", "a\\b-1", "PV 12/000123/CTM", "x" * 200],
    "ref": ["", "SIG-2026-1", "PV 3/4/CTM", "a\\nb-12", "mel@exemple.fr", "trop de mots dans un", "é-1", "\u00a0"],
    "le": ["", "2026-01-02", "2026-01-02T10:00:00+02:00", "2026-03-29 02:30", "31/02/2026", "2999-01-01", "2026-05"],
    "type": ["", "tag", " tag ", "Tag", "TAG", "ovni", "bruit"],
    "x": ["", "5.37", "5,37", "nan", "inf", "1e1", "43.3", "2.35", "892390", "181", "abc", " 5.38 "],
    "y": ["", "43.30", "43,30", "5.37", "48.85", "6247035", "-43.3", "inf", "91"],
}  # fmt: skip


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture
def store(database: str, marseille: City, tmp_path: Path) -> Iterator[Connection]:
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path))
        yield connection


def rows(seed: int, *, metres: bool) -> list[tuple[str, ...]]:
    """Return rows of which most are plain, and a third have one or two odd values."""
    rng = random.Random(seed)
    found: list[tuple[str, ...]] = []
    for n in range(1_200):
        lon, lat = rng.uniform(5.3, 5.45), rng.uniform(43.2, 43.35)
        place = (f"{880_000 + 20_000 * (lon - 5.3):.2f}", f"{6_240_000 + 20_000 * (lat - 43.2):.2f}")
        row = {
            "num": f"SIG-{n % 1_150}",
            "ref": f"PV-{n}",
            "le": f"2026-01-{n % 28 + 1:02d} 12:{n % 60:02d}",
            "type": "tag",
        }
        row |= dict(zip("xy", place if metres else (f"{lon:.6f}", f"{lat:.6f}"), strict=True))
        for name in rng.sample(HEAD, rng.choice([0, 0, 0, 0, 1, 2])):
            row[name] = rng.choice(TEXTS[name])
        found.append(tuple(row[name] for name in HEAD))
    return found


def left(connection: Connection, city: City, file: Path, connector: str, options: Options) -> dict[str, Any]:
    """Load twice into an empty store, and return all that is then there, times of the clock excluded."""
    connection.execute("TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions, obs.sources")
    connection.commit()
    loads = [
        load_file(
            connection, city, connector=connector, collection="signalements", file=str(file), options=options,
            settings=Settings(),
        )
        for _ in range(2)
    ]  # fmt: skip
    queries = {
        "items": "SELECT * FROM data.signalements ORDER BY id",
        "quarantine": "SELECT * FROM obs.quarantine ORDER BY id",
        "cells": "SELECT * FROM obs.tile_cells WHERE collection = 'signalements' ORDER BY 1, 2, 3, 4, 5, 6",
    }
    found: dict[str, Any] = {name: connection.execute(query).fetchall() for name, query in queries.items()}  # type: ignore[arg-type]
    connection.rollback()
    assert loads[0].read == sum(loads[0].counts().values()) - loads[0].read
    return found | {"loads": loads}


@pytest.mark.parametrize("said", MAPS)
def test_both_ways_leave_the_same(
    store: Connection, marseille: City, tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.csv"
    with file.open("w", encoding="utf-8") as out:
        csv.writer(out).writerows([HEAD, *rows(len(said), metres="metres" in said)])
    taken: list[int] = []
    ask = Express.__call__

    def counted(self: Express, batch: Any) -> Any:
        lines, rest = ask(self, batch)
        taken.append(lines.count("\n"))
        return lines, rest

    monkeypatch.setattr(Express, "__call__", counted)
    short = left(store, marseille, file, "csv", MAPS[said])
    monkeypatch.setattr(Express, "__call__", lambda _, batch: ("", batch))
    long = left(store, marseille, file, "csv", MAPS[said])

    assert short == long
    assert len(short["items"]) > 700
    assert len(short["quarantine"]) > 100
    # Alike rows without key are numbered as they come; a CRS is found by the first batch, whole.
    assert (sum(taken) > 700) == (said not in {"no key", "metres of a CRS that nobody says"})


def test_points_of_a_file_of_features_are_taken_too(
    store: Connection, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(1)
    shapes: list[Any] = [shapely.Point(rng.uniform(5.3, 5.45), rng.uniform(43.2, 43.35)) for _ in range(300)]
    shapes[:6] = [
        None, shapely.Point(), shapely.Point(2.35, 48.85), shapely.Point(43.3, 5.37), shapely.Point(5.4, 43.3, 12.0),
        shapely.LineString([(5.4, 43.3), (5.41, 43.3)]),
    ]  # fmt: skip
    table = {"num": [f"K-{n}" for n in range(300)], "le": "2026-01-02", "type": "tag"}
    file = tmp_path / "points.geojson"
    gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326").to_file(file, driver="GeoJSON", engine="pyogrio")
    options = options_from_text(map="id=num,date=le,nature=type")

    short = left(store, marseille, file, "geofile", options)
    monkeypatch.setattr(Express, "__call__", lambda _, batch: ("", batch))

    assert short == left(store, marseille, file, "geofile", options)
    assert len(short["items"]) == 295
