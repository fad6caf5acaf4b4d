"""`/collections/catalogue`: what the caller may see, as OGC API Records; `f=jsonld` as DCAT-AP."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import NotFound
from observatoire.layers.model import Audience
from observatoire.server import pages, respond
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.plan import Plan
from observatoire.server.reading import PAGE, once, only
from observatoire.server.records.dcat import catalog
from observatoire.server.records.entry import CATALOGUE, TITLE, Entry
from observatoire.server.records.search import WORDS, read_search
from observatoire.server.run import rows_of
from observatoire.server.state import State, state_of

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/{name}"
    for name in ("record-core", "record-collection", "searchable-catalog", "record-core-query-parameters", "json")
)
REL = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog"
_FORMS = ("json", "html", "jsonld")
_FRESHNESS = Plan(
    b"SELECT l.collection, v.changed, max(l.finished), array_agg(DISTINCT l.source ORDER BY l.source) "
    b"FROM obs.loads AS l LEFT JOIN obs.versions AS v USING (collection) WHERE l.finished IS NOT NULL GROUP BY 1, 2",
    (),
)


def record_routes() -> list[Route]:
    """Return the routes, below the root of the API; they stand before those of the other collections."""
    here = f"/collections/{CATALOGUE}"
    return [Route(here, about), Route(f"{here}/items", records), Route(f"{here}/items/{{record}}", record)]


async def entries(state: State, audience: Audience) -> list[Entry]:
    """Return the catalogue as an audience sees it, in the order of the collections."""
    layers = list(state.visible(audience).values())
    versions = [await state.versions.of(layer.id) for layer in layers]
    times = await state.extents.all(layers, audience, versions)
    fresh = {row[0]: row[1:] for row in await rows_of(state.pools.admin, _FRESHNESS)}
    return [
        Entry(layer, interval, *fresh.get(layer.id, (None, None, ())))
        for layer, interval in zip(layers, times, strict=True)
    ]


async def about(request: Request) -> Response:
    """Answer what the catalogue is."""
    state, look = _opened(request)
    if look.format == "jsonld":
        return await _dcat(request, state, look)
    if look.format == "html":
        return _page(request, look, await entries(state, current().audience))
    here, language = f"{state.base}/collections/{CATALOGUE}", look.language
    document = {
        "id": CATALOGUE,
        "title": TITLE.in_(language),
        "description": state.city.title.in_(language),
        "type": "Catalog",
        "itemType": "record",
        "conformsTo": [uri for uri in CONFORMANCE if uri.endswith(("record-collection", "searchable-catalog"))],
        "extent": {
            "spatial": {"bbox": [list(state.city.extent)], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
        },
        "links": [
            {"rel": "self", "type": respond.JSON, "href": here, "title": TITLE.in_(language)},
            {"rel": "items", "type": respond.GEOJSON, "href": f"{here}/items", "title": TITLE.in_(language)},
            {"rel": "alternate", "type": respond.JSONLD, "href": f"{here}?f=jsonld", "title": "DCAT-AP"},
        ],
    }
    return _answer(request, look, document, respond.JSON, TITLE.in_(language))


async def records(request: Request) -> Response:
    """Answer the records that a search finds."""
    state, audience = state_of(request), current().audience
    words = once(request.query_params.multi_items())
    only(words, WORDS)
    look = asked(request, state, _FORMS)
    search = read_search(words, state.systems, limit=state.settings.limit_default, most=state.settings.limit_max)
    found = [entry for entry in await entries(state, audience) if search.finds(entry)]
    page = found[search.offset : search.offset + search.limit]
    if look.format == "html":
        return _page(request, look, page if "limit" in words else found)  # it has no links to further pages
    if look.format == "jsonld":
        return _answer(request, look, catalog(page, state.city, state.base), respond.JSONLD, TITLE.in_(look.language))
    here = f"{state.base}/collections/{CATALOGUE}/items"
    links = [
        {"rel": "self", "type": respond.GEOJSON, "href": f"{here}?{request.url.query}".rstrip("?"), "title": CATALOGUE}
    ]
    if search.offset + search.limit < len(found):
        more = request.url.include_query_params(offset=search.offset + search.limit).query
        links.append({"rel": "next", "type": respond.GEOJSON, "href": f"{here}?{more}", "title": CATALOGUE})
    document = {
        "type": "FeatureCollection",
        "features": [entry.record(state.city, state.base, look.language) for entry in page],
        "links": links,
        "numberMatched": len(found),
        "numberReturned": len(page),
    }
    return _answer(request, look, document, respond.GEOJSON, TITLE.in_(look.language))


async def record(request: Request) -> Response:
    """Answer one record."""
    state, look = _opened(request)
    name = request.path_params["record"]
    found = [entry for entry in await entries(state, current().audience) if entry.layer.id == name]
    if not found:
        raise NotFound("no such record")
    if look.format == "jsonld":
        return _answer(request, look, catalog(found, state.city, state.base), respond.JSONLD, name)
    document = found[0].record(state.city, state.base, look.language)
    return _answer(request, look, document, respond.GEOJSON, document["properties"]["title"])


def _opened(request: Request) -> tuple[State, Asked]:
    only(once(request.query_params.multi_items()), PAGE)
    state = state_of(request)
    return state, asked(request, state, _FORMS)


async def _dcat(request: Request, state: State, look: Asked) -> Response:
    document = catalog(await entries(state, current().audience), state.city, state.base)
    return _answer(request, look, document, respond.JSONLD, TITLE.in_(look.language))


def _page(request: Request, look: Asked, found: list[Entry]) -> Response:
    state, language = state_of(request), look.language
    shown = [entry.record(state.city, state.base, language) for entry in found]
    body = pages.render(request, "catalogue.html", language, records=shown, title=TITLE.in_(language))
    return respond.answer(body, respond.HTML, audience=current().audience, language=language)


def _answer(request: Request, look: Asked, document: dict[str, Any], media_type: str, title: str) -> Response:
    audience = current().audience
    if look.format != "html":
        return respond.answer(orjson.dumps(document), media_type, audience=audience, language=look.language)
    body = pages.render(request, "document.html", look.language, document=document, title=title)
    return respond.answer(body, respond.HTML, audience=audience, language=look.language)
