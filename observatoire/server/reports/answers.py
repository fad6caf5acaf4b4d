"""Answers of the routes of reports: JSON, or a page for a browser without JavaScript."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from observatoire.errors import ObsError
from observatoire.reports.errors import Refused
from observatoire.reports.photo import too_large
from observatoire.server import respond
from observatoire.server.citizen.page import Page
from observatoire.server.problems import problem_of
from observatoire.server.reports.body import FORM, MULTIPART, Body
from observatoire.server.reports.work import language, terms_of

#: Nothing of a report is kept on the way.
HEADERS = {"Cache-Control": "no-store", "Vary": respond.VARY}


def document(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(content), status, HEADERS | (headers or {}), media_type=respond.JSON)


def page(
    request: Request, template: str, status: int = 200, headers: dict[str, str] | None = None, **data: Any
) -> Response:
    """Return a page of `templates/reports`."""
    own = Page(request)
    more = HEADERS | {"Content-Language": own.language} | (headers or {})
    return Response(own.body(f"reports/{template}", **data), status, more, media_type=respond.HTML)


def from_browser(request: Request) -> bool:
    """Tell whether a browser's form sent the request and a person reads the answer."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accept = request.headers.get("accept", "*/*")
    return media in (FORM, MULTIPART) and respond.accepted(accept, ("json", "html")) == "html"


async def answered(
    request: Request, read: Callable[[], Awaitable[Body]], act: Callable[[Body], Awaitable[Response]]
) -> Response:
    """Return the answer to a form or to JSON; a person reads a refusal as a page, that loses nothing of the form."""
    body: Body | None = None
    try:
        body = await read()
        return await act(body)
    except ObsError as error:
        if not from_browser(request):
            raise
        return refusal(request, error, body)


def refusal(request: Request, error: ObsError, body: Body | None) -> Response:
    """Return a refusal as a page. Where only the form's age was wrong, the form can be sent again from it."""
    text = error.in_(language(request)) if isinstance(error, Refused) else str(error)
    again: dict[str, str] = {}
    if isinstance(error, Refused) and error.field == "nonce" and body is not None:
        again = {name: str(value) for name, value in body.fields.items() if name not in ("nonce", "photo")}
        again["nonce"] = terms_of(request).secret.nonce(time.time())
    headers = dict(getattr(error, "headers", {}))
    return page(
        request, "refused.html", error.status, headers, text=text, again=again,
        photo=bool(again and body is not None and body.photo), action=request.url.path,
    )  # fmt: skip


def too_long(scope: Scope) -> Response:
    """Return the answer to a body that is longer than a report with its photo may be."""
    request = Request(scope)
    error = too_large(terms_of(request).photo_bytes)
    return refusal(request, error, None) if from_browser(request) else problem_of(error)
