"""The residents' pages, to be put at the root."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.server.citizen import about, agenda, follow, home, places, pwa, quarter, report
from observatoire.server.citizen.page import Page

Answer = Callable[[Page], Awaitable[Response]]
PAGES: dict[str, Answer] = {
    "/": home.home,
    "/agenda": agenda.agenda,
    "/quartier": quarter.quarter,
    "/signaler": report.report,
    "/mes-signalements": follow.mine,
    "/suivi": follow.ask,
    "/suivi/{reference}": follow.one,
    "/lieux": places.places,
    "/donnees": about.data,
    "/vie-privee": about.privacy,
    "/accessibilite": about.accessibility,
    "/manifest.webmanifest": pwa.manifest,
    "/sw.js": pwa.worker,
}


def citizen_routes() -> list[Route]:
    """Return the routes."""
    return [Route(path, _opened(answer)) for path, answer in PAGES.items()]


def _opened(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await answer(Page(request))

    return endpoint
