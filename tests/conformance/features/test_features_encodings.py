"""The abstract tests of OGC API Features, part 1: GeoJSON, HTML, OpenAPI.

Each function is named after an abstract test: `core_fc_md_op` is `/conf/core/fc-md-op`. The OGC's own executable suite
is another program, in Java; these are the annex's tests, as Python.

References
----------
.. [1] OGC 17-069r4, *OGC API - Features - Part 1: Core*, annex A.
"""

import re
from typing import Any

import httpx
import pytest
from pygeoapi.openapi import validate_openapi_document

pytestmark = pytest.mark.conformance

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def test_geojson_definition_and_content(features: Any, collection: str) -> None:
    """RFC 7946: members, geometries, positions; by `Accept` too."""
    answer = httpx.get(
        f"{features.url}/api/collections/{collection}/items?limit=50", headers={"Accept": features.geojson}, timeout=60
    )

    assert answer.headers["content-type"] == features.geojson
    for feature in answer.json()["features"]:
        assert feature["type"] == "Feature"
        assert {"id", "geometry", "properties"} <= feature.keys()
        assert features.shape(feature).is_valid
        assert "crs" not in feature["geometry"]
        if feature["geometry"]["type"] == "Polygon":
            assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]


def test_html_definition_and_content(features: Any) -> None:
    """Every page in HTML 5, by `Accept`, with what the JSON holds and its links."""
    for path in features.paths():
        answer = httpx.get(features.url + path, headers={"Accept": "text/html"}, timeout=60)

        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")
        assert re.search(r"<title>[^<]+</title>", answer.text)
    listed = httpx.get(f"{features.url}/api/collections?f=html", timeout=60).text
    for collection in ("signalements", "divisions", "mailles"):
        assert f'href="/api/collections/{collection}?f=html"' in listed


def test_oas30_definition_and_impl(features: Any) -> None:
    link = features.href(features.document(""), "service-desc", OPENAPI)
    answer = httpx.get(str(link), timeout=60)

    assert answer.headers["content-type"] == OPENAPI
    assert validate_openapi_document(answer.json())


def test_oas30_completeness(features: Any) -> None:
    """Every path of core for every collection, each with its parameters and answers."""
    described = features.document("/openapi")["paths"]

    core = ["/", "/conformance", "/collections"]
    for collection in ("signalements", "divisions", "mailles"):
        core += [f"/collections/{collection}{rest}" for rest in ("", "/items", "/items/{featureId}")]
    for path in core:
        assert "200" in described[path]["get"]["responses"], path


def test_oas30_exceptions_codes(features: Any) -> None:
    """What is wrong answers with a status that the definition has."""
    described = features.document("/openapi")["paths"][f"/collections/{features.dated}/items"]["get"]["responses"]

    assert {"400", "401", "404", "429", "500", "503"} <= described.keys()
    assert str(features.get(f"/api/collections/{features.dated}/items", limit=0).status_code) in described


def test_oas30_security(features: Any) -> None:
    """The definition says how one shows who one is, and that nobody has to."""
    definition = features.document("/openapi")

    assert definition["components"]["securitySchemes"]["key"]["name"] == "X-API-Key"
    assert {} in definition["security"]
