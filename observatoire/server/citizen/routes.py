"""The residents' pages, to be put at the root."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.server.citizen import about, agenda, home, pwa, quarter
from observatoire.server.citizen.page import Page
from observatoire.server.static import Static

Answer = Callable[[Page], Awaitable[Response]]
PAGES: dict[str, Answer] = {
    "/": home.home,
    "/agenda": agenda.agenda,
    "/quartier": quarter.quarter,
    "/donnees": about.data,
    "/vie-privee": about.privacy,
    "/accessibilite": about.accessibility,
    "/manifest.webmanifest": pwa.manifest,
    "/sw.js": pwa.worker,
}


def citizen_routes(web: Static) -> list[Route]:
    """Return the routes; `web` is the folder whose files the pages name."""
    return [Route(path, _opened(web, answer)) for path, answer in PAGES.items()]


def _opened(web: Static, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(Page(request, web))

    return endpoint
