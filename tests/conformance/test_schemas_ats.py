"""The abstract tests of OGC API Features, part 5, on the served small city, named as in its annex.

`schemas_role_id` is `/conf/schemas/role-id`. Nothing is edited by the API, hence no receivables.

References
----------
.. [1] OGC 23-058r2, *OGC API - Features - Part 5: Schemas*, annex A.
"""

from typing import Any, Protocol

import httpx
import pytest
from jsonschema import Draft202012Validator

pytestmark = pytest.mark.conformance

COLLECTIONS = ("signalements", "divisions", "mailles")
PAGES = ("schema", "queryables", "sortables")
PART5 = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
KEYWORDS = {"title", "description", "type", "format", "enum", "minimum", "maximum", "items", "readOnly", "oneOf"}
#: Units of UCUM, case sensitive, that layers use.
UNITS = {"m", "h", "d", "a", "m2", "km2", "dB", "dB[SPL]", "%", "/d", "/wk", "lx", "W", "kW.h", "min"}


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def schema(observatory: Observatory, collection: str, page: str) -> dict[str, Any]:
    found: dict[str, Any] = observatory.get(f"/api/collections/{collection}/{page}", f="json").json()
    return found


def with_role(observatory: Observatory, collection: str, page: str, *roles: str) -> list[dict[str, Any]]:
    properties = schema(observatory, collection, page)["properties"].values()
    return [p for p in properties if p.get("x-ogc-role") in roles]


@pytest.mark.parametrize(
    "name", ["schemas", "advanced-property-roles", "returnables-and-receivables", "queryables", "sortables"]
)
def test_schemas_get_conformance(observatory: Observatory, name: str) -> None:
    assert PART5 + name in observatory.get("/api/conformance", f="json").json()["conformsTo"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_schemas_basic_schema_inspection(observatory: Observatory, collection: str, page: str) -> None:
    """A valid JSON Schema of an object, at its own address; each property has a type or is a geometry."""
    found = schema(observatory, collection, page)
    again = httpx.get(found["$id"], headers={"Accept": "application/schema+json"}, timeout=60)

    Draft202012Validator.check_schema(found)
    assert found["$schema"] == DRAFT
    assert found["$id"].startswith("http")
    assert "?" not in found["$id"]
    assert (again.status_code, again.headers["content-type"]) == (200, "application/schema+json")
    assert again.json() == found
    assert found["type"] == "object"
    for name, prop in found["properties"].items():
        geometry = prop.get("format", "").startswith("geometry-")
        assert ("type" in prop) != geometry, name
        assert "$ref" not in prop
        assert {key for key in prop if not key.startswith("x-")} <= KEYWORDS
        if prop.get("x-ogc-role", "").startswith("primary-in"):
            assert (prop["type"], prop["format"] in ("date", "date-time")) == ("string", True)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_schemas_role_id(observatory: Observatory, collection: str, page: str) -> None:
    (found,) = with_role(observatory, collection, page, "id")

    assert found["type"] in ("string", "integer")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_schemas_role_unit_definition_and_property_seq(observatory: Observatory, collection: str, page: str) -> None:
    """Each `x-ogc-` keyword has the kind of value that it must have."""
    for prop in schema(observatory, collection, page)["properties"].values():
        assert isinstance(prop.get("x-ogc-role", ""), str)
        assert isinstance(prop.get("x-ogc-propertySeq", 0), int)
        assert str(prop.get("x-ogc-definition", "http:")).startswith("http")
        if "x-ogc-unit" in prop:
            assert prop["type"] in ("number", "integer")
            assert prop["x-ogc-unit"] in UNITS


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_advanced_property_roles_role_primary_geometry(observatory: Observatory, collection: str) -> None:
    (found,) = with_role(observatory, collection, "schema", "primary-geometry")

    assert found["format"].startswith("geometry-")
    assert not {"type", "$ref"} & found.keys()


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_advanced_property_roles_role_primary_temporal(observatory: Observatory, collection: str) -> None:
    """One instant, or a start and an end."""
    alone = with_role(observatory, collection, "schema", "primary-instant", "primary-interval")
    starts, ends = (with_role(observatory, collection, "schema", f"primary-interval-{end}") for end in ("start", "end"))

    assert len(alone) <= 1
    assert len(starts) == len(ends) <= 1
    assert not (alone and starts)
    for prop in [*alone, *starts, *ends]:
        assert (prop["type"], prop["format"] in ("date", "date-time")) == ("string", True)


@pytest.mark.parametrize("page", PAGES)
def test_returnables_link_and_op_and_response(observatory: Observatory, page: str) -> None:
    """Each collection leads to each of its schemas."""
    for collection in observatory.get("/api/collections", f="json").json()["collections"]:
        alone = observatory.get(f"/api/collections/{collection['id']}", f="json").json()
        found = [link["href"].partition("?")[0] for link in alone["links"] if link["rel"] == REL + page]
        assert set(found) == {f"{observatory.url}/api/collections/{collection['id']}/{page}"}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_returnables_response_1(observatory: Observatory, collection: str) -> None:
    """Items are as the schema says, and hold nothing that it does not. A property that is null has no value."""
    found = schema(observatory, collection, "schema")
    path = f"/api/collections/{collection}/items"
    listed = observatory.get(path, limit=200).json()["features"]
    alone = observatory.get(f"{path}/{listed[0]['id']}", f="json").json()
    (identifier,) = [name for name, p in found["properties"].items() if p.get("x-ogc-role") == "id"]
    (place,) = [p["format"] for p in found["properties"].values() if "format" in p and p["format"].startswith("geo")]
    validator = Draft202012Validator(found, format_checker=Draft202012Validator.FORMAT_CHECKER)

    assert found["additionalProperties"] is False
    for feature in [*listed, alone]:
        properties = {name: value for name, value in feature["properties"].items() if value is not None}
        assert not list(validator.iter_errors(properties | {identifier: feature["id"]}))
        assert feature["geometry"]["type"].lower() == place.removeprefix("geometry-")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_schemas_of_an_item_as_geojson(observatory: Observatory, collection: str) -> None:
    """Each collection leads to it by `describedby` (17-069r4, §7.13); items are so. What is null has no value."""
    alone = observatory.get(f"/api/collections/{collection}", f="json").json()
    (link,) = [link for link in alone["links"] if link["rel"] == "describedby"]
    answer = httpx.get(link["href"], timeout=60)
    found = answer.json()
    validator = Draft202012Validator(found, format_checker=Draft202012Validator.FORMAT_CHECKER)

    assert answer.headers["content-type"] == link["type"] == "application/schema+json"
    assert found["$id"] == link["href"]
    assert found["properties"]["properties"]["additionalProperties"] is False
    for feature in observatory.get(f"/api/collections/{collection}/items", limit=200).json()["features"]:
        feature["properties"] = {name: value for name, value in feature["properties"].items() if value is not None}
        assert not list(validator.iter_errors(feature))
    for page in ("queryables", "sortables"):
        assert observatory.get(f"/api/collections/{collection}/{page}", f="geojson").status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_sortables_op_and_response(observatory: Observatory, collection: str) -> None:
    """Each has a type, none is an array or an object, and items can be ordered by it."""
    for name, prop in schema(observatory, collection, "sortables")["properties"].items():
        assert prop["type"] in ("string", "number", "integer", "boolean")
        assert observatory.get(f"/api/collections/{collection}/items", sortby=name, limit=1).status_code == 200
