"""`/collections/{id}/coverage` (OGC API Coverages: the whole, as GeoTIFF) and `/collections/{id}/map/tiles/…` (PNG).

What makes rasters is imported when one is asked for: it takes a second.
"""

import asyncio
import re
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, NotFound
from observatoire.layers.model import Audience
from observatoire.server import respond
from observatoire.server.abandon import unless_gone
from observatoire.server.context import current
from observatoire.server.coverage.bands import GEOTIFF, gridded
from observatoire.server.plan import newest_plan, rows_plan
from observatoire.server.query import Interval, Query
from observatoire.server.run import rows_of
from observatoire.server.state import State, state_of
from observatoire.server.tiles.routes import pyramid_of, tile_of

PNG = "image/png"
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def coverage_routes() -> list[Route]:
    """Return the routes, below the root of the API."""
    here = "/collections/{collection}"
    return [
        Route(f"{here}/coverage", coverage),
        Route(f"{here}/map/tiles/{{pyramid}}/{{zoom}}/{{row}}/{{column}}", picture),
    ]


async def coverage(request: Request) -> Response:
    """Answer the whole raster as a Cloud-Optimized GeoTIFF, or the range of its bytes that is asked for."""
    state, audience, query = await _asked(request, "geotiff")
    etag = await _tag(request, state, query)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)

    async def make() -> bytes:
        from observatoire.server.coverage.raster import geotiff, raster

        rows = await _rows(state, audience, query)
        srid = query.systems.storage.srid
        return await asyncio.to_thread(lambda: geotiff(raster(query.layer, query.shown, rows, srid)))

    body = await unless_gone(request, state.tiles.of(etag, make))
    headers = {
        "ETag": etag, "Cache-Control": respond.caching(audience), "Vary": respond.VARY, "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{query.layer.id}.tif"',
    }  # fmt: skip
    return _ranged(request, body, headers)


async def picture(request: Request) -> Response:
    """Answer a tile of the raster as PNG: 204 where it is clear."""
    state, audience, query = await _asked(request, "png")
    tile = tile_of(request, pyramid_of(request, state))
    if query.layer.style.property not in query.shown or not query.layer.graduated:
        raise NotFound("this collection has no map")
    etag = await _tag(request, state, query)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)

    async def make() -> bytes:
        from observatoire.server.coverage.png import tile_png
        from observatoire.server.coverage.raster import raster

        rows = await _rows(state, audience, query)
        srid = query.systems.storage.srid
        return await asyncio.to_thread(
            lambda: tile_png(raster(query.layer, query.shown, rows, srid), query.layer, tile)
        )

    body = await unless_gone(request, state.tiles.of(etag, make))
    headers = {"ETag": etag, "Cache-Control": respond.caching(audience), "Vary": respond.VARY}
    return Response(body, 200, headers, media_type=PNG) if body else Response(None, 204, headers)


async def _asked(request: Request, form: str) -> tuple[State, Audience, Query]:
    state, audience = state_of(request), current().audience
    reader = state.reader(request.path_params["collection"], audience)
    if not gridded(reader.layer):
        raise NotFound("this collection is not made of grid cells: it has no coverage")
    if request.query_params.get("f", form) != form:
        raise BadInput(f"f: expected {form}")
    query = await asyncio.to_thread(reader.file, request.query_params.multi_items())
    if query.system != query.systems.storage:
        raise BadInput(f"crs: expected {query.systems.storage.uri}, that of the grid")
    return state, audience, query


async def _tag(request: Request, state: State, query: Query) -> str:
    version = await state.versions.of(query.layer.id)
    return respond.tag(state.edition, version, current().audience, request.url.path, request.url.query)


async def _rows(state: State, audience: Audience, query: Query) -> list[tuple[Any, ...]]:
    """Return the items asked for: where no time is said, the newest."""
    pool = state.pools.of(audience)
    if query.layer.time_field is not None and query.interval is None:
        ((last,),) = await rows_of(pool, newest_plan(query))
        query = replace(query, interval=Interval(last, last))
    return await rows_of(pool, rows_plan(query))


def _ranged(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """Return the whole body, or one range of it (RFC 9110, §14); a range that cannot be read is not regarded."""
    asked = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if asked is None or asked.groups() == ("", ""):
        return Response(body, 200, headers, media_type=GEOTIFF)
    first, last = asked.groups()
    start = int(first) if first else max(len(body) - int(last), 0)
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    if start >= len(body) or end < start:
        return Response(None, 416, headers | {"Content-Range": f"bytes */{len(body)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return Response(body[start : end + 1], 206, headers, media_type=GEOTIFF)
