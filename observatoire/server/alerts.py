"""`/pro/alerts.json`: the alerts of one's audience; acknowledged and muted by POST."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from psycopg.rows import dict_row
from pyproj import Transformer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire import figures
from observatoire.errors import BadInput, NotFound, Unauthorised
from observatoire.layers.alert_rules import alert_rules
from observatoire.layers.model import Audience
from observatoire.moments import aware_moment
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.run import translated
from observatoire.server.state import State, state_of
from observatoire.store.alerts import ACKNOWLEDGE, LONGEST_MUTE, MUTE, ROUND, listed

Json = dict[str, Any]


def alert_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [
        Route("/pro/alerts.json", alerts),
        Route("/pro/alerts/{alert:int}/acknowledge", acknowledge, methods=["POST"]),
        Route("/pro/alerts/{alert:int}/mute", mute, methods=["POST"]),
    ]


async def alerts(request: Request) -> Response:
    """Answer the open alerts; with `?since=` (a moment with an offset), those closed after it too.

    Raises
    ------
    Unauthorised
        For the anonymous visitor.
    BadInput
        If `since` is no moment.
    """
    state, audience = state_of(request), reader()
    given = {"audience": audience, "since": aware_moment("since", request.query_params.get("since"))}
    rows = await rows_of(state, listed(closed=given["since"] is not None), given)
    rounds = await rows_of(state, ROUND, {})
    rules = [rule for rule in alert_rules() if audience in rule.audience]
    silent = rounds[0]["not_judged"] if rounds else {}
    document = {
        "alerts": [as_json(state, row) for row in rows],
        "judged": rounds[0]["judged"] if rounds else None,
        "rules": [
            {"id": rule.id, "title": rule.title.model_dump(), "kind": rule.kind, "severity": rule.severity,
             "not_judged": silent.get(rule.id)}
            for rule in rules
        ],
    }  # fmt: skip
    return _answer(document, audience, state)


async def acknowledge(request: Request) -> Response:
    """Say that somebody of the caller's audience has seen an alert; once is enough.

    Raises
    ------
    NotFound
        If there is none of that number for this audience.
    """
    state, audience = state_of(request), reader()
    given = {"audience": audience, "id": request.path_params["alert"]}
    if not await rows_of(state, ACKNOWLEDGE, given):
        raise NotFound("no such alert")
    return _answer({"acknowledged": given["id"]}, audience, state)


async def mute(request: Request) -> Response:
    """Have an alert's subject, or its whole rule, keep silent for this audience: `{"hours": 8, "rule": false}`.

    Raises
    ------
    BadInput
        If the body is not that, or longer than 30 days is asked for.
    NotFound
        If there is none of that number for this audience.
    """
    state, audience = state_of(request), reader()
    hours, whole = _muting(await request.body())
    until = datetime.now(UTC) + timedelta(hours=hours)
    given = {"audience": audience, "id": request.path_params["alert"], "whole": whole, "until": until}
    if not await rows_of(state, MUTE, given):
        raise NotFound("no such alert")
    return _answer({"muted": given["id"], "until": until}, audience, state)


def reader() -> Audience:
    """Return the audience of the caller, who must have a key."""
    audience = current().audience
    if audience == "public":
        raise Unauthorised("X-API-Key: this is for those who have a key")
    return audience


def as_json(state: State, row: Json) -> Json:
    """Return an alert with its place in degrees, and the request that gives the items counted."""
    place = row.pop("place")
    if place is not None:
        lon, lat = Transformer.from_crs(state.city.crs, "OGC:CRS84", always_xy=True).transform(*place)
        row["place"] = {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
    row["href"] = figures.of_items(row["collection"], row.pop("evidence"))
    return row


def _muting(body: bytes) -> tuple[float, bool]:
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise BadInput('body: expected JSON like {"hours": 8}') from None
    if not isinstance(given, dict) or set(given) - {"hours", "rule"}:
        raise BadInput('body: expected {"hours": number, "rule": boolean}')
    hours, whole = given.get("hours", 8), given.get("rule", False)
    most = LONGEST_MUTE.total_seconds() / 3600
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 <= hours <= most:
        raise BadInput(f"hours: expected a number from 0 (no longer muted) to {most:g}")
    if not isinstance(whole, bool):
        raise BadInput("rule: expected true (the whole rule) or false (this subject)")
    return float(hours), whole


async def rows_of(state: State, query: Any, given: Json) -> list[Json]:
    """Return what a query of the store's administrator gives."""
    with translated():
        async with state.pools.admin.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return list(await (await cursor.execute(query, given)).fetchall())


def _answer(document: Json, audience: Audience, state: State) -> Response:
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z)
    headers = {"Cache-Control": "no-store"}
    return respond.answer(
        body, respond.JSON, audience=audience, language=state.city.languages[0], headers=headers
    )  # fmt: skip
