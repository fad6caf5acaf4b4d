"""The abstract tests of OGC API Tiles on the served small city.

Each function is named after an abstract test: `core_tc_op` is `/conf/core/tc-op`. The OGC's own executable suite is
another program, in Java; these are the annex's tests, as Python.

References
----------
.. [1] OGC 20-057, *OGC API - Tiles - Part 1: Core*, annex A.
.. [2] OGC 17-083r4, *Two Dimensional Tile Matrix Set and Tile Set Metadata*, annex D.
"""

from typing import Any, Protocol

import httpx
import mapbox_vector_tile
import morecantile
import pytest
from pyproj import Transformer

pytestmark = pytest.mark.conformance

MVT = "application/vnd.mapbox-vector-tile"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
CONF = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
SCHEMES = ("WebMercatorQuad", "EPSG2154Quad")
COLLECTIONS = ("signalements", "divisions", "chantiers")
EACH_SCHEME = pytest.mark.parametrize("scheme", SCHEMES)
PLACES = pytest.mark.parametrize("place", ["", *(f"/collections/{name}" for name in COLLECTIONS)])


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def document(observatory: Observatory, path: str, **parameters: object) -> Any:
    """The JSON at a path below /api."""
    answer = observatory.get(f"/api{path}", f="json", **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def follow(observatory: Observatory, href: str) -> Any:
    """The JSON at an address of ours."""
    assert href.startswith(f"{observatory.url}/api/")
    return document(observatory, href.removeprefix(f"{observatory.url}/api"))


def links(found: Any, rel: str) -> list[dict[str, Any]]:
    return [link for link in found["links"] if link["rel"] == rel]


def tileset(observatory: Observatory, place: str, scheme: str, **parameters: object) -> Any:
    return document(observatory, f"{place}/tiles/{scheme}", **parameters)


def filled(observatory: Observatory, place: str, scheme: str) -> tuple[str, dict[str, int]]:
    """The template of a tile set and the variables of one tile with data: the farthest that holds the city."""
    found = tileset(observatory, place, scheme)
    (item,) = links(found, "item")
    limits = [
        each
        for each in found["tileMatrixSetLimits"]
        if each["minTileRow"] == each["maxTileRow"] and each["minTileCol"] == each["maxTileCol"]
    ]
    last = limits[-1]
    return item["href"], {
        "tileMatrix": int(last["tileMatrix"]), "tileRow": last["minTileRow"], "tileCol": last["minTileCol"],
    }  # fmt: skip


def decoded(answer: httpx.Response) -> dict[str, list[dict[str, Any]]]:
    assert answer.status_code == 200, answer.text
    return {name: layer["features"] for name, layer in mapbox_vector_tile.decode(answer.content).items()}


# -------------------------------------------------------------------------------------------------------------- core
def test_core_conformance_success(observatory: Observatory) -> None:
    declared = document(observatory, "/conformance")["conformsTo"]

    classes = ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection",
               "datetime", "oas30", "mvt")  # fmt: skip
    assert {CONF + name for name in classes} <= set(declared)


@EACH_SCHEME
@PLACES
def test_core_tc_op(observatory: Observatory, place: str, scheme: str) -> None:
    """A tile with data is there, at the address that the template gives."""
    template, variables = filled(observatory, place, scheme)

    answer = httpx.get(template.format(**variables), timeout=60)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == MVT


@EACH_SCHEME
def test_core_tc_tilematrix_definition(observatory: Observatory, scheme: str) -> None:
    """Every matrix of the tile matrix set may be named, and no other."""
    matrices = [each["id"] for each in document(observatory, f"/tileMatrixSets/{scheme}")["tileMatrices"]]
    template, variables = filled(observatory, "/collections/divisions", scheme)

    assert [each["tileMatrix"] for each in tileset(observatory, "", scheme)["tileMatrixSetLimits"]] == matrices
    for matrix in (*matrices, "x", str(len(matrices))):
        answer = httpx.get(template.format(**variables | {"tileMatrix": matrix, "tileRow": 0, "tileCol": 0}))
        assert answer.status_code in ((200, 204) if matrix in matrices else (404,))


@EACH_SCHEME
@pytest.mark.parametrize("variable", ["tileRow", "tileCol"])
def test_core_tc_tilerow_and_tilecol_definition(observatory: Observatory, scheme: str, variable: str) -> None:
    """Indexes go from 0 to one less than the height and width of the matrix."""
    matrix = document(observatory, f"/tileMatrixSets/{scheme}")["tileMatrices"][3]
    number = {"tileRow": matrix["matrixHeight"], "tileCol": matrix["matrixWidth"]}[variable]
    template, _ = filled(observatory, "/collections/divisions", scheme)
    given: dict[str, Any] = {"tileMatrix": matrix["id"], "tileRow": 0, "tileCol": 0}

    for index, expected in ((0, (200, 204)), (number - 1, (200, 204)), (number, (404,)), (-1, (404,)), ("a", (404,))):
        assert httpx.get(template.format(**given | {variable: index})).status_code in expected


@EACH_SCHEME
@pytest.mark.parametrize("zoom", [2, 3])
def test_core_tc_success(observatory: Observatory, scheme: str, zoom: int) -> None:
    """What a tile holds lies in its area, and all that lies there is in it, by items or by their number."""
    matrices = morecantile.TileMatrixSet.model_validate(document(observatory, f"/tileMatrixSets/{scheme}"))
    if scheme == "WebMercatorQuad":
        zoom += 9  # tiles of the same size
    limits = tileset(observatory, "/collections/signalements", scheme)["tileMatrixSetLimits"][zoom]
    row, column = limits["minTileRow"] + 1, limits["minTileCol"] + 1
    box = matrices.xy_bounds(column, row, zoom)
    srid = matrices.crs.to_epsg()

    answer = observatory.get(f"/api/collections/signalements/tiles/{scheme}/{zoom}/{row}/{column}")

    items = document_of_items(observatory)
    to = Transformer.from_crs(4326, srid, always_xy=True)
    places = {item["id"]: to.transform(*item["geometry"]["coordinates"]) for item in items}

    def within(margin: float) -> set[int]:
        return {i for i, (x, y) in places.items() if box.left - margin <= x <= box.right + margin
                and box.bottom - margin <= y <= box.top + margin}  # fmt: skip

    features = decoded(answer)["signalements"]
    number = sum(feature["properties"].get("n", 1) for feature in features)
    surely, perhaps = within(-0.3), within(0.3)  # m: six decimals of a degree; rounded places lie on sides of tiles
    assert surely
    assert len(surely) <= number <= len(perhaps)
    if not any("n" in feature["properties"] for feature in features):
        assert surely <= {feature["id"] for feature in features} <= perhaps


def document_of_items(observatory: Observatory) -> list[dict[str, Any]]:
    answer = observatory.get("/api/collections/signalements/items", limit=10_000)
    return answer.json()["features"]  # type: ignore[no-any-return]


@EACH_SCHEME
@PLACES
def test_core_tc_error(observatory: Observatory, place: str, scheme: str) -> None:
    """Beyond the set 404; within it, where nothing lies, 204."""
    template, variables = filled(observatory, place, scheme)
    matrix = variables["tileMatrix"] + 2

    assert httpx.get(template.format(tileMatrix=99, tileRow=0, tileCol=0)).status_code == 404
    assert httpx.get(template.format(tileMatrix=matrix, tileRow=10**8, tileCol=0)).status_code == 404
    if place:  # some of all collections are of the whole city: their tiles are never empty
        empty = httpx.get(template.format(tileMatrix=matrix + 3, tileRow=0, tileCol=0))
        assert (empty.status_code, empty.content) == (204, b"")


# ------------------------------------------------------------------------------------------------- tileset, the lists
@EACH_SCHEME
@PLACES
def test_tileset_description(observatory: Observatory, place: str, scheme: str) -> None:
    found = tileset(observatory, place, scheme)

    assert found["dataType"] == "vector"
    assert found["crs"].startswith("http://www.opengis.net/def/crs/EPSG/0/")
    if scheme == "WebMercatorQuad":
        assert found["tileMatrixSetURI"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    (scheme_link,) = links(found, f"{REL}tiling-scheme")
    assert morecantile.TileMatrixSet.model_validate(follow(observatory, scheme_link["href"])).id == scheme
    (item,) = links(found, "item")
    assert item["templated"] is True
    assert item["type"] == MVT
    assert all("{" + variable + "}" in item["href"] for variable in ("tileMatrix", "tileRow", "tileCol"))
    for limits in found["tileMatrixSetLimits"]:
        assert 0 <= limits["minTileRow"] <= limits["maxTileRow"] < 2 ** int(limits["tileMatrix"])
        assert 0 <= limits["minTileCol"] <= limits["maxTileCol"] < 2 ** int(limits["tileMatrix"])
    for layer in found["layers"]:
        assert {"id", "dataType", "geometryDimension", "propertiesSchema"} <= layer.keys()


@PLACES
def test_tilesets_list_tileset_links(observatory: Observatory, place: str) -> None:
    found = document(observatory, f"{place}/tiles")

    assert [each["tileMatrixSetId"] for each in found["tilesets"]] == list(SCHEMES)
    for each in found["tilesets"]:
        assert {"dataType", "crs", "tileMatrixSetURI", "links"} <= each.keys()
        (own,) = links(each, "self")
        assert own["href"] == f"{observatory.url}/api{place}/tiles/{each['tileMatrixSetId']}"
        assert follow(observatory, own["href"])["tileMatrixSetId"] == each["tileMatrixSetId"]
        assert len(links(each, f"{REL}tiling-scheme")) == 1


@PLACES
def test_tilesets_list_links_can_all_be_followed(observatory: Observatory, place: str) -> None:
    """As the OGC's suite does: each link of each tile set listed gives JSON; templates are in the tile sets."""
    for each in document(observatory, f"{place}/tiles")["tilesets"]:
        for link in each["links"]:
            assert "{" not in link["href"]
            answer = httpx.get(link["href"], headers={"Accept": "application/json, text/json"}, timeout=60)
            assert answer.status_code == 200
            assert isinstance(answer.json(), dict)


def test_tileset_tile_matrix_sets_are_linked_as_items(observatory: Observatory) -> None:
    for each in document(observatory, "/tileMatrixSets")["tileMatrixSets"]:
        for rel in ("self", "item"):
            (link,) = links(each, rel)
            assert link["type"] == "application/json"
            assert follow(observatory, link["href"])["tileMatrices"]


@PLACES
@EACH_SCHEME
def test_tileset_limits_of_each_matrix_hold(observatory: Observatory, place: str, scheme: str) -> None:
    """The farthest tile within the limits is there; the row after the last of the pyramid is not."""
    found = tileset(observatory, place, scheme)
    (item,) = links(found, "item")
    first = found["tileMatrixSetLimits"][0]
    variables = {
        "tileMatrix": first["tileMatrix"], "tileRow": first["maxTileRow"], "tileCol": first["minTileCol"],
    }  # fmt: skip

    assert httpx.get(item["href"].format(**variables), timeout=60).status_code in (200, 204)
    for row in (first["maxTileRow"] + 1, 2**31 - 1):
        assert httpx.get(item["href"].format(**variables | {"tileRow": row}), timeout=60).status_code == 404


# ------------------------------------------------------------------------------------------------ dataset and geodata
def test_dataset_tilesets_landingpage_and_operation(observatory: Observatory) -> None:
    (link,) = links(document(observatory, "/"), f"{REL}tilesets-vector")

    assert follow(observatory, link["href"])["tilesets"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_geodata_tilesets_desc_links_and_operation(observatory: Observatory, collection: str) -> None:
    (link,) = links(document(observatory, f"/collections/{collection}"), f"{REL}tilesets-vector")

    assert link["href"].endswith(f"/collections/{collection}/tiles")
    assert follow(observatory, link["href"])["tilesets"]


def test_geodata_tilesets_links_are_in_the_list_of_collections(observatory: Observatory) -> None:
    """Each collection that has tiles says so where all are listed; the catalogue, of records, has none."""
    for collection in document(observatory, "/collections")["collections"]:
        found = links(collection, f"{REL}tilesets-vector")
        assert len(found) == (collection.get("itemType") != "record")
        assert all(link["href"].endswith(f"/collections/{collection['id']}/tiles") for link in found)


@EACH_SCHEME
def test_collections_selection_collections_query_and_response(observatory: Observatory, scheme: str) -> None:
    """The tile set and the tile hold what was named, in that order; what is not there is a 400."""
    names = ["signalements", "divisions"]
    template, variables = filled(observatory, "", scheme)

    layers = [layer["id"] for layer in tileset(observatory, "", scheme, collections=",".join(names))["layers"]]
    tile = httpx.get(template.format(**variables), params={"collections": ",".join(names)}, timeout=60)

    assert layers == names
    assert list(decoded(tile)) == names
    for hidden in ("faits", "rien"):  # the same for what is not there and what is not for the public
        for address in (f"/api/tiles/{scheme}", "/api" + template.format(**variables).partition("/api")[2]):
            answer = observatory.get(address, collections=hidden)
            assert answer.status_code == 400
            assert "collections" in answer.json()["detail"]


# ------------------------------------------------------------------------------------------------------------ datetime
@pytest.mark.parametrize(
    ("interval", "subset"),
    [
        ("2026-06-01T00:00:00Z/2026-07-01T00:00:00Z", 'datetime("2026-06-01T00:00:00Z":"2026-07-01T00:00:00Z")'),
        ("2026-06-01T00:00:00Z/..", 'datetime("2026-06-01T00:00:00Z":*)'),
        ("../2026-06-01T00:00:00Z", 'datetime(*:"2026-06-01T00:00:00Z")'),
        ("2026-06-01T00:00:00Z", 'datetime("2026-06-01T00:00:00Z")'),
    ],
)
def test_datetime_response_and_axis(observatory: Observatory, interval: str, subset: str) -> None:
    """`datetime`, and `subset` with the axis `datetime`: as many as items of that time."""
    template, variables = filled(observatory, "/collections/signalements", "WebMercatorQuad")
    address = template.format(**variables)
    number = observatory.get("/api/collections/signalements/items", datetime=interval, limit=1).json()["numberMatched"]

    for words in ({"datetime": interval}, {"subset": subset}):
        answer = httpx.get(address, params=words, timeout=60)
        drawn = decoded(answer)["signalements"] if answer.status_code == 200 else []
        assert sum(feature["properties"].get("n", 1) for feature in drawn) == number


@pytest.mark.parametrize(
    "words",
    [{"datetime": "2026"}, {"datetime": "2026-07-01T00:00:00Z/2026-06-01T00:00:00Z"}, {"subset": "datetime(x)"},
     {"subset": 'Lat("40":"50")'}, {"subset": "datetime(*)"}, {"subset": 'datetime("x")'},
     {"subset": 'datetime("2026-06-01T00:00:00Z")', "datetime": "2026-06-01T00:00:00Z"}],
)  # fmt: skip
def test_datetime_definition(observatory: Observatory, words: dict[str, str]) -> None:
    """What is no time is a 400 that names the parameter."""
    answer = observatory.get("/api/collections/signalements/tiles/WebMercatorQuad/9/187/263", **words)

    assert answer.status_code == 400
    assert "datetime" in answer.json()["detail"]


# --------------------------------------------------------------------------------------------------------- encodings
@EACH_SCHEME
def test_mvt_content(observatory: Observatory, scheme: str) -> None:
    """Mapbox Vector Tile 2.1: decoded by others, a layer a collection, 4 096 units a side; asked by Accept and f."""
    template, variables = filled(observatory, "", scheme)
    address = template.format(**variables)

    for asked in ({"headers": {"Accept": MVT}}, {"params": {"f": "mvt"}}, {"headers": {"Accept": "*/*"}}):
        answer = httpx.get(address, timeout=60, **asked)  # type: ignore[arg-type]
        assert answer.headers["content-type"] == MVT
        layers = mapbox_vector_tile.decode(answer.content)
        assert layers
        assert {(layer["version"], layer["extent"]) for layer in layers.values()} == {(2, 4096)}


def test_oas30_completeness(observatory: Observatory) -> None:
    """Each resource of tiles is described with its parameters."""
    paths = document_of_openapi(observatory)["paths"]

    for place in ("", *(f"/collections/{name}" for name in COLLECTIONS)):
        one = paths[f"{place}/tiles/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"]["get"]
        assert f"{place}/tiles" in paths
        assert f"{place}/tiles/{{tileMatrixSetId}}" in paths
        named = {each.get("name") or each["$ref"].rsplit("/", 1)[1] for each in one["parameters"]}
        assert {"tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "datetime", "subset"} <= named
        assert ("collections" in named) == (place == "")
        assert {"200", "204", "400", "404"} <= one["responses"].keys()


def test_oas30_operation_ids(observatory: Observatory) -> None:
    """Their ends are those of the standard (table "operation IDs")."""
    paths = document_of_openapi(observatory)["paths"]

    for path, item in paths.items():
        ends = {
            "/tiles": "getTileSetsList", "/tiles/{tileMatrixSetId}": "getTileSet",
            "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": "getTile",
        }  # fmt: skip
        for end, operation in ends.items():
            if path.endswith(end) and "/map/" not in path:
                assert item["get"]["operationId"].endswith(f".{operation}")


def document_of_openapi(observatory: Observatory) -> Any:
    return observatory.get("/api/openapi", f="json").json()
