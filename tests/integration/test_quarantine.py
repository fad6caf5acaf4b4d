"""What a steward does about refused rows: see them counted, open them, decide, load them again, let them go."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely

from observatoire.cities import City, SourceSettings, read_city
from observatoire.data import root
from observatoire.errors import BadInput, NotFound
from observatoire.intake.decisions import decide, read_decisions
from observatoire.intake.load import Summary
from observatoire.intake.plan import plan_source
from observatoire.intake.quarantine import collection_of, entries, totals
from observatoire.intake.run import load_source, replay
from observatoire.intake.sealed import make_key, opened, read_key, records
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
HEAD = "num,ref,le,type,lon,lat\n"
ROWS = (
    "A,R1,2026-01-02,tag,5.37,43.30\n"
    "B,R2,2026-01-02,soucoupe,5.37,43.30\n"
    "C,R3,2026-01-02,soucoupe,5.38,43.30\n"
    "D,06 12 34 56 78,2026-01-02,tag,5.37,43.30\n"
    "E,R5,31/02/2026,tag,5.37,43.30\n"
)
SQUARE = shapely.box(5.36, 43.28, 5.38, 43.30)


@pytest.fixture(scope="module")
def city() -> City:
    reports = {
        "connector": "csv",
        "collection": "signalements",
        "file": "export.csv",
        "options": {
            "map": {"id": "num", "reference": "ref", "date": "le", "nature": "type", "lon": "lon", "lat": "lat"}
        },
    }
    quarters = {
        "connector": "geofile",
        "collection": "divisions",
        "file": "q.gpkg",
        "options": {"map": {"id": "c", "code": "c", "nom": "n"}},
    }
    return read_city(root() / "cities" / "marseille.yml").model_copy(
        update={"sources": {n: SourceSettings.model_validate(s) for n, s in (("reports", reports), ("q", quarters))}}
    )


@pytest.fixture(scope="module")
def prepared(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(prepared: str, tmp_path: Path) -> Iterator[Connection]:
    """An empty store, with a steward's key in `steward.key`."""
    with psycopg.connect(prepared) as connection:
        connection.execute(
            "TRUNCATE data.signalements, data.divisions, obs.loads, obs.quarantine, obs.counters, obs.versions, "
            "obs.sources, obs.decisions, obs.sealed, obs.sealing_keys"
        )
        connection.commit()
        make_key(connection, tmp_path / "steward.key", password="correct horse")
        yield connection


@pytest.fixture
def load(store: Connection, city: City, tmp_path: Path) -> Callable[..., Summary]:
    def loading(rows: str = ROWS) -> Summary:
        (tmp_path / "export.csv").write_text(HEAD + rows)
        return load_source(store, city, "reports", settings=Settings(data=tmp_path))

    return loading


def replayed(store: Connection, city: City, tmp_path: Path, source: str = "reports") -> Summary:
    key = read_key(tmp_path / "steward.key", password="correct horse")
    rows = list(opened(store, key, source=source))
    store.rollback()
    return replay(store, city, plan_source(city, source, Settings(data=tmp_path)), records(rows))


def decided(store: Connection, tmp_path: Path, text: str, source: str = "reports") -> int:
    (tmp_path / "d.yml").write_text(text)
    return decide(store, source, "signalements", read_decisions(tmp_path / "d.yml"), by="steward 2026-01")


def fingerprint(store: Connection, line: int) -> str:
    (found,) = [e.fingerprint for e in entries(store) if e.line == line]
    store.rollback()
    return found


def reasons(store: Connection) -> dict[str, int]:
    found = {t.reason: t.rows for t in totals(store)}
    store.rollback()
    return found


def count(store: Connection, query: str) -> int:
    row = store.execute(f"SELECT count(*) FROM {query}").fetchone()  # type: ignore[arg-type]
    store.rollback()
    assert row is not None
    return int(row[0])


def test_a_value_that_means_another_lets_its_rows_in(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    assert load().reasons == {"unknown-code": 2, "person:phone": 1, "bad-date": 1}
    assert count(store, "obs.sealed") == 4

    assert decided(store, tmp_path, "values: {type: {soucoupe: autre}}") == 1
    summary = replayed(store, city, tmp_path)

    assert summary.counts() == {"read": 4, "inserted": 2, "updated": 0, "unchanged": 0, "quarantined": 2}
    assert reasons(store) == {"person:phone": 1, "bad-date": 1}
    assert count(store, "obs.sealed") == 2
    again = load()
    assert again.counts() == {"read": 5, "inserted": 0, "updated": 0, "unchanged": 3, "quarantined": 2}


def test_one_row_is_corrected_and_another_stays_out(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    load()
    wrong, phone = fingerprint(store, 6), fingerprint(store, 5)

    decided(store, tmp_path, f'rows: {{"{wrong}": {{le: "2026-02-28"}}, "{phone}": stays-out}}')
    summary = load()

    assert (summary.inserted, summary.reasons) == (1, {"unknown-code": 2, "stays-out": 1})
    dates = store.execute("SELECT to_char(date AT TIME ZONE 'Europe/Paris', 'DD/MM/YYYY') FROM data.signalements s "
                          "WHERE source_key = 'E'").fetchall()  # fmt: skip
    assert dates == [("28/02/2026",)]


def test_what_a_decision_lets_in_is_checked_like_any_row(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    load()
    decided(store, tmp_path, "values: {type: {soucoupe: ovni}}")

    assert load().reasons == {"unknown-code": 2, "person:phone": 1, "bad-date": 1}


@pytest.mark.parametrize(
    "text",
    [
        "values: {ref: {'06 12 34 56 78': R4}}",
        "values: {type: {soucoupe: 'Mme Zuleika Dobson'}}",
        "rows: {0123456789abcdef0123456789abcdef: {telephone: x}}",
        "rows: {0123456789abcdef0123456789abcdef: {ref: 'jean.dupont@example.org'}}",
    ],
)
def test_a_decision_that_would_keep_a_persons_data_is_refused(store: Connection, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="holds data of a person") as error:
        decided(store, tmp_path, text)

    assert "Dobson" not in str(error.value)
    assert count(store, "obs.decisions") == 0


@pytest.mark.parametrize("text", ["[]", "valeurs: {}", "rows: {12: stays-out}", "rows: {", "values: {type: {a: 1}}"])
def test_a_decision_file_of_another_form_is_refused(store: Connection, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="decide:"):
        decided(store, tmp_path, text)


def test_a_row_that_is_refused_again_is_open_again(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    load()
    decided(store, tmp_path, "values: {type: {soucoupe: autre}}")
    load()
    assert "unknown-code" not in reasons(store)
    store.execute("DELETE FROM obs.decisions")
    store.commit()

    load()

    assert reasons(store)["unknown-code"] == 2
    assert count(store, "obs.sealed WHERE message = 'nature: unknown-code'") == 2


def test_a_row_that_is_refused_for_another_reason_has_one_open_entry(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    """Its code is let in, its date is then what is wrong; without the decision the first reason is open again."""
    row = "F,R6,31/02/2026,soucoupe,5.37,43.30\n"
    query = "SELECT field || ': ' || reason, settled, message FROM obs.quarantine ORDER BY id"

    def told() -> list[tuple[Any, ...]]:
        found = store.execute(query).fetchall()
        store.rollback()
        return found

    assert load(row).reasons == {"bad-date": 1}
    decided(store, tmp_path, f'rows: {{"{fingerprint(store, 2)}": {{le: "2026-02-28"}}}}')

    assert load(row).reasons == {"unknown-code": 1}

    assert reasons(store) == {"unknown-code": 1}
    (was, now) = told()
    assert (was[0], was[1], now[0], now[1]) == ("date: bad-date", 2, "nature: unknown-code", None)
    assert was[2].endswith(" (superseded by nature: unknown-code)")

    assert load(row).reasons == {"unknown-code": 1}
    assert told() == [was, now]  # again changes nothing

    store.execute("DELETE FROM obs.decisions")
    store.commit()
    assert load(row).reasons == {"bad-date": 1}

    assert reasons(store) == {"bad-date": 1}
    assert [(why, settled) for why, settled, _ in told()] == [("date: bad-date", None), ("nature: unknown-code", 4)]
    assert "superseded" not in told()[0][2]
    assert count(store, "obs.sealed") == 1


def test_a_feature_is_sealed_with_its_place(store: Connection, city: City, tmp_path: Path) -> None:
    """Its name was in four words too many; corrected, it is where it was."""
    long = "un deux trois quatre cinq six sept huit neuf"
    gpd.GeoDataFrame({"c": ["a"], "n": [long]}, geometry=[SQUARE], crs="EPSG:4326").to_file(tmp_path / "q.gpkg")
    assert load_source(store, city, "q", settings=Settings(data=tmp_path)).reasons == {"free-text": 1}
    (refused,) = entries(store)
    store.rollback()
    (tmp_path / "d.yml").write_text(f'rows: {{"{refused.fingerprint}": {{n: Le Port}}}}')
    collection = collection_of(store, "q")
    store.rollback()
    decide(store, "q", collection, read_decisions(tmp_path / "d.yml"))

    summary = replayed(store, city, tmp_path, "q")

    assert (summary.inserted, summary.crs_found) == (1, "EPSG:4326")
    box = store.execute("SELECT nom, ST_XMin(g), ST_YMax(g) FROM data.divisions, ST_Transform(geom, 4326) g").fetchone()
    assert box == ("Le Port", pytest.approx(5.36), pytest.approx(43.30))


def test_a_replay_leaves_cursor_and_contract(
    store: Connection, city: City, load: Callable[..., Summary], tmp_path: Path
) -> None:
    load()
    before = store.execute("SELECT columns::text, cursor, request FROM obs.sources").fetchall()
    store.rollback()

    replayed(store, city, tmp_path)

    assert store.execute("SELECT columns::text, cursor, request FROM obs.sources").fetchall() == before


def test_a_source_that_nobody_loaded_is_not_found(store: Connection) -> None:
    with pytest.raises(NotFound):
        collection_of(store, "ovni")


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def obs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """`obs` on a store of its own."""
    folder = tmp_path_factory.mktemp("obs")
    (folder / "city.yml").write_text((root() / "cities" / "marseille.yml").read_text().replace("sources:", SOURCES))
    environment = os.environ | {
        "OBS_VAR": str(folder / "var"),
        "OBS_CITY": str(folder / "city.yml"),
        "OBS_DATA": str(folder),
    }
    (folder / "export.csv").write_text(HEAD + ROWS)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "observatoire.cli", *words],
            env=environment, cwd=folder, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    yield run
    private = Cluster(folder / "var")
    private.stop()
    shutil.rmtree(private.home, ignore_errors=True)


SOURCES = """sources:
  reports:
    connector: csv
    collection: signalements
    file: export.csv
    max_age: P1D
    options: {map: {id: num, reference: ref, date: le, nature: type, lon: lon, lat: lat}}"""


def test_the_steward_does_all_of_it_by_command(
    obs: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    key = ["--key", str(tmp_path / "s.key"), "--password-file", str(tmp_path / "password")]

    def asked(*words: str) -> Any:
        done = obs(*words, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert "no key" in obs("sealing-key").stdout
    assert obs("sealing-key", str(tmp_path / "s.key"), "--password-file", str(tmp_path / "password")).returncode == 0
    assert asked("sealing-key")["in_force"] == 1
    assert asked("load", "reports")["quarantined"] == 4
    shown = asked("quarantine", "reports")
    assert {t["reason"]: t["rows"] for t in shown["totals"]} == {"unknown-code": 2, "person:phone": 1, "bad-date": 1}
    assert "34 56" not in json.dumps(shown)
    assert asked("sealed")["sealed"][0]["rows"] == 4
    assert "06 12 34 56 78" in [r["row"]["ref"] for r in asked("sealed", "reports", *key)["rows"]]
    (tmp_path / "d.yml").write_text("values: {type: {soucoupe: autre}}")
    replayed = asked("quarantine", "reports", "--decide", str(tmp_path / "d.yml"), "--replay", *key)
    assert replayed == {"read": 4, "inserted": 2, "updated": 0, "unchanged": 0, "quarantined": 2}
    assert asked("quarantine", "reports", "--replay")["unchanged"] == 3
    assert [load["kind"] for load in asked("loads")["loads"]] == ["load", "replay", "load"]
    assert asked("purge") == {"sealed": 0, "photos": 0}
    ages = {each["collection"]: each for each in asked("retention")["over"]}
    assert (ages["signalements"]["retention"], ages["signalements"]["items"]) == ("P5Y", 0)
    assert {each["items"] for each in asked("retention", "--remove")["removed"]} == {0}
    assert [s["stale"] for s in asked("doctor")["sources"]] == [True]
    wrong = obs("sealed", "--key", str(tmp_path / "password"), "--password-file", str(tmp_path / "password"))
    assert (wrong.returncode, "expected a steward's key" in wrong.stderr) == (65, True)
    assert obs("quarantine", "--replay").returncode == 65
