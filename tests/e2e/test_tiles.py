"""Tiles as clients decode them, held against the items that they stand for."""

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import morecantile
import psycopg
import pytest
from pyproj import Transformer

from observatoire.settings import Settings
from observatoire.store.database import open_store

pytestmark = pytest.mark.e2e

Features = list[dict[str, Any]]
PYRAMIDS = ("WebMercatorQuad", "EPSG2154Quad")


def _limits(observatory: Any, collection: str, pyramid: str, audience: str = "") -> list[dict[str, Any]]:
    answer = observatory.get(f"/api/collections/{collection}/tiles/{pyramid}", audience)
    return answer.json()["tileMatrixSetLimits"]  # type: ignore[no-any-return]


def _tiles(
    observatory: Any, collection: str, pyramid: str, zoom: int, audience: str = "", **asked: Any
) -> Iterator[tuple[int, int, Features]]:
    """Yield row, column and features of every tile of a zoom that holds anything."""
    limits = next(
        each for each in _limits(observatory, collection, pyramid, audience) if each["tileMatrix"] == str(zoom)
    )
    headers = {"X-API-Key": observatory.keys[audience]} if audience else {}
    with httpx.Client(base_url=observatory.url, headers=headers, timeout=60) as client:
        for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
            for column in range(limits["minTileCol"], limits["maxTileCol"] + 1):
                path = f"/api/collections/{collection}/tiles/{pyramid}/{zoom}/{row}/{column}"
                answer = client.get(path, params=asked or None)
                assert answer.status_code in (200, 204), answer.text
                if answer.status_code == 200:
                    yield row, column, _decode(answer.content)[collection]


def _decode(body: bytes) -> dict[str, Features]:
    options = {"y_coord_down": True}
    return {name: layer["features"] for name, layer in mapbox_vector_tile.decode(body, default_options=options).items()}


def _items(observatory: Any, collection: str, audience: str = "", **asked: Any) -> Features:
    answer = observatory.get(f"/api/collections/{collection}/items", audience, limit=10_000, **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["features"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("pyramid", "zooms"), [("WebMercatorQuad", (0, 5, 9, 10, 11, 12, 13)), ("EPSG2154Quad", (0, 1, 2, 3))]
)
def test_no_item_is_lost_or_drawn_twice_at_any_zoom(observatory: Any, pyramid: str, zooms: tuple[int, ...]) -> None:
    """Counts and single items over all tiles of a zoom sum to the number of items."""
    number = len(_items(observatory, "signalements"))
    for zoom in zooms:
        drawn = sum(
            feature["properties"].get("n", 1)
            for _, _, features in _tiles(observatory, "signalements", pyramid, zoom)
            for feature in features
        )
        assert drawn == number, zoom


@pytest.mark.parametrize("pyramid", PYRAMIDS)
def test_single_items_are_where_and_what_their_items_are(observatory: Any, pyramid: str) -> None:
    zoom = 13 if pyramid == "WebMercatorQuad" else 3
    matrices = morecantile.TileMatrixSet.model_validate(observatory.get(f"/api/tileMatrixSets/{pyramid}").json())
    matrix = matrices.matrix(zoom)
    (left, top), unit = matrix.pointOfOrigin, matrix.cellSize * matrix.tileWidth / 4096
    to = Transformer.from_crs(4326, matrices.crs.to_epsg(), always_xy=True)
    items = {item["id"]: item for item in _items(observatory, "signalements")}
    seen = 0
    for row, column, features in _tiles(observatory, "signalements", pyramid, zoom, properties="nature,date"):
        for feature in features:
            item = items[feature["id"]]
            x, y = to.transform(*item["geometry"]["coordinates"])
            u, v = feature["geometry"]["coordinates"]
            # a unit for rounding down, and 0.1 m for the six decimals of the item
            assert abs(left + (column * 4096 + u + 0.5) * unit - x) < unit + 0.2
            assert abs(top - (row * 4096 + v + 0.5) * unit - y) < unit + 0.2
            assert feature["properties"]["nature"] == item["properties"]["nature"]
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(feature["properties"]["date"]))
            assert item["properties"]["date"].startswith(moment)
            seen += 1
    assert seen == len(items)


def test_areas_are_drawn_in_every_tile_they_meet(observatory: Any) -> None:
    ids = {item["id"] for item in _items(observatory, "mailles")}

    drawn = {f["id"] for _, _, features in _tiles(observatory, "mailles", "WebMercatorQuad", 12) for f in features}

    assert drawn == ids


@pytest.mark.parametrize(
    "asked",
    [
        {"nature": "tag"},
        {"filter": "nature IN ('tag','depot-sauvage') AND S_INTERSECTS(geometry, BBOX(5.36,43.28,5.40,43.31))"},
        {"datetime": "2026-06-01T00:00:00Z/.."},
    ],
    ids=["property", "filter", "datetime"],
)
@pytest.mark.parametrize("zoom", [9, 12])
def test_tiles_hold_what_the_same_question_finds_among_items(
    observatory: Any, asked: dict[str, str], zoom: int
) -> None:
    found = len(_items(observatory, "signalements", **asked))
    assert 0 < found < len(_items(observatory, "signalements"))

    drawn = sum(
        feature["properties"].get("n", 1)
        for _, _, features in _tiles(observatory, "signalements", "WebMercatorQuad", zoom, **asked)
        for feature in features
    )

    assert drawn == found


def test_each_audience_gets_tiles_of_what_it_may_see(observatory: Any) -> None:
    """Facts do not exist for the public; reports lie on a raster of 200 m for it."""
    path = "/api/collections/faits/tiles/WebMercatorQuad/9/187/263"
    assert observatory.get(path).status_code == 404
    assert observatory.get(path.replace("faits", "aucune")).json() == observatory.get(path).json()
    facts = sum(len(f) for *_, f in _tiles(observatory, "faits", "WebMercatorQuad", 12, "coordination"))
    assert facts == len(_items(observatory, "faits", "coordination")) > 0

    def places(audience: str) -> Counter[tuple[int, ...]]:
        return Counter(
            (row, column, *feature["geometry"]["coordinates"])
            for row, column, features in _tiles(observatory, "signalements", "EPSG2154Quad", 3, audience)
            for feature in features
        )

    assert len(places("")) < len(places("coordination"))


def test_a_map_of_several_collections_is_one_tile(observatory: Any) -> None:
    answer = observatory.get("/api/tiles/EPSG2154Quad/0/0/0", collections="divisions,signalements")

    layers = _decode(answer.content)

    assert list(layers) == ["divisions", "signalements"]
    assert sum(f["properties"].get("n", 1) for f in layers["signalements"]) == len(_items(observatory, "signalements"))


def test_a_tile_without_items_is_204_and_one_outside_the_pyramid_404(observatory: Any) -> None:
    tiles = "/api/collections/signalements/tiles"
    assert observatory.get(f"{tiles}/WebMercatorQuad/9/0/0").status_code == 204
    for bad in ("WebMercatorQuad/9/512/0", "WebMercatorQuad/19/0/0", "WebMercatorQuad/9/-1/0", "WebMercatorQuad/a/0/0",
                "WebMercatorQuad/9/1.5/0", "WebMercatorQuad/9/99999999999999999999/0", "Nowhere/0/0/0",
                "WebMercatorQuad/9/%D9%A1/0"):  # fmt: skip
        answer = observatory.get(f"{tiles}/{bad}")
        assert answer.status_code == 404, bad
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"f": "png"}, "f"), ({"nope": "1"}, "nope"), ({"properties": "agent_secret"}, "properties"),
        ({"filter": "secret = 1"}, "filter"), ({"filter": "nature = "}, "filter"), ({"datetime": "2026"}, "datetime"),
        ({"filter-lang": "cql2-text"}, "filter-lang"), ({"bbox": "1,2,3,4"}, None), ({"limit": "5"}, "limit"),
        ({"filter": "(" * 4000}, "filter"), ({"filter": "nature LIKE '" + "%_" * 1000 + "'"}, None),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_of_a_tile_is_refused_by_name(
    observatory: Any, asked: dict[str, str], named: str | None
) -> None:
    answer = observatory.get("/api/collections/signalements/tiles/WebMercatorQuad/9/187/263", **asked)

    assert answer.status_code < 500
    if named is not None:
        assert answer.status_code == 400
        assert named in answer.json()["detail"]


def test_an_unchanged_tile_is_not_sent_again(observatory: Any) -> None:
    path = "/api/collections/signalements/tiles/WebMercatorQuad/9/187/263"
    first = observatory.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "public, no-cache"

    again = httpx.get(observatory.url + path, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert first.headers["content-encoding"] == "gzip"
    for refused in ("identity", "gzip;q=0"):
        plain = httpx.get(observatory.url + path, headers={"Accept-Encoding": refused})
        assert "content-encoding" not in plain.headers
        assert plain.content == first.content


def test_a_load_is_seen_in_tiles_at_once(observatory: Any, tmp_path: Any) -> None:
    """The cache holds by version: within a second of a load the tile shows it."""
    path = "/api/collections/signalements/tiles/WebMercatorQuad/9/187/263"
    before = observatory.get(path)
    number = sum(f["properties"].get("n", 1) for f in _decode(before.content)["signalements"])
    file = tmp_path / "more.csv"
    file.write_text("num,date,type,lon,lat\nt1,2026-06-01T10:00:00+02:00,tag,5.37,43.29\n")
    command = [
        *(sys.executable, "-m", "observatoire.cli", "load", "-o", "json"),
        *("--connector", "csv", "--collection", "signalements", "--file", str(file)),
        *("--map", "id=num,reference=num,date=date,nature=type,lon=lon,lat=lat"),
    ]
    done = subprocess.run(command, env=observatory.environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["inserted"] == 1, done.stderr
    time.sleep(1.1)

    after = observatory.get(path)

    assert after.headers["etag"] != before.headers["etag"]
    assert sum(f["properties"].get("n", 1) for f in _decode(after.content)["signalements"]) == number + 1
    with open_store(_settings(observatory)) as store, store.connect() as connection:
        connection.execute("DELETE FROM data.signalements WHERE source_key = 't1'")
        connection.execute("UPDATE obs.versions SET version = version + 1 WHERE collection = 'signalements'")
        connection.commit()
    time.sleep(1.1)
    assert observatory.get(path).content == before.content


def test_an_abandoned_tile_stops_its_query(observatory: Any) -> None:
    """A tile waits for a lock; its client closes the connection; the statement is stopped in the database."""
    host, port = observatory.url.removeprefix("http://").split(":")
    with open_store(_settings(observatory)) as store, store.connect() as locking, store.connect() as seeing:
        seeing.autocommit = True
        locking.execute("LOCK TABLE data.divisions IN ACCESS EXCLUSIVE MODE")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            path = "/api/collections/divisions/tiles/WebMercatorQuad/7/46/65"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            _until(lambda: _waiting(seeing) == 1)
        _until(lambda: _waiting(seeing) == 0)  # long before the statement's own time is over
        locking.rollback()

    assert observatory.get(path).status_code == 200


def _settings(observatory: Any) -> Settings:
    return Settings(var=Path(observatory.environment["OBS_VAR"]), city=Path(observatory.environment["OBS_CITY"]))


def _waiting(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND query LIKE '%ST_AsMVT%' AND state = 'active'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_documents_lead_from_the_landing_page_to_a_tile(observatory: Any) -> None:
    """OGC 20-057, requirements /req/tilesets-list, /req/tileset, /req/dataset-tilesets, /req/geodata-tilesets."""
    vector = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
    landing = observatory.get("/api/").json()
    collection = observatory.get("/api/collections/signalements").json()
    for document in (landing, collection):
        lists = [link["href"] for link in document["links"] if link["rel"] == vector]
        assert len(lists) == 1
        tilesets = httpx.get(lists[0]).json()["tilesets"]
        assert {each["tileMatrixSetId"] for each in tilesets} == set(PYRAMIDS)
        for each in tilesets:
            links = {link["rel"]: link for link in each["links"]}
            assert {"title", "dataType", "crs"} <= set(each)
            whole = httpx.get(links["self"]["href"]).json()
            links |= {link["rel"]: link for link in whole["links"]}
            assert links["item"]["templated"] is True
            limits = whole["tileMatrixSetLimits"][0]
            address = links["item"]["href"].format(
                tileMatrix=limits["tileMatrix"], tileRow=limits["minTileRow"], tileCol=limits["minTileCol"]
            )
            assert httpx.get(address, timeout=60).headers["content-type"] == "application/vnd.mapbox-vector-tile"
            scheme = httpx.get(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]["href"]).json()
            assert morecantile.TileMatrixSet.model_validate(scheme).crs.to_epsg() == int(each["crs"].rsplit("/", 1)[1])
    declared = observatory.get("/api/conformance").json()["conformsTo"]
    assert {f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{c}" for c in ("core", "tileset", "mvt")} <= set(
        declared
    )


def test_the_web_pyramid_is_the_one_of_the_registry(observatory: Any) -> None:
    ours = observatory.get("/api/tileMatrixSets/WebMercatorQuad").json()["tileMatrices"]
    registered = morecantile.tms.get("WebMercatorQuad").model_dump(exclude_none=True, mode="json")["tileMatrices"]

    assert ours == registered[: len(ours)]


def test_tilejson_names_addresses_that_work(observatory: Any) -> None:
    answer = observatory.get("/api/collections/signalements/tiles/WebMercatorQuad", f="tilejson", nature="tag")

    document = answer.json()
    tile = httpx.get(document["tiles"][0].format(z=9, y=187, x=263), timeout=60)

    assert document["tilejson"] == "3.0.0"
    assert {layer["id"] for layer in document["vector_layers"]} == set(_decode(tile.content))
    tags = len(_items(observatory, "signalements", nature="tag"))
    assert sum(f["properties"].get("n", 1) for f in _decode(tile.content)["signalements"]) == tags


def test_gdal_reads_a_tile(observatory: Any, tmp_path: Any) -> None:
    body = observatory.get("/api/collections/divisions/tiles/WebMercatorQuad/9/187/263").content
    (tmp_path / "t.mvt").write_bytes(body)

    done = subprocess.run(
        ["ogrinfo", "-ro", "-so", "-al", f"MVT:{tmp_path / 't.mvt'}"], capture_output=True, text=True, check=False
    )

    assert "Layer name: divisions" in done.stdout, done.stderr
    assert f"Feature Count: {len(_items(observatory, 'divisions'))}" in done.stdout


def test_what_another_audience_was_given_tells_a_stranger_nothing(observatory: Any) -> None:
    """Neither its entity tag nor its address opens a tile; what is hidden is as what does not exist."""
    path = "/api/collections/faits/tiles/WebMercatorQuad/9/187/263"
    given = observatory.get(path, "coordination")
    assert given.status_code == 200

    for headers in ({"If-None-Match": given.headers["etag"]}, {"If-None-Match": "*"}, {"Accept": "image/png"}):
        answer = httpx.get(observatory.url + path, headers=headers)
        nothing = httpx.get(observatory.url + path.replace("faits", "aucune"), headers=headers)
        assert answer.status_code == 404
        assert answer.json() == nothing.json()
    for collection in ("faits", "risque", "aucune"):
        several = observatory.get("/api/tiles/WebMercatorQuad/9/187/263", collections=f"divisions,{collection}")
        assert several.status_code == 400
        assert collection not in several.json()["detail"].partition("some of ")[2].split(", ")
    assert given.headers["cache-control"].startswith("private")


def test_a_shared_tile_is_kept_apart_by_audience(observatory: Any) -> None:
    """Asked in turn by those who see places exactly and those who see them rounded: each gets their own, each time."""
    path = "/api/collections/faits/tiles/EPSG2154Quad/0/0/0"
    bodies = [observatory.get(path, audience).content for audience in ("coordination", "planner") * 2]

    assert bodies[0] == bodies[2] != bodies[1] == bodies[3]


@pytest.mark.parametrize(
    "text",
    [
        "nature = 'rien de tel'", "date < TIMESTAMP('1900-01-01T00:00:00Z')", "id < 0", "id = 1 AND id = 2",
        "S_INTERSECTS(geometry, BBOX(170,-10,171,-9))", "NOT (nature IS NULL OR nature IS NOT NULL)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("zoom", ["9/187/263", "12/1499/2109"])
def test_a_filter_that_leaves_nothing_is_an_empty_tile(observatory: Any, text: str, zoom: str) -> None:
    answer = observatory.get(f"/api/collections/signalements/tiles/WebMercatorQuad/{zoom}", filter=text)

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    "text",
    [
        "1=1) UNION SELECT reference FROM data.faits --", "nature = 'tag'; DROP TABLE data.signalements",
        "pg_sleep(5) = 1", "obs.keys = 1", "source_key = '1'", "load_id = 1", "geom = 1", "reference = reference(1)",
        "id / 0 = 1", "id ^ 1000 = 1", "id * 1e308 * 1e308 > 0", "NOT " * 500 + "id = 1",
        " AND ".join(f"id <> {i}" for i in range(3_000)), "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))",
        "nature LIKE '" + "%a" * 400 + "'", "nature = '\x01\u202e\U0001f600'", "\u0000", "id = " + "9" * 400,
    ],
)  # fmt: skip
def test_a_hostile_filter_is_an_answer_or_a_refusal_and_says_nothing(observatory: Any, text: str) -> None:
    before = observatory.get("/api/collections/signalements/items", limit=1).json()["numberMatched"]

    answer = observatory.get("/api/collections/signalements/tiles/WebMercatorQuad/9/187/263", filter=text)

    assert answer.status_code in (200, 204, 400, 414), answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        for word in ("SELECT", "psycopg", "ERROR:", "obs_public", "ST_AsMVT", "Traceback"):
            assert word not in answer.json()["detail"].replace(text, "")
    assert observatory.get("/api/collections/signalements/items", limit=1).json()["numberMatched"] == before


def test_a_protected_property_cannot_be_guessed_by_filters(observatory: Any) -> None:
    """`reference` of an occurrence is not for planners: naming it is as naming what does not exist."""
    path = "/api/collections/faits/tiles/WebMercatorQuad/9/187/263"
    assert observatory.get(path, "coordination", filter="reference LIKE 'F%'").status_code in (200, 204)

    told = {
        name: observatory.get(path, "planner", **{word: value})
        for name in ("reference", "inconnue")
        for word, value in (("filter", f"{name} LIKE 'F%'"), ("properties", name), (name, "F1"))
    }

    for name, answer in told.items():
        assert answer.status_code == 400
        listed = answer.json()["detail"].partition("expected one of")[2]
        assert "reference" not in listed, name


def test_a_tile_that_takes_too_long_is_refused_and_its_query_is_over(observatory: Any) -> None:
    """Its table is locked for longer than a statement may take: a filter is to blame where there is one (400)."""
    path = "/api/collections/divisions/tiles/WebMercatorQuad/7/46/65"
    with open_store(_settings(observatory)) as store, store.connect() as locking, store.connect() as seeing:
        seeing.autocommit = True
        locking.execute("LOCK TABLE data.divisions IN ACCESS EXCLUSIVE MODE")
        answer = observatory.get(path, filter="code <> 'x'")
        assert _waiting(seeing) == 0
        locking.rollback()

    assert answer.status_code == 400
    assert "filter" in answer.json()["detail"]
