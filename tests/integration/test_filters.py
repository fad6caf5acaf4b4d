"""Filters in CQL2 on items, by text and by JSON, in the address and in the body; files of whole collections."""

import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas
import psycopg
import pyogrio
import pyproj
import pytest
import shapely
from pyarrow import parquet
from starlette.testclient import TestClient

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords

pytestmark = pytest.mark.integration

CITY = read_city(root() / "cities" / "demo.yml")
N = 400
HERE = "/api/collections/signalements"
ITEMS, FILE = f"{HERE}/items", f"{HERE}/download"
CRS = "http://www.opengis.net/def/crs"
CRS84, WGS84, LAMBERT = f"{CRS}/OGC/1.3/CRS84", f"{CRS}/EPSG/0/4326", f"{CRS}/EPSG/0/2154"

SEED = """
SELECT setseed(0.42);
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT 3 * i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second', CASE WHEN i % 5 > 0 THEN 'R' || i % 7 END,
       timestamptz '2026-03-01 00:00Z' + (i % 50) * interval '1 hour', (array['tag', 'bruit', 'ordures'])[1 + i % 3]
FROM generate_series(1, 400) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.3 + 0.1 * random(), 43.2 + 0.1 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second', 'secret-' || i,
       timestamptz '2026-03-01 00:00Z' + i * interval '1 hour', 'tapage'
FROM generate_series(1, 40) AS i;
INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, cell_id, cote)
SELECT i, ST_Transform(ST_MakeEnvelope(5.3 + i * 0.01, 43.2, 5.31 + i * 0.01, 43.21, 4326), 2154),
       'test', i::text, 1, 'derived', 'c' || i, 1e200
FROM generate_series(1, 9) AS i;
INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1), ('faits', 1), ('mailles', 1);
"""


@pytest.fixture(scope="module")
def settings(database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    var = tmp_path_factory.mktemp("var")
    with psycopg.connect(database) as connection:
        schema.prepare(connection, CITY, catalog().values(), passwords(var))
        connection.execute(SEED)
    return Settings(
        var=var, database_url=database, url="http://testserver", statement_timeout_ms=1_000, max_url_bytes=20_000,
        max_body_bytes=200_000,
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture(scope="module")
def keys(database: str, settings: Settings) -> dict[str, str]:
    with psycopg.connect(database) as connection:
        return {a: create_key(connection, a, f"filters-{a}") for a in ("planner", "coordination")}


def found(database: str, condition: str) -> set[int]:
    """What SQL finds on the public's view."""
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute(f"SELECT id FROM obs_public.signalements WHERE {condition}")}


def pages(client: TestClient, path: str, **parameters: str) -> list[dict[str, Any]]:
    """All features, by following `next`, by the method that it says."""
    answer = client.get(path, params=parameters)
    features: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        features += body["features"]
        link = next((link for link in body["links"] if link["rel"] == "next"), None)
        if link is None:
            return features
        answer = client.get(link["href"])


FILTERS = [
    ("nature = 'tag' OR nature = 'bruit' AND id < 30", "nature = 'tag' OR nature = 'bruit' AND id < 30"),
    ("reference IS NULL AND NOT nature IN ('tag', 'bruit')", "reference IS NULL AND nature = 'ordures'"),
    ("S_INTERSECTS(geometry, BBOX(5.3, 43.2, 5.45, 43.35))",
     "ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_MakeEnvelope(5.3, 43.2, 5.45, 43.35, 4326), 0.01), 2154))"),
    ("date = DATE('2026-03-01')", "(date AT TIME ZONE 'Europe/Paris')::date = '2026-03-01'"),
    ("T_AFTER(date, TIMESTAMP('2026-03-02T00:00:00Z'))", "date > '2026-03-02 00:00Z'"),
    ("CASEI(nature) LIKE casei('TA%') AND id % 2 = 1", "nature LIKE 'ta%' AND id % 2 = 1"),
    ("id BETWEEN 30 AND 60", "id BETWEEN 30 AND 60"),
    ("nature = 'no ''such'", "false"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "condition"), FILTERS)
def test_a_filter_finds_what_sql_finds_over_all_pages(
    client: TestClient, database: str, text: str, condition: str
) -> None:
    shown = pages(client, ITEMS, filter=text, limit="37", sortby="-date")

    assert {feature["id"] for feature in shown} == found(database, condition)
    assert len(shown) == len({feature["id"] for feature in shown})


def test_the_count_is_that_of_the_filter(client: TestClient, database: str) -> None:
    answer = client.get(ITEMS, params={"filter": "nature = 'tag'", "limit": 3}).json()

    assert answer["numberMatched"] == len(found(database, "nature = 'tag'"))
    assert answer["numberReturned"] == 3


TREE = {"op": "and", "args": [{"op": "=", "args": [{"property": "nature"}, "tag"]},
                              {"op": ">", "args": [{"property": "id"}, 300]}]}  # fmt: skip
AS_TEXT = "nature = 'tag' AND id > 300"


def test_text_and_json_in_address_and_body_are_one_filter(client: TestClient) -> None:
    """A `next` link of one is good for the other: cursors are bound to what the filter means."""
    text = client.get(ITEMS, params={"filter": AS_TEXT, "limit": 5}).json()
    in_json = client.get(ITEMS, params={"filter": json.dumps(TREE), "filter-lang": "cql2-json", "limit": 5}).json()
    posted = client.post(f"{ITEMS}?limit=5", json=TREE).json()

    assert text["features"] == in_json["features"] == posted["features"]
    following = [next(link["href"] for link in one["links"] if link["rel"] == "next") for one in (text, posted)]
    cursors = [href.partition("cursor=")[2] for href in following]
    assert cursors[0] == cursors[1]
    second = [client.get(href).json()["features"] for href in following]
    assert second[0] == second[1]
    assert not {f["id"] for f in second[0]} & {f["id"] for f in text["features"]}


@pytest.mark.parametrize("kind", ["application/json", "application/query-cql-json", "application/json; charset=utf-8"])
def test_a_filter_may_be_posted_with_every_parameter_of_the_address(client: TestClient, kind: str) -> None:
    answer = client.post(
        ITEMS, params={"limit": 4, "sortby": "-id", "crs": LAMBERT, "properties": "nature", "bbox": "5,43,6,44"},
        content=json.dumps(TREE), headers={"Content-Type": kind},
    )  # fmt: skip

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-crs"] == f"<{LAMBERT}>"
    assert [f["properties"] for f in answer.json()["features"]] == [{"nature": "tag"}] * 4
    numbers = [f["id"] for f in answer.json()["features"]]
    assert numbers == sorted(numbers, reverse=True)


def test_a_filter_too_long_for_an_address_is_posted_again_for_the_next_page(client: TestClient) -> None:
    tree = {"op": "in", "args": [{"property": "id"}, list(range(3, 3_000, 3))]}
    first = client.post(f"{ITEMS}?limit=150", json=tree).json()
    link = next(link for link in first["links"] if link["rel"] == "next")

    assert link["method"] == "POST"
    second = client.post(link["href"], json=tree).json()
    assert [f["id"] for f in second["features"]] == [3 * i for i in range(151, 301)]
    other = client.post(link["href"], json=TREE)
    assert (other.status_code, "cursor" in other.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("crs", "box"),
    [(CRS84, "5.3,43.2,5.45,43.35"), (WGS84, "43.2,5.3,43.35,5.45"), (LAMBERT, "890000,6238000,902000,6252000")],
)
def test_a_filter_reads_coordinates_in_its_own_crs(client: TestClient, crs: str, box: str) -> None:
    """The same items as the same box in `bbox` and `bbox-crs`."""
    by_filter = pages(client, ITEMS, filter=f"S_INTERSECTS(geometry, BBOX({box}))", limit="1000", **{"filter-crs": crs})
    by_box = pages(client, ITEMS, bbox=box, limit="1000", **{"bbox-crs": crs})

    assert by_filter == by_box
    assert 0 < len(by_box) < N


UNUSABLE = [
    ({"filter": "nosuch = 1"}, "nosuch"),
    ({"filter": "nature ="}, "filter"),
    ({"filter": ""}, "filter"),
    ({"filter": "nature > 3"}, "filter"),
    ({"filter": "nosuch(nature) = 1"}, "functions"),
    ({"filter": "pg_sleep(10) = 1"}, "functions"),
    ({"filter": "nature = 'a\0b'"}, "filter"),
    ({"filter": "(" * 4_000}, "filter"),
    ({"filter": "id = 1 OR " * 1_500 + "id = 1"}, "filter"),
    ({"filter": "S_INTERSECTS(geometry, POINT(90 180))"}, "filter"),
    ({"filter": "id = 1", "filter-lang": "cql-text"}, "filter-lang"),
    ({"filter": "id = 1", "filter-lang": "cql2-json"}, "filter"),
    ({"filter": "id = 1", "filter-crs": "EPSG:27572"}, "filter-crs"),
    ({"filter-lang": "cql2-text"}, "filter-lang"),
    ({"filter-crs": CRS84}, "filter-crs"),
]


@pytest.mark.parametrize(("given", "named"), UNUSABLE)
def test_a_filter_that_cannot_be_applied_is_refused_by_name(
    client: TestClient, given: dict[str, str], named: str
) -> None:
    for path in (ITEMS, FILE):
        answer = client.get(path, params=given)

        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
        assert named in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"", "application/json", 400),
        (b'{"op":"=","args":[{"property":"nosuch"},1]}', "application/json", 400),
        (b'{"op":"isNull","args":[{"property":"date"}]}', "text/plain", 415),
        (b'{"op":"isNull","args":[{"property":"date"}]}', "", 415),
        (b'{"type":"Feature"}', "application/geo+json", 415),
        (b"[" * 100_000, "application/json", 400),
        (b" " * 200_001, "application/json", 413),
    ],
)
def test_a_body_that_is_no_filter_is_refused(client: TestClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post(ITEMS, content=body, headers={"Content-Type": kind})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


def test_one_filter_at_a_time(client: TestClient) -> None:
    both = client.post(ITEMS, params={"filter": "id = 1"}, json=TREE)
    other = client.post(ITEMS, params={"filter-lang": "cql2-text"}, json=TREE)

    assert (both.status_code, "filter" in both.json()["detail"]) == (400, True)
    assert (other.status_code, "filter-lang" in other.json()["detail"]) == (400, True)


def test_a_cursor_is_good_for_its_filter_only(client: TestClient) -> None:
    first = client.get(ITEMS, params={"filter": "nature = 'tag'", "limit": 3}).json()
    start = next(link["href"] for link in first["links"] if link["rel"] == "next").partition("cursor=")[2]

    for other in ({"filter": "nature = 'bruit'"}, {}):
        answer = client.get(ITEMS, params={**other, "cursor": start})
        assert (answer.status_code, "cursor" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize("page", ["items", "download"])
@pytest.mark.parametrize(
    "query",
    ["filter=reference%20%3D%20'secret-1'", "filter=reference%20IS%20NULL", "sortby=reference", "properties=reference",
     "reference=secret-1", "filter=nature%20%3D%20reference"],
)  # fmt: skip
def test_a_protected_property_is_unusable_everywhere_as_one_that_does_not_exist(
    client: TestClient, keys: dict[str, str], page: str, query: str
) -> None:
    path, headers = f"/api/collections/faits/{page}", {"X-API-Key": keys["planner"]}
    protected = client.get(f"{path}?{query}", headers=headers)
    missing = client.get(f"{path}?{query.replace('reference', 'nonesuch1')}", headers=headers)

    assert protected.status_code == missing.status_code == 400
    assert protected.json()["detail"].replace("reference", "nonesuch1") == missing.json()["detail"]
    assert client.get(f"{path}?{query}", headers={"X-API-Key": keys["coordination"]}).status_code == 200


def test_a_posted_filter_cannot_name_a_protected_property(client: TestClient, keys: dict[str, str]) -> None:
    """Nor do the pages that list what may be named hold it."""
    path, headers = "/api/collections/faits", {"X-API-Key": keys["planner"]}
    said = []
    for name in ("reference", "nonesuch1"):
        for form in ({"property": name}, {"op": "casei", "args": [{"property": name}]}):
            answer = client.post(f"{path}/items", json={"op": "=", "args": [form, "secret-1"]}, headers=headers)
            assert answer.status_code == 400
            said.append(answer.json()["detail"].replace(name, "NAME"))
    assert said[:2] == said[2:]
    for page in ("queryables", "sortables", "schema"):
        assert "reference" not in client.get(f"{path}/{page}", headers=headers).json()["properties"]
    assert '"reference"' not in str(client.get("/api/openapi", headers=headers).json()["paths"][f"{path[4:]}/items"])


def test_what_only_the_database_finds_out_is_the_filters_fault(client: TestClient) -> None:
    answer = client.get("/api/collections/mailles/items", params={"filter": "cote * cote > 1"})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("filter: ")


def test_a_filter_that_takes_too_long_is_stopped(client: TestClient, database: str) -> None:
    """A slow predicate over 2 500 polygons of two thousand vertices, stopped after `OBS_STATEMENT_TIMEOUT_MS`."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO data.divisions (id, geom, source, source_key, load_id, origin, code, nom) "
            "SELECT i, ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(890000 + i, 6250000), 2154), 4000, 500)), "
            "'slow', i::text, 1, 'derived', i::text, 'x' FROM generate_series(1, 2500) AS i"
        )
    circle = shapely.Point(0, 0).buffer(1, 400).exterior.coords
    ring = ",".join(f"{5.36 + 0.05 * x:.6f} {43.3 + 0.05 * y:.6f}" for x, y in circle)
    tree = {"op": "s_overlaps", "args": [{"property": "geometry"}, json.loads(shapely.to_geojson(
        shapely.from_wkt(f"POLYGON(({ring}))")))]}  # fmt: skip
    try:
        answer = client.post("/api/collections/divisions/items?limit=10000", json=tree)
    finally:
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM data.divisions WHERE source = 'slow'")

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text[:300]
    assert "too long" in answer.json()["detail"]


def test_sortables_are_what_sortby_takes(client: TestClient) -> None:
    sortables = client.get(f"{HERE}/sortables").json()["properties"]

    assert sortables.keys() == client.get(f"{HERE}/queryables").json()["properties"].keys() - {"geometry"}
    for name in sortables:
        assert client.get(ITEMS, params={"sortby": f"-{name}", "limit": 1}).status_code == 200


def test_functions_are_listed_and_linked(client: TestClient) -> None:
    listed = client.get("/api/functions").json()["functions"]
    links = {link["rel"]: link["href"] for link in client.get("/api").json()["links"]}

    assert "hour" in {function["name"] for function in listed}
    assert links["http://www.opengis.net/def/rel/ogc/1.0/functions"] == "http://testserver/api/functions"
    assert client.get(ITEMS, params={"filter": "hour(date) = 3"}).json()["features"]


# -------------------------------------------------------------------------------------------------------- in time
def test_the_extent_in_time_is_that_of_the_data(client: TestClient, database: str) -> None:
    """As each audience sees them, anew after a load; absent without items or times."""
    one = client.get(HERE).json()
    listed = {c["id"]: c for c in client.get("/api/collections").json()["collections"]}

    expected = ["2026-03-01T00:00:00Z", "2026-03-03T01:00:00Z"]
    assert one["extent"]["temporal"]["interval"] == [expected]
    assert listed["signalements"]["extent"]["temporal"]["interval"] == [expected]
    assert "temporal" not in listed["mailles"]["extent"]
    assert "temporal" not in client.get("/api/collections/evenements").json()["extent"]


# ---------------------------------------------------------------------------------------------------------- files
def geoparquet(client: TestClient, **parameters: str) -> tuple[geopandas.GeoDataFrame, dict[str, Any]]:
    answer = client.get(FILE, params=parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    geo = json.loads(parquet.read_metadata(io.BytesIO(answer.content)).metadata[b"geo"])
    return geopandas.read_parquet(io.BytesIO(answer.content)), geo


def test_a_geoparquet_file_holds_what_the_pages_hold(client: TestClient) -> None:
    frame, geo = geoparquet(client)
    shown = pages(client, ITEMS, limit="1000", crs=LAMBERT)

    assert list(frame["id"]) == [f["id"] for f in shown]
    assert list(frame.columns) == ["id", "reference", "date", "nature", "origin", "precision", "geometry"]
    assert list(frame["nature"]) == [f["properties"]["nature"] for f in shown]
    assert [d.isoformat() for d in frame["date"]] == [f["properties"]["date"] for f in shown]
    assert [None if r != r else r for r in frame["reference"]] == [f["properties"]["reference"] for f in shown]
    positions = [(round(p.x, 2), round(p.y, 2)) for p in frame.geometry]
    assert positions == [tuple(f["geometry"]["coordinates"]) for f in shown]
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB")
    assert column["geometry_types"] == ["Point"]
    assert column["bbox"] == pytest.approx(frame.total_bounds)
    assert frame.crs == pyproj.CRS.from_epsg(2154)


def test_a_file_holds_what_the_same_conditions_find(client: TestClient) -> None:
    asked = {"filter": "nature = 'tag'", "bbox": "5.3,43.2,5.45,43.35", "datetime": "2026-03-01",
             "sortby": "-date", "properties": "date", "crs": CRS84}  # fmt: skip
    frame, geo = geoparquet(client, **asked)
    shown = pages(client, ITEMS, limit="1000", **asked)

    assert list(frame["id"]) == [f["id"] for f in shown]
    assert 0 < len(frame) < N
    assert list(frame.columns) == ["id", "date", "geometry"]
    assert "crs" not in geo["columns"]["geometry"]
    assert list(frame.geometry.x.round(6)) == [f["geometry"]["coordinates"][0] for f in shown]


def test_latitude_first_is_for_text_not_for_files(client: TestClient) -> None:
    """GeoParquet 1.1 and GeoPackage keep the easting first whatever the CRS says."""
    frame, _ = geoparquet(client, crs=WGS84)

    assert frame.geometry.x.between(5.2, 5.6).all()


def test_a_geopackage_is_read_by_gdal(client: TestClient, tmp_path: Path) -> None:
    answer = client.get(FILE, params={"f": "gpkg", "filter": "nature <> 'tag'"})
    path = tmp_path / "file.gpkg"
    path.write_bytes(answer.content)
    frame = geopandas.read_file(path)
    about = pyogrio.read_info(path)

    assert answer.headers["content-type"] == "application/geopackage+sqlite3"
    assert answer.headers["content-disposition"] == 'attachment; filename="signalements.gpkg"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert list(frame["id"]) == [f["id"] for f in pages(client, ITEMS, limit="1000", filter="nature <> 'tag'")]
    assert frame.crs == pyproj.CRS.from_epsg(2154)
    assert (about["layer_name"], about["geometry_type"]) == ("signalements", "Point")
    assert frame["date"].iloc[0] == datetime(2026, 3, 1, 1, tzinfo=UTC)
    with sqlite3.connect(path) as inside:
        assert inside.execute(
            "SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'"
        ).fetchone()


def test_files_hold_what_their_reader_may_see(client: TestClient, keys: dict[str, str], tmp_path: Path) -> None:
    path = "/api/collections/faits/download"
    of = {
        who: geopandas.read_parquet(io.BytesIO(client.get(path, headers={"X-API-Key": keys[who]}).content))
        for who in ("planner", "coordination")
    }

    assert client.get(path).status_code == 404
    assert "reference" in of["coordination"]
    assert "reference" not in of["planner"]
    assert (of["planner"].geometry.x % 100 == 0).all()
    assert not (of["coordination"].geometry.x % 100 == 0).all()


@pytest.mark.parametrize("form", ["geoparquet", "gpkg"])
def test_a_file_without_items_is_a_file(client: TestClient, tmp_path: Path, form: str) -> None:
    answer = client.get(FILE, params={"f": form, "filter": "id = 1"})
    path = tmp_path / "file.gpkg"
    path.write_bytes(answer.content)
    frame = geopandas.read_parquet(path) if form == "geoparquet" else geopandas.read_file(path)

    assert len(frame) == 0
    assert frame.crs == pyproj.CRS.from_epsg(2154)


@pytest.mark.parametrize("collection", ["mailles"])
@pytest.mark.parametrize("form", ["geoparquet", "gpkg"])
def test_polygons_arrive_whole(client: TestClient, tmp_path: Path, collection: str, form: str) -> None:
    path = tmp_path / "file.gpkg"
    path.write_bytes(client.get(f"/api/collections/{collection}/download", params={"f": form}).content)
    frame = geopandas.read_parquet(path) if form == "geoparquet" else geopandas.read_file(path)

    assert len(frame) == 9
    assert set(frame.geom_type) == {"Polygon"}
    assert frame.geometry.area.between(0.8e6, 1.0e6).all()


def test_a_file_that_is_known_is_not_made_again(client: TestClient) -> None:
    etag = client.head(FILE).headers["etag"]
    again = client.get(FILE, headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_a_file_that_fails_is_a_problem_not_half_a_file(client: TestClient) -> None:
    for form in ("geoparquet", "gpkg"):
        answer = client.get("/api/collections/mailles/download", params={"f": form, "filter": "cote * cote > 1"})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_more_files_at_once_than_allowed_have_to_wait(client: TestClient) -> None:
    turns = client.app.state.obs.turns  # type: ignore[attr-defined]
    with turns.one(), turns.one():
        answer = client.get(FILE)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert client.get(FILE).status_code == 200


def test_collections_link_to_their_files(client: TestClient) -> None:
    links = {(link["rel"], link["type"]): link["href"] for link in client.get(HERE).json()["links"]}

    for kind in ("application/vnd.apache.parquet", "application/geopackage+sqlite3"):
        answer = client.get(links["enclosure", kind])
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


# ----------------------------------------------------------------------------------------------------------- HTTP
def test_an_address_that_is_too_long_is_refused(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}?filter={'x' * 20_000}")

    assert (answer.status_code, answer.headers["content-type"]) == (414, "application/problem+json")


def test_who_asks_too_often_has_to_wait(settings: Settings, keys: dict[str, str]) -> None:
    """Ten a second, twenty at once, for each audience of an address."""
    limited = settings.model_copy(update={"rate_per_second": 10.0})
    with TestClient(create_app(limited)) as client:
        statuses = [client.get("/api/conformance").status_code for _ in range(30)]
        refused = client.get("/api/conformance")
        with_key = client.get("/api/conformance", headers={"X-API-Key": keys["planner"]})

    assert statuses[:20] == [200] * 20
    assert statuses.count(429) > 3
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert with_key.status_code == 200


def test_origins_are_those_of_the_setting(settings: Settings) -> None:
    one = settings.model_copy(update={"cors_origins": "https://a.example, https://b.example"})
    none = settings.model_copy(update={"cors_origins": ""})

    def allowed(settings: Settings, origin: str) -> str | None:
        with TestClient(create_app(settings)) as client:
            return client.get("/api/conformance", headers={"Origin": origin}).headers.get("access-control-allow-origin")

    assert allowed(one, "https://b.example") == "https://b.example"
    assert allowed(one, "https://c.example") is None
    assert allowed(none, "https://a.example") is None


def test_a_page_of_another_origin_may_post_a_filter(client: TestClient) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,x-api-key"}  # fmt: skip

    assert client.options(ITEMS, headers=asked).status_code == 200
