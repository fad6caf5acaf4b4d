"""Tiles in the OpenAPI document."""

from collections.abc import Iterable
from typing import Any

from observatoire.layers.model import Audience, Layer
from observatoire.server.coverage.bands import GEOTIFF, gridded
from observatoire.server.openapi_parts import parameter, refs, responses
from observatoire.server.tiles.documents import MVT, TILEJSON

Json = dict[str, Any]

TILE_RESPONSES: Json = {
    "Coverage": {
        "description": "A Cloud-Optimized GeoTIFF",
        "content": {GEOTIFF: {"schema": {"type": "string", "format": "binary"}}},
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


def tile_paths(layers: Iterable[Layer], audience: Audience) -> Json:
    """Return the path items of tiles, of each collection that an audience sees and of all together."""
    layers = list(layers)
    names = {"type": "array", "items": {"type": "string", "enum": [layer.id for layer in layers]}}
    several = [parameter("collections", names, "Collections of the map"), *refs("datetime")]
    paths: Json = {
        "/tileMatrixSets": _read("Tile matrix sets", "getTileMatrixSetsList", "Document", refs("f")),
        "/tileMatrixSets/{tileMatrixSetId}": _read(
            "A tile matrix set", "getTileMatrixSet", "Document", [_PYRAMID, *refs("f")]
        ),
        **_tiles("", "Map", "the map", several),
    }
    for layer in layers:
        listed = {"type": "array", "items": {"type": "string", "enum": list(layer.properties_for(audience))}}
        which = refs("datetime", "filter", "filter-lang", "filter-crs")
        which.append(parameter("properties", listed, "Properties of the features; by default those of the style"))
        paths |= _tiles(f"/collections/{layer.id}", layer.id, layer.title.en, which)
        if gridded(layer):
            paths |= _rasters(f"/collections/{layer.id}", layer, which[:-1])
    return paths


def _rasters(prefix: str, layer: Layer, which: list[Json]) -> Json:
    def form(name: str) -> Json:
        return parameter("f", {"type": "string", "enum": [name], "default": name}, "Format")

    whole = _read(
        f"{layer.title.en} as a raster", f"{layer.id}.getCoverage", "Coverage", [form("geotiff"), *which],
        **{"206": "Coverage", "422": "NotAGrid"},
    )  # fmt: skip
    tile = _read(
        f"A map tile of {layer.title.en}", f"{layer.id}.getMapTile", "Picture", [*_PLACE, form("png"), *which],
        **{"204": "EmptyTile", "422": "NotAGrid"},
    )  # fmt: skip
    place = "{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    return {f"{prefix}/coverage": whole, f"{prefix}/map/tiles/{place}": tile}


def _tiles(prefix: str, name: str, title: str, which: list[Json]) -> Json:
    forms = {"type": "string", "enum": ["json", "html", "tilejson"], "default": "json"}
    time = parameter("subset", {"type": "string"}, 'datetime("start":"end"), instead of datetime')
    chosen = [] if prefix else which[:1]
    tile = _read(
        f"A vector tile of {title}", f"{name}.getTile", "Tile",
        [*_PLACE, parameter("f", {"type": "string", "enum": ["mvt"], "default": "mvt"}, "Format"), *which, time],
        **{"204": "EmptyTile"},
    )  # fmt: skip
    return {
        f"{prefix}/tiles": _read(f"Tile sets of {title}", f"{name}.getTileSetsList", "Document", refs("f")),
        f"{prefix}/tiles/{{tileMatrixSetId}}": _read(
            f"A tile set of {title}",
            f"{name}.getTileSet",
            "TileSet",
            [_PYRAMID, parameter("f", forms, "Format"), *chosen],
        ),
        f"{prefix}/tiles/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": tile,
    }


def _read(summary: str, operation: str, answer: str, parameters: list[Json], **more: str) -> Json:
    return {
        "get": {
            "summary": summary, "tags": ["tiles"], "operationId": operation,
            "parameters": [*parameters, *refs("lang")], "responses": responses(answer, **more),
        }
    }  # fmt: skip


_PYRAMID = parameter("tileMatrixSetId", {"type": "string"}, "Id of a tile matrix set", "path")
_PLACE = [_PYRAMID, *(parameter(n, {"type": "string"}, n, "path") for n in ("tileMatrix", "tileRow", "tileCol"))]
