"""`/collections/{id}/download`: all items that match, as one file, as the caller may see them.

The file is made whole before its first byte is sent: what goes wrong is then a problem, not half a file; its length is
known; and a slow client holds a file that has no name any more, not a connection of the database.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import psycopg
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from observatoire.errors import BadInput
from observatoire.layers.model import Audience
from observatoire.layers.rights import role
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.exports import FILES, FileFormat
from observatoire.server.pools import session_options
from observatoire.server.query import Query
from observatoire.server.run import translated
from observatoire.server.state import State, state_of

CHUNK = 256 * 1024  # bytes


async def download(request: Request) -> Response:
    """Answer a file of all items that match."""
    state, audience = state_of(request), current().audience
    reader = state.reader(request.path_params["collection"], audience)
    query = await asyncio.to_thread(reader.file, request.query_params.multi_items())
    name = request.query_params.get("f", "geoparquet")
    if name not in FILES:
        raise BadInput(f"f: expected one of {', '.join(FILES)}")
    version = await state.versions.of(query.layer.id)
    etag = respond.tag(state.edition, version, audience, request.url.path, request.url.query)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    headers = {
        "ETag": etag, "Cache-Control": respond.caching(audience), "Vary": respond.VARY,
        "Content-Crs": f"<{query.system.uri}>",
        "Content-Disposition": f'attachment; filename="{query.layer.id}{FILES[name].suffix}"',
    }  # fmt: skip
    if request.method == "HEAD":
        return Response(None, headers=headers, media_type=FILES[name].media_type)
    with state.turns.one():
        file, length = await asyncio.to_thread(make, state, audience, query, FILES[name])
    headers["Content-Length"] = str(length)
    return StreamingResponse(sent(file), headers=headers, media_type=FILES[name].media_type)


def make(state: State, audience: Audience, query: Query, form: FileFormat) -> tuple[BinaryIO, int]:
    """Return a file of the items, open for reading and without a name, and its length in bytes."""
    login = state.store.conninfo(role(audience), state.passwords.by_audience[audience])
    with tempfile.TemporaryDirectory(prefix="obs-file-") as folder:
        path = Path(folder) / f"{query.layer.id}{form.suffix}"
        with translated():
            connection = psycopg.connect(login, options=session_options(state.settings), application_name="obs file")
        with connection:
            form.write(connection, query, path)
        return path.open("rb"), path.stat().st_size


async def sent(file: BinaryIO) -> AsyncIterator[bytes]:
    """Yield a file, and close it."""
    with file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
