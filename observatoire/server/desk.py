"""The desk: its pages (one a screen, all the same document) and what they read beside the API."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import NotFound
from observatoire.server.alert_feed import alert_feed_routes
from observatoire.server.alerts import alert_routes
from observatoire.server.briefs import brief_routes
from observatoire.server.dashboard import dashboard_routes
from observatoire.server.events import event_routes
from observatoire.server.source_health import source_routes
from observatoire.server.trends import trend_routes

Endpoint = Callable[[Request], Awaitable[Response]]


def desk_routes(page: Endpoint) -> list[Route]:
    """Return the routes, to be put at the root; `page` answers the document of every screen."""
    return [
        *alert_feed_routes(),
        *alert_routes(),
        *brief_routes(),
        *dashboard_routes(),
        *event_routes(),
        *source_routes(),
        *trend_routes(),
        Route("/pro/", page),
        Route("/pro/{screen:str}", _screen(page)),
    ]


def _screen(page: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        if "." in request.path_params["screen"]:  # a file that is not there, not a screen
            raise NotFound("not found")
        return await page(request)

    return answer
