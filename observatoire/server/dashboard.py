"""`/pro/series.json` and `/pro/dashboard.pdf`: weekly series against their bands, as the caller may count them."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
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

KEPT = 32  # answers that one process remembers, each until its collection changes
LEAST, MOST = 4, 52  # weeks
LONGEST_NAME = 100
KNOWN = ("collection", "division", "weeks")
_memory: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()


@dataclass(frozen=True)
class _Asked:
    collection: str
    weeks: int
    division: str | None


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
    key = await _key(state, audience, _asked(request, KNOWN))
    body = await _series(state, audience, key)
    etag = respond.tag(*key)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    return respond.answer(body, respond.JSON, audience=audience, language=state.city.languages[0], etag=etag)


async def as_pdf(request: Request) -> Response:
    """Answer the same on paper, `lang` besides."""
    from observatoire.brief.dashboard import pdf  # late: what it rests on takes a second to load

    state, audience = state_of(request), reader()
    language = respond.language_of(request, state.city.languages)
    asked = _asked(request, (*KNOWN, "lang"))
    series = orjson.loads(await _series(state, audience, await _key(state, audience, asked)))
    body = await asyncio.to_thread(pdf, series, state.city, language)
    return respond.answer(
        body, "application/pdf", audience=audience, language=language, headers={"Cache-Control": "no-store"}
    )  # fmt: skip


def _asked(request: Request, known: tuple[str, ...]) -> _Asked:
    given = request.query_params
    if extra := set(given) - set(known):
        raise BadInput(f"{min(extra)}: unknown; expected {', '.join(known)}")
    weeks = given.get("weeks", "26")
    if weeks not in {str(n) for n in range(LEAST, MOST + 1)}:
        raise BadInput(f"weeks: expected {LEAST} to {MOST}")
    division = given.get("division")
    return _Asked(given.get("collection", "signalements"), int(weeks), division and division[:LONGEST_NAME])


async def _key(state: State, audience: Audience, asked: _Asked) -> tuple[Any, ...]:
    layer = state.visible(audience).get(asked.collection)
    if layer is None:
        raise UnknownLayer("no such collection")
    version = await state.versions.of(layer.id)
    return (state.edition, audience, layer.id, version, asked.weeks, asked.division)


async def _series(state: State, audience: Audience, key: tuple[Any, ...]) -> bytes:
    if key not in _memory:
        _memory[key] = await asyncio.to_thread(_made, state, audience, key[2], key[4], key[5])
        while len(_memory) > KEPT:
            _memory.popitem(last=False)
    _memory.move_to_end(key)
    return _memory[key]


def _made(state: State, audience: Audience, collection: str, weeks: int, division: str | None) -> bytes:
    from observatoire.dashboard import series_of  # late: scipy takes a second to load

    conninfo = state.store.conninfo(role(audience), state.passwords.by_audience[audience])
    with translated(), psycopg.connect(conninfo) as connection:
        found = series_of(
            connection, state.city, state.layers[collection], schema=role(audience), weeks=weeks, division=division
        )
    return orjson.dumps(found, option=orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY)
