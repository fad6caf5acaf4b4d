"""Rows of a first load that go on while the next are read: the store is what it is without, cells and ids included."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.intake import load as intake_load
from observatoire.intake.load import Summary
from observatoire.intake.options import options_from_text
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store import straight
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
OPTIONS = options_from_text(map="id=num,reference=ref,date=le,nature=type,lon=lon,lat=lat")
ROWS, BATCH = 700, 150
QUERIES = {
    "items": "SELECT * FROM data.signalements ORDER BY id",
    "quarantine": "SELECT * FROM obs.quarantine ORDER BY id",
    "cells": "SELECT * FROM obs.tile_cells WHERE collection = 'signalements' ORDER BY 1, 2, 3, 4, 5, 6",
    "pairs": "SELECT * FROM obs.near_duplicates ORDER BY 1, 2, 3",
    "counters": "SELECT * FROM obs.counters ORDER BY 1",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename = 'signalements' ORDER BY 1",
    "rules": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE conrelid = 'data.signalements'::regclass ORDER BY 1",
    "triggers": "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'data.signalements'::regclass ORDER BY 1",
}


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture
def store(database: str, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(intake_load, "BATCH", BATCH)
    monkeypatch.setattr(straight, "WORTH_IT", 2 * BATCH)
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path))
        clear(connection)
        yield connection
        connection.rollback()
        clear(connection)


def clear(connection: Connection) -> None:
    connection.execute(
        "TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions, obs.sources, "
        "obs.near_duplicates"
    )
    connection.commit()


def export(path: Path, *, keys: int = ROWS, alike: bool = False) -> Path:
    """Write rows: one in fifty is refused; from `keys` on, keys come again."""
    with path.open("w") as out:
        out.write("num,ref,le,type,lon,lat\n")
        for n in range(ROWS):
            nature = "ovni" if n % 50 == 7 else "tag"
            moved = 0 if alike and n % 100 == 1 else n
            when = f"2026-01-{moved % 28 + 1:02d}T{moved % 24:02d}:00:00Z"
            place = f"{5.3 + moved % 97 / 1000:.6f},{43.25 + moved % 89 / 1000:.6f}"
            out.write(f"K-{n % keys},SIG-{n},{when},{nature},{place}\n")
    return path


def found(connection: Connection) -> dict[str, list[Any]]:
    left = {name: connection.execute(query).fetchall() for name, query in QUERIES.items()}  # type: ignore[arg-type]
    connection.rollback()
    return left


def load(connection: Connection, city: City, file: Path) -> Summary:
    return load_file(
        connection, city, connector="csv", collection="signalements", file=str(file), options=OPTIONS,
        settings=Settings(),
    )  # fmt: skip


def gone_on(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many rows had gone on after each batch."""
    counts: list[int] = []
    go_on = straight.Straight.__call__

    def noted(self: straight.Straight, read: int) -> None:
        go_on(self, read)
        counts.append(self.count)

    monkeypatch.setattr(straight.Straight, "__call__", noted)
    return counts


@pytest.mark.parametrize(
    ("keys", "alike"), [(ROWS, False), (ROWS, True), (ROWS - 1, False)], ids=["plain", "pairs", "a key twice"]
)
def test_the_store_is_what_it_is_without(
    store: Connection, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: int, alike: bool
) -> None:
    file = export(tmp_path / "export.csv", keys=keys, alike=alike)
    monkeypatch.setattr(straight, "WORTH_IT", ROWS * 2)
    usual = load(store, marseille, file), found(store)
    clear(store)
    monkeypatch.setattr(straight, "WORTH_IT", 2 * BATCH)
    counts = gone_on(monkeypatch)

    summary = load(store, marseille, file)

    refused = sum(n % 50 == 7 for n in range(ROWS))
    assert counts == [0, *(n - sum(i % 50 == 7 for i in range(n)) for n in (300, 450, 600)), ROWS - refused]
    assert (summary, found(store)) == usual
    assert summary.inserted == ROWS - refused - (keys < ROWS)
    assert bool(usual[1]["pairs"]) == alike


def test_the_counts_of_cells_are_those_of_a_recount(store: Connection, marseille: City, tmp_path: Path) -> None:
    load(store, marseille, export(tmp_path / "export.csv"))
    cells = found(store)["cells"]

    store.execute("SELECT obs.recount_points('signalements', 'data.signalements', '{geom,geom_rounded}')")

    assert cells
    assert store.execute(QUERIES["cells"]).fetchall() == cells


def test_changes_are_counted_again_afterwards(store: Connection, marseille: City, tmp_path: Path) -> None:
    load(store, marseille, export(tmp_path / "export.csv"))
    store.execute("DELETE FROM data.signalements WHERE id % 3 = 0")
    store.execute(
        "INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, nature, date, precision) "
        "SELECT 10000 + id, geom, 'other', source_key, load_id, origin, nature, date, precision FROM data.signalements"
    )
    cells = store.execute(QUERIES["cells"]).fetchall()

    store.execute("SELECT obs.recount_points('signalements', 'data.signalements', '{geom,geom_rounded}')")

    assert store.execute(QUERIES["cells"]).fetchall() == cells


def test_somebody_who_reads_is_not_waited_for(
    store: Connection, database: str, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = gone_on(monkeypatch)
    with psycopg.connect(database) as reader:
        reader.execute("SELECT FROM data.signalements")
        summary = load(store, marseille, export(tmp_path / "export.csv"))

    assert set(counts) == {0}
    assert summary.inserted == sum(n % 50 != 7 for n in range(ROWS))


def test_a_collection_that_has_items_is_filled_as_ever(
    store: Connection, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = export(tmp_path / "export.csv")
    first = load(store, marseille, file)
    counts = gone_on(monkeypatch)

    again = load(store, marseille, file)

    assert set(counts) == {0}
    assert (again.inserted, again.unchanged) == (0, first.inserted)
