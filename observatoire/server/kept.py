"""Documents that one process remembers: what an audience may count of a collection, until the collection changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import orjson
import psycopg
from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response

from observatoire.errors import BadInput, UnknownLayer
from observatoire.layers.model import Audience, Layer
from observatoire.layers.rights import role
from observatoire.server import respond
from observatoire.server.run import translated
from observatoire.server.state import State

Json = dict[str, Any]
Key = tuple[Any, ...]
Make = Callable[[Connection[Any], Layer, str], Json]

LONGEST_NAME = 100  # characters of a code or a name in the address


class Kept:
    """The `most` documents asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bodies: OrderedDict[Key, bytes] = OrderedDict()

    async def body(self, state: State, audience: Audience, key: Key, make: Make) -> bytes:
        """Return the document of a key of `key_of`, made in a thread by `make(connection, layer, schema)`."""
        if key not in self._bodies:
            self._bodies[key] = await asyncio.to_thread(_made, state, audience, state.layers[key[2]], make)
            while len(self._bodies) > self._most:
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(key)
        return self._bodies[key]

    async def answer(self, request: Request, state: State, audience: Audience, key: Key, make: Make) -> Response:
        """Answer with it, or with 304 where the client has it."""
        etag = respond.tag(*key)
        if respond.not_modified(request, etag):
            return respond.unchanged(etag, audience)
        body = await self.body(state, audience, key, make)
        return respond.answer(body, respond.JSON, audience=audience, language=state.city.languages[0], etag=etag)


async def key_of(state: State, audience: Audience, collection: str, *asked: object) -> Key:
    """Return what a document depends on.

    Raises
    ------
    UnknownLayer
        If the audience may not see the collection.
    """
    layer = state.visible(audience).get(collection)
    if layer is None:
        raise UnknownLayer("no such collection")
    return (state.edition, audience, layer.id, await state.versions.of(layer.id), *asked)


def known(request: Request, *names: str) -> dict[str, str]:
    """Return the parameters of a request.

    Raises
    ------
    BadInput
        If one is not among `names`.
    """
    if extra := set(request.query_params) - set(names):
        raise BadInput(f"{min(extra)}: unknown; expected {', '.join(names)}")
    return dict(request.query_params)


def whole(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    """Return a parameter that is a whole number.

    Raises
    ------
    BadInput
        If it is not one from `least` to `most`.
    """
    text = given.get(name, str(default))
    if text not in {str(n) for n in range(least, most + 1)}:
        raise BadInput(f"{name}: expected {least} to {most}")
    return int(text)


def named(given: dict[str, str], name: str) -> str | None:
    """Return a parameter that is a code or a name, cut where no code is longer."""
    return given[name][:LONGEST_NAME] if name in given else None


def _made(state: State, audience: Audience, layer: Layer, make: Make) -> bytes:
    conninfo = state.store.conninfo(role(audience), state.passwords.by_audience[audience])
    with translated(), psycopg.connect(conninfo) as connection:
        found = make(connection, layer, role(audience))
    return orjson.dumps(found, option=orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY)
