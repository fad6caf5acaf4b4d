"""Loads into a real store: nothing disappears, running twice changes nothing, a refused file changes nothing."""

import json
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from etl.sources.chicago_311 import COLUMNS
from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.errors import (
    BadInput,
    BadSource,
    NotFound,
    ObsError,
    SourceUnavailable,
    StoreUnavailable,
    UnknownSource,
)
from observatoire.intake.load import Summary, load_items
from observatoire.intake.options import Options, options_from_text
from observatoire.intake.quarantine import entries, totals
from observatoire.intake.run import load_all, load_file, load_source
from observatoire.layers.catalog import catalog, layer_of
from observatoire.settings import Settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

HEAD = "num,le,type,lon,lat\n"
MAP = "id=num,reference=num,date=le,nature=type,lon=lon,lat=lat"
OPTIONS = options_from_text(map=MAP)

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture(scope="module")
def prepared(database: str, marseille: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(prepared: str) -> Iterator[Connection]:
    """A store without rows."""
    with psycopg.connect(prepared) as connection:
        empty(connection)
        yield connection


def empty(connection: Connection) -> None:
    connection.rollback()
    tables = ", ".join(f"data.{layer.table}" for layer in catalog().values())
    connection.execute(f"TRUNCATE {tables}, obs.loads, obs.quarantine, obs.counters, obs.versions")  # type: ignore[arg-type]
    connection.commit()


def csv(tmp_path: Path, rows: str, head: str = HEAD) -> str:
    path = tmp_path / "export.csv"
    path.write_text(head + rows, "utf-8")
    return str(path)


def run(store: Connection, city: City, file: str, options: Options = OPTIONS, **others: Any) -> Summary:
    summary = load_file(
        store,
        city,
        connector="csv",
        collection="signalements",
        file=file,
        options=options,
        settings=Settings(),
        **others,
    )
    counts = summary.counts()
    assert summary.read == sum(counts.values()) - summary.read
    assert summary.quarantined == sum(summary.reasons.values())
    return summary


def content(connection: Connection) -> dict[str, list[Any]]:
    """Return everything that a load leaves, ids included, times of the clock excluded."""
    queries = {
        "items": "SELECT s.* FROM data.signalements s ORDER BY id",
        "quarantine": "SELECT * FROM obs.quarantine ORDER BY id",
        "loads": "SELECT id, source, collection, read, inserted, updated, unchanged, quarantined FROM obs.loads",
        "counters": "SELECT * FROM obs.counters ORDER BY name",
        "versions": "SELECT collection, version FROM obs.versions ORDER BY collection",
    }
    found = {name: connection.execute(query).fetchall() for name, query in queries.items()}  # type: ignore[arg-type]
    connection.rollback()
    return found


def test_rows_are_loaded_and_accounted_for(store: Connection, marseille: City, tmp_path: Path) -> None:
    file = csv(
        tmp_path,
        "A,2024-01-02,tag,5.37,43.30\n"
        "B,02/01/2024 14:05,ovni,5.37,43.30\n"
        "C,31/02/2024,tag,5.37,43.30\n"
        "D,2024-01-02,tag,43.30,5.37\n"
        "E,2024-01-02,tag,2.35,48.85\n"
        "F,2024-01-02T14:05:06Z,bruit,5.38,43.31\n",
    )

    summary = run(store, marseille, file)

    assert summary.counts() == {"read": 6, "inserted": 2, "updated": 0, "unchanged": 0, "quarantined": 4}
    stored = store.execute(
        "SELECT id, source, source_key, reference, date AT TIME ZONE 'UTC', nature, origin, precision, load_id, "
        "ST_SRID(geom), round(ST_X(ST_Transform(geom, 4326))::numeric, 6) FROM data.signalements ORDER BY id"
    ).fetchall()
    assert [(*r[:4], str(r[4]), *r[5:10], float(r[10])) for r in stored] == [
        (1, "csv", "A", "A", "2024-01-01 23:00:00", "tag", "reported", "day", 1, 2154, 5.37),
        (2, "csv", "F", "F", "2024-01-02 14:05:06", "bruit", "reported", "second", 1, 2154, 5.38),
    ]
    assert [(e.line, e.message) for e in entries(store)] == [
        (3, "nature: unknown-code ('ovni')"),
        (4, "date: bad-date ('31/02/2024')"),
        (5, "position: swapped-coordinates"),
        (6, "position: outside-city"),
    ]


def test_a_replay_changes_nothing(store: Connection, marseille: City, tmp_path: Path) -> None:
    file = csv(
        tmp_path, "A,2024-01-02,tag,5.37,43.30\nB,2024-01-02,ovni,5.37,43.30\nA,2024-01-02,bruit,5.37,43.30\n" * 2
    )
    first = run(store, marseille, file)
    before = content(store)

    again = run(store, marseille, file)

    assert first.counts() == {"read": 6, "inserted": 1, "updated": 0, "unchanged": 1, "quarantined": 4}
    assert again.counts() == {"read": 6, "inserted": 0, "updated": 0, "unchanged": 2, "quarantined": 4}
    after = content(store)
    assert {n: after[n] for n in ("items", "quarantine", "versions")} == {
        n: before[n] for n in ("items", "quarantine", "versions")
    }


def test_a_changed_row_updates_its_item_and_keeps_its_id(store: Connection, marseille: City, tmp_path: Path) -> None:
    run(store, marseille, csv(tmp_path, "A,2024-01-02,tag,5.37,43.30\nB,2024-01-02,tag,5.37,43.30\n"))

    moved = run(
        store,
        marseille,
        csv(tmp_path, "C,2024-01-02,tag,5.37,43.30\nB,2024-01-02,tag,5.38,43.30\nA,2024-01-02,tag,5.37,43.30\n"),
    )

    assert moved.counts() == {"read": 3, "inserted": 1, "updated": 1, "unchanged": 1, "quarantined": 0}
    assert store.execute("SELECT id, source_key, load_id FROM data.signalements ORDER BY id").fetchall() == [
        (1, "A", 1),
        (2, "B", 2),
        (3, "C", 2),
    ]
    assert store.execute("SELECT version FROM obs.versions WHERE collection = 'signalements'").fetchall() == [(2,)]


def test_of_several_rows_with_one_key_the_last_holds(store: Connection, marseille: City, tmp_path: Path) -> None:
    summary = run(
        store,
        marseille,
        csv(
            tmp_path,
            "A,2024-01-02,tag,5.37,43.30\nB,2024-01-02,tag,5.37,43.30\n"
            "A,2024-01-02,bruit,5.37,43.30\nB,2024-01-02,tag,5.37,43.30\n",
        ),
    )

    assert summary.counts() == {"read": 4, "inserted": 2, "updated": 0, "unchanged": 1, "quarantined": 1}
    assert store.execute("SELECT id, source_key, nature FROM data.signalements ORDER BY id").fetchall() == [
        (1, "A", "bruit"),
        (2, "B", "tag"),
    ]
    assert [(e.line, e.message) for e in entries(store)] == [(2, "id: superseded")]


def test_two_sources_may_use_the_same_keys(store: Connection, marseille: City, tmp_path: Path) -> None:
    file = csv(tmp_path, "A,2024-01-02,tag,5.37,43.30\n")

    assert run(store, marseille, file, source="nord").inserted == 1
    assert run(store, marseille, file, source="sud").inserted == 1


def test_alike_refusals_are_counted_in_one_entry(store: Connection, marseille: City, tmp_path: Path) -> None:
    summary = run(store, marseille, csv(tmp_path, "A,2024-01-02,ovni,5.37,43.30\n" * 3))

    assert summary.quarantined == 3
    assert [(t.reason, t.rows) for t in totals(store)] == [("unknown-code", 3)]


BAD_FILES = {
    "empty": (b"", {}, "the file is empty"),
    "wrong separator": (b"num:le:type:lon:lat\n1:2024-01-02:tag:5.37:43.3\n", {}, "is the separator right"),
    "separator asked for wrongly": (HEAD.encode(), {"separator": ";"}, "is the separator right"),
    "unknown column": (b"num,le,type,lon,lat,temoin\n", {}, "column not mapped: 'temoin'"),
    "missing column": (b"num,le,type,lon\n", {}, "no column 'lat'"),
    "column twice": (b"num,le,type,lon,lat,lat\n", {}, "columns 5 and 6 have the same name"),
    "latin-1": (
        HEAD.encode() + b"1,2024-01-02,tag,5.37,43.3\n2,2024-01-02,d\xe9p\xf4t,5.37,43.3\n",
        {},
        "line 3: byte 0xE9",
    ),
    "metres": (HEAD.encode() + b"1,2024-01-02,tag,892390,6247035\n", {}, "look like metres"),
}


@pytest.mark.parametrize(("body", "others", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_a_clear_error_and_leaves_the_store_unchanged(
    store: Connection, marseille: City, tmp_path: Path, body: bytes, others: dict[str, str], message: str
) -> None:
    run(store, marseille, csv(tmp_path, "A,2024-01-02,tag,5.37,43.30\n"))
    before = content(store)
    path = tmp_path / "bad.csv"
    path.write_bytes(body)

    with pytest.raises(BadSource, match=message) as error:
        run(store, marseille, str(path), options_from_text(map=MAP, **others))

    assert error.value.exit_code == 65
    assert content(store) == before


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"file": "no-such.csv"}, NotFound, 66),
        ({"collection": "ovnis"}, NotFound, 66),
        ({"connector": "minitel"}, BadInput, 65),
        ({"connector": "geofile", "file": "-"}, BadInput, 65),
        ({"options": options_from_text(map="id=num")}, BadInput, 65),
    ],
)
def test_a_wrong_command_has_its_exit_code(
    store: Connection, marseille: City, change: dict[str, Any], kind: type[ObsError], code: int
) -> None:
    given_ = {"connector": "csv", "collection": "signalements", "file": "-", "options": OPTIONS} | change

    with pytest.raises(kind) as error:
        load_file(store, marseille, settings=Settings(), **given_)

    assert error.value.exit_code == code


def test_a_pipe_with_a_line_of_64_mib_loads_the_other_rows(store: Connection, marseille: City, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb") as out:
            out.write(HEAD.encode() + b"A,2024-01-02,tag,5.37,43.3\nB,")
            for _ in range(1024):
                out.write(b"x" * 65_536)
            out.write(b"\nC,2024-01-02,tag,5.37,43.3\n")

    writer = threading.Thread(target=write)
    writer.start()
    summary = run(store, marseille, str(pipe))
    writer.join()

    assert summary.counts() == {"read": 3, "inserted": 2, "updated": 0, "unchanged": 0, "quarantined": 1}
    assert [(e.line, e.message) for e in entries(store)] == [(3, "row: row-too-long")]


def test_nothing_of_a_refused_row_is_kept(store: Connection, marseille: City, tmp_path: Path) -> None:
    """The name and the telephone stand in every column in turn; no text of the quarantine or the store holds them."""
    secret = "Mme Zuleika Dobson 06 12 34 56 78"
    row = ["A", "2024-01-02", "tag", "5.37", "43.30"]
    rows = [[*row[:i], secret, *row[i + 1 :]] for i in range(1, 5)] + [[*row, secret], [secret * 3, *row[1:]]]

    summary = run(store, marseille, csv(tmp_path, "".join(",".join(r) + "\n" for r in rows)))

    assert summary.quarantined == summary.read == len(rows)
    assert "Zuleika" not in str(content(store))
    assert "34 56" not in str(content(store))


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABC "),
            st.sampled_from(["2024-01-02", "31/02/2024", ""]),
            st.sampled_from(["tag", "bruit", "ovni"]),
            st.sampled_from(["5.37,43.30", "43.30,5.37", "2,48", ",", "x,y", "5.37"]),
        ),
        max_size=30,
    )
)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_always_add_up(
    store: Connection, marseille: City, tmp_path: Path, rows: list[tuple[str, str, str, str]]
) -> None:
    empty(store)
    file = csv(tmp_path, "".join(",".join(row) + "\n" for row in rows))

    first, again = run(store, marseille, file), run(store, marseille, file)

    (stored,) = store.execute("SELECT count(*) FROM data.signalements").fetchone() or (0,)
    assert (first.read, first.inserted, first.updated) == (len(rows), stored, 0)
    assert (again.read, again.inserted, again.updated) == (len(rows), 0, 0)
    assert again.quarantined == first.quarantined == sum(t.rows for t in totals(store))


def polygons(path: Path, *features: tuple[dict[str, Any], Any], crs: str | None = None) -> Path:
    head = {"type": "FeatureCollection", "features": []} | (
        {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    )
    body = [{"type": "Feature", "properties": p, "geometry": g and shapely.geometry.mapping(g)} for p, g in features]
    path.write_text(json.dumps(head | {"features": body}))
    return path


SQUARE = shapely.box(5.36, 43.28, 5.38, 43.30)
BOW = shapely.Polygon([(5.36, 43.28), (5.38, 43.30), (5.38, 43.28), (5.36, 43.30)])
DIVISIONS = options_from_text(map="id=c,code=c,nom=n", drop="all-others")


def load_divisions(store: Connection, city: City, file: Path, options: Options = DIVISIONS) -> Summary:
    return load_file(
        store, city, connector="geofile", collection="divisions", file=str(file), options=options, settings=Settings()
    )


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "zip"])
def test_divisions_load_from_each_format(store: Connection, marseille: City, tmp_path: Path, suffix: str) -> None:
    frame = gpd.GeoDataFrame(
        {"c": ["a", "b"], "n": ["Saint-Éloi", "Le Port"]}, geometry=[SQUARE, SQUARE], crs="EPSG:4326"
    )
    path = tmp_path / f"quartiers.{suffix}"
    if suffix == "zip":
        frame.to_crs(2154).to_file(tmp_path / "q.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("q.*"):
                archive.write(part, part.name)
    else:
        frame.to_crs(4326 if suffix == "geojson" else 2154).to_file(path)

    summary = load_divisions(store, marseille, path)

    assert summary.counts() == {"read": 2, "inserted": 2, "updated": 0, "unchanged": 0, "quarantined": 0}
    rows = store.execute("SELECT code, nom, origin, ST_Area(geom) FROM data.divisions ORDER BY id").fetchall()
    assert [r[:3] for r in rows] == [("a", "Saint-Éloi", "administrative"), ("b", "Le Port", "administrative")]
    # 0.02° × 0.02° at 43.29° N on a sphere of 6 371 km: 3.60 km², within 1 %.
    assert rows[0][3] == pytest.approx(3.60e6, rel=0.01)


def test_a_broken_polygon_is_not_repaired_in_silence(store: Connection, marseille: City, tmp_path: Path) -> None:
    file = polygons(
        tmp_path / "q.geojson",
        ({"c": "a", "n": "A"}, SQUARE),
        ({"c": "b", "n": "B"}, BOW),
        ({"c": "d", "n": "D"}, None),
    )

    assert load_divisions(store, marseille, file).reasons == {"invalid-geometry": 1, "no-position": 1}


def test_attributes_are_dropped_by_name_only(store: Connection, marseille: City, tmp_path: Path) -> None:
    file = polygons(tmp_path / "q.geojson", ({"c": "a", "n": "A", "maire": "x"}, SQUARE))

    with pytest.raises(BadSource, match=r"column not mapped: 'maire'"):
        load_divisions(store, marseille, file, options_from_text(map="id=c,code=c,nom=n"))


@pytest.mark.parametrize("body", [b"", b"{", b"not a map at all"])
def test_a_file_that_is_no_map_is_refused(store: Connection, marseille: City, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "q.geojson"
    path.write_bytes(body)

    with pytest.raises(BadSource):
        load_divisions(store, marseille, path)


def test_the_grid_lies_over_the_divisions(store: Connection, marseille: City, tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="divisions, which are not loaded yet"):
        load_source(store, marseille, "mailles", settings=Settings())
    load_divisions(store, marseille, polygons(tmp_path / "q.geojson", ({"c": "a", "n": "A"}, SQUARE)))

    summary = load_source(store, marseille, "mailles", settings=Settings())

    # 3.60 km² in cells of 0.0625 km²: 57.6, as many centres within the length of the edge.
    assert summary.inserted == pytest.approx(57.6, abs=8)
    outside = store.execute(
        "SELECT count(*) FROM data.mailles m WHERE NOT EXISTS "
        "(SELECT FROM data.divisions d WHERE ST_Intersects(d.geom, ST_Centroid(m.geom)))"
    ).fetchone()
    assert outside == (0,)
    store.rollback()
    assert load_source(store, marseille, "mailles", settings=Settings()).unchanged == summary.inserted


def test_items_made_by_the_program_take_the_same_way(store: Connection, marseille: City) -> None:
    made = [{"source_key": "1", "cell_id": "1", "geometry": shapely.box(892000, 6247000, 892250, 6247250)}]

    summary = load_items(store, marseille, layer_of("mailles"), "essai", made, origin="derived")

    assert summary.inserted == 1


def test_two_loads_of_one_collection_at_once_follow_each_other(
    store: Connection, prepared: str, marseille: City, tmp_path: Path
) -> None:
    file = csv(tmp_path, "".join(f"{n},2024-01-02,tag,5.37,43.3\n" for n in range(3_000)))
    found: list[Summary] = []

    def one() -> None:
        with psycopg.connect(prepared) as connection:
            found.append(run(connection, marseille, file))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((s.inserted, s.unchanged) for s in found) == [(0, 3_000), (0, 3_000), (3_000, 0)]
    assert store.execute("SELECT count(*), max(id) FROM data.signalements").fetchone() == (3_000, 3_000)


def test_progress_is_told(store: Connection, marseille: City, tmp_path: Path) -> None:
    told: list[int] = []
    run(
        store,
        marseille,
        csv(tmp_path, "".join(f"{n},2024-01-02,tag,5.37,43.3\n" for n in range(7_000))),
        progress=told.append,
    )

    assert told == [5_000, 7_000]


def test_unknown_and_unreachable_sources_are_said(store: Connection, marseille: City) -> None:
    with pytest.raises(UnknownSource, match="expected one of quartiers, mailles"):
        load_source(store, marseille, "ovni", settings=Settings())
    with pytest.raises(SourceUnavailable, match=r"quartiers: no file marseille_quartiers_111\.geojson in OBS_DATA"):
        load_source(store, marseille, "quartiers", settings=Settings(data=None))


def test_a_store_that_goes_away_is_said_in_one_line(prepared: str, marseille: City, tmp_path: Path) -> None:
    file = csv(tmp_path, "".join(f"{n},2024-01-02,tag,5.37,43.3\n" for n in range(6_000)))
    with psycopg.connect(prepared) as connection, psycopg.connect(prepared, autocommit=True) as other:
        pid = connection.info.backend_pid

        with pytest.raises(StoreUnavailable, match="run the same command again"):
            run(connection, marseille, file, progress=lambda _: other.execute("SELECT pg_terminate_backend(%s)", [pid]))


def test_the_simulated_city_loads_and_a_replay_changes_nothing(prepared: str, store: Connection) -> None:
    """Small: a tenth of the events, a third of a year. Same CRS as the store that is prepared."""
    demo = read_city(root() / "cities" / "demo.yml")
    small = {"end": "2026-11-23", "years": 0.3, "scale": 0.1}
    sources = {n: s.model_copy(update={"options": small}) if s.options else s for n, s in demo.sources.items()}
    city = demo.model_copy(update={"sources": sources})

    first, again = (load_all(store, city, settings=Settings()) for _ in range(2))

    assert {n: s.quarantined for n, s in first.items()} == dict.fromkeys(sources, 0)
    assert all(s.inserted == s.read > 0 for s in first.values())
    assert all(s.unchanged == s.read for s in again.values())
    assert again["faits-publics"].read == 0  # what is published is not published again
    origins = store.execute("SELECT DISTINCT origin FROM data.faits ORDER BY origin").fetchall()
    assert origins == [("discovered",), ("reported",)]


def test_a_source_whose_columns_changed_stops_and_says_which(store: Connection, tmp_path: Path) -> None:
    columns = [*COLUMNS, "Caller_Name"]
    (tmp_path / "sanitation_code_complaints.csv.gz").write_text(",".join(columns) + "\n")
    chicago = read_city(root() / "cities" / "chicago.yml").model_copy(update={"crs": "EPSG:2154"})

    with pytest.raises(BadSource, match=r"column not mapped: 'Caller_Name'"):
        load_source(store, chicago, "sanitation", settings=Settings(data=tmp_path))


@pytest.mark.parametrize(("encoding", "loads"), [("latin-1", True), ("cp1252", True), ("utf-8", False)])
def test_a_shapefile_in_another_encoding_is_read_with_its_name(
    store: Connection, marseille: City, tmp_path: Path, encoding: str, loads: bool
) -> None:
    frame = gpd.GeoDataFrame({"c": ["a"], "n": ["Saint-Éloi"]}, geometry=[SQUARE], crs="EPSG:4326")
    frame.to_file(tmp_path / "q.shp", encoding="ISO-8859-1")
    (tmp_path / "q.cpg").unlink()
    options = options_from_text(map="id=c,code=c,nom=n", encoding=encoding)

    if loads:
        load_divisions(store, marseille, tmp_path / "q.shp", options)
        assert store.execute("SELECT nom FROM data.divisions").fetchall() == [("Saint-Éloi",)]
    else:
        with pytest.raises(BadSource, match="try --encoding latin-1"):
            load_divisions(store, marseille, tmp_path / "q.shp", options)


def test_the_crs_of_a_shapefile_that_says_none_is_found(store: Connection, marseille: City, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"c": ["a"], "n": ["A"]}, geometry=[SQUARE], crs="EPSG:4326")
    frame.to_crs(3944).to_file(tmp_path / "q.shp")
    (tmp_path / "q.prj").unlink()

    summary = load_divisions(store, marseille, tmp_path / "q.shp")

    assert (summary.inserted, summary.crs_found) == (1, "EPSG:3944")
    west, south = store.execute(
        "SELECT ST_XMin(g), ST_YMin(g) FROM (SELECT ST_Transform(geom, 4326) AS g FROM data.divisions) d"
    ).fetchone() or (0, 0)
    assert (west, south) == pytest.approx((5.36, 43.28), abs=1e-6)
    store.rollback()
    options = options_from_text(map="id=c,code=c,nom=n", crs="EPSG:3944")
    again = load_divisions(store, marseille, tmp_path / "q.shp", options)
    assert (again.unchanged, again.crs_found) == (1, None)


def test_a_shapefile_of_another_place_asks_for_its_crs(store: Connection, marseille: City, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"c": ["a"], "n": ["A"]}, geometry=[shapely.box(2.3, 48.8, 2.4, 48.9)], crs="EPSG:4326")
    frame.to_crs(2154).to_file(tmp_path / "q.shp")
    (tmp_path / "q.prj").unlink()

    with pytest.raises(BadSource, match="expected crs: EPSG:n"):
        load_divisions(store, marseille, tmp_path / "q.shp")


@pytest.mark.realdata
def test_every_row_of_chicagos_file_is_accounted_for(prepared: str, store: Connection) -> None:
    """Counted in the file itself: 74 401 rows, 3 633 declared duplicates, 24 of the others without coordinates."""
    if Settings().data is None:
        pytest.skip("OBS_DATA is not set: the real file is not looked at")
    chicago = read_city(root() / "cities" / "chicago.yml").model_copy(update={"crs": "EPSG:2154"})

    summary = load_source(store, chicago, "sanitation", settings=Settings())

    assert summary.read == 74_401 == sum(summary.counts().values()) - summary.read
    assert summary.reasons["declared-duplicate"] == 3_633
    assert summary.reasons["no-position"] == 24
    keys = store.execute("SELECT count(*), count(DISTINCT reference) FROM data.signalements").fetchone()
    assert keys == (70_370, 70_370)


@pytest.mark.realdata
def test_the_quarters_of_marseille_load(store: Connection, marseille: City) -> None:
    """111 quarters, 238.4 km² in EPSG:2154 (the file's own note)."""
    if Settings().data is None:
        pytest.skip("OBS_DATA is not set: the real file is not looked at")
    summary = load_source(store, marseille, "quartiers", settings=Settings())

    assert summary.counts() == {"read": 111, "inserted": 111, "updated": 0, "unchanged": 0, "quarantined": 0}
    area = store.execute("SELECT sum(ST_Area(geom)) / 1e6 FROM data.divisions").fetchone()
    assert area is not None
    assert area[0] == pytest.approx(238.4, abs=0.1)


@pytest.mark.realdata
def test_the_arrondissements_of_marseille_are_joined_from_its_quarters(store: Connection, marseille: City) -> None:
    """16 of them, 13201 to 13216, that cover the quarters: 238.4 km² in EPSG:2154 (the file's own note)."""
    if Settings().data is None:
        pytest.skip("OBS_DATA is not set: the real file is not looked at")
    load_source(store, marseille, "quartiers", settings=Settings())

    assert load_source(store, marseille, "arrondissements", settings=Settings()).inserted == 16

    rows = store.execute(
        "SELECT code, nom, ST_Area(geom) / 1e6 FROM data.divisions WHERE systeme = 'arrondissement' ORDER BY code"
    ).fetchall()
    assert [code for code, *_ in rows] == [str(code) for code in range(13_201, 13_217)]
    assert rows[0][1] == "1er arrondissement"
    assert sum(area for *_, area in rows) == pytest.approx(238.4, abs=0.1)
