"""What describes tiles: lists of tile sets, their metadata, TileJSON, tile matrix sets."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import morecantile
from pyproj import CRS, Transformer

from observatoire.layers.model import Layer, Property
from observatoire.server import respond
from observatoire.server.crs import epsg
from observatoire.server.schemas import property_schema
from observatoire.server.state import State
from observatoire.tiles.pyramid import Pyramid

Json = dict[str, Any]

MVT = "application/vnd.mapbox-vector-tile"
TILEJSON = "application/vnd.mapbox.tilejson+json"
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
TILESETS, SCHEME, SCHEMES = f"{_REL}tilesets-vector", f"{_REL}tiling-scheme", f"{_REL}tiling-schemes"
_REGISTRY = "http://www.opengis.net/def/tilematrixset/OGC/1.0/"
_DIMENSION = {"Point": 0, "LineString": 1, "Polygon": 2, "MultiPolygon": 2}

_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_TMS = "http://www.opengis.net/spec/tms/2.0/conf/"
CONFORMANCE = (
    *(
        _TILES + name
        for name in (
            "core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "collections-selection",
            "datetime", "oas30", "mvt",
        )
    ),
    *(_TMS + name for name in ("tilematrixset", "json-tilematrixset", "json-tilematrixsetlimits",
                               "json-tilesetmetadata")),
)  # fmt: skip


@cache
def matrix_set(pyramid: Pyramid) -> Json:
    """Return the tile matrix set of a pyramid (OGC 17-083r4, JSON)."""
    if pyramid.id in morecantile.tms.list():
        known: Json = morecantile.tms.get(pyramid.id).model_dump(exclude_none=True, mode="json")
        known["tileMatrices"] = known["tileMatrices"][: pyramid.deepest + 1]
        return known | {"uri": _REGISTRY + pyramid.id, "crs": epsg(pyramid.srid)}
    x_min, y_min, x_max, y_max = (
        pyramid.left, pyramid.top - pyramid.side, pyramid.left + pyramid.side, pyramid.top,
    )  # fmt: skip
    own: Json = morecantile.TileMatrixSet.custom(
        [x_min, y_min, x_max, y_max], CRS.from_epsg(pyramid.srid), id=pyramid.id, title=pyramid.id,
        maxzoom=pyramid.deepest,
    ).model_dump(exclude_none=True, mode="json")  # fmt: skip
    return own | {"crs": epsg(pyramid.srid)}


def matrix_sets(state: State) -> Json:
    """Return the list of tile matrix sets."""
    return {
        "tileMatrixSets": [
            {
                "id": p.id, "title": matrix_set(p).get("title", p.id), "crs": epsg(p.srid),
                **({"uri": uri} if (uri := matrix_set(p).get("uri")) else {}),
                # `item` besides `self`: clients, and the OGC's suite, look for either.
                "links": [
                    _link(rel, f"{state.base}/tileMatrixSets/{p.id}", respond.JSON, p.id) for rel in ("self", "item")
                ],
            }
            for p in state.pyramids.values()
        ],
        "links": [_link("self", f"{state.base}/tileMatrixSets", respond.JSON, "Tile matrix sets")],
    }  # fmt: skip


def tilesets(state: State, here: str, title: str) -> Json:
    """Return the list of the tile sets of a collection, or of the whole observatory.

    Its links can all be followed as they are; the addresses of tiles, templates, are in the tile sets.

    Parameters
    ----------
    here : str
        Address of the collection, or of the API.
    """
    listed = [
        _head(state, p, title)
        | {"links": [_link("self", f"{here}/tiles/{p.id}", respond.JSON, title), _scheme(state, p)]}
        for p in state.pyramids.values()
    ]
    return {"tilesets": listed, "links": [_link("self", f"{here}/tiles", respond.JSON, title)]}


def tileset(
    state: State, pyramid: Pyramid, here: str, title: str, layers: Iterable[tuple[Layer, dict[str, Property]]],
    language: str,
) -> Json:  # fmt: skip
    """Return the metadata of a tile set: where it has tiles, and what is in them."""
    box = bounds(state, pyramid)
    west, south, east, north = state.city.extent
    spans = [(zoom, pyramid.span(box, zoom)) for zoom in range(pyramid.deepest + 1)]
    return _head(state, pyramid, title) | {
        "tileMatrixSetLimits": [
            {"tileMatrix": str(zoom), "minTileRow": r0, "maxTileRow": r1, "minTileCol": c0, "maxTileCol": c1}
            for zoom, (r0, r1, c0, c1) in spans
        ],
        "boundingBox": {
            "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "lowerLeft": [west, south],
            "upperRight": [east, north],
        },
        "layers": [
            {
                "id": layer.id, "title": layer.title.in_(language), "description": layer.description.in_(language),
                "dataType": "vector", "geometryDimension": _DIMENSION[layer.geometry],
                "propertiesSchema": {
                    "type": "object",
                    "properties": {n: _schema(n, p, language) for n, p in fields.items()} | {"n": {
                        "type": "integer", "title": {"fr": "Nombre d'objets", "en": "Number of items"}[language],
                    }},
                },
            }
            for layer, fields in layers
        ],
        "links": [
            _link("self", f"{here}/tiles/{pyramid.id}", respond.JSON, title),
            _link("describedby", f"{here}/tiles/{pyramid.id}?f=tilejson", TILEJSON, "TileJSON"),
            _scheme(state, pyramid),
            _tiles_of(here, pyramid),
        ],
    }  # fmt: skip


def tilejson(
    state: State, pyramid: Pyramid, here: str, title: str, layers: Iterable[tuple[Layer, dict[str, Property]]],
    suffix: str,
) -> Json:  # fmt: skip
    """Return a TileJSON document (3.0.0): what MapLibre and others open by one address.

    Parameters
    ----------
    suffix : str
        Query that tiles are asked with: what the document itself was asked with.
    """
    west, south, east, north = state.city.extent
    far = max(zoom for zoom in range(pyramid.deepest + 1) if _single(pyramid.span(bounds(state, pyramid), zoom)))
    return {
        "tilejson": "3.0.0", "name": title, "scheme": "xyz", "minzoom": 0, "maxzoom": pyramid.deepest,
        "tiles": [f"{here}/tiles/{pyramid.id}/{{z}}/{{y}}/{{x}}{suffix}"],
        "bounds": [west, south, east, north],
        "center": [round((west + east) / 2, 5), round((south + north) / 2, 5), far],
        "vector_layers": [
            {
                "id": layer.id, "description": layer.title.fr,
                "fields": {n: "Number" if p.format or p.type in ("integer", "number") else p.type.capitalize()
                           for n, p in fields.items()} | {"n": "Number"},
            }
            for layer, fields in layers
        ],
        "attribution": state.city.title.fr,
    }  # fmt: skip


def _single(span: tuple[int, int, int, int]) -> bool:
    first_row, last_row, first_column, last_column = span
    return first_row == last_row and first_column == last_column


def _head(state: State, pyramid: Pyramid, title: str) -> Json:
    known = matrix_set(pyramid).get("uri")
    return {
        "title": title, "dataType": "vector", "crs": epsg(pyramid.srid),
        "tileMatrixSetURI": known or f"{state.base}/tileMatrixSets/{pyramid.id}",
        "tileMatrixSetId": pyramid.id, "mediaTypes": [MVT],
    }  # fmt: skip


def _schema(name: str, prop: Property, language: str) -> Json:
    """Return the schema of a property as tiles hold it: times are seconds since 1970."""
    schema = property_schema(name, prop, language)
    if prop.format is not None:
        schema |= {"type": "integer", "x-ogc-unit": "s", "description": "seconds since 1970-01-01T00:00:00Z"}
        del schema["format"]
    return schema


def bounds(state: State, pyramid: Pyramid) -> tuple[float, float, float, float]:
    """Return the box of the city in the CRS of a pyramid."""
    return _projected(pyramid.srid, state.city.extent)


@cache
def _projected(srid: int, extent: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    box: tuple[float, float, float, float] = Transformer.from_crs(4326, srid, always_xy=True).transform_bounds(
        *extent, densify_pts=51
    )
    return box


def _scheme(state: State, pyramid: Pyramid) -> Json:
    return _link(SCHEME, f"{state.base}/tileMatrixSets/{pyramid.id}", respond.JSON, pyramid.id)


def _tiles_of(here: str, pyramid: Pyramid) -> Json:
    address = f"{here}/tiles/{pyramid.id}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    return _link("item", address, MVT, "Tiles") | {"templated": True}


def _link(rel: str, href: str, media_type: str, title: str) -> Json:
    return {"rel": rel, "type": media_type, "title": title, "href": href}
