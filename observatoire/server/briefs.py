"""`/pro/brief.json`, `.html`, `.pdf`: the last morning brief of one's audience, as it was made."""

import asyncio
from typing import Any

import orjson
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import NotFound
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.run import translated
from observatoire.server.skill_cards import AskKey
from observatoire.server.state import state_of
from observatoire.store.briefs import LAST


def brief_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [Route("/pro/brief.json", as_json), Route("/pro/brief.html", as_page), Route("/pro/brief.pdf", as_pdf)]


async def as_json(request: Request) -> Response:
    """Answer the last brief as values."""
    audience = current().audience
    return respond.answer(
        orjson.dumps(await _last(request)), respond.JSON, audience=audience, language="fr",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip


async def as_page(request: Request) -> Response:
    """Answer the last brief as a page, to be read or printed; `?lang=`."""
    from observatoire.brief.page import page  # late: what it rests on takes a second to load

    language = respond.language_of(request, state_of(request).city.languages)
    body = page(await _last(request), language, linked=True)
    return respond.answer(
        body, respond.HTML, audience=current().audience, language=language, headers={"Cache-Control": "no-store"}
    )  # fmt: skip


async def as_pdf(request: Request) -> Response:
    """Answer the last brief as PDF; `?lang=`."""
    from observatoire.brief.pdf import pdf  # late, as above

    language = respond.language_of(request, state_of(request).city.languages)
    body = await asyncio.to_thread(pdf, await _last(request), language)
    return respond.answer(
        body, "application/pdf", audience=current().audience, language=language, headers={"Cache-Control": "no-store"}
    )  # fmt: skip


async def _last(request: Request) -> dict[str, Any]:
    """Return the last brief of the caller's audience.

    Raises
    ------
    AskKey
        For the anonymous visitor.
    NotFound
        If none was made yet for the caller.
    """
    audience = current().audience
    if audience == "public":
        raise AskKey("X-API-Key: the brief is for planner, roadworks and coordination")
    with translated():
        async with state_of(request).pools.admin.connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            row = await (await cursor.execute(LAST, {"audience": audience})).fetchone()
    if row is None:
        raise NotFound("no brief has been made yet")
    report: dict[str, Any] = row["report"]
    return report
