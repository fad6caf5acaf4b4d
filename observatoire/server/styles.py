"""`/api/styles`: how each collection is drawn, for MapLibre (the list follows OGC API Styles, part 1)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.maplibre import style
from observatoire.layers.model import Layer
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.items import asked
from observatoire.server.reading import PAGE, once, only
from observatoire.server.state import State, state_of

MEDIA_TYPE = "application/vnd.mapbox.style+json"


async def styles(request: Request) -> Response:
    """Answer the list of styles: one a visible collection that can be drawn with what the caller sees."""
    state, audience = state_of(request), current().audience
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state, ("json",))
    found: list[dict[str, Any]] = [
        {
            "id": layer.id,
            "title": layer.title.in_(look.language),
            "links": [{"rel": "stylesheet", "type": MEDIA_TYPE, "href": f"{state.base}/styles/{layer.id}"}],
        }
        for layer in state.visible(audience).values()
    ]
    body = orjson.dumps(
        {"styles": found, "links": [{"rel": "self", "type": respond.JSON, "href": f"{state.base}/styles"}]}
    )
    return respond.answer(body, respond.JSON, audience=audience, language=look.language)


async def style_of(request: Request) -> Response:
    """Answer the style of one collection."""
    state, audience = state_of(request), current().audience
    layer = state.reader(request.path_params["style"], audience).layer
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state, ("json",))
    etag = respond.tag(state.edition, audience, request.url.path, look.language)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    document = style(layer, items=items_address(layer, state), language=look.language)
    return respond.answer(orjson.dumps(document), respond.JSON, audience=audience, language=look.language, etag=etag)


def items_address(layer: Layer, state: State) -> str:
    """Return the address of a collection's items as a map asks for them: from the same origin."""
    return f"/api/collections/{layer.id}/items?limit={state.settings.limit_max}"
