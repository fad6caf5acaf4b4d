"""The abstract tests of OGC API Features, part 1: landing page, definition, conformance, collections.

Each function is named after an abstract test: `core_fc_md_op` is `/conf/core/fc-md-op`. The OGC's own executable suite
is another program, in Java; these are the annex's tests, as Python.

References
----------
.. [1] OGC 17-069r4, *OGC API - Features - Part 1: Core*, annex A.
"""

from datetime import datetime
from typing import Any

import httpx
import pytest
import shapely

pytestmark = pytest.mark.conformance

SPEC = "http://www.opengis.net/spec/"
PART1, PART2 = f"{SPEC}ogcapi-features-1/1.0/conf/", f"{SPEC}ogcapi-features-2/1.0/conf/"


def test_core_http(features: Any) -> None:
    """HTTP 1.1."""
    assert features.get("/api").http_version == "HTTP/1.1"


def test_core_root_op_and_success(features: Any) -> None:
    """The landing page links to the definition, the conformance declaration and the collections."""
    answer = features.get("/api")
    page = answer.json()

    assert answer.status_code == 200
    assert features.href(page, "service-desc") or features.href(page, "service-doc")
    assert features.href(page, "conformance")
    assert features.href(page, "data")
    assert features.href(page, "self", "application/json")
    assert features.href(page, "alternate", "text/html")


def test_core_api_definition_op_and_success(features: Any) -> None:
    """Every link to the definition leads to what it says."""
    page = features.document("")
    links = [link for link in page["links"] if link["rel"] in ("service-desc", "service-doc")]

    assert len(links) >= 2
    for link in links:
        answer = httpx.get(link["href"], headers={"Accept": link["type"]}, timeout=60)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition("; charset")[0] == link["type"]


def test_core_conformance_op_and_success(features: Any) -> None:
    link = features.href(features.document(""), "conformance")
    assert link is not None
    claimed = httpx.get(link, timeout=60).json()["conformsTo"]

    assert {PART1 + name for name in ("core", "oas30", "html", "geojson")} <= set(claimed)
    assert PART2 + "crs" in claimed
    assert all(isinstance(uri, str) for uri in claimed)


def test_core_fc_md_op_and_success(features: Any) -> None:
    answer = httpx.get(str(features.href(features.document(""), "data")), timeout=60)

    assert answer.status_code == 200
    assert {"links", "collections"} <= answer.json().keys()
    assert {c["id"] for c in answer.json()["collections"]} >= {"signalements", "divisions", "mailles"}


def test_core_fc_md_links(features: Any) -> None:
    page = features.document("/collections")

    assert features.href(page, "self", "application/json")
    assert features.href(page, "alternate", "text/html")
    assert all({"rel", "type"} <= link.keys() for link in page["links"])


def test_core_fc_md_items_and_their_links(features: Any) -> None:
    """Each collection has its items in each encoding, with `rel` and `type`."""
    for collection in features.document("/collections")["collections"]:
        found = [link for link in collection["links"] if link["rel"] == "items"]

        assert {features.geojson, "text/html"} <= {link["type"] for link in found}
        for link in found:
            answer = httpx.get(link["href"], timeout=60)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(link["type"].partition(";")[0])


def test_core_fc_md_extent_and_extent_multi(features: Any, collection: str) -> None:
    """The extents hold all items: in space, and in time where they have one."""
    extent = features.document(f"/collections/{collection}")["extent"]
    whole = features.every(collection)
    boxes = shapely.box(*zip(*extent["spatial"]["bbox"], strict=True))

    assert extent["spatial"].get("crs", features.crs84) == features.crs84
    assert len(extent["spatial"]["bbox"]) == 1, "one box that holds all"
    assert all(features.shape(f).intersects(boxes[0]) for f in whole)
    if collection == features.dated:
        ((first, last),) = extent["temporal"]["interval"]
        times = [f["properties"]["date"] for f in whole]
        assert datetime.fromisoformat(first) == min(map(datetime.fromisoformat, times))
        assert datetime.fromisoformat(last) == max(map(datetime.fromisoformat, times))
    else:
        assert "temporal" not in extent


@pytest.mark.parametrize("audience", ["", "planner"])
def test_core_fc_md_extent_is_two_moments_or_absent(features: Any, audience: str) -> None:
    """A collection without items says no time, for clients (the OGC's suite is one) read both ends as moments."""
    for listed in features.get("/api/collections", audience).json()["collections"]:
        for first, last in listed["extent"].get("temporal", {}).get("interval", []):
            assert datetime.fromisoformat(first).tzinfo
            assert datetime.fromisoformat(first) <= datetime.fromisoformat(last)


def test_core_sfc_md_op_and_success(features: Any) -> None:
    """A collection says the same alone as in the list."""
    for listed in features.document("/collections")["collections"]:
        alone = features.document(f"/collections/{listed['id']}")

        for name in ("id", "title", "description", "extent", "crs", "itemType"):
            assert alone[name] == listed[name]
        assert {link["href"] for link in alone["links"] if link["rel"] == "items"}
