"""The OpenAPI document of an audience: pygeoapi's, freed of what we do not serve, filled with what it leaves outside.

pygeoapi points at schemas of opengis.net and GitHub, which a client behind a firewall cannot read: all references here
are local. `components.parameters.limit` is what QGIS takes its page size from (without it: 201 requests for 20 000
items instead of 11).
"""

from collections.abc import Callable, Iterable
from typing import Any

from pygeoapi.openapi import get_oas

from observatoire.layers.model import Audience, Layer
from observatoire.layers.nomenclature import codes
from observatoire.server.crs import Systems
from observatoire.server.exports import FILES
from observatoire.server.items import POSTED
from observatoire.server.openapi_parts import parameter, refs, responses
from observatoire.server.problems import MEDIA_TYPE
from observatoire.server.styles_openapi import STYLE_RESPONSES, style_paths
from observatoire.server.tiles.openapi import TILE_RESPONSES, tile_paths
from observatoire.settings import Settings

Json = dict[str, Any]
Paths = Callable[[Audience, str], Json]


def openapi(
    config: Json, layers: Iterable[Layer], audience: Audience, systems: Systems, settings: Settings, processes: Paths
) -> Json:
    """Return the document.

    Parameters
    ----------
    config : dict
        pygeoapi's configuration of the audience: its collections and no others.
    layers : iterable of Layer
        The same collections.
    processes : callable
        Gives the path items of the processes, by audience and language.
    """
    layers = list(layers)
    document: Json = get_oas(config)
    language = config["server"]["languages"][0]
    described = {path: item for path, item in document["paths"].items() if _served(path)}
    for layer in layers:
        _describe_items(described, layer, audience)
    document["components"] = components(systems, settings)
    document["paths"] = _localised({path: _readable(item) for path, item in described.items()})
    for layer in layers:
        _describe_filters(document["paths"], layer)
    document["paths"] |= _more_paths() | tile_paths(layers, audience) | processes(audience, language)
    document["tags"] = [tag for tag in document["tags"] if tag["name"] in _tags(document["paths"])]
    document["security"] = [{}, {"key": []}]
    return document


_FILTERS = ("filter", "filter-lang", "filter-crs")


#: Items a page for a client that reads everything: 20 000 features in 5 requests of QGIS, each well under a second.
PAGE_OF_CLIENTS = 5_000


def _served(path: str) -> bool:
    return path in ("/", "/openapi", "/conformance", "/collections") or path.startswith("/collections/")


def _readable(item: Json) -> Json:
    """Keep what is served: reading, without free-form parameters; every operation may need a key."""
    operation = dict(item["get"])
    operation["parameters"] = [
        parameter
        for parameter in operation.get("parameters", [])
        if "vendorSpecific" not in parameter.get("$ref", "") and parameter.get("name") not in ("ui", "profile")
    ]
    operation["responses"] = responses(_answer(operation))
    return {"get": operation}


def _answer(operation: Json) -> str:
    name = str(operation["operationId"])
    for suffix in ("Features", "Feature", "Schema", "Queryables", "Sortables", "Collection", "File"):
        if name.endswith(suffix):
            return suffix
    return {"getLandingPage": "LandingPage", "getCollections": "Collections"}.get(name, "Document")


def _describe_items(paths: Json, layer: Layer, audience: Audience) -> None:
    """Name every parameter of a page of items: those of `reading.ITEMS` and each property that may be seen."""
    fields = layer.properties_for(audience)
    listed = {"type": "array", "items": {"type": "string", "enum": list(fields)}}
    which = ("bbox", "bbox-crs", "datetime", *_FILTERS)
    parameters: list[Json] = [
        parameter("properties", listed, "Properties of the answer"),
        parameter("sortby", {"type": "array", "items": {"type": "string", "enum": _orders(fields)}}, "Order"),
    ]
    for name, prop in fields.items():
        schema: Json = {"type": prop.type} | ({"format": prop.format} if prop.format else {})
        if prop.codes is not None:
            schema["x-codes"] = list(codes(prop.codes))
        parameters.append(parameter(name, schema, prop.title.en if prop.title else name))
    here = f"/collections/{layer.id}"
    paths[f"{here}/items"]["get"]["parameters"] = [
        parameter("f", {"type": "string", "enum": ["json", "html", "csv", "jsonld"], "default": "json"}, "Format"),
        *refs("lang", "page-limit", "offset", "cursor", *which, "crs", "skipGeometry"),
        *parameters,
    ]
    paths[f"{here}/download"] = {
        "get": {
            "summary": f"All items of {layer.title.en} as one file",
            "operationId": f"download{layer.id}File",
            "tags": [layer.id],
            "parameters": [
                parameter("f", {"type": "string", "enum": list(FILES), "default": "geoparquet"}, "Format"),
                *refs("lang", *which, "crs"),
                *parameters,
            ],
        }
    }
    item = paths[f"{here}/items/{{featureId}}"]["get"]
    item["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in ("featureId", "crs", "lang")] + [
        parameter("f", {"type": "string", "enum": ["json", "html", "jsonld"], "default": "json"}, "Format")
    ]
    for page in ("schema", "queryables", "sortables"):
        paths.setdefault(
            f"{here}/{page}",
            {"get": {"summary": f"Sortables of {layer.title.en}", "operationId": f"get{layer.id}Sortables"}},
        )
        paths[f"{here}/{page}"]["get"] |= {"parameters": refs("f", "lang"), "tags": [layer.id]}
    forms = {"type": "string", "enum": ["json", "html", "geojson"], "default": "json"}
    paths[f"{here}/schema"]["get"]["parameters"] = [
        parameter("f", forms, "Of properties, as JSON Schema or a page; of an item as GeoJSON"),
        *refs("lang"),
    ]


def _describe_filters(paths: Json, layer: Layer) -> None:
    """Describe that a filter may also be posted: what one may ask in the address, but for the filter itself."""
    read = paths[f"/collections/{layer.id}/items"]["get"]
    paths[f"/collections/{layer.id}/items"]["post"] = {
        "summary": f"Items of {layer.title.en} that a posted filter finds",
        "operationId": f"find{layer.id}Features",
        "tags": read["tags"],
        "parameters": [p for p in read["parameters"] if p not in refs("filter", "filter-lang")],
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"$ref": "#/components/schemas/cql2"}} for kind in POSTED},
        },
        "responses": read["responses"]
        | {
            "413": {"$ref": "#/components/responses/TooLarge"},
            "415": {"$ref": "#/components/responses/NotAFilter"},
        },
    }


def _orders(fields: Iterable[str]) -> list[str]:
    return [sign + name for name in fields for sign in ("", "+", "-")]


def _localised(node: Any) -> Any:
    """Point every reference at this document, by its last part."""
    if isinstance(node, list):
        return [_localised(part) for part in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str) and not reference.startswith("#/"):
        name = reference.rsplit("/", 1)[1].removesuffix(".yaml")
        kind = "parameters" if "/parameters/" in reference else "responses"
        return {"$ref": f"#/components/{kind}/{name}"}
    return {name: _localised(part) for name, part in node.items()}


def components(systems: Systems, settings: Settings) -> Json:
    """Return the parts that operations share, the same for every audience."""
    uri = {"type": "string", "format": "uri", "enum": list(systems.by_uri)}
    limit = {"type": "integer", "minimum": 1, "maximum": settings.limit_max, "default": settings.limit_default}
    page_limit = parameter("limit", limit, "Most items of a page; more than the maximum counts as the maximum")
    # QGIS takes its page size from `components.parameters.limit`: min(max(1000, default), maximum), the same way for
    # every collection. Operations refer to `page-limit`, whose default is the true one.
    page = limit | {"default": max(settings.limit_default, min(settings.limit_max, PAGE_OF_CLIENTS))}
    suggested = parameter("limit", page, "Page size for a client that reads a whole collection")
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
    parameters = (
        parameter("f", {"type": "string", "enum": ["json", "html"], "default": "json"}, "Format"),
        parameter("lang", {"type": "string", "enum": ["fr", "en"]}, "Language"),
        parameter(
            "offset", {"type": "integer", "minimum": 0, "default": 0}, "Items left out; `next` links use a cursor"
        ),
        parameter("cursor", {"type": "string"}, "Where a page starts: taken from a `next` link"),
        parameter(
            "bbox", numbers, "Items that meet this box: minimum x, y, maximum x, y (or with heights, not regarded)"
        ),
        parameter("bbox-crs", uri, "CRS of bbox; CRS84 by default"),
        parameter("crs", uri, "CRS of the answer; CRS84 by default"),
        parameter(
            "datetime",
            {"type": "string"},
            "An instant, a day, or a closed interval with / between, open by .. or of a duration (P7D)",
        ),
        parameter("filter", {"type": "string"}, "A condition in CQL2, as text or as JSON"),
        parameter(
            "filter-lang",
            {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"},
            "What the filter is written in",
        ),
        parameter("filter-crs", uri, "CRS of the filter's coordinates; CRS84 by default"),
        parameter("skipGeometry", {"type": "boolean", "default": False}, "Leave geometries out"),
        parameter("featureId", {"type": "string"}, "Id of an item", "path"),
    )
    return {
        "parameters": {p["name"]: p for p in parameters} | {"page-limit": page_limit, "limit": suggested},
        "responses": _responses(),
        "schemas": _schemas(),
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
    }


def _responses() -> Json:
    def shown(description: str, *contents: tuple[str, Json]) -> Json:
        return {"description": description, "content": {kind: {"schema": schema} for kind, schema in contents}}

    def ref(name: str) -> Json:
        return {"$ref": f"#/components/schemas/{name}"}

    text: Json = {"type": "string"}
    thing: Json = {"type": "object"}
    page, linked = ("text/html", text), ("application/ld+json", thing)
    trouble = (MEDIA_TYPE, ref("problem"))
    return {
        "LandingPage": shown("The landing page", ("application/json", ref("landingPage")), page, linked),
        "Collections": shown("The collections", ("application/json", ref("collections")), page, linked),
        "Collection": shown("A collection", ("application/json", ref("collection")), page, linked),
        "Features": shown(
            "A page of items", ("application/geo+json", ref("featureCollection")), page, ("text/csv", text), linked
        ),
        "Feature": shown("An item", ("application/geo+json", ref("feature")), page, linked),
        "Schema": shown("A JSON Schema", ("application/schema+json", thing), page),
        "Queryables": shown("A JSON Schema", ("application/schema+json", thing), page),
        "Sortables": shown("A JSON Schema", ("application/schema+json", thing), page),
        "File": shown(
            "A file of all items that match",
            *((file.media_type, {"type": "string", "format": "binary"}) for file in FILES.values()),
        ),
        **TILE_RESPONSES,
        "Document": shown(
            "A document",
            ("application/json", thing),
            ("application/vnd.oai.openapi+json;version=3.0", thing),
            ("application/geo+json", thing),
            linked,
            page,
        ),
        **STYLE_RESPONSES,
        "InvalidParameter": shown("A parameter is unknown or cannot be used", trouble),
        "Unauthorised": shown("The key is not known", trouble),
        "NotFound": shown("There is none, or not for you", trouble),
        "TooLarge": shown("The body is too long", trouble),
        "TooLong": shown("The address is too long", trouble),
        "NotAFilter": shown("The body is of another media type", trouble),
        "TooMany": shown("Too many requests: wait as many seconds as Retry-After says", trouble),
        "ServerError": shown("Our fault", trouble),
        "Unavailable": shown("The database does not answer, or not in time", trouble),
    }


def _schemas() -> Json:
    text, whole, array = {"type": "string"}, {"type": "integer"}, {"type": "array"}
    link = {"type": "object", "required": ["href", "rel"],
            "properties": {"href": text, "rel": text, "type": text, "title": text, "hreflang": text}}  # fmt: skip
    links = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
    geometry = {"type": "object", "nullable": True, "properties": {"type": text, "coordinates": array | {"items": {}}}}
    collection = {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            "id": text, "title": text, "description": text, "links": links, "extent": {"type": "object"},
            "itemType": text, "crs": array | {"items": text}, "storageCrs": text,
        },
    }  # fmt: skip
    feature = {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]}, "id": whole, "geometry": geometry,
            "properties": {"type": "object", "nullable": True}, "links": links,
        },
    }  # fmt: skip
    return {
        "link": link,
        "landingPage": {
            "type": "object", "required": ["links"], "properties": {"title": text, "description": text, "links": links},
        },
        "collection": collection,
        "collections": {
            "type": "object",
            "required": ["collections", "links"],
            "properties": {
                "links": links, "collections": array | {"items": {"$ref": "#/components/schemas/collection"}},
            },
        },
        "feature": feature,
        "featureCollection": {
            "type": "object",
            "required": ["type", "features"],
            "properties": {
                "type": {"type": "string", "enum": ["FeatureCollection"]},
                "features": array | {"items": {"$ref": "#/components/schemas/feature"}},
                "links": links, "timeStamp": {"type": "string", "format": "date-time"},
                "numberMatched": whole, "numberMatchedEstimate": whole, "numberReturned": whole,
            },
        },
        "cql2": {
            "type": "object",
            "description": "A condition in CQL2 JSON (OGC 21-065r2)",
            "required": ["op", "args"],
            "properties": {"op": text, "args": array | {"items": {}}},
            "example": {"op": "isNull", "args": [{"property": "date"}]},
        },
        "problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail", "code", "description"],
            "properties": {"status": whole} | dict.fromkeys(("type", "title", "detail", "code", "description"), text),
        },
    }  # fmt: skip


def _more_paths() -> Json:
    def read(summary: str, operation: str, *parameters: Json) -> Json:
        return {
            "get": {
                "summary": summary, "tags": ["server"], "operationId": operation, "parameters": list(parameters),
                "responses": responses("Document"),
            }
        }  # fmt: skip

    return {
        "/collections/catalogue": read("The catalogue", "getCatalogue", *refs("lang"), _form("json", "html", "jsonld")),
        "/collections/catalogue/items": read(
            "Records of the catalogue",
            "getRecords",
            parameter("q", {"type": "string"}, "Words, separated by commas: one of them"),
            parameter("type", {"type": "string"}, "Kind of what is described: dataset"),
            parameter("ids", {"type": "array", "items": {"type": "string"}}, "Ids of records"),
            parameter(
                "externalIds",
                {"type": "array", "items": {"type": "string"}},
                "Ids that others gave: no record has one",
            ),
            *refs("bbox", "datetime", "page-limit", "offset", "lang"),
            _form("json", "html", "jsonld"),
        ),
        "/collections/catalogue/items/{recordId}": read(
            "A record of the catalogue",
            "getRecord",
            parameter("recordId", {"type": "string"}, "Id of a collection", "path"),
            *refs("lang"),
            _form("json", "html", "jsonld"),
        ),
        "/functions": read("The functions that a filter may call", "getFunctions", *refs("f", "lang")),
        **style_paths(),
    }


def _form(*names: str) -> Json:
    return parameter("f", {"type": "string", "enum": list(names), "default": names[0]}, "Format")


def _tags(paths: Json) -> set[str]:
    return {tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", [])}
