"""Everything but items: landing page, collections, schemas, conformance, OpenAPI; each as its audience may see it."""

from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire import cql2
from observatoire.layers.model import Audience
from observatoire.layers.presets import presets
from observatoire.server import api as pygeo
from observatoire.server import pages, process_openapi, respond, schemas, showcase, skill_cards, styles
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.coverage.bands import GEOTIFF, gridded
from observatoire.server.exports import FILES
from observatoire.server.jobs import JOB_LIST
from observatoire.server.link_titles import translate_titles
from observatoire.server.openapi import openapi
from observatoire.server.reading import PAGE, once, only
from observatoire.server.records import routes as records
from observatoire.server.state import State, state_of
from observatoire.server.tiles import documents as tiles

Json = dict[str, Any]

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
FUNCTIONS = "http://www.opengis.net/def/rel/ogc/1.0/functions"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
SCHEMA = "application/schema+json"
SORTABLES = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"
COVERAGE = "http://www.opengis.net/def/rel/ogc/1.0/coverage"
_CQL2 = "http://www.opengis.net/spec/cql2/"
_EDITING = "http://www.opengis.net/spec/ogcapi-features-4/"
_MORE = (
    *(f"http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/{name}" for name in (
        "schemas", "advanced-property-roles", "returnables-and-receivables", "queryables", "sortables",
        "core-roles-features",  # the name of a draft, by which clients of these days know the roles
    )),
)  # fmt: skip


async def landing_page(request: Request) -> Response:
    """Answer the landing page of the API."""
    state, audience, look = _opened(request, ("json", "html", "jsonld"))
    if look.format == "jsonld":
        return _json(_ask(pygeo.landing_page, request, look, "jsonld"), look, audience, respond.JSONLD)
    document = _ask(pygeo.landing_page, request, look)
    document["links"] = [link for link in document["links"] if not link["rel"].endswith("tiling-schemes")]
    document["links"] += [
        {"rel": rel, "type": respond.JSON, "title": title, "href": f"{state.base}/{path}"}
        for rel, title, path in (
            (records.REL, "Catalogue", "collections/catalogue"),
            (tiles.TILESETS, "Tiles", "tiles"),
            (tiles.SCHEMES, "Tile matrix sets", "tileMatrixSets"),
            (CONFORMANCE, pages.WORDS[look.language]["conformance"], "conformance"),  # the name that Processes asks for
        )
    ]  # fmt: skip
    document["links"].append({
        "rel": styles.REL, "type": respond.JSON, "title": "Styles", "href": f"{state.base}/styles",
    })  # fmt: skip
    document["links"].append({
        "rel": JOB_LIST, "type": respond.JSON, "title": "Jobs", "href": f"{state.base}/jobs",
    })  # fmt: skip
    document["links"].append({
        "rel": FUNCTIONS, "type": respond.JSON, "title": pages.WORDS[look.language]["functions"],
        "href": f"{state.base}/functions",
    })  # fmt: skip
    translate_titles(document["links"], look.language)
    visible = state.visible(audience)
    maps = {name: preset for name, preset in presets().items() if preset.seen_by(audience, visible)}
    return _shown(request, look, audience, document, "landing.html", layers=visible.values(), maps=maps)


async def collections(request: Request) -> Response:
    """Answer the collections that the caller may see."""
    state, audience, look = _opened(request, ("json", "html", "jsonld"))
    if look.format == "jsonld":
        return _json(_ask(pygeo.describe_collections, request, look, "jsonld"), look, audience, respond.JSONLD)
    document = _ask(pygeo.describe_collections, request, look)
    await _complete(state, audience, look, document["collections"])
    translate_titles(document["links"], look.language)
    return _shown(request, look, audience, document, "collections.html", layers=state.visible(audience).values())


async def collection(request: Request) -> Response:
    """Answer one collection."""
    state, audience, look = _opened(request, ("json", "html", "jsonld"))
    reader = state.reader(request.path_params["collection"], audience)
    if look.format == "jsonld":
        linked = _ask(pygeo.describe_collections, request, look, "jsonld", reader.layer.id)
        return _json(linked, look, audience, respond.JSONLD)
    document = _ask(pygeo.describe_collections, request, look, "json", reader.layer.id)
    await _complete(state, audience, look, [document])
    if look.format == "json":
        return _json(document, look, audience, respond.JSON)
    data = await showcase.data(state, audience, reader, look.language)
    return _shown(
        request, look, audience, document, "collection.html", layer=reader.layer, fields=reader.fields, **data
    )


async def _complete(state: State, audience: Audience, look: Asked, documents: list[Json]) -> None:
    """Add to collections what pygeoapi does not know: when their items are, what they are ordered by, their files."""
    layers = [state.layers[document["id"]] for document in documents]
    versions = [await state.versions.of(layer.id) for layer in layers]
    times = await state.extents.all(layers, audience, versions)
    words = pages.WORDS[look.language]
    for layer, document, interval in zip(layers, documents, times, strict=True):
        document["extent"].pop("temporal", None)  # pygeoapi's is open at both ends
        if interval is not None:
            document["extent"]["temporal"] = {"interval": [interval], "trs": GREGORIAN}
        here = f"{state.base}/collections/{layer.id}"
        document["links"].append({
            "rel": SORTABLES, "type": SCHEMA, "title": words["sortables"],
            "href": f"{here}/sortables?f=json",
        })  # fmt: skip
        document["links"].append({
            "rel": "describedby", "type": SCHEMA, "title": words["feature_schema"],
            "href": f"{here}/schema?f=geojson",
        })  # fmt: skip
        document["links"].append({
            "rel": tiles.TILESETS, "type": respond.JSON, "title": words["tiles"], "href": f"{here}/tiles",
        })  # fmt: skip
        document["links"].append({
            "rel": styles.REL, "type": respond.JSON, "title": "Styles", "href": f"{here}/styles",
        })  # fmt: skip
        if gridded(layer):
            document["links"].append({
                "rel": COVERAGE, "type": GEOTIFF,
                "title": "Cloud-Optimized GeoTIFF", "href": f"{here}/coverage",
            })  # fmt: skip
        document["links"] += [
            {"rel": "enclosure", "type": file.media_type, "title": file.title, "href": f"{here}/download?f={name}"}
            for name, file in FILES.items()
        ]
        if layer.id == skill_cards.FORECASTS:
            document["links"] += await skill_cards.links(state, look.language)
        translate_titles(document["links"], look.language)


async def schema(request: Request) -> Response:
    """Answer the schema of a collection, its queryables or its sortables.

    The same properties, for all may be asked and ordered by; but no order is by place. The schema of an item as GeoJSON
    is a form of the collection's.
    """
    page = request.url.path.rsplit("/", 1)[1]
    state, audience, look = _opened(request, ("json", "html", "geojson") if page == "schema" else ("json", "html"))
    reader = state.reader(request.path_params["collection"], audience)
    address = f"{state.base}/collections/{reader.layer.id}/{page}"
    document = schemas.document(reader.layer, reader.fields, address=address, language=look.language)
    if page == "sortables":
        del document["properties"]["geometry"]
    if look.format == "geojson":
        document = schemas.of_feature(document | {"$id": f"{address}?f=geojson"}, reader.layer)
    if look.format != "html":
        return _json(document, look, audience, SCHEMA)
    title = pages.WORDS[look.language][page]
    return _shown(request, look, audience, document, "properties.html", layer=reader.layer, title=title)


async def conformance(request: Request) -> Response:
    """Answer the conformance classes: pygeoapi's, without those that we do not serve."""
    state, audience, look = _opened(request, ("json", "html"))
    document = _ask(pygeo.conformance, request, look)
    claimed = [uri for uri in document["conformsTo"] if not uri.startswith((_CQL2, _EDITING))]
    document = {
        "conformsTo": sorted(
            {
                *claimed,
                *_MORE,
                *cql2.CONFORMANCE,
                *tiles.CONFORMANCE,
                *records.CONFORMANCE,
                *styles.CONFORMANCE,
                *process_openapi.conformance(callbacks=bool(state.settings.callback_origins)),
            }
        )
    }
    return _shown(request, look, audience, document, "conformance.html")


async def functions(request: Request) -> Response:
    """Answer the functions that a filter may call (OGC API Features, part 3, requirements class "Functions")."""
    _, audience, look = _opened(request, ("json", "html"))
    return _shown(request, look, audience, {"functions": cql2.functions()}, "functions.html")


async def definition(request: Request) -> Response:
    """Answer the OpenAPI document."""
    state, audience, look = _opened(request, ("json", "html"))
    document = _document(state, audience)
    if look.format == "html":
        return _shown(request, look, audience, document, "openapi.html")
    return _json(document, look, audience, OPENAPI)


def _document(state: State, audience: Audience) -> Json:
    kept = state.documents
    if audience not in kept:
        kept[audience] = openapi(
            state.api.config(audience), state.visible(audience).values(), audience, state.systems, state.settings,
            partial(process_openapi.paths, callbacks=bool(state.settings.callback_origins)),
        )  # fmt: skip
    return kept[audience]


def _opened(request: Request, offered: tuple[str, ...]) -> tuple[State, Audience, Asked]:
    only(once(request.query_params.multi_items()), PAGE)
    state = state_of(request)
    return state, current().audience, asked(request, state, offered)


def _ask(function: Any, request: Request, look: Asked, form: str = "json", *path: str) -> Json:
    return state_of(request).api.ask(function, request, current().audience, look.language, *path, form=form)


def _shown(request: Request, look: Asked, audience: Audience, document: Json, template: str, **data: Any) -> Response:
    if look.format == "json":
        return _json(document, look, audience, respond.JSON)
    body = pages.render(request, template, look.language, document=document, **data)
    return respond.answer(body, respond.HTML, audience=audience, language=look.language)


def _json(document: Json, look: Asked, audience: Audience, media_type: str) -> Response:
    return respond.answer(orjson.dumps(document), media_type, audience=audience, language=look.language)
