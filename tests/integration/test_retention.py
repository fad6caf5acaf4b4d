"""What a layer says it keeps for a time is gone once that is over, with all that hangs on it, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import shapely

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.intake.load import load_items
from observatoire.layers.catalog import catalog, layer_of
from observatoire.layers.nomenclature import codes
from observatoire.retention import Over, over, remove
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365.25)
CELLS = (
    "SELECT exact, pyramid, level, x, y, n FROM obs.tile_cells WHERE collection = 'signalements' ORDER BY 1, 2, 3, 4, 5"
)
VERSION = "SELECT version FROM obs.versions WHERE collection = 'signalements'"


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture
def store(database: str, marseille: City, tmp_path: Path) -> Iterator[Connection]:
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path))
        tables = ", ".join(f"data.{layer.table}" for layer in catalog().values())
        connection.execute(
            f"TRUNCATE {tables}, obs.loads, obs.quarantine, obs.counters, obs.versions, obs.near_duplicates, "  # type: ignore[arg-type]
            "obs.reports, obs.report_voices, obs.retentions CASCADE"
        )
        connection.commit()
        yield connection


def reports(store: Connection, city: City, years: dict[str, float]) -> None:
    items = [
        {
            "source_key": key, "reference": f"MRS-2020-000000{n}", "date": NOW - age * YEAR, "nature": "tag",
            "x": 893_000.0, "y": 6_247_000.0,
        }
        for n, (key, age) in enumerate(years.items())
    ]  # fmt: skip
    load_items(store, city, layer_of("signalements"), "mairie", items, origin="reported", planned=False)


def keys(store: Connection, name: str = "signalements") -> list[str]:
    found = store.execute(f"SELECT source_key FROM data.{name} ORDER BY 1").fetchall()  # type: ignore[arg-type]
    store.rollback()
    return [key for (key,) in found]


def of(found: list[Over], collection: str = "signalements") -> Over:
    return next(each for each in found if each.collection == collection)


def test_reports_of_more_than_five_years_go_with_their_counts_and_flags(store: Connection, marseille: City) -> None:
    reports(store, marseille, {"old-1": 5.01, "old-2": 5.01, "young": 4.99})
    store.execute("UPDATE data.signalements SET date = %s WHERE source_key LIKE 'old%%'", [NOW - 5.01 * YEAR])
    store.execute("INSERT INTO obs.near_duplicates VALUES ('signalements', 2, 1, 0, 0, 1) ON CONFLICT DO NOTHING")
    before = store.execute(VERSION).fetchone()
    store.commit()

    seen = of(over(store, marseille, catalog().values()))
    store.rollback()
    assert (seen.retention, seen.items, keys(store)) == ("P5Y", 2, ["old-1", "old-2", "young"])
    gone = of(remove(store, marseille, catalog().values()))

    assert (gone.items, keys(store)) == (2, ["young"])
    assert store.execute("SELECT count(*) FROM obs.near_duplicates").fetchone() == (0,)
    assert before is not None
    assert store.execute(VERSION).fetchone() == (before[0] + 1,)
    counted = store.execute(CELLS).fetchall()
    store.execute("SELECT obs.recount_points('signalements', 'data.signalements', ARRAY['geom', 'geom_rounded'])")
    assert counted == store.execute(CELLS).fetchall()
    assert {row[-1] for row in counted} == {1}
    kept = store.execute("SELECT collection, retention, removed FROM obs.retentions").fetchall()
    assert kept == [("signalements", "P5Y", 2)]


def test_once_more_changes_nothing(store: Connection, marseille: City) -> None:
    reports(store, marseille, {"old": 6, "young": 1})
    remove(store, marseille, catalog().values())
    before = store.execute(VERSION).fetchone()
    store.rollback()

    assert {each.items for each in remove(store, marseille, catalog().values())} == {0}
    assert store.execute(VERSION).fetchone() == before
    assert store.execute("SELECT count(*) FROM obs.retentions").fetchone() == (1,)


def test_what_is_kept_of_a_report_goes_with_its_item(store: Connection, marseille: City) -> None:
    reports(store, marseille, {"old": 6, "young": 1})
    for n, key in enumerate(("old", "young")):
        store.execute(
            "INSERT INTO obs.reports (reference, door, token, fingerprint, item, nature, place) SELECT reference, "
            "'app', sha256(source_key::bytea), sha256(source_key::bytea), id, 'tag', ST_Transform(geom, 4326) "
            "FROM data.signalements WHERE source_key = %(key)s",
            {"key": key},
        )
        store.execute(
            "INSERT INTO obs.report_voices (reference, kind, voice) VALUES (%s, 'me-too', sha256('a'::bytea))",
            [f"MRS-2020-000000{n}"],
        )
    store.execute(
        "INSERT INTO obs.report_history (report, status, by_audience) SELECT id, 'received', 'public' FROM obs.reports"
    )
    store.commit()

    remove(store, marseille, catalog().values())

    for name in ("reports", "report_voices"):
        left = store.execute(f"SELECT reference FROM obs.{name}").fetchall()  # type: ignore[arg-type]
        assert left == [("MRS-2020-0000001",)], name
    assert store.execute("SELECT count(*) FROM obs.report_history").fetchone() == (1,)


def test_works_are_kept_from_their_end(store: Connection, marseille: City) -> None:
    """Ten years: works that began eleven years ago and ended two years ago are still kept."""
    square = shapely.MultiPolygon([shapely.box(893_000, 6_247_000, 893_010, 6_247_010)])
    layer = layer_of("chantiers")
    coded = {name: codes(str(layer.properties[name].codes)) for name in ("nature", "emprise", "statut")}
    fixed = {name: next(iter(known)) for name, known in coded.items()} | {"geometry": square}
    items = [
        {"source_key": key, "reference": key, "debut": NOW - 11 * YEAR, "fin": NOW - ended * YEAR, **fixed}
        for key, ended in (("V-1", 10.5), ("V-2", 2))
    ]
    load_items(store, marseille, layer, "voirie", items, origin="administrative")

    remove(store, marseille, catalog().values())

    assert keys(store, "chantiers") == ["V-2"]


def test_a_city_whose_data_end_keeps_them_from_its_newest_item(store: Connection, marseille: City) -> None:
    """Simulated or frozen, ten years old or not: five years before the newest."""
    frozen = marseille.model_copy(update={"frozen": True})
    reports(store, marseille, {"a": 10, "b": 14.9, "c": 15.1})

    assert of(over(store, frozen, catalog().values())).items == 1
    store.rollback()
    assert of(over(store, marseille, catalog().values())).items == 3
    store.rollback()
    remove(store, frozen, catalog().values())

    assert keys(store) == ["a", "b"]


def test_an_empty_collection_has_nothing_over(store: Connection, marseille: City) -> None:
    frozen = marseille.model_copy(update={"frozen": True})

    found = remove(store, frozen, catalog().values())

    assert {(each.before, each.items) for each in found} == {(None, 0)}
    assert {each.collection for each in found} == {
        layer.id for layer in catalog().values() if layer.privacy.retention and layer.time_field
    }
