"""The abstract tests of OGC API Features, part 3, on the served small city, named as in its annex.

`filter_filter_param` is `/conf/filter/filter-param`. Those of CQL2 itself are in `test_cql2_ats.py`.

References
----------
.. [1] OGC 19-079r2, *OGC API - Features - Part 3: Filtering*, annex A.
"""

from functools import cache
from typing import Any, Protocol

import httpx
import pytest
from pyproj import Transformer

pytestmark = pytest.mark.conformance

COLLECTIONS = ("signalements", "divisions", "mailles")
LANGUAGES = ("cql2-text", None)  # None: the default, which is text
PART3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
NO_FILTER = "THIS IS NOT A FILTER"
#: A queryable of each collection, with a condition that some of its items meet and what that is in Python.
CONDITIONS = {
    "signalements": ("nature = 'tag'", lambda p: p["nature"] == "tag"),
    "divisions": ("code LIKE '%1'", lambda p: p["code"].endswith("1")),
    "mailles": ("cote > 100", lambda p: p["cote"] > 100),
}


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def items(observatory: Observatory, collection: str, **parameters: object) -> httpx.Response:
    """A page of items; words with hyphens are written with underscores."""
    words = {name.replace("_", "-"): value for name, value in parameters.items() if value is not None}
    return observatory.get(f"/api/collections/{collection}/items", limit=10_000, **words)


def unfiltered(observatory: Observatory, collection: str) -> dict[int, dict[str, Any]]:
    """Properties of all items, by id."""
    return followed(f"{observatory.url}/api/collections/{collection}/items?limit=10000")


@cache
def followed(address: str) -> dict[int, dict[str, Any]]:
    """Asked once a session; nothing is loaded meanwhile."""
    answer = httpx.get(address, timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    assert not any(link["rel"] == "next" for link in answer.json()["links"]), "one page holds them all"
    return {f["id"]: f["properties"] for f in answer.json()["features"]}


def ids(answer: httpx.Response) -> set[int]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json"), answer.text
    return {f["id"] for f in answer.json()["features"]}


def described(observatory: Observatory, collection: str) -> dict[str, Any]:
    found: dict[str, Any] = observatory.get(f"/api/collections/{collection}", f="json").json()
    return found


def box(observatory: Observatory, collection: str) -> tuple[float, float, float, float]:
    west, south, east, north = described(observatory, collection)["extent"]["spatial"]["bbox"][0]
    return west, south, east, north


def within(*bounds: float) -> str:
    return f"S_INTERSECTS(geometry, BBOX({','.join(f'{b:.6f}' for b in bounds)}))"


# ----------------------------------------------------------------------------------------------------------- filter
@pytest.mark.parametrize("name", ["filter", "features-filter", "queryables", "queryables-query-parameters"])
def test_filter_get_conformance(observatory: Observatory, name: str) -> None:
    assert PART3 + name in observatory.get("/api/conformance", f="json").json()["conformsTo"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_get_queryables(observatory: Observatory, collection: str) -> None:
    """A JSON Schema with its own address, some property, and the place."""
    answer = httpx.get(
        f"{observatory.url}/api/collections/{collection}/queryables", headers={"Accept": "application/schema+json"}
    )
    schema = answer.json()

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert schema["$schema"] in (
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    )
    assert schema["$id"] == f"{observatory.url}/api/collections/{collection}/queryables"
    assert schema["type"] == "object"
    assert len(schema["properties"]) > 1
    assert any(prop.get("format", "").startswith("geometry-") for prop in schema["properties"].values())


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_get_collection(observatory: Observatory, collection: str) -> None:
    """The collection leads to its queryables."""
    found = [link["href"] for link in described(observatory, collection)["links"] if link["rel"] == QUERYABLES]

    assert f"{observatory.url}/api/collections/{collection}/queryables" in {href.partition("?")[0] for href in found}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_filter_param_and_lang_default(observatory: Observatory, collection: str, lang: str | None) -> None:
    """Items that meet the condition and no others; what is no filter is a 400."""
    text, holds = CONDITIONS[collection]
    expected = {i for i, properties in unfiltered(observatory, collection).items() if holds(properties)}

    assert ids(items(observatory, collection, filter=text, filter_lang=lang)) == expected
    assert expected
    assert ids(items(observatory, collection, filter="id IS NULL", filter_lang=lang)) == set()
    assert items(observatory, collection, filter=NO_FILTER, filter_lang=lang).status_code == 400


def test_filter_filter_lang_param(observatory: Observatory) -> None:
    """Every language that the definition offers, and no other."""
    text = '{"op":"=","args":[{"property":"nature"},"tag"]}'
    offered = observatory.get("/api/openapi", f="json").json()["components"]["parameters"]["filter-lang"]["schema"]

    assert offered == {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}
    by_json = ids(items(observatory, "signalements", filter=text, filter_lang="cql2-json"))
    assert by_json == ids(items(observatory, "signalements", filter="nature = 'tag'"))
    for lang in ("cql-text", "ecql", ""):
        assert items(observatory, "signalements", filter="nature = 'tag'", filter_lang=lang).status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_expression_construction(observatory: Observatory, collection: str) -> None:
    """An unknown queryable is refused by name."""
    answer = items(observatory, collection, filter="this_is_not_a_queryable IS NULL")

    assert answer.status_code == 400
    assert "this_is_not_a_queryable" in answer.json()["detail"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_filter_crs_wgs84(observatory: Observatory, collection: str) -> None:
    """Coordinates are longitude and latitude by default; beyond the Earth is a 400."""
    everything = within(*box(observatory, collection))

    assert ids(items(observatory, collection, filter=everything)) == unfiltered(observatory, collection).keys()
    assert items(observatory, collection, filter=within(1e6, 1e6, 2e6, 2e6)).status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_filter_crs_param(observatory: Observatory, collection: str) -> None:
    """The extent in every CRS of the collection, its axes in the order of the authority, holds all items."""
    bounds = box(observatory, collection)
    for uri in described(observatory, collection)["crs"]:
        target = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rsplit('/', 1)[1]}"
        there = Transformer.from_crs("OGC:CRS84", target).transform_bounds(*bounds, densify_pts=51)
        found = ids(items(observatory, collection, filter=within(*there), filter_crs=uri))
        assert found == unfiltered(observatory, collection).keys(), uri

    unknown = "http://www.opengis.net/def/crs/OGC/0/does_not_exist"
    assert items(observatory, collection, filter=within(*bounds), filter_crs=unknown).status_code == 400


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_filter_mixing_expressions(observatory: Observatory, collection: str) -> None:
    """A filter and every other condition are joined by AND."""
    west, south, east, north = box(observatory, collection)
    everything, text = within(west, south, east, north), CONDITIONS[collection][0]
    here, elsewhere = f"{west},{south},{east},{north}", f"{east + 1},{north + 1},{east + 2},{north + 2}"
    half = f"{west},{south},{(west + east) / 2},{north}"

    whole = items(observatory, collection, filter=everything, bbox=here)
    assert ids(whole) == unfiltered(observatory, collection).keys()
    assert ids(items(observatory, collection, filter=everything, bbox=elsewhere)) == set()
    both = ids(items(observatory, collection, filter=text, bbox=half))
    assert both == ids(items(observatory, collection, filter=text)) & ids(items(observatory, collection, bbox=half))


def test_filter_get_functions(observatory: Observatory) -> None:
    """Names, what they take and what they give."""
    answer = observatory.get("/api/functions", f="json")
    kinds = {"string", "number", "integer", "datetime", "geometry", "boolean"}

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    for function in answer.json()["functions"]:
        assert {"name", "returns"} <= function.keys()
        assert set(function["returns"]) <= kinds
        assert all(set(argument["type"]) <= kinds for argument in function.get("arguments", []))


# ------------------------------------------------------------------------------------- queryables as query parameters
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_queryables_query_parameters_parameters(observatory: Observatory, collection: str) -> None:
    """Every queryable that is no place is a parameter of the items, described and applied."""
    path = f"/collections/{collection}/items"
    definition = observatory.get("/api/openapi", f="json").json()["paths"][path]["get"]["parameters"]
    parameters = {p["name"]: p for p in definition if "name" in p}
    schema = observatory.get(f"/api/collections/{collection}/queryables", f="json").json()["properties"]
    first, properties = next(iter(unfiltered(observatory, collection).items()))

    for name, queryable in schema.items():
        if "type" not in queryable:
            continue
        found = parameters[name]
        assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
        assert found["schema"]["type"] == queryable["type"]
        value = first if name == "id" else properties[name]
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else value
        expected = {first} if name == "id" else {
            i for i, other in unfiltered(observatory, collection).items() if other[name] == value
        }  # fmt: skip
        assert ids(observatory.get(f"/api{path}", limit=10_000, **{name: text})) == expected
