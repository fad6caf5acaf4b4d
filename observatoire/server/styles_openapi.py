"""Styles and legends in the OpenAPI document."""

from typing import Any

from observatoire.server import respond
from observatoire.server.openapi_parts import parameter, refs, responses
from observatoire.server.styles import MEDIA_TYPES, PNG, SOURCES

Json = dict[str, Any]

_OBJECT, _TEXT = {"type": "object"}, {"type": "string"}
STYLE_RESPONSES: Json = {
    "Style": {
        "description": "A style",
        "content": {
            MEDIA_TYPES["json"]: {"schema": _OBJECT},
            MEDIA_TYPES["qml"]: {"schema": _TEXT},
            "text/html": {"schema": _TEXT},
        },
    },
    "Legend": {
        "description": "A legend",
        "content": {respond.JSON: {"schema": _OBJECT}, PNG: {"schema": {"type": "string", "format": "binary"}}},
    },
}


def style_paths() -> Json:
    """Return the path items of styles: of all, and of one collection."""
    style = parameter("styleId", _TEXT, "Id of a map or of a collection", "path")
    collection = parameter("collectionId", _TEXT, "Id of a collection", "path")
    sources = parameter(
        "sources", {"type": "string", "enum": list(SOURCES), "default": SOURCES[0]},
        "Where a style for MapLibre takes its items from: vector tiles, or a page of GeoJSON",
    )  # fmt: skip
    one = [style, _form(*MEDIA_TYPES, "html"), sources, *refs("lang")]
    return {
        "/styles": _read("How maps and collections are drawn", "getStyles", "Document", refs("lang")),
        "/styles/{styleId}": _read("A style, for MapLibre or QGIS", "getStyle", "Style", one),
        "/styles/{styleId}/legend": _read(
            "A legend, as data or as a picture", "getLegend", "Legend", [style, _form("json", "png"), *refs("lang")]
        ),
        "/collections/{collectionId}/styles": _read(
            "How a collection is drawn", "getCollectionStyles", "Document", [collection, *refs("lang")]
        ),
        "/collections/{collectionId}/styles/{styleId}": _read(
            "The style of a collection", "getCollectionStyle", "Style", [collection, *one]
        ),
    }


def _form(*names: str) -> Json:
    return parameter("f", {"type": "string", "enum": list(names), "default": names[0]}, "Format")


def _read(summary: str, operation: str, answer: str, parameters: list[Json]) -> Json:
    return {
        "get": {
            "summary": summary, "tags": ["server"], "operationId": operation, "parameters": parameters,
            "responses": responses(answer),
        }
    }  # fmt: skip
