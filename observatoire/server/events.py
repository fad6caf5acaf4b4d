"""`GET /pro/events`: what changes, as it changes, to whom may know it (server-sent events, WHATWG HTML §9.2).

No data travel here, only that there are new ones: who wants them asks the API, with its rights. The heart beats every
three seconds, so that a screen notices within ten that it is cut off.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from observatoire.errors import Unauthorised
from observatoire.server.context import current
from observatoire.server.hub import Event, Hub, Screen

BEAT = 3.0  # s
RETRY_MS = 2_000


def event_routes() -> list[Route]:
    """Return the route, to be put at the root."""
    return [Route("/pro/events", events)]


async def events(request: Request) -> Response:
    """Answer a stream that ends when the client leaves, or the server stops.

    Raises
    ------
    Unauthorised
        For the anonymous visitor: whoever looks at public data asks for them now and then.
    TooManyScreens
        If this process serves as many as it may.
    """
    audience = current().audience
    if audience == "public":
        raise Unauthorised("X-API-Key: the events are for those who have a key")
    hub: Hub = request.app.state.hub
    screen = hub.enter(audience)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "X-API-Key"}
    return StreamingResponse(_told(hub, screen), headers=headers, media_type="text/event-stream")


async def _told(hub: Hub, screen: Screen) -> AsyncIterator[bytes]:
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        yield written({"kind": "hello", "now": _now()})
        while True:
            try:
                async with asyncio.timeout(BEAT):
                    event = await screen.queue.get()
            except TimeoutError:
                event = {"kind": "beat", "now": _now()}
            yield written(event)
    finally:
        hub.leave(screen)


def written(event: Event) -> bytes:
    """Return an event as the stream has it."""
    return b"event: %b\ndata: %b\n\n" % (str(event["kind"]).encode(), orjson.dumps(event))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
