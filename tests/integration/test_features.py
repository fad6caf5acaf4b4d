"""Collections over a real PostGIS: every parameter applied or refused, each audience its own, nothing leaked."""

import asyncio
import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
import psycopg
import pytest
from pyproj import Transformer
from starlette.applications import Starlette
from starlette.testclient import TestClient

from observatoire import cql2
from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.server import items
from observatoire.server.app import create_app
from observatoire.server.plan import Plan
from observatoire.server.run import TooSlowError, rows_of
from observatoire.settings import Settings
from observatoire.store import schema
from observatoire.store.keys import create_key, revoke_key
from observatoire.store.roles import passwords

pytestmark = pytest.mark.integration

CITY = read_city(root() / "cities" / "demo.yml")
N = 400
ITEMS = "/api/collections/signalements/items"
CRS = "http://www.opengis.net/def/crs"
CRS84, WGS84, MERCATOR, LAMBERT = (
    f"{CRS}/OGC/1.3/CRS84",
    f"{CRS}/EPSG/0/4326",
    f"{CRS}/EPSG/0/3857",
    f"{CRS}/EPSG/0/2154",
)

#: Seeded, with ids that have gaps, ties in every property, nulls in `reference`, and marks in the texts.
SEED = """
SELECT setseed(0.42);
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT 3 * i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second',
       CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN 'R<b>' || i % 7 ELSE 'é"' || i % 11 END,
       timestamptz '2026-03-01 00:00Z' + (i % 50) * interval '1 hour' + (i % 3) * interval '0.25 s',
       (array['tag', 'bruit', 'ordures'])[1 + i % 3]
FROM generate_series(1, 400) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.3 + 0.1 * random(), 43.2 + 0.1 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second', 'secret-' || i,
       timestamptz '2026-03-01 00:00Z' + i * interval '1 hour', 'tapage'
FROM generate_series(1, 40) AS i;
INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, cell_id, cote)
SELECT i, ST_Transform(ST_MakeEnvelope(5.3 + i * 0.01, 43.2, 5.31 + i * 0.01, 43.21, 4326), 2154),
       'test', i::text, 1, 'derived', 'c' || i, 250.5
FROM generate_series(1, 9) AS i;
INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1), ('faits', 1), ('mailles', 1);
"""


@pytest.fixture(scope="module")
def settings(database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    var = tmp_path_factory.mktemp("var")
    with psycopg.connect(database) as connection:
        schema.prepare(connection, CITY, catalog().values(), passwords(var))
        connection.execute(SEED)
    return Settings(var=var, database_url=database, url="http://testserver", statement_timeout_ms=2_000)


@pytest.fixture(scope="module")
def app(settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture(scope="module")
def client(app: Starlette) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=True) as client:
        yield client


@pytest.fixture(scope="module")
def keys(database: str, settings: Settings) -> dict[str, str]:
    with psycopg.connect(database) as connection:
        return {a: create_key(connection, a, f"test-{a}") for a in ("planner", "roadworks", "coordination")}


def pages(client: TestClient, path: str, key: str | None = None) -> list[dict[str, Any]]:
    """All features, by following `next`."""
    found: list[dict[str, Any]] = []
    headers = {"X-API-Key": key} if key else {}
    while path:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["features"]
        assert body["numberReturned"] == len(body["features"])
        path = next((link["href"] for link in body["links"] if link["rel"] == "next"), "")
    return found


def ids(client: TestClient, query: str) -> set[int]:
    return {feature["id"] for feature in pages(client, f"{ITEMS}?limit=1000&{query}")}


def detail(client: TestClient, path: str, **headers: str) -> tuple[int, str]:
    answer = client.get(path, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["detail"]


# ---------------------------------------------------------------------------------------------------------- pages
@pytest.mark.parametrize(
    ("sortby", "order"),
    [
        ("", "id"),
        ("id", "id"),
        ("-id", "id DESC"),
        ("date", "date, id"),
        ("-date", "date DESC, id DESC"),
        ("nature,-date", "nature, date DESC, id DESC"),
        ("-nature,date", "nature DESC, date, id"),
        ("reference", "reference, id"),
        ("-reference", "reference DESC, id DESC"),
        ("nature,reference", "nature, reference, id"),
        ("-reference,nature", "reference DESC, nature, id"),
    ],
)
def test_pages_show_every_item_once_in_order(client: TestClient, database: str, sortby: str, order: str) -> None:
    """Whatever the order: ties, nulls, mixed directions."""
    with psycopg.connect(database) as connection:
        expected = [row[0] for row in connection.execute(f"SELECT id FROM data.signalements ORDER BY {order}")]

    shown = pages(client, f"{ITEMS}?limit=37" + (f"&sortby={sortby}" if sortby else ""))

    assert [feature["id"] for feature in shown] == expected
    assert len(shown) == N


def test_the_last_page_has_no_next_link_even_when_it_is_full(client: TestClient) -> None:
    """Stock pygeoapi sends one request too many there."""
    answer = client.get(f"{ITEMS}?limit={N}").json()

    assert answer["numberMatched"] == answer["numberReturned"] == N
    assert "next" not in {link["rel"] for link in answer["links"]}


def test_an_item_that_enters_meanwhile_neither_repeats_nor_hides_others(client: TestClient, database: str) -> None:
    """By offset, a row that enters at the front would show one item twice."""
    first = client.get(f"{ITEMS}?limit=10").json()
    next_link = next(link["href"] for link in first["links"] if link["rel"] == "next")
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, date, nature) "
            "SELECT 1, geom, source, 'new', 1, origin, date, nature FROM data.signalements WHERE id = 3"
        )
    try:
        second = client.get(next_link).json()
    finally:
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM data.signalements WHERE id = 1")

    assert [f["id"] for f in first["features"] + second["features"]] == [3 * i for i in range(1, 21)]


def test_an_offset_leaves_items_out(client: TestClient) -> None:
    shown = client.get(f"{ITEMS}?limit=2&offset=398").json()["features"]

    assert [feature["id"] for feature in shown] == [399 * 3, 400 * 3]
    assert client.get(f"{ITEMS}?offset=400").json()["features"] == []


def test_a_limit_above_the_maximum_counts_as_the_maximum(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=999999").json()["numberReturned"] == N


def test_the_count_is_exact_with_and_without_conditions(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=3").json()["numberMatched"] == N
    assert client.get(f"{ITEMS}?limit=3&nature=tag").json()["numberMatched"] == 133
    assert client.get(f"{ITEMS}?limit=3&offset=7&nature=tag").json()["numberMatched"] == 133


def test_where_counting_is_dear_an_estimate_is_said_to_be_one(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observatoire.server.counts.DEAREST", 0.0)

    answer = client.get(f"{ITEMS}?limit=3&nature=bruit&offset=1").json()

    assert "numberMatched" not in answer
    assert answer["numberMatchedEstimate"] > 0


# ---------------------------------------------------------------------------------------------------------- place
def shown_positions(client: TestClient, crs: str) -> dict[int, tuple[float, float]]:
    found = pages(client, f"{ITEMS}?limit=1000&crs={crs}")
    return {feature["id"]: tuple(feature["geometry"]["coordinates"]) for feature in found}


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        (CRS84, "5.3,43.2,5.45,43.35"),
        (WGS84, "43.2,5.3,43.35,5.45"),
        (MERCATOR, "590000,5340000,607000,5360000"),
        (LAMBERT, "890000,6238000,902000,6252000"),
    ],
)
def test_a_box_finds_the_items_whose_shown_position_is_in_it(client: TestClient, crs: str, box: str) -> None:
    """Asked and answered in the same CRS, axes in its authority's order; rounding moves an item by < 0.2 m."""
    x_min, y_min, x_max, y_max = map(float, box.split(","))
    edge = 2e-6 if crs in (CRS84, WGS84) else 0.02

    found = ids(client, f"bbox={box}&bbox-crs={crs}")

    positions = shown_positions(client, crs)
    inside = {
        i for i, (x, y) in positions.items() if x_min + edge < x < x_max - edge and y_min + edge < y < y_max - edge
    }
    touching = {
        i for i, (x, y) in positions.items() if x_min - edge <= x <= x_max + edge and y_min - edge <= y <= y_max + edge
    }
    assert inside <= found <= touching
    assert 0 < len(found) < N


@pytest.mark.parametrize(("crs", "code"), [(CRS84, "OGC:CRS84"), (WGS84, "EPSG:4326"), (MERCATOR, "EPSG:3857")])
def test_positions_are_transformed_as_pyproj_does(client: TestClient, crs: str, code: str) -> None:
    transform = Transformer.from_crs("EPSG:2154", code).transform
    stored = shown_positions(client, LAMBERT)
    tolerance = 0.02 if code == "EPSG:3857" else 1.1e-6

    for i, position in shown_positions(client, crs).items():
        assert position == pytest.approx(transform(*stored[i]), abs=tolerance)


def test_the_answer_names_its_crs(client: TestClient) -> None:
    assert client.get(ITEMS).headers["content-crs"] == f"<{CRS84}>"
    assert client.get(f"{ITEMS}?crs={LAMBERT}").headers["content-crs"] == f"<{LAMBERT}>"
    assert client.get(f"{ITEMS}/3?crs={WGS84}").headers["content-crs"] == f"<{WGS84}>"


def test_a_box_across_the_antimeridian_is_all_but_what_lies_between(client: TestClient) -> None:
    positions = shown_positions(client, CRS84)
    expected = {i for i, (x, _) in positions.items() if x >= 5.5 or x <= 5.25}

    assert ids(client, "bbox=5.5,-90,5.25,90") == expected


def test_the_whole_world_and_its_other_side(client: TestClient) -> None:
    assert len(ids(client, "bbox=-180,-90,180,90")) == N
    assert len(ids(client, "bbox=-180,-90,0,180,90,10")) == N
    assert ids(client, "bbox=170,-50,-170,-40") == set()


def test_a_box_without_area_is_a_point(client: TestClient) -> None:
    x, y = shown_positions(client, LAMBERT)[3]

    assert 3 in ids(client, f"bbox={x},{y},{x},{y}&bbox-crs={LAMBERT}")


def test_polygons_meet_a_box_that_they_only_touch_in_part(client: TestClient) -> None:
    found = client.get("/api/collections/mailles/items?bbox=5.325,43.205,5.345,43.206").json()["features"]

    assert [feature["properties"]["cell_id"] for feature in found] == ["c2", "c3", "c4"]
    assert found[0]["geometry"]["type"] == "Polygon"


# ----------------------------------------------------------------------------------------------------------- time
@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("2026-03-01T05:00:00Z", "date = '2026-03-01 05:00Z'"),
        ("2026-03-01T06:00:00.25%2B01:00", "date = '2026-03-01 05:00:00.25Z'"),
        ("2026-03-01", "date >= '2026-03-01Z' AND date < '2026-03-02Z'"),
        ("2026-03-01T23:00:00Z/2026-03-02", "date >= '2026-03-01 23:00Z' AND date < '2026-03-03Z'"),
        ("2026-03-01T05:00:00Z/2026-03-01T07:00:00Z", "date BETWEEN '2026-03-01 05:00Z' AND '2026-03-01 07:00Z'"),
        ("../2026-03-01T05:00:00Z", "date <= '2026-03-01 05:00Z'"),
        ("2026-03-02T00:00:00Z/..", "date >= '2026-03-02Z'"),
        ("/2026-03-01", "date < '2026-03-02Z'"),
        ("../..", "true"),
        ("2026-03-02T00:00:00Z/9999-12-31T00:00:00Z", "date >= '2026-03-02Z'"),
        ("1999-01-01/1999-12-31", "false"),
        ("2190-01-01T00:00:00Z", "false"),
    ],
)
def test_a_datetime_finds_what_sql_finds(client: TestClient, database: str, text: str, condition: str) -> None:
    with psycopg.connect(database) as connection:
        expected = {row[0] for row in connection.execute(f"SELECT id FROM data.signalements WHERE {condition}")}

    assert ids(client, f"datetime={text}") == expected


def test_a_datetime_leaves_collections_without_time_whole(client: TestClient) -> None:
    """OGC API Features, part 1, §7.15.4: it applies to temporal properties; there is none."""
    assert client.get("/api/collections/mailles/items?datetime=1999-01-01").json()["numberReturned"] == 9


# ----------------------------------------------------------------------------------------------------- properties
def test_properties_filter_by_their_type(client: TestClient) -> None:
    assert all(f["properties"]["nature"] == "tag" for f in pages(client, f"{ITEMS}?limit=100&nature=tag"))
    assert ids(client, "id=9") == {9}
    assert ids(client, "nature=nope") == set()
    mailles = client.get("/api/collections/mailles/items?cote=250.5&cell_id=c7").json()
    assert [feature["id"] for feature in mailles["features"]] == [7]


def test_texts_arrive_as_they_were_stored(client: TestClient, database: str) -> None:
    """Stock pygeoapi turns `<b>` into `&lt;b&gt;`."""
    with psycopg.connect(database) as connection:
        stored = dict(connection.execute("SELECT id, reference FROM data.signalements").fetchall())

    shown = {f["id"]: f["properties"]["reference"] for f in pages(client, f"{ITEMS}?limit=1000")}

    assert shown == stored
    assert ids(client, "reference=R<b>1") == {i for i, text in stored.items() if text == "R<b>1"}


def test_only_the_properties_asked_for_are_shown_in_their_fixed_order(client: TestClient) -> None:
    whole = client.get(f"{ITEMS}?limit=1").json()["features"][0]
    some = client.get(f"{ITEMS}?limit=1&properties=nature,date&skipGeometry=true").json()["features"][0]

    assert list(whole["properties"]) == ["reference", "date", "nature", "origin", "precision"]
    assert list(some["properties"]) == ["date", "nature"]
    assert some["geometry"] is None
    assert client.get(f"{ITEMS}?limit=1&properties=id").json()["features"][0]["properties"] == {}


# ------------------------------------------------------------------------------------------------------- one item
def test_one_item_is_the_same_as_in_the_list(client: TestClient) -> None:
    listed = client.get(f"{ITEMS}?limit=1").json()["features"][0]
    single = client.get(f"{ITEMS}/3").json()

    assert {name: single[name] for name in listed} == listed
    assert {link["rel"] for link in single["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize(
    "item", ["1", "abc", "-1", "1.0", "99999999999999", "9" * 30, "%00", "3%00", "%FF", "１", "' OR 1=1"]
)
def test_what_is_no_item_is_not_found(client: TestClient, item: str) -> None:
    assert detail(client, f"{ITEMS}/{item}") == (404, "no such item")


# -------------------------------------------------------------------------------------------------- other formats
def test_csv_holds_the_same_values(client: TestClient) -> None:
    lines = client.get(f"{ITEMS}?limit=3&f=csv").text.splitlines()
    features = client.get(f"{ITEMS}?limit=3").json()["features"]

    assert lines[0] == "id,x,y,reference,date,nature,origin,precision"
    x, y = features[0]["geometry"]["coordinates"]
    assert lines[1].startswith(f"3,{x},{y},")
    assert len(lines) == 4
    answer = client.get(f"{ITEMS}?limit=3&f=csv")
    assert 'rel="next"' in answer.headers["link"]
    assert client.get("/api/collections/mailles/items?f=csv&limit=1").text.splitlines()[1].startswith('1,"POLYGON ((')


def test_json_ld_holds_the_same_items(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=3&f=jsonld")
    one = client.get(f"{ITEMS}/3?f=jsonld").json()

    assert page.headers["content-type"] == "application/ld+json"
    assert "schema:itemListElement" in page.text
    assert one["@id"] == f"http://testserver{ITEMS}/3"


PAGES = ["/api", "/api/collections", "/api/collections/signalements", "/api/collections/signalements/schema",
         "/api/collections/signalements/queryables", ITEMS, f"{ITEMS}/3", "/api/conformance",
         "/api/openapi"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_ask_nothing_of_third_parties(client: TestClient, path: str, language: str) -> None:
    """Style sheets and modules from here only, nothing inline. (A link that a person may follow is no request.)"""
    answer = client.get(path, params={"f": "html", "lang": language})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    ours = answer.text.count('<script type="module" src="/web/pages/')
    assert answer.text.count("<script") == answer.text.count(" src=") == ours
    assert not re.search(r'style=|\bon[a-z]+="', answer.text)
    ours = re.findall(r'<link rel="(?:icon|stylesheet)" href="/static/', answer.text)
    assert answer.text.count("<link ") == len(ours) == 2


def test_a_text_of_the_data_cannot_become_markup(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=20&f=html").text

    assert "R&lt;b&gt;" in page
    assert "R<b>" not in page


# --------------------------------------------------------------------------------------------------------- rights
PROTECTED = ["", "/items", "/items/1", "/schema", "/queryables"]


@pytest.mark.parametrize("rest", PROTECTED)
def test_a_hidden_collection_is_like_one_that_does_not_exist(
    client: TestClient, keys: dict[str, str], rest: str
) -> None:
    hidden = client.get(f"/api/collections/faits{rest}")
    missing = client.get(f"/api/collections/nonexistent{rest}")

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert client.get(f"/api/collections/faits{rest}", headers={"X-API-Key": keys["roadworks"]}).status_code == 404
    assert client.get(f"/api/collections/faits{rest}", headers={"X-API-Key": keys["coordination"]}).status_code == 200


@pytest.mark.parametrize("path", ["/api", "/api/collections", "/api/openapi", "/api/styles", "/city.json"])
@pytest.mark.parametrize("form", ["json", "html"])
def test_every_list_holds_what_its_reader_may_see(
    client: TestClient, keys: dict[str, str], path: str, form: str
) -> None:
    """Asked in turn, so that a cache of one audience would show itself to the next."""
    query = f"?f={form}" if path not in ("/city.json", "/api/styles") else ""
    for _ in range(2):
        anonymous = client.get(path + query).text
        allowed = client.get(path + query, headers={"X-API-Key": keys["coordination"]}).text

        assert "Faits constatés" not in anonymous
        assert not re.search(r'"faits(?!-publics)', anonymous)
        assert not re.search(r"collections/faits(?!-publics)", anonymous)
        assert "videoprotection" not in anonymous
        assert "signalements" in anonymous or path == "/api"
        assert "faits" in allowed or (path, form) == ("/api", "json")


def test_a_style_is_given_as_maplibre_and_as_qgis_read_it(client: TestClient) -> None:
    """The list leads to both; `f` and `Accept` choose; the type of the answer is the one that the link says."""
    listed = client.get("/api/styles").json()["styles"]
    links = {style["id"]: [link for link in style["links"] if link["rel"] == "stylesheet"] for style in listed}

    assert {"signalements", "divisions"} <= links.keys()
    for link in links["signalements"]:
        answer = client.get(link["href"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
        bare = client.get("/api/styles/signalements", headers={"Accept": link["type"]})
        assert bare.headers["content-type"] == link["type"]
        again = client.get(link["href"], headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    tags = {client.get(link["href"]).headers["etag"] for link in links["signalements"]}
    assert len(tags) == len(links["signalements"]) == 2
    assert client.get("/api/styles/signalements").json()["version"] == 8
    qml = client.get("/api/styles/signalements?f=qml")
    assert ET.fromstring(qml.text.partition("\n")[2]).tag == "qgis"
    assert qml.text == client.get("/qgis/signalements.qml").text
    assert client.get("/api/styles/signalements?f=sld").status_code == 400
    items = client.get("/api/styles/signalements?sources=items").json()["sources"]["signalements"]
    assert client.get(items["data"]).json()["type"] == "FeatureCollection"


def test_maps_and_legends_lead_to_what_their_reader_may_see(client: TestClient, keys: dict[str, str]) -> None:
    """OGC API Styles (20-009, draft): styles-success, style-success, collection-styles; absolute addresses."""
    for audience, first in ((None, "citizen"), ("roadworks", "roadworks"), ("coordination", "coordination")):
        headers = {"X-API-Key": keys[audience]} if audience else {}
        document = client.get("/api/styles", headers=headers).json()
        assert document["default"] == first
        assert len({style["id"] for style in document["styles"]}) == len(document["styles"])
        for style in document["styles"]:
            types = {}
            for link in style["links"]:
                answer = client.get(link["href"], headers=headers)
                assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
                assert answer.headers["content-language"] == "fr"
                types[link["rel"], link["type"]] = answer
            sheet = types["stylesheet", "application/vnd.mapbox.style+json"].json()
            assert ("faits" in {layer.get("source-layer") for layer in sheet["layers"]}) <= (audience == "coordination")
            assert all(url.startswith("http") for source in sheet["sources"].values() for url in source["tiles"])
            legends = types["legend", "application/json"].json()["layers"]
            drawn = dict.fromkeys(layer["source-layer"] for layer in sheet["layers"] if "source-layer" in layer)
            assert [legend["id"] for legend in legends] == list(drawn)
            assert types["legend", "image/png"].content.startswith(b"\x89PNG")


def test_the_tiles_of_a_map_are_those_of_its_layers(client: TestClient, keys: dict[str, str]) -> None:
    headers = {"X-API-Key": keys["coordination"]}
    sheet = client.get("/api/styles/coordination", headers=headers).json()
    for source in sheet["sources"].values():
        address = source["tiles"][0].format(z=9, y=187, x=263)
        assert client.get(address, headers=headers).status_code in (200, 204)
        hidden = client.get(address)
        assert hidden.status_code in (400, 404) if "faits" in address or "risque" in address else 200


def test_a_collection_has_one_style_of_its_own(client: TestClient) -> None:
    link = next(
        link["href"] for link in client.get("/api/collections/chantiers").json()["links"]
        if link["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/styles"
    )  # fmt: skip
    (style,) = client.get(link).json()["styles"]

    sheet = client.get(style["links"][0]["href"])

    assert sheet.json() == client.get("/api/styles/chantiers").json()
    for wrong in ("signalements", "citizen", "nonexistent"):
        assert client.get(f"/api/collections/chantiers/styles/{wrong}").status_code == 404
    assert client.get("/api/collections/faits/styles").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_tiles_and_maps_are_for_people(client: TestClient, language: str) -> None:
    """The template of a tile, the properties in it, and a map with its legend, in words."""
    words = {"fr": ("Tuiles vectorielles", "Nombre d&#39;objets", "Carte des chantiers"),
             "en": ("Vector tiles", "Number of items", "Road-works map")}[language]  # fmt: skip
    one = client.get(f"/api/collections/signalements/tiles/EPSG2154Quad?f=html&lang={language}")
    listed = client.get(f"/api/collections/signalements/tiles?f=html&lang={language}")
    landing = client.get(f"/api?f=html&lang={language}")

    assert words[0] in one.text
    assert words[1] in one.text
    assert "/tiles/EPSG2154Quad/{tileMatrix}/{tileRow}/{tileCol}" in one.text
    assert "EPSG:2154" in one.text
    assert all(f"/tiles/{name}?f=html" in listed.text for name in ("WebMercatorQuad", "EPSG2154Quad"))
    assert words[2] in landing.text
    assert words[2] in client.get(f"/api/styles/roadworks?lang={language}", headers={"Accept": "text/html"}).text
    assert f'href="/api/styles/roadworks/legend?f=png&amp;lang={language}"' in landing.text


@pytest.mark.parametrize(
    ("path", "named"),
    [("citizen?f=qml", "f"), ("citizen?sources=items", "sources"), ("signalements?sources=wfs", "sources"),
     ("signalements/legend?f=svg", "f"), ("signalements/legend?size=2", "size"),
     ("signalements?datetime=x", "datetime")],
)  # fmt: skip
def test_a_style_that_cannot_be_given_is_refused_by_name(client: TestClient, path: str, named: str) -> None:
    answer = client.get(f"/api/styles/{path}")

    assert answer.status_code == 400
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("form", ["json", "qml"])
def test_a_style_tells_no_more_than_its_reader_may_see(client: TestClient, keys: dict[str, str], form: str) -> None:
    hidden, missing = (client.get(f"/api/styles/{name}?f={form}") for name in ("faits", "nonexistent"))
    planner, coordination = (
        client.get(f"/api/styles/faits?f={form}", headers={"X-API-Key": keys[a]}) for a in ("planner", "coordination")
    )

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert planner.status_code == coordination.status_code == 200
    assert "reference" not in planner.text
    assert ("reference" in coordination.text) == (form == "qml")
    assert "private" in planner.headers["cache-control"]


def test_positions_are_rounded_for_who_may_not_see_them_exact(client: TestClient, keys: dict[str, str]) -> None:
    """`faits`: a grid of 100 m for planners; coordination sees what was loaded."""
    path = f"/api/collections/faits/items?limit=100&crs={LAMBERT}"
    rounded = pages(client, path, keys["planner"])
    exact = pages(client, path, keys["coordination"])

    assert all(c % 100 == 0 for f in rounded for c in f["geometry"]["coordinates"])
    assert any(c % 100 != 0 for f in exact for c in f["geometry"]["coordinates"])
    assert not any("reference" in f["properties"] for f in rounded)
    assert all(f["properties"]["reference"].startswith("secret-") for f in exact)


@pytest.mark.parametrize("query", ["reference=secret-1", "sortby=reference", "properties=reference"])
def test_a_protected_property_answers_as_one_that_does_not_exist(
    client: TestClient, keys: dict[str, str], query: str
) -> None:
    path = "/api/collections/faits/items"
    protected = detail(client, f"{path}?{query}", **{"X-API-Key": keys["planner"]})
    missing = detail(client, f"{path}?{query.replace('reference', 'nonesuch1')}", **{"X-API-Key": keys["planner"]})

    assert protected[0] == missing[0] == 400
    assert protected[1].replace("reference", "nonesuch1") == missing[1]
    assert client.get(f"{path}?{query}", headers={"X-API-Key": keys["coordination"]}).status_code == 200


def test_a_key_that_is_not_known_is_refused_and_the_rest_needs_none(client: TestClient) -> None:
    for path in ("/api", ITEMS, "/city.json", "/api/openapi"):
        answer = client.get(path, headers={"X-API-Key": "nope"})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert "www-authenticate" in answer.headers
    assert client.get("/health", headers={"X-API-Key": "nope"}).status_code == 200


def test_a_new_key_works_at_once_and_a_revoked_one_dies(
    client: TestClient, app: Starlette, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observatoire.server.principal.PATIENCE", 0.0)
    with psycopg.connect(database) as connection:
        key = create_key(connection, "coordination", "short-lived")
    assert client.get("/api/collections/faits", headers={"X-API-Key": key}).status_code == 200

    with psycopg.connect(database) as connection:
        revoke_key(connection, "short-lived")
    monkeypatch.setattr("observatoire.server.principal.LIFE", 0.0)

    assert client.get("/api/collections/faits", headers={"X-API-Key": key}).status_code == 401


def test_answers_for_a_key_are_not_kept_by_shared_caches(client: TestClient, keys: dict[str, str]) -> None:
    public = client.get(ITEMS)
    private = client.get(ITEMS, headers={"X-API-Key": keys["planner"]})

    assert public.headers["cache-control"] == "public, no-cache"
    assert private.headers["cache-control"] == "private, no-cache"
    assert "X-API-Key" in public.headers["vary"]
    assert public.headers["etag"] != private.headers["etag"]


def test_audiences_that_ask_at_once_each_see_their_own(settings: Settings, keys: dict[str, str]) -> None:
    """24 clients, two roles, one process."""
    rounds = 10_000 // 24 if os.environ.get("OBS_PROVE") == "full" else 25
    path = f"/api/collections/faits/items?limit=5&crs={LAMBERT}"

    async def one(http: httpx.AsyncClient, who: str) -> None:
        for _ in range(rounds):
            answer = await http.get(path, headers={"X-API-Key": keys[who]})
            for feature in answer.json()["features"]:
                assert ("reference" in feature["properties"]) == (who == "coordination")
                rounded = all(c % 100 == 0 for c in feature["geometry"]["coordinates"])
                assert rounded == (who == "planner")

    async def all_at_once() -> None:
        served = create_app(settings)
        async with served.router.lifespan_context(served):
            transport = httpx.ASGITransport(served)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                await asyncio.gather(*[one(http, ("planner", "coordination")[i % 2]) for i in range(24)])

    asyncio.run(all_at_once())


# ------------------------------------------------------------------------------------------------------------ HTTP
def test_an_answer_that_is_known_costs_no_query_of_items(
    client: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observatoire.server.versions.FRESH", 0.0)
    etag = client.get(f"{ITEMS}?limit=2").headers["etag"]

    async def refuse(*_: object) -> None:
        raise AssertionError("a query was made")

    with monkeypatch.context() as patch:
        patch.setattr(items, "rows_of", refuse)
        same = client.get(f"{ITEMS}?limit=2", headers={"If-None-Match": etag})
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE obs.versions SET version = version + 1 WHERE collection = 'signalements'")
    changed = client.get(f"{ITEMS}?limit=2", headers={"If-None-Match": etag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_head_is_get_without_a_body(client: TestClient) -> None:
    answer = client.head(f"{ITEMS}?limit=2")

    assert answer.status_code == 200
    assert "etag" in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_collections_are_read_only(client: TestClient, method: str) -> None:
    answer = client.request(method, f"{ITEMS}/3")

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in answer.headers["allow"]


def test_pages_of_other_origins_may_read(client: TestClient) -> None:
    answer = client.get(ITEMS, headers={"Origin": "https://elsewhere.example"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_nothing_of_a_failure_is_shown(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("postgresql://obs_public:hunter2@/srv/db")

    monkeypatch.setattr(items, "rows_of", fail)
    status, text = detail(client, ITEMS)

    assert status == 500
    assert text.startswith("internal error, reference ")
    assert "hunter2" not in client.get(ITEMS).text


def test_a_query_that_takes_too_long_is_stopped(settings: Settings) -> None:
    async def slow() -> None:
        served = create_app(settings)
        async with served.router.lifespan_context(served):
            await rows_of(served.state.obs.pools.of("public"), Plan(b"SELECT pg_sleep(20)", ()))

    started = datetime.now().astimezone()
    with pytest.raises(TooSlowError):
        asyncio.run(slow())
    assert (datetime.now().astimezone() - started).total_seconds() < 15


def test_a_database_that_comes_back_is_used_again(client: TestClient, database: str) -> None:
    assert client.get(ITEMS).status_code == 200
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'obs serve%'"
        )

    assert client.get(f"{ITEMS}?limit=4").status_code == 200


# --------------------------------------------------------------------------------------------------------- hostile
HOSTILE = [
    "severity=abc", "nature=%00", "%00=1", "sortby=", "sortby=,", "sortby=--date", "sortby=date;DROP", "datetime=2024",
    "datetime=abc", "datetime=/", "offset=99999999999999999999", "offset=-1", "offset=abc", "bbox=nan,nan,nan,nan",
    "bbox=1e999,0,1,1", "bbox=5,43,4,44,1", "bbox=0,0,0,0,0", "bbox=5,44,6,43", "limit=0", "limit=-5", "limit=abc",
    "limit=1e9", "f=xml", "f=", "crs=foo", "crs=", "bbox-crs=foo", "properties=nope", "properties=,", "id=abc",
    "id=99999999999999999999", "date=abc", "cursor=abc", "cursor=%FF", "filter=severity LIKE 'a'",
    "filter=foo(severity)=1", "filter-lang=cql2-text", "filter=" + "(" * 4000, "resulttype=hits", "q=x",
    "skipGeometry=2", "lang=xx", "lang=" + "x" * 5000, "nature=" + "é" * 3000, "nature='; SELECT pg_sleep(10); --",
    "nature[]=1", "nature=a&nature=b", "profile=x", "%F0%9F%92%A9=1", "reference=\\x", "reference=%5Cu0000",
    "datetime=99999-01-01T00:00:00Z", "datetime=2026-02-30T00:00:00Z", "offset=9223372036854775807",
    "bbox=-1e308,-1e308,1e308,1e308", "bbox=5.3,43.2,5.3,43.2",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_breaks_the_server(client: TestClient, query: str) -> None:
    """The inputs that gave 5xx in stock pygeoapi, and more."""
    answer = client.get(f"{ITEMS}?{query}")

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/api/collections/%00", "/api/collections/%00/items", "/api/collections/..%2F..%2Fetc/items", "/api/styles/%00",
     "/api/collections/signalements/items/%00", "/api/x%00", "/web/..%2f..%2fpyproject.toml", "/web/%00",
     "/static/../app.py",
     "/api/collections/" + "x" * 5000, "/api//collections"],
)  # fmt: skip
def test_no_path_breaks_the_server(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=True)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/api", "/api/collections", "/api/collections/signalements", "/api/conformance", f"{ITEMS}/3"]
)
def test_an_unknown_parameter_is_refused_by_name_everywhere(client: TestClient, path: str) -> None:
    """OGC API Features, part 1, requirement 8 (/req/core/query-param-unknown)."""
    status, text = detail(client, f"{path}?nosuch=1")

    assert status == 400
    assert "nosuch" in text


# ------------------------------------------------------------------------------------------------------- documents
def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def test_the_openapi_document_is_whole_and_valid(client: TestClient, keys: dict[str, str]) -> None:
    """No reference leads outside or nowhere; QGIS finds its page size; every parameter that we read is named."""
    from pygeoapi.openapi import validate_openapi_document

    for headers in ({}, {"X-API-Key": keys["coordination"]}):
        document = client.get("/api/openapi", headers=headers).json()

        assert validate_openapi_document(document)
        for reference in set(references(document)):
            part: Any = document
            assert reference.startswith("#/"), reference
            for name in reference[2:].split("/"):
                part = part[name]
        shared = document["components"]["parameters"]
        own, clients = shared["page-limit"]["schema"], shared["limit"]["schema"]
        assert (own["default"], own["maximum"]) == (10, 10_000)
        assert (clients["default"], clients["maximum"]) == (5_000, 10_000)
        listed = document["paths"]["/collections/signalements/items"]["get"]["parameters"]
        names = {p["name"] if "name" in p else shared[p["$ref"].rsplit("/", 1)[1]]["name"] for p in listed}
        fields = catalog()["signalements"].properties_for("coordination" if headers else "public")
        assert names == {"f", "lang", "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime", "sortby",
                         "properties", "skipGeometry", "filter", "filter-lang", "filter-crs", *fields}  # fmt: skip


def test_every_documented_path_answers(client: TestClient, keys: dict[str, str]) -> None:
    headers = {"X-API-Key": keys["coordination"]}
    document = client.get("/api/openapi", headers=headers).json()

    for path, operations in document["paths"].items():
        if "get" in operations and not path.startswith(("/processes", "/jobs")):
            here = path.replace("{featureId}", "3").replace("{styleId}", "signalements")
            assert client.get(f"/api{here}", headers=headers).status_code in (200, 404), path


def test_links_of_every_document_lead_somewhere(client: TestClient) -> None:
    seen, todo = set(), ["/api", "/api/collections", "/api/collections/signalements", f"{ITEMS}?limit=1"]
    for path in todo:
        for link in client.get(path).json()["links"]:
            address = urlsplit(link["href"])
            if address.netloc == "testserver" and link["href"] not in seen:
                seen.add(link["href"])
                answer = client.get(link["href"])
                assert answer.status_code == 200, link
    assert len(seen) > 20


def test_conformance_claims_nothing_that_is_not_served(client: TestClient) -> None:
    claimed = client.get("/api/conformance").json()["conformsTo"]

    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in claimed
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in claimed
    assert set(cql2.CONFORMANCE) <= set(claimed)
    assert not [uri for uri in claimed if "features-4" in uri]


def test_a_collection_says_what_clients_need(client: TestClient) -> None:
    """For QGIS: item type, link to items, extent, CRSs with the default first, storage CRS."""
    document = client.get("/api/collections/signalements").json()

    assert document["itemType"] == "feature"
    assert "items" in {link["rel"] for link in document["links"]}
    assert document["extent"]["spatial"]["bbox"] == [list(CITY.extent)]
    assert document["crs"] == [CRS84, WGS84, MERCATOR, LAMBERT]
    assert document["storageCrs"] == LAMBERT


def test_schema_and_queryables_hold_the_same_properties_with_their_roles(client: TestClient) -> None:
    schema_ = client.get("/api/collections/signalements/schema").json()["properties"]
    queryables = client.get("/api/collections/signalements/queryables").json()["properties"]

    assert schema_ == queryables
    assert schema_["id"]["x-ogc-role"] == "id"
    assert schema_["date"] == {
        "title": "Date", "type": "string", "format": "date-time", "x-ogc-role": "primary-instant",
    }  # fmt: skip
    assert "tag" in schema_["nature"]["enum"]
    assert schema_["geometry"] == {"format": "geometry-point", "x-ogc-role": "primary-geometry"}


def test_health_and_city_say_what_screens_need(client: TestClient) -> None:
    city = client.get("/city.json").json()

    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/health").json()["stale_sources"] == 0
    assert city["title"] == CITY.title.model_dump()
    assert city["simulated"] is True
    assert city["audience"] == "public"
    assert "faits" not in city["collections"]


# ------------------------------------------------------------------------------------------- pygeoapi's own answer
@pytest.mark.parametrize(
    "query",
    ["limit=7", "limit=5&bbox=5.3,43.2,5.45,43.35", "limit=400&datetime=2026-03-01T05:00:00Z/2026-03-01T09:00:00Z",
     "limit=9&nature=tag&sortby=-date", "limit=4&properties=nature&skipGeometry=true", f"limit=6&crs={LAMBERT}",
     "limit=3&offset=12", f"limit=4&bbox=43.2,5.3,43.35,5.45&bbox-crs={WGS84}&crs={WGS84}"],
)  # fmt: skip
def test_our_answer_is_the_one_that_pygeoapi_gives(
    client: TestClient, settings: Settings, database: str, query: str
) -> None:
    """Our routes read and write for speed; pygeoapi's function with our provider is what they must be equal to."""
    from pygeoapi.api import APIRequest
    from pygeoapi.api.itemtypes import get_collection_items
    from starlette.requests import Request

    state = client.app.state.obs  # type: ignore[attr-defined]
    view = state.api.view("public")
    login = state.store.conninfo("obs_public", passwords(settings.var).by_audience["public"])
    resource = view.config["resources"]["signalements"]
    provider = resource["providers"][0] | {"data": login}
    view.config = view.config | {
        "resources": {"signalements": resource | {"providers": [provider]}},
    }
    scope = {"type": "http", "method": "GET", "path": ITEMS, "query_string": query.encode(), "headers": []}
    _, status, body = get_collection_items(view, APIRequest(Request(scope), view.locales), "signalements")
    theirs = httpx.Response(status, text=body).json()

    ours = client.get(f"{ITEMS}?{query}").json()

    assert status == 200
    assert ours["features"] == theirs["features"]
    assert ours["numberReturned"] == theirs["numberReturned"]
    assert ours["numberMatched"] == theirs["numberMatched"]
    assert {link["rel"] for link in ours["links"]} == {link["rel"] for link in theirs["links"]} - {"prev"}
