"""`/works/findings/<token>`: a finding that was shared, for whoever holds the address: a page, or JSON."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire.errors import NotFound
from observatoire.server import pages, respond
from observatoire.server.asked import asked
from observatoire.server.run import translated
from observatoire.server.state import state_of
from observatoire.store.shared_findings import shared

SHOWN = 30  # intervals listed on the page
#: Nobody but who holds the address: no shared cache, no search engine, no referrer.
HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
SEVERITIES = {
    "fr": {"blocking": "Bloquant", "warning": "À traiter", "info": "Pour information"},
    "en": {"blocking": "Blocking", "warning": "To be settled", "info": "For information"},
}


async def shared_finding(request: Request) -> Response:
    """Answer a finding.

    Raises
    ------
    NotFound
        There is none of that address, or its time is over.
    """
    state = state_of(request)
    query, given = shared(request.path_params["token"])
    with translated():
        async with state.pools.admin.connection() as connection:
            row = await (await connection.execute(query, given)).fetchone()
    if row is None:
        raise NotFound("no finding of this address, or no longer")
    finding, made = row
    look = asked(request, state, ("json", "html"))
    if look.format == "json":
        body: Any = orjson.dumps(finding | {"made": made.isoformat()})
        return respond.answer(body, respond.JSON, audience="public", language=look.language, headers=HEADERS)
    body = pages.render(
        request, "finding.html", look.language, finding=finding, made=made.astimezone(state.city.zone),
        severity=SEVERITIES[look.language][finding["severity"]],
        times=[_local(pair, state.city.zone) for pair in finding["intervals"][:SHOWN]],
    )  # fmt: skip
    return respond.answer(body, respond.HTML, audience="public", language=look.language, headers=HEADERS)


def _local(pair: list[str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(text).astimezone(zone) for text in pair)
    return start, end
