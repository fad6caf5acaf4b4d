"""`/api/styles`: how collections are drawn, for MapLibre and QGIS (OGC API Styles, draft 20-009 of 2025).

A style is that of one collection, or a map of several that `layers/presets.yml` names. A collection has one:
`/api/collections/{id}/styles` leads to it.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, NotFound
from observatoire.layers.map_style import legends, map_style
from observatoire.layers.maplibre import metadata, style
from observatoire.layers.presets import default_for
from observatoire.layers.qml import qml
from observatoire.server import pages, respond
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.drawing import Drawing, drawing, frame, names
from observatoire.server.reading import PAGE, once, only
from observatoire.server.state import State, state_of
from observatoire.text import Text

Json = dict[str, Any]

MAPBOX, QML, PNG = "application/vnd.mapbox.style+json", "application/vnd.qgis.qml", "image/png"
#: Media types of a stylesheet, by the value of `f`; the last is for one collection only.
MEDIA_TYPES = {"json": MAPBOX, "qml": QML}
#: What a stylesheet may take its items from: vector tiles, or a page of GeoJSON.
SOURCES = ("tiles", "items")
REL = "http://www.opengis.net/def/rel/ogc/1.0/styles"
_CONF = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf"
CONFORMANCE = tuple(f"{_CONF}/{name}" for name in ("core", "global-styles", "collection-styles", "mapbox-styles"))


def style_routes() -> list[Route]:
    """Return the routes, below the root of the API."""
    found = []
    for prefix in ("", "/collections/{collection}"):
        found += [Route(f"{prefix}/styles", styles), Route(f"{prefix}/styles/{{style}}", style_of)]
    return [*found, Route("/styles/{style}/legend", legend)]


async def styles(request: Request) -> Response:
    """Answer the list of styles: of all maps and collections that the caller may see, or of one collection."""
    state, audience = state_of(request), current().audience
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state, ("json",))
    if "collection" in request.path_params:
        layer = state.reader(request.path_params["collection"], audience).layer
        here, listed = f"{state.base}/collections/{layer.id}", [(layer.id, layer.title, layer.description)]
        first: str | None = layer.id
    else:
        here, listed, first = state.base, names(state, audience), default_for(audience)
    document = {
        "styles": [_entry(state, here, look.language, *each) for each in listed],
        "links": [{"rel": "self", "type": respond.JSON, "href": f"{here}/styles"}],
    } | ({"default": first} if first in {name for name, *_ in listed} else {})
    return respond.answer(orjson.dumps(document), respond.JSON, audience=audience, language=look.language)


def _entry(state: State, here: str, language: str, name: str, title: Text, description: Text) -> Json:
    address, words = f"{here}/styles/{name}", title.in_(language)
    picture = f"{state.base}/styles/{name}/legend"
    return {
        "id": name,
        "title": words,
        "description": description.in_(language),
        "links": [
            *[
                {"rel": "stylesheet", "type": kind, "title": words, "href": f"{address}?f={form}"}
                for form, kind in MEDIA_TYPES.items()
                if form == "json" or name in state.layers
            ],
            {"rel": "legend", "type": respond.JSON, "title": words, "href": f"{picture}?f=json"},
            {"rel": "legend", "type": PNG, "title": words, "href": f"{picture}?f=png"},
        ],
    }


async def style_of(request: Request) -> Response:
    """Answer a style: for MapLibre over tiles or items (`sources=items`), for QGIS (`f=qml`), as a page."""
    state, found = await _found(request, (*PAGE, "sources"))
    audience = current().audience
    look = asked(request, state, (*MEDIA_TYPES, "html") if found.layer else ("json", "html"))
    sources = request.query_params.get("sources", SOURCES[0])
    if sources not in SOURCES or (sources == "items" and found.layer is None):
        raise BadInput(f"sources: expected one of {', '.join(SOURCES)}; a map of several collections has tiles only")
    etag = _tag(request, state, look, found)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    if look.format == "html":
        page = _page(request, found, look)
        return respond.answer(page, respond.HTML, audience=audience, language=look.language, etag=etag)
    headers = {}
    body: str | bytes
    if look.format == "qml" and found.layer:
        body = qml(found.layer, audience=audience, language=look.language)
        headers["Content-Disposition"] = f'attachment; filename="{found.id}.qml"'
    elif sources == "items" and found.layer:
        address = f"{state.base}/collections/{found.id}/items?limit={state.settings.limit_max}"
        body = orjson.dumps(style(found.layer, items=address, language=look.language))
    else:
        body = orjson.dumps(_map(found, state, look.language))
    return respond.answer(
        body, MEDIA_TYPES[look.format], audience=audience, language=look.language, etag=etag, headers=headers
    )


async def legend(request: Request) -> Response:
    """Answer the legend of a style, as data or as a picture."""
    state, found = await _found(request, PAGE)
    audience = current().audience
    look = asked(request, state, ("json", "png"))
    etag = _tag(request, state, look, found)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    listed = legends(found.parts, look.language)
    if look.format == "json":
        body = orjson.dumps({"id": found.id, "title": found.title.in_(look.language), "layers": listed})
        return respond.answer(body, respond.JSON, audience=audience, language=look.language, etag=etag)
    from observatoire.server.legend_picture import picture  # loads a font and an imaging library: once asked for

    body = await asyncio.to_thread(picture, listed)
    return respond.answer(body, PNG, audience=audience, language=look.language, etag=etag)


async def _found(request: Request, words: Iterable[str]) -> tuple[State, Drawing]:
    state, audience, name = state_of(request), current().audience, request.path_params["style"]
    only(once(request.query_params.multi_items()), tuple(words))
    collection = request.path_params.get("collection")
    if collection is not None and state.reader(collection, audience).layer.id != name:
        raise NotFound("no such style")
    return state, await drawing(state, audience, name)


def _page(request: Request, found: Drawing, look: Asked) -> str:
    language = look.language
    return pages.render(
        request, "style.html", language, id=found.id, title=found.title.in_(language), qgis=found.layer is not None,
        description=found.description.in_(language), legends=legends(found.parts, language),
    )  # fmt: skip


def _map(found: Drawing, state: State, language: str) -> Json:
    if found.layer is not None:
        about = metadata(found.layer, language)
    else:
        about = {"obs:legends": legends(found.parts, language)}
    return map_style(found.title.in_(language), found.parts, frame(state), metadata=about)


def _tag(request: Request, state: State, look: Asked, found: Drawing) -> str:
    """Return the entity tag: the words of a style change with the catalogue, its moments with the data."""
    moments = [part.moment for part in found.parts]
    asked_for = (request.url.path, request.query_params.get("sources"), look.format, look.language)
    return respond.tag(state.edition, current().audience, *asked_for, *moments)
