"""Who asks: a key names an audience; without one, the public.

The key is given by the header `X-API-Key`, or as the password of Basic authentication: QGIS before 3.24 can send no
header of one's choice. No challenge (`WWW-Authenticate`) is sent: browsers would open a window of their own.
"""

import asyncio
import binascii
from base64 import b64decode
from time import monotonic
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from observatoire.errors import Unauthorised
from observatoire.layers.model import Audience
from observatoire.server.context import RequestContext, use
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.store.keys import digest
from observatoire.store.pool import Pool

HEADER = b"x-api-key"
#: A revoked key dies after this at the latest, s.
LIFE = 10.0
#: A key that is not known makes us look again, but not more often than this, s.
PATIENCE = 1.0
_LONGEST = 200  # bytes
_IN_FORCE = Plan(b"SELECT digest, audience FROM obs.keys WHERE revoked IS NULL", ())


class Keys:
    """The digests of the keys in force, as the store had them a few seconds ago."""

    def __init__(self, admin: Pool) -> None:
        self._admin = admin
        self._known: dict[bytes, Audience] = {}
        self._read = float("-inf")
        self._lock = asyncio.Lock()

    async def audience(self, key: str) -> Audience:
        """Return whose key it is.

        Raises
        ------
        Unauthorised
            If it is not in force.
        """
        kept = digest(key)
        await self._refresh(LIFE)
        if kept not in self._known:
            await self._refresh(PATIENCE)
        try:
            return self._known[kept]
        except KeyError:
            raise Unauthorised("X-API-Key: this key is not known, or was revoked") from None

    async def _refresh(self, age: float) -> None:
        if monotonic() - self._read <= age:
            return
        async with self._lock:
            if monotonic() - self._read <= age:
                return
            started = monotonic()
            rows = await rows_of(self._admin, _IN_FORCE)
            self._known = {bytes(kept): audience for kept, audience in rows}
            self._read = started


class Principal:
    """Middleware: finds the audience of requests below some paths, for routes and processes to read in the context."""

    def __init__(self, app: ASGIApp, paths: tuple[str, ...]) -> None:
        self.app = app
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in the name of its audience."""
        if scope["type"] != "http" or not scope["path"].startswith(self.paths):
            await self.app(scope, receive, send)
            return
        with use(await _context(scope)):
            await self.app(scope, receive, send)


async def _context(scope: Scope) -> RequestContext:
    given: list[Any] = [value for name, value in scope["headers"] if name == HEADER] or _passwords(scope)
    host = (scope.get("client") or ("",))[0]
    if not given:
        return RequestContext(host=host)
    if len(given) > 1 or not 0 < len(given[0]) <= _LONGEST:
        raise Unauthorised("X-API-Key: expected one key")
    keys: Keys = scope["app"].state.obs.keys
    key = given[0].decode("latin-1")
    return RequestContext(await keys.audience(key), digest(key), host)


def _passwords(scope: Scope) -> list[bytes]:
    """Return the password of Basic authentication (RFC 7617), whoever the user."""
    found = []
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:6].lower() == b"basic ":
            try:
                found.append(b64decode(value[6:], validate=True).partition(b":")[2])
            except binascii.Error:
                raise Unauthorised("Authorization: expected Basic, with a key as the password") from None
    return found
