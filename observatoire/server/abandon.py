"""Requests whose client has gone: their work is stopped, queries included."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request

from observatoire.errors import ObsError


class GoneError(ObsError):
    """The client closed the connection; nobody reads the answer (499, as nginx has it)."""

    type, status = "client-gone", 499


async def unless_gone[T](request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, which is cancelled where the client goes first.

    A statement that a cancelled coroutine waits for is cancelled in the database too (psycopg does that).

    Raises
    ------
    GoneError
        If the client has gone.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise GoneError("the client has gone")
    finally:
        gone.cancel()
        task.cancel()
        await asyncio.gather(gone, task, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
