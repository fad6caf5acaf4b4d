"""The abstract tests of OGC API Features, parts 1 and 2, on the served small city.

Each function is named after an abstract test: `core_fc_md_op` is `/conf/core/fc-md-op`. The OGC's own executable suite
is another program, in Java; these are the annexes' tests, as Python.

References
----------
.. [1] OGC 17-069r4, *OGC API - Features - Part 1: Core*, annex A.
.. [2] OGC 18-058r1, *Part 2: Coordinate Reference Systems by Reference*, annex A.
"""

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import pytest
import shapely
from pygeoapi.openapi import validate_openapi_document
from pyproj import CRS, Transformer

pytestmark = pytest.mark.conformance

COLLECTIONS = ("signalements", "divisions", "mailles")
DATED = "signalements"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
GEOJSON = "application/geo+json"
SPEC = "http://www.opengis.net/spec/"
PART1, PART2 = f"{SPEC}ogcapi-features-1/1.0/conf/", f"{SPEC}ogcapi-features-2/1.0/conf/"


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def document(observatory: Observatory, path: str, **parameters: object) -> Any:
    """The JSON at a path below /api."""
    answer = observatory.get(f"/api{path}", f="json", **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def items(observatory: Observatory, collection: str, **parameters: object) -> Any:
    """A page of items; words with hyphens are written with underscores."""
    words = {name.replace("_", "-"): value for name, value in parameters.items()}
    return document(observatory, f"/collections/{collection}/items", **words)


def every(observatory: Observatory, collection: str, **parameters: object) -> list[dict[str, Any]]:
    """All items that match, by `next`."""
    words = {name.replace("_", "-"): str(value) for name, value in parameters.items()}
    return followed(f"{observatory.url}/api/collections/{collection}/items?{urlencode({'limit': 10_000} | words)}")


@cache
def followed(address: str) -> list[dict[str, Any]]:
    """The items of a page and of those after it; asked once a session, nothing is loaded meanwhile."""
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        answer = httpx.get(following, timeout=60)
        assert answer.status_code == 200, answer.text
        found += answer.json()["features"]
        following = href(answer.json(), "next")
    return found


def href(linked: Any, rel: str, kind: str | None = None) -> str | None:
    """The first link of a relation, of a media type."""
    return next((li["href"] for li in linked["links"] if li["rel"] == rel and kind in (None, li.get("type"))), None)


def shape(feature: dict[str, Any]) -> shapely.Geometry:
    return shapely.geometry.shape(feature["geometry"])


def parameter(observatory: Observatory, collection: str, name: str) -> dict[str, Any]:
    """A parameter of a page of items as the API definition has it, its reference followed."""
    definition = document(observatory, "/openapi")
    listed = definition["paths"][f"/collections/{collection}/items"]["get"]["parameters"]
    whole = [definition["components"]["parameters"][p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in listed]
    (found,) = [p for p in whole if p["name"] == name]
    return found


# ------------------------------------------------------------------------------------------------------------- core
def test_core_http(observatory: Observatory) -> None:
    """HTTP 1.1."""
    assert observatory.get("/api").http_version == "HTTP/1.1"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_crs84(observatory: Observatory, collection: str) -> None:
    """Spatial geometries are in WGS 84 longitude, latitude unless asked otherwise: within the extent that is said."""
    west, south, east, north = document(observatory, f"/collections/{collection}")["extent"]["spatial"]["bbox"][0]
    around = shapely.box(west, south, east, north).buffer(0.02)

    assert all(around.intersects(shape(f)) for f in every(observatory, collection))


def test_core_root_op_and_success(observatory: Observatory) -> None:
    """The landing page links to the definition, the conformance declaration and the collections."""
    answer = observatory.get("/api")
    page = answer.json()

    assert answer.status_code == 200
    assert href(page, "service-desc") or href(page, "service-doc")
    assert href(page, "conformance")
    assert href(page, "data")
    assert href(page, "self", "application/json")
    assert href(page, "alternate", "text/html")


def test_core_api_definition_op_and_success(observatory: Observatory) -> None:
    """Every link to the definition leads to what it says."""
    page = document(observatory, "")
    links = [link for link in page["links"] if link["rel"] in ("service-desc", "service-doc")]

    assert len(links) >= 2
    for link in links:
        answer = httpx.get(link["href"], headers={"Accept": link["type"]}, timeout=60)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition("; charset")[0] == link["type"]


def test_core_conformance_op_and_success(observatory: Observatory) -> None:
    link = href(document(observatory, ""), "conformance")
    assert link is not None
    claimed = httpx.get(link, timeout=60).json()["conformsTo"]

    assert {PART1 + name for name in ("core", "oas30", "html", "geojson")} <= set(claimed)
    assert PART2 + "crs" in claimed
    assert all(isinstance(uri, str) for uri in claimed)


def test_core_fc_md_op_and_success(observatory: Observatory) -> None:
    answer = httpx.get(str(href(document(observatory, ""), "data")), timeout=60)

    assert answer.status_code == 200
    assert {"links", "collections"} <= answer.json().keys()
    assert {c["id"] for c in answer.json()["collections"]} >= set(COLLECTIONS)


def test_core_fc_md_links(observatory: Observatory) -> None:
    page = document(observatory, "/collections")

    assert href(page, "self", "application/json")
    assert href(page, "alternate", "text/html")
    assert all({"rel", "type"} <= link.keys() for link in page["links"])


def test_core_fc_md_items_and_their_links(observatory: Observatory) -> None:
    """Each collection has its items in each encoding, with `rel` and `type`."""
    for collection in document(observatory, "/collections")["collections"]:
        found = [link for link in collection["links"] if link["rel"] == "items"]

        assert {GEOJSON, "text/html"} <= {link["type"] for link in found}
        for link in found:
            answer = httpx.get(link["href"], timeout=60)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(link["type"].partition(";")[0])


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_md_extent_and_extent_multi(observatory: Observatory, collection: str) -> None:
    """The extents hold all items: in space, and in time where they have one."""
    extent = document(observatory, f"/collections/{collection}")["extent"]
    features = every(observatory, collection)
    boxes = shapely.box(*zip(*extent["spatial"]["bbox"], strict=True))

    assert extent["spatial"].get("crs", CRS84) == CRS84
    assert len(extent["spatial"]["bbox"]) == 1, "one box that holds all"
    assert all(shape(f).intersects(boxes[0]) for f in features)
    if collection == DATED:
        ((first, last),) = extent["temporal"]["interval"]
        times = [f["properties"]["date"] for f in features]
        assert datetime.fromisoformat(first) == min(map(datetime.fromisoformat, times))
        assert datetime.fromisoformat(last) == max(map(datetime.fromisoformat, times))
    else:
        assert "temporal" not in extent


def test_core_sfc_md_op_and_success(observatory: Observatory) -> None:
    """A collection says the same alone as in the list."""
    for listed in document(observatory, "/collections")["collections"]:
        alone = document(observatory, f"/collections/{listed['id']}")

        for name in ("id", "title", "description", "extent", "crs", "itemType"):
            assert alone[name] == listed[name]
        assert {link["href"] for link in alone["links"] if link["rel"] == "items"}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_op_and_response(observatory: Observatory, collection: str) -> None:
    answer = observatory.get(f"/api/collections/{collection}/items")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == GEOJSON
    assert answer.json()["type"] == "FeatureCollection"
    assert answer.json()["features"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_limit_definition(observatory: Observatory, collection: str) -> None:
    found = parameter(observatory, collection, "limit")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"]["type"] == "integer"
    assert found["schema"]["minimum"] == 1
    assert found["schema"]["minimum"] <= found["schema"]["default"] <= found["schema"]["maximum"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_limit_response(observatory: Observatory, collection: str) -> None:
    """No more than asked for, no more than there are, the default without a limit."""
    matched = items(observatory, collection)["numberMatched"]

    assert items(observatory, collection)["numberReturned"] == min(10, matched)
    for limit in (1, 3, 100_000):
        most = min(limit, matched, 10_000)
        assert len(items(observatory, collection, limit=limit)["features"]) == most


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_bbox_definition(observatory: Observatory, collection: str) -> None:
    found = parameter(observatory, collection, "bbox")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    schema = found["schema"]
    assert (schema["type"], schema["items"]["type"]) == ("array", "number")
    assert (schema["minItems"], schema["maxItems"]) == (4, 6)


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_core_fc_bbox_response(observatory: Observatory, collection: str, share: float) -> None:
    """Items that meet the box, all of them, no others; the positions shown are rounded to 0.1 m."""
    west, south, east, north = document(observatory, f"/collections/{collection}")["extent"]["spatial"]["bbox"][0]
    box = (west + 0.3 * (east - west), south + 0.3 * (north - south))
    box = (*box, box[0] + share * (east - west), box[1] + share * (north - south))
    asked = ",".join(f"{c:.6f}" for c in box)
    found = {f["id"] for f in every(observatory, collection, bbox=asked)}
    whole = every(observatory, collection)

    surely = {f["id"] for f in whole if shape(f).intersects(shapely.box(*box).buffer(-3e-6))}
    possibly = {f["id"] for f in whole if shape(f).intersects(shapely.box(*box).buffer(3e-6))}
    assert surely <= found <= possibly
    assert found
    heights = f"{box[0]:.6f},{box[1]:.6f},-10,{box[2]:.6f},{box[3]:.6f},10"
    assert {f["id"] for f in every(observatory, collection, bbox=heights)} == found


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_time_definition(observatory: Observatory, collection: str) -> None:
    found = parameter(observatory, collection, "datetime")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"]["type"] == "string"


def test_core_fc_time_response(observatory: Observatory) -> None:
    """An instant, a closed interval, half-open ones: as computed from all items."""
    whole = {f["id"]: datetime.fromisoformat(f["properties"]["date"]) for f in every(observatory, DATED)}
    middle = sorted(whole.values())[len(whole) // 2]
    start, end = middle - timedelta(days=30), middle + timedelta(days=30)
    text = {moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for moment in (start, middle, end)}
    cases = {
        text[middle]: lambda d: d == middle,
        f"{text[start]}/{text[end]}": lambda d: start <= d <= end,
        f"{text[start]}/..": lambda d: d >= start,
        f"../{text[end]}": lambda d: d <= end,
        f"{text[start]}/": lambda d: d >= start,
        f"/{text[end]}": lambda d: d <= end,
    }
    for asked, holds in cases.items():
        found = {f["id"] for f in every(observatory, DATED, datetime=asked)}
        assert found == {i for i, date in whole.items() if holds(date)}
        assert found


def test_core_fc_bbox_across_the_antimeridian(observatory: Observatory) -> None:
    """West greater than east is a box across 180°: the rest of the Earth is left out."""
    whole = {f["id"]: f["geometry"]["coordinates"] for f in every(observatory, DATED)}
    west, _, east, _ = document(observatory, f"/collections/{DATED}")["extent"]["spatial"]["bbox"][0]
    middle = (west + east) / 2
    found = {f["id"] for f in every(observatory, DATED, bbox=f"{middle:.6f},-90,-170,90")}

    assert {i for i, (x, _) in whole.items() if x > middle + 3e-6} <= found
    assert found <= {i for i, (x, _) in whole.items() if x > middle - 3e-6}
    assert found


def test_core_fc_response_of_several_parameters(observatory: Observatory) -> None:
    """An item is in the answer where it meets every parameter."""
    west, south, east, north = document(observatory, f"/collections/{DATED}")["extent"]["spatial"]["bbox"][0]
    words: list[dict[str, str]] = [
        {"bbox": f"{west},{south},{(west + east) / 2:.6f},{north}"},
        {"datetime": f"{sorted(f['properties']['date'] for f in every(observatory, DATED))[1000]}/.."},
        {"nature": "tag"},
    ]
    alone = [{f["id"] for f in every(observatory, DATED, **one)} for one in words]
    together = {f["id"] for f in every(observatory, DATED, **(words[0] | words[1] | words[2]))}

    assert together == alone[0] & alone[1] & alone[2]
    assert together


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_links(observatory: Observatory, collection: str) -> None:
    page = items(observatory, collection, limit=2)

    assert href(page, "self", GEOJSON)
    assert href(page, "alternate", "text/html")
    assert all({"rel", "type"} <= link.keys() for link in page["links"])
    following = httpx.get(str(href(page, "next")), timeout=60).json()
    assert not {f["id"] for f in page["features"]} & {f["id"] for f in following["features"]}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_fc_timestamp_and_numbers(observatory: Observatory, collection: str) -> None:
    """`timeStamp` is when it was made; `numberMatched` all that match; `numberReturned` what is there."""
    page = items(observatory, collection, limit=3)

    made = datetime.fromisoformat(page["timeStamp"])
    assert abs(datetime.now(made.tzinfo) - made) < timedelta(seconds=30)
    assert page["numberReturned"] == len(page["features"]) == 3
    assert page["numberMatched"] == len(every(observatory, collection))


def paths(observatory: Observatory) -> list[str]:
    here = "/api/collections/signalements"
    first = items(observatory, DATED, limit=1)["features"][0]["id"]
    return ["/api", "/api/conformance", "/api/collections", here, f"{here}/items", f"{here}/items/{first}"]


def test_core_query_param_unknown(observatory: Observatory) -> None:
    for path in paths(observatory):
        assert observatory.get(path, unknownQueryParameter="value").status_code == 400


def test_core_query_param_invalid(observatory: Observatory) -> None:
    wrong = {"limit": "abc", "bbox": "1,2,3", "datetime": "nope", "crs": "nope", "bbox-crs": "nope"}
    for name, value in wrong.items():
        answer = observatory.get(f"/api/collections/{DATED}/items", **{name: value})
        assert answer.status_code == 400
        assert name in answer.json()["detail"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_core_f_op_success_and_links(observatory: Observatory, collection: str) -> None:
    """One item is what the list says of it, with links to itself, other encodings and its collection."""
    for listed in items(observatory, collection, limit=5)["features"]:
        answer = observatory.get(f"/api/collections/{collection}/items/{listed['id']}", f="json")
        alone = answer.json()

        assert (answer.status_code, answer.headers["content-type"]) == (200, GEOJSON)
        assert {name: alone[name] for name in listed} == listed
        assert href(alone, "self", GEOJSON)
        assert href(alone, "alternate", "text/html")
        assert str(href(alone, "collection")).endswith(f"/collections/{collection}")
        assert all({"rel", "type"} <= link.keys() for link in alone["links"])
    assert observatory.get(f"/api/collections/{collection}/items/0").status_code == 404


# ------------------------------------------------------------------------------------------------- geojson and html
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_geojson_definition_and_content(observatory: Observatory, collection: str) -> None:
    """RFC 7946: members, geometries, positions; by `Accept` too."""
    answer = httpx.get(
        f"{observatory.url}/api/collections/{collection}/items?limit=50", headers={"Accept": GEOJSON}, timeout=60
    )

    assert answer.headers["content-type"] == GEOJSON
    for feature in answer.json()["features"]:
        assert feature["type"] == "Feature"
        assert {"id", "geometry", "properties"} <= feature.keys()
        assert shape(feature).is_valid
        assert "crs" not in feature["geometry"]
        if feature["geometry"]["type"] == "Polygon":
            assert feature["geometry"]["coordinates"][0][0] == feature["geometry"]["coordinates"][0][-1]


def test_html_definition_and_content(observatory: Observatory) -> None:
    """Every page in HTML 5, by `Accept`, with what the JSON holds and its links."""
    for path in paths(observatory):
        answer = httpx.get(observatory.url + path, headers={"Accept": "text/html"}, timeout=60)

        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")
        assert re.search(r"<title>[^<]+</title>", answer.text)
    listed = httpx.get(f"{observatory.url}/api/collections?f=html", timeout=60).text
    for collection in COLLECTIONS:
        assert f'href="/api/collections/{collection}?f=html"' in listed


# ------------------------------------------------------------------------------------------------------------ oas30
def test_oas30_definition_and_impl(observatory: Observatory) -> None:
    link = href(document(observatory, ""), "service-desc", OPENAPI)
    answer = httpx.get(str(link), timeout=60)

    assert answer.headers["content-type"] == OPENAPI
    assert validate_openapi_document(answer.json())


def test_oas30_completeness(observatory: Observatory) -> None:
    """Every path of core for every collection, each with its parameters and answers."""
    described = document(observatory, "/openapi")["paths"]

    core = ["/", "/conformance", "/collections"]
    for collection in COLLECTIONS:
        core += [f"/collections/{collection}{rest}" for rest in ("", "/items", "/items/{featureId}")]
    for path in core:
        assert "200" in described[path]["get"]["responses"], path


def test_oas30_exceptions_codes(observatory: Observatory) -> None:
    """What is wrong answers with a status that the definition has."""
    described = document(observatory, "/openapi")["paths"][f"/collections/{DATED}/items"]["get"]["responses"]

    assert {"400", "401", "404", "429", "500", "503"} <= described.keys()
    assert str(observatory.get(f"/api/collections/{DATED}/items", limit=0).status_code) in described


def test_oas30_security(observatory: Observatory) -> None:
    """The definition says how one shows who one is, and that nobody has to."""
    definition = document(observatory, "/openapi")

    assert definition["components"]["securitySchemes"]["key"]["name"] == "X-API-Key"
    assert {} in definition["security"]


# ----------------------------------------------------------------------------------------------------- part 2: crs
def systems(observatory: Observatory, collection: str) -> list[str]:
    found: list[str] = document(observatory, f"/collections/{collection}")["crs"]
    return found


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_crs_uri_and_default_crs(observatory: Observatory, collection: str) -> None:
    """Every CRS is named by an OGC URI that can be resolved; CRS84 is among them."""
    uris = systems(observatory, collection)

    assert uris[0] == CRS84
    for uri in uris:
        authority, version, code = re.fullmatch(r"http://www\.opengis\.net/def/crs/(\w+)/([\w.]+)/(\w+)", uri).groups()  # type: ignore[union-attr]
        assert CRS.from_authority(authority, code)
        assert version in ("0", "1.3")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_storage_crs(observatory: Observatory, collection: str) -> None:
    one = document(observatory, f"/collections/{collection}")

    assert one["storageCrs"] in one["crs"]
    assert "storageCrsCoordinateEpoch" not in one


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_crs_parameter(observatory: Observatory, collection: str) -> None:
    """Each CRS of the list may be asked for, and the answer's header names it; so for one item."""
    path = f"/api/collections/{collection}/items"
    first = items(observatory, collection, limit=1)["features"][0]["id"]
    for uri in systems(observatory, collection):
        for here in (path, f"{path}/{first}"):
            answer = observatory.get(here, crs=uri)
            assert answer.status_code == 200
            assert answer.headers["content-crs"] == f"<{uri}>"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_crs_parameter_default_and_invalid(observatory: Observatory, collection: str) -> None:
    path = f"/api/collections/{collection}/items"

    assert observatory.get(path).headers["content-crs"] == f"<{CRS84}>"
    assert observatory.get(path).json()["features"] == observatory.get(path, crs=CRS84).json()["features"]
    for wrong in ("http://www.opengis.net/def/crs/EPSG/0/0", "http://www.opengis.net/def/crs/EPSG/0/27572", "x"):
        assert observatory.get(path, crs=wrong).status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_crs_transform(observatory: Observatory, collection: str) -> None:
    """In every CRS the coordinates are those of pyproj, axes in the order of the authority (0.1 m)."""
    stored = items(
        observatory, collection, limit=40, crs=document(observatory, f"/collections/{collection}")["storageCrs"]
    )
    code = document(observatory, f"/collections/{collection}")["storageCrs"].rsplit("/", 1)[1]
    for uri in systems(observatory, collection):
        target = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rsplit('/', 1)[1]}"
        transformer = Transformer.from_crs(f"EPSG:{code}", target)
        shown = items(observatory, collection, limit=40, crs=uri)
        tolerance = 2e-6 if CRS(target).is_geographic else 0.05
        for ours, theirs in zip(shown["features"], stored["features"], strict=True):
            expected = shapely.transform(shape(theirs), lambda xy: transformer_xy(transformer, xy))  # noqa: B023
            assert shapely.equals_exact(shape(ours), expected, tolerance=tolerance)


def transformer_xy(transformer: Transformer, xy: Any) -> Any:
    import numpy as np

    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_bbox_crs_parameter(observatory: Observatory, collection: str) -> None:
    """A box finds the items whose shape in that CRS meets it, whichever CRS it is said in."""
    for uri in systems(observatory, collection):
        whole = every(observatory, collection, crs=uri)
        bounds = shapely.total_bounds(shapely.geometrycollections([shape(f) for f in whole]))
        width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
        box = (bounds[0] + 0.3 * width, bounds[1] + 0.3 * height, bounds[0] + 0.6 * width, bounds[1] + 0.6 * height)
        edge = 3e-6 if width < 10 else 0.1
        found = {
            f["id"] for f in every(observatory, collection, bbox=",".join(map(repr, map(float, box))), bbox_crs=uri)
        }

        surely = {f["id"] for f in whole if shape(f).intersects(shapely.box(*box).buffer(-edge))}
        possibly = {f["id"] for f in whole if shape(f).intersects(shapely.box(*box).buffer(edge))}
        assert surely <= found <= possibly
        assert found


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_crs_bbox_crs_parameter_default_and_invalid(observatory: Observatory, collection: str) -> None:
    path, box = f"/api/collections/{collection}/items", "5.3,43.2,5.4,43.3"

    named = observatory.get(path, bbox=box, **{"bbox-crs": CRS84}).json()["features"]
    assert observatory.get(path, bbox=box).json()["features"] == named
    assert observatory.get(path, bbox=box, **{"bbox-crs": "x"}).status_code == 400
    assert observatory.get(path, bbox=box, **{"bbox-crs": CRS84.replace("CRS84", "CRS27")}).status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("name", ["crs", "bbox-crs"])
def test_crs_parameters_are_defined(observatory: Observatory, collection: str, name: str) -> None:
    found = parameter(observatory, collection, name)

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"] == {"type": "string", "format": "uri", "enum": systems(observatory, collection)}
