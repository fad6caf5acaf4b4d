"""Errors as clients get them: RFC 9457 problem details, with the OGC API members `code` and `description` beside.

Nothing of an unexpected exception reaches a client, only the reference under which the log keeps it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from observatoire.errors import ObsError, internal

MEDIA_TYPE = "application/problem+json"
_CODES = {400: "InvalidParameterValue", 404: "NotFound"}
_TYPES = {400: "bad-input", 404: "not-found", 405: "method-not-allowed", 413: "too-large",
          414: "too-long", 415: "unsupported-media-type", 429: "too-many-requests"}  # fmt: skip


def problem(
    status: int,
    detail: str,
    *,
    type: str | None = None,  # noqa: A002  # the member's name in RFC 9457
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return the answer that says what went wrong.

    Parameters
    ----------
    detail : str
        Safe to show to anybody.
    type : str, optional
        A URI, or the last part of ours.
    code : str, optional
        Exception code of the OGC APIs; by default from the status.
    """
    kind = type or _TYPES.get(status, "error")
    body = {
        "type": kind if ":" in kind else f"urn:observatoire:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code or _CODES.get(status, "NoApplicableCode"),
        "description": detail,
    } | more
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Response:
    """Return the answer to an exception."""
    if isinstance(error, ObsError):
        if error.status >= 500:
            internal(error)
        headers = dict(getattr(error, "headers", {}))
        if error.status == 401:
            headers.setdefault("WWW-Authenticate", 'ApiKey header="X-API-Key"')
        kind = getattr(error, "uri", None) or error.type
        more = getattr(error, "members", {})
        return problem(error.status, str(error), type=kind, code=getattr(error, "code", None), headers=headers, **more)
    if isinstance(error, HTTPException):
        detail = error.detail if error.status_code < 500 else HTTPStatus(error.status_code).phrase
        return problem(error.status_code, detail, headers=error.headers)
    return problem(500, internal(error), type="internal")


async def on_http(_: Request, error: Exception) -> Response:
    """Answer Starlette's own exceptions: no route, wrong method."""
    return problem_of(error)


class Plain:
    """Middleware: a client of processes that accepts JSON, and no problem details, gets its problems as plain JSON.

    The standard's own definition has exception reports as `application/json` (OGC 18-062r2, exception.yaml), and
    clients made from it refuse any other type. The body is the same. Whoever accepts anything, or names the type of
    RFC 9457, gets that.
    """

    def __init__(self, app: ASGIApp, *, below: tuple[str, ...]) -> None:
        self.app, self.below = app, below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the media type that the client knows."""
        if scope["type"] != "http" or not scope["path"].startswith(self.below) or not _plain(scope):
            await self.app(scope, receive, send)
            return

        async def renamed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type") == MEDIA_TYPE:
                    headers["content-type"] = "application/json"
            await send(message)

        await self.app(scope, receive, renamed)


def _plain(scope: Scope) -> bool:
    """Tell whether a request accepts JSON by its name, and problem details by none."""
    ranges = {one.partition(";")[0].strip().lower() for one in Headers(scope=scope).get("accept", "").split(",")}
    return "application/json" in ranges and not ranges & {MEDIA_TYPE, "application/*", "*/*"}


class Guard:
    """Middleware: no exception passes it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with a problem where the application raises."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # the edge: nothing of it reaches the client
            if started:
                raise
            await problem_of(error)(scope, receive, send)
