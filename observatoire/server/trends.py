"""`/pro/trends.json`: themes and divisions in words, against their bands, as the caller may count them."""

from typing import Any

from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.layers.model import Layer
from observatoire.server.alerts import reader
from observatoire.server.kept import Json, Kept, key_of, known, named, whole
from observatoire.server.state import state_of

_kept = Kept(64)


def trend_routes() -> list[Route]:
    """Return the route, to be put at the root."""
    return [Route("/pro/trends.json", trend_page)]


async def trend_page(request: Request) -> Response:
    """Answer `?collection=signalements&days=7[&division=code][&system=name]`.

    Raises
    ------
    BadInput
        If a parameter is unknown, or `days` is not 1 to 7.
    NotFound
        If the caller may not see the collection, it has no trends, or there is no such division.
    """
    state, audience = state_of(request), reader()
    given = known(request, "collection", "days", "division", "system")
    days, division, system = whole(given, "days", 7, 1, 7), named(given, "division"), named(given, "system")

    def make(connection: Connection[Any], layer: Layer, schema: str) -> Json:
        from observatoire.trends import trends_of  # late: scipy takes a second to load

        return trends_of(
            connection, state.city, layer, schema=schema, days=days, division=division, system=system
        )  # fmt: skip

    key = await key_of(state, audience, given.get("collection", "signalements"), days, division, system)
    return await _kept.answer(request, state, audience, key, make)
