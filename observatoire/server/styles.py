"""`/api/styles`: how each collection is drawn, for MapLibre and QGIS (paths and lists of OGC API Styles, 20-009)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.maplibre import style
from observatoire.layers.model import Layer
from observatoire.layers.qml import qml
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.items import asked
from observatoire.server.reading import PAGE, once, only
from observatoire.server.state import State, state_of

MAPBOX, QML = "application/vnd.mapbox.style+json", "application/vnd.qgis.qml"
#: Media types of a stylesheet, by the value of `f`.
MEDIA_TYPES = {"json": MAPBOX, "qml": QML}


async def styles(request: Request) -> Response:
    """Answer the list of styles: one a visible collection, each as MapLibre and as QGIS read it."""
    state, audience = state_of(request), current().audience
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state, ("json",))
    found: list[dict[str, Any]] = [
        {
            "id": layer.id,
            "title": layer.title.in_(look.language),
            "links": [
                {"rel": "stylesheet", "type": kind, "href": f"{state.base}/styles/{layer.id}?f={form}"}
                for form, kind in MEDIA_TYPES.items()
            ],
        }
        for layer in state.visible(audience).values()
    ]
    body = orjson.dumps(
        {"styles": found, "links": [{"rel": "self", "type": respond.JSON, "href": f"{state.base}/styles"}]}
    )
    return respond.answer(body, respond.JSON, audience=audience, language=look.language)


async def style_of(request: Request) -> Response:
    """Answer the style of one collection, for MapLibre or for QGIS (`f=qml`)."""
    state, audience = state_of(request), current().audience
    layer = state.reader(request.path_params["style"], audience).layer
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state, tuple(MEDIA_TYPES))
    etag = respond.tag(state.edition, audience, request.url.path, look.format, look.language)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    headers = {}
    if look.format == "qml":
        body: str | bytes = qml(layer, audience=audience, language=look.language)
        headers["Content-Disposition"] = f'attachment; filename="{layer.id}.qml"'
    else:
        body = orjson.dumps(style(layer, items=items_address(layer, state), language=look.language))
    return respond.answer(
        body, MEDIA_TYPES[look.format], audience=audience, language=look.language, etag=etag, headers=headers
    )


def items_address(layer: Layer, state: State) -> str:
    """Return the address of a collection's items as a map asks for them: from the same origin."""
    return f"/api/collections/{layer.id}/items?limit={state.settings.limit_max}"
