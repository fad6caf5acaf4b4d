"""For QGIS without a plugin: `/qgis/project.qgz`, all that the caller may see; `/qgis/<collection>.qml`, one style."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.layers.qgis_project import PAGE_SIZE, project
from observatoire.layers.qml import qml
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.reading import once, only
from observatoire.server.state import state_of
from observatoire.server.styles import QML

PROJECT = "application/x-qgis-project-container"


def qgis_routes() -> list[Route]:
    """Return the routes, to be put at the root; what they answer depends on the caller's key."""
    return [Route("/qgis/project.qgz", project_file), Route("/qgis/{collection}.qml", style_file)]


async def project_file(request: Request) -> Response:
    """Answer the project of the city as the caller may see it. It holds no key."""
    state, audience = state_of(request), current().audience
    only(once(request.query_params.multi_items()), ("lang",))
    language = respond.language_of(request, state.city.languages)
    etag = respond.tag(state.edition, audience, request.url.path, language)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    body = await asyncio.to_thread(
        project, state.city, state.layers.values(),
        base=state.base, audience=audience, language=language, page_size=min(PAGE_SIZE, state.settings.limit_max),
    )  # fmt: skip
    return respond.answer(
        body, PROJECT, audience=audience, language=language, etag=etag,
        headers={"Content-Disposition": f'attachment; filename="observatoire-{state.city.id}.qgz"'},
    )  # fmt: skip


async def style_file(request: Request) -> Response:
    """Answer the QGIS style of one collection."""
    state, audience = state_of(request), current().audience
    layer = state.reader(request.path_params["collection"], audience).layer
    only(once(request.query_params.multi_items()), ("lang",))
    language = respond.language_of(request, state.city.languages)
    etag = respond.tag(state.edition, audience, request.url.path, language)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    body = qml(layer, audience=audience, language=language)
    return respond.answer(
        body, QML, audience=audience, language=language, etag=etag,
        headers={"Content-Disposition": f'attachment; filename="{layer.id}.qml"'},
    )  # fmt: skip
