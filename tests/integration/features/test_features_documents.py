"""The documents around items: whole, valid, linked; our answer is the one that pygeoapi gives."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from observatoire import cql2
from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.roles import passwords

pytestmark = pytest.mark.integration

CITY = read_city(root() / "cities" / "demo.yml")
ITEMS = "/api/collections/signalements/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def test_the_openapi_document_is_whole_and_valid(client: Any, keys: dict[str, str]) -> None:
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


def test_every_documented_path_answers(client: Any, keys: dict[str, str]) -> None:
    headers = {"X-API-Key": keys["coordination"]}
    document = client.get("/api/openapi", headers=headers).json()

    for path, operations in document["paths"].items():
        if "get" in operations and not path.startswith(("/processes", "/jobs")):
            here = path.replace("{featureId}", "3").replace("{styleId}", "signalements")
            assert client.get(f"/api{here}", headers=headers).status_code in (200, 404), path


def test_links_of_every_document_lead_somewhere(client: Any) -> None:
    seen, todo = set(), ["/api", "/api/collections", "/api/collections/signalements", f"{ITEMS}?limit=1"]
    for path in todo:
        for link in client.get(path).json()["links"]:
            address = urlsplit(link["href"])
            if address.netloc == "testserver" and link["href"] not in seen:
                seen.add(link["href"])
                answer = client.get(link["href"])
                assert answer.status_code == 200, link
    assert len(seen) > 20


#: Titles that are the same in French and English.
ALIKE = {"Collections", "Catalogue", "Styles", "GeoParquet", "GeoPackage", "Cloud-Optimized GeoTIFF"}


@pytest.mark.parametrize("path", ["/api", "/api/collections", "/api/collections/signalements"])
def test_links_speak_the_language_of_their_document(client: Any, path: str) -> None:
    def titles(language: str) -> dict[str, str]:
        body = client.get(path, params={"lang": language}).json()
        links = body["links"] + [link for each in body.get("collections", []) for link in each["links"]]
        return {link["href"]: link["title"] for link in links if not link.get("title", "http").startswith("http")}

    french, english = titles("fr"), titles("en")

    assert french.keys() == english.keys()
    assert {french[href] for href in french if french[href] == english[href]} <= ALIKE


def test_conformance_claims_nothing_that_is_not_served(client: Any) -> None:
    claimed = client.get("/api/conformance").json()["conformsTo"]

    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in claimed
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in claimed
    assert set(cql2.CONFORMANCE) <= set(claimed)
    assert not [uri for uri in claimed if "features-4" in uri]


def test_a_collection_says_what_clients_need(client: Any) -> None:
    """For QGIS: item type, link to items, extent, CRSs with the default first, storage CRS."""
    document = client.get("/api/collections/signalements").json()

    assert document["itemType"] == "feature"
    assert "items" in {link["rel"] for link in document["links"]}
    assert document["extent"]["spatial"]["bbox"] == [list(CITY.extent)]
    assert document["crs"] == [CRS84, WGS84, MERCATOR, LAMBERT]
    assert document["storageCrs"] == LAMBERT


def test_schema_and_queryables_hold_the_same_properties_with_their_roles(client: Any) -> None:
    schema_ = client.get("/api/collections/signalements/schema").json()["properties"]
    queryables = client.get("/api/collections/signalements/queryables").json()["properties"]

    assert schema_ == queryables
    assert schema_["id"]["x-ogc-role"] == "id"
    assert schema_["date"] == {
        "title": "Date", "type": "string", "format": "date-time", "x-ogc-role": "primary-instant",
    }  # fmt: skip
    assert "tag" in schema_["nature"]["enum"]
    assert schema_["geometry"] == {"format": "geometry-point", "x-ogc-role": "primary-geometry"}


def test_health_and_city_say_what_screens_need(client: Any) -> None:
    city = client.get("/city.json").json()

    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/health").json()["stale_sources"] == 0
    assert city["title"] == CITY.title.model_dump()
    assert city["simulated"] is True
    assert city["audience"] == "public"
    assert "faits" not in city["collections"]


@pytest.mark.parametrize(
    "query",
    ["limit=7", "limit=5&bbox=5.3,43.2,5.45,43.35", "limit=400&datetime=2026-03-01T05:00:00Z/2026-03-01T09:00:00Z",
     "limit=9&nature=tag&sortby=-date", "limit=4&properties=nature&skipGeometry=true", f"limit=6&crs={LAMBERT}",
     "limit=3&offset=12", f"limit=4&bbox=43.2,5.3,43.35,5.45&bbox-crs={WGS84}&crs={WGS84}"],
)  # fmt: skip
def test_our_answer_is_the_one_that_pygeoapi_gives(client: Any, settings: Settings, database: str, query: str) -> None:
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
