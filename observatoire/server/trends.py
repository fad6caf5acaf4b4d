"""`/pro/trends.json`: themes and divisions in words, against their bands, as the caller may count them."""

import asyncio
from collections import OrderedDict
from typing import Any

import orjson
import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, UnknownLayer
from observatoire.layers.model import Audience
from observatoire.layers.rights import role
from observatoire.server import respond
from observatoire.server.alerts import reader
from observatoire.server.run import translated
from observatoire.server.state import State, state_of

KEPT = 64  # answers that one process remembers, each until its collection changes
LONGEST_NAME = 100
KNOWN = {"collection", "days", "division", "system"}
_memory: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()


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
    given = request.query_params
    if extra := set(given) - KNOWN:
        raise BadInput(f"{min(extra)}: unknown; expected {', '.join(sorted(KNOWN))}")
    layer = state.visible(audience).get(given.get("collection", "signalements"))
    if layer is None:
        raise UnknownLayer("no such collection")
    days = given.get("days", "7")
    if days not in {str(n) for n in range(1, 8)}:
        raise BadInput("days: expected 1 to 7")
    names = {name: given[name][:LONGEST_NAME] for name in ("division", "system") if name in given}
    version = await state.versions.of(layer.id)
    key = (state.edition, audience, layer.id, version, days, *sorted(names.items()))
    if key not in _memory:
        _memory[key] = await asyncio.to_thread(_made, state, audience, layer.id, int(days), names)
        while len(_memory) > KEPT:
            _memory.popitem(last=False)
    _memory.move_to_end(key)
    etag = respond.tag(*key)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    language = state.city.languages[0]
    return respond.answer(_memory[key], respond.JSON, audience=audience, language=language, etag=etag)


def _made(state: State, audience: Audience, collection: str, days: int, names: dict[str, str]) -> bytes:
    from observatoire.trends import trends_of  # late: scipy takes a second to load

    conninfo = state.store.conninfo(role(audience), state.passwords.by_audience[audience])
    with translated(), psycopg.connect(conninfo) as connection:
        found = trends_of(
            connection, state.city, state.layers[collection], schema=role(audience), days=days,
            division=names.get("division"), system=names.get("system"),
        )  # fmt: skip
    return orjson.dumps(found, option=orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY)
