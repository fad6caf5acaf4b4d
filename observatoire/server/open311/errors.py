"""Errors in the form of GeoReport v2: a list of codes and descriptions, in XML or JSON."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from observatoire.errors import NotFound, ObsError, internal
from observatoire.reports.errors import Refused
from observatoire.reports.photo import too_large
from observatoire.server.open311.formats import answer
from observatoire.server.reports.answers import too_long as too_long_elsewhere
from observatoire.server.reports.work import language, terms_of
from observatoire.server.respond import accepted

Endpoint = Callable[[Request], Awaitable[Response]]
ROOT = "/open311/"


class BadKey(Refused):
    """The `api_key` is not known."""

    type, status = "forbidden", 403


class NoService(Refused):
    """No service, or no city, of that code."""

    type, status = "not-found", 404


def format_of(request: Request) -> str:
    """Return `xml` or `json`: what the address ends with, else what is accepted; XML is the standard's own."""
    ending = request.path_params.get("form")
    if ending in ("xml", "json"):
        return str(ending)
    if ending is not None:
        raise NotFound("format: expected .xml or .json")
    accept = request.headers.get("accept", "")
    return "json" if "json" in accept and accepted(accept, ("json",)) == "json" else "xml"


def spoken(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose errors are said in the form of the standard."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ObsError as error:
            return shown(request, error)

    return answered


def shown(request: Request, error: ObsError) -> Response:
    """Return an error as the standard says it."""
    if error.status >= 500:
        internal(error)
    text = error.in_(language(request)) if isinstance(error, Refused) else str(error)
    form = request.path_params.get("form") if hasattr(request, "path_params") else None
    form = form if form in ("xml", "json") else ("json" if request.url.path.endswith(".json") else "xml")
    headers = dict(getattr(error, "headers", {}))
    return answer("errors", [{"code": error.status, "description": text}], form, error.status, headers)


def too_long(scope: Scope) -> Response:
    """Return the answer to a body that is longer than a report with its photo may be, at any of the doors."""
    if not scope["path"].startswith(ROOT):
        return too_long_elsewhere(scope)
    request = Request(scope)
    return shown(request, too_large(terms_of(request).photo_bytes))
