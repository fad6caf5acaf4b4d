"""Tiles in the OpenAPI document."""

from collections.abc import Iterable
from typing import Any

from observatoire.layers.model import Audience, Layer
from observatoire.server.coverage.bands import gridded
from observatoire.server.tiles.documents import MVT, TILEJSON

Json = dict[str, Any]

TILE_RESPONSES: Json = {
    "Coverage": {
        "description": "A Cloud-Optimized GeoTIFF",
        "content": {"image/tiff": {"schema": {"type": "string", "format": "binary"}}},
    },
    "Picture": {
        "description": "A tile of a map",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
    },
    "NotAGrid": {
        "description": "What matches is not one value a cell",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
    },
    "Tile": {"description": "A tile", "content": {MVT: {"schema": {"type": "string", "format": "binary"}}}},
    "EmptyTile": {"description": "Nothing lies in the tile"},
    "TileSet": {
        "description": "A tile set",
        "content": {
            kind: {"schema": {"type": schema}}
            for kind, schema in (("application/json", "object"), (TILEJSON, "object"), ("text/html", "string"))
        },
    },
}
_TROUBLES = (
    ("400", "InvalidParameter"), ("401", "Unauthorised"), ("404", "NotFound"), ("414", "TooLong"),
    ("429", "TooMany"), ("500", "ServerError"), ("503", "Unavailable"),
)  # fmt: skip


def tile_paths(layers: Iterable[Layer], audience: Audience) -> Json:
    """Return the path items of tiles, of each collection that an audience sees and of all together."""
    layers = list(layers)
    names = {"type": "array", "items": {"type": "string", "enum": [layer.id for layer in layers]}}
    several = [_named("collections", names, "Collections of the map"), _ref("datetime")]
    paths: Json = {
        "/tileMatrixSets": _read("Tile matrix sets", "getTileMatrixSetsList", "Document", [_ref("f")]),
        "/tileMatrixSets/{tileMatrixSetId}": _read(
            "A tile matrix set", "getTileMatrixSet", "Document", [_PYRAMID, _ref("f")]
        ),
        **_tiles("", "Map", "the map", several),
    }
    for layer in layers:
        listed = {"type": "array", "items": {"type": "string", "enum": list(layer.properties_for(audience))}}
        which = [*map(_ref, ("datetime", "filter", "filter-lang", "filter-crs"))]
        which.append(_named("properties", listed, "Properties of the features; by default those of the style"))
        paths |= _tiles(f"/collections/{layer.id}", layer.id, layer.title.en, which)
        if gridded(layer):
            paths |= _rasters(f"/collections/{layer.id}", layer, which[:-1])
    return paths


def _rasters(prefix: str, layer: Layer, which: list[Json]) -> Json:
    def form(name: str) -> Json:
        return _named("f", {"type": "string", "enum": [name], "default": name}, "Format")

    whole = _read(f"{layer.title.en} as a raster", f"{layer.id}.getCoverage", "Coverage", [form("geotiff"), *which])
    tile = _read(f"A map tile of {layer.title.en}", f"{layer.id}.getMapTile", "Picture", [*_PLACE, form("png"), *which])
    tile["get"]["responses"]["204"] = {"$ref": "#/components/responses/EmptyTile"}
    for read in (whole, tile):
        read["get"]["responses"]["422"] = {"$ref": "#/components/responses/NotAGrid"}
    whole["get"]["responses"] |= {"206": whole["get"]["responses"]["200"]}
    place = "{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    return {f"{prefix}/coverage": whole, f"{prefix}/map/tiles/{place}": tile}


def _tiles(prefix: str, name: str, title: str, which: list[Json]) -> Json:
    forms = {"type": "string", "enum": ["json", "html", "tilejson"], "default": "json"}
    tile = _read(
        f"A vector tile of {title}", f"{name}.getTile", "Tile",
        [*_PLACE, _named("f", {"type": "string", "enum": ["mvt"], "default": "mvt"}, "Format"), *which],
    )  # fmt: skip
    tile["get"]["responses"]["204"] = {"$ref": "#/components/responses/EmptyTile"}
    return {
        f"{prefix}/tiles": _read(f"Tile sets of {title}", f"{name}.getTileSetsList", "Document", [_ref("f")]),
        f"{prefix}/tiles/{{tileMatrixSetId}}": _read(
            f"A tile set of {title}", f"{name}.getTileSet", "TileSet", [_PYRAMID, _named("f", forms, "Format")]
        ),
        f"{prefix}/tiles/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": tile,
    }


def _read(summary: str, operation: str, answer: str, parameters: list[Json]) -> Json:
    responses = {code: {"$ref": f"#/components/responses/{name}"} for code, name in (("200", answer), *_TROUBLES)}
    return {
        "get": {
            "summary": summary, "tags": ["tiles"], "operationId": operation,
            "parameters": [*parameters, _ref("lang")], "responses": responses,
        }
    }  # fmt: skip


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _named(name: str, schema: Json, description: str, place: str = "query") -> Json:
    common = {"name": name, "in": place, "description": description, "required": place == "path", "schema": schema}
    return common | ({"style": "form", "explode": False} if place == "query" else {})


_PYRAMID = _named("tileMatrixSetId", {"type": "string"}, "Id of a tile matrix set", "path")
_PLACE = [_PYRAMID, *(_named(n, {"type": "string"}, n, "path") for n in ("tileMatrix", "tileRow", "tileCol"))]
