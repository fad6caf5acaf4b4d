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
from observatoire.reports.forms import forms
from observatoire.reports.photo import too_large
from observatoire.server import respond
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.report import Filled, form, part_of
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
    """Return a refusal as a page.

    A report comes back as its form, filled in, with the words beside the field. Where only the form's age was wrong, it
    can be sent again as it is.
    """
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, Refused) and body is not None:
        if error.field == "nonce":
            return _again(request, error, body, headers)
        if request.url.path == "/reports" and body.fields.get("nature") in forms().categories:
            said = error.said.in_(language(request))
            return filled(request, body, error.status, headers, wrong=part_of(error.field), said=sentence(said))
    text = error.said.in_(language(request)) if isinstance(error, Refused) else str(error)
    return page(request, "refused.html", error.status, headers, text=sentence(text), again={}, photo=False)


def _again(request: Request, error: Refused, body: Body, headers: dict[str, str]) -> Response:
    fields = {name: str(value) for name, value in body.fields.items() if name not in ("nonce", "photo")}
    fields["nonce"] = terms_of(request).secret.nonce(time.time())
    return page(
        request, "refused.html", error.status, headers, text=sentence(error.said.in_(language(request))), again=fields,
        photo=body.photo is not None, action=request.url.path,
    )  # fmt: skip


def filled(
    request: Request, body: Body, status: int = 200, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """Return the form of a report, filled in as it came.

    Parameters
    ----------
    more
        Of `Filled`.
    """
    own = Page(request)
    fields = {name: value for name, value in body.fields.items() if isinstance(value, str)}
    back = Filled(fields, photo=body.photo is not None, **more)
    html = own.body("citizen/report_form.html", **form(own, fields["nature"], back))
    told = HEADERS | {"Content-Language": own.language} | (headers or {})
    return Response(html, status, told, media_type=respond.HTML)


def sentence(text: str) -> str:
    """Return words of a refusal as a sentence of their own.

    Examples
    --------
    >>> sentence("une réponse est attendue")
    'Une réponse est attendue.'
    """
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def too_long(scope: Scope) -> Response:
    """Return the answer to a body that is longer than a report with its photo may be."""
    request = Request(scope)
    error = too_large(terms_of(request).photo_bytes)
    return refusal(request, error, None) if from_browser(request) else problem_of(error)
