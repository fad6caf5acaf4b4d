"""The two hot routes: items of a collection, and one item. PostGIS writes the features, we what is around."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from observatoire.errors import BadInput, NotFound, ObsError
from observatoire.layers.model import Audience
from observatoire.server import formats, geojson, respond
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.counts import Count
from observatoire.server.page import Page, page_of
from observatoire.server.parameters import INT64
from observatoire.server.plan import item_plan, page_plan
from observatoire.server.query import Query
from observatoire.server.run import rows_of
from observatoire.server.state import State, state_of

FORMATS = ("json", "html", "csv", "jsonld")
#: What a filter may be posted as: JSON, pygeoapi's name for CQL2 JSON, and that of its standard.
POSTED = ("application/json", "application/query-cql-json", "application/cql2+json")
#: A filter longer than this is read in a thread: a polygon of 10 000 vertices takes some 10 ms.
LONG = 4_000


class NotAFilterError(ObsError):
    """A body of another media type than a filter's."""

    type, status = "unsupported-media-type", 415
    headers = {"Accept-Post": ", ".join(POSTED)}  # noqa: RUF012  # a constant


async def items(request: Request) -> Response:
    """Answer a page of items; those that a posted filter finds, where there is one."""
    state, audience = state_of(request), current().audience
    reader = state.reader(request.path_params["collection"], audience)
    look = asked(request, state, FORMATS)
    posted = await _posted(request) if request.method == "POST" else None
    given = request.query_params.multi_items()
    if len(posted or request.url.query) > LONG:
        query = await asyncio.to_thread(reader.items, given, posted)
    else:
        query = reader.items(given, posted)
    version = await state.versions.of(query.layer.id)
    etag = _tag(request, state, look, version) if posted is None else None
    if etag is not None and respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    page, count = await counted_page(state, audience, query, version)
    links = geojson.links(request, state, query, page, look, posted)
    headers = _headers(query)
    if look.format == "json":
        body: str | bytes = geojson.collection(page, count, links)
        media_type = respond.GEOJSON
    else:
        body, media_type, more = await formats.collection(request, query, page, count, links, look)
        headers |= more
    return respond.answer(body, media_type, audience=audience, language=look.language, etag=etag, headers=headers)


async def item(request: Request) -> Response:
    """Answer one item."""
    state, audience = state_of(request), current().audience
    reader = state.reader(request.path_params["collection"], audience)
    look = asked(request, state, ("json", "html", "jsonld"))
    query = reader.item(request.query_params.multi_items())
    identifier = _identifier(request.path_params["item"])
    etag = _tag(request, state, look, await state.versions.of(query.layer.id))
    found = await rows_of(state.pools.of(audience), item_plan(query, identifier))
    if not found:
        raise NotFound("no such item")
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    links = geojson.item_links(state, query, identifier, look)
    if look.format == "json":
        body: str | bytes = geojson.item(found[0][0], links)
        media_type = respond.GEOJSON
    else:
        body, media_type = await formats.item(request, query, Page([found[0][0]], None), links, look)
    return respond.answer(
        body, media_type, audience=audience, language=look.language, etag=etag, headers=_headers(query)
    )


async def counted_page(state: State, audience: Audience, query: Query, version: int) -> tuple[Page, Count]:
    """Return a page, and how many items match."""
    pool = state.pools.of(audience)
    page = page_of(await rows_of(pool, page_plan(query)), query)
    if page.last is None and query.after is None and query.offset == 0:
        return page, Count(len(page.features), exact=True)
    return page, await state.counts.of(query, version, pool)


async def _posted(request: Request) -> str:
    """Return the filter in the body of a request."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in POSTED:
        raise NotAFilterError(f"Content-Type: expected one of {', '.join(POSTED)}")
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError:
        raise BadInput("the body is not UTF-8") from None


def _headers(query: Query) -> dict[str, str]:
    return {"Content-Crs": f"<{query.system.uri}>"}


def _tag(request: Request, state: State, look: Asked, version: int) -> str:
    return respond.tag(
        state.edition, version, current().audience, request.url.path, request.url.query, look.format, look.language
    )


def _identifier(text: str) -> int:
    """Return the id; what is no integer of 64 bits is the id of no item."""
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) >= INT64:
        raise NotFound("no such item")
    return int(text)
