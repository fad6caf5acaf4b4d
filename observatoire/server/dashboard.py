"""`/pro/series.json` and `/pro/dashboard.pdf`: weekly series against their bands, as the caller may count them."""

import asyncio
from typing import Any

import orjson
from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.layers.model import Audience, Layer
from observatoire.server import respond
from observatoire.server.alerts import reader
from observatoire.server.kept import Json, Kept, Key, Make, key_of, known, named, whole
from observatoire.server.state import State, state_of

LEAST, MOST = 4, 52  # weeks
KNOWN = ("collection", "division", "weeks")
_kept = Kept(32)


def dashboard_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [Route("/pro/series.json", as_json), Route("/pro/dashboard.pdf", as_pdf)]


async def as_json(request: Request) -> Response:
    """Answer `?collection=signalements&weeks=26[&division=code]`.

    Raises
    ------
    BadInput
        If a parameter is unknown, or `weeks` is not 4 to 52.
    NotFound
        If the caller may not see the collection, it has no series, or there is no such division.
    """
    state, audience = state_of(request), reader()
    key, make = await _asked(state, audience, known(request, *KNOWN))
    return await _kept.answer(request, state, audience, key, make)


async def as_pdf(request: Request) -> Response:
    """Answer the same on paper, `lang` besides."""
    from observatoire.brief.dashboard import pdf  # late: what it rests on takes a second to load

    state, audience = state_of(request), reader()
    key, make = await _asked(state, audience, known(request, *KNOWN, "lang"))
    series = orjson.loads(await _kept.body(state, audience, key, make))
    language = respond.language_of(request, state.city.languages)
    body = await asyncio.to_thread(pdf, series, state.city, language)
    return respond.answer(
        body, "application/pdf", audience=audience, language=language, headers={"Cache-Control": "no-store"}
    )  # fmt: skip


async def _asked(state: State, audience: Audience, given: dict[str, str]) -> tuple[Key, Make]:
    weeks, division = whole(given, "weeks", 26, LEAST, MOST), named(given, "division")

    def make(connection: Connection[Any], layer: Layer, schema: str) -> Json:
        from observatoire.dashboard import series_of  # late: scipy takes a second to load

        return series_of(connection, state.city, layer, schema=schema, weeks=weeks, division=division)

    return await key_of(state, audience, given.get("collection", "signalements"), weeks, division), make
