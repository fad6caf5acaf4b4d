"""`/pro/sources.json`: how each source is: its age, its last loads, what waits in quarantine. Rows are never shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.layers.rights import FRESHNESS, KEEPERS
from observatoire.server import respond
from observatoire.server.alerts import reader
from observatoire.server.run import translated
from observatoire.server.state import State, state_of

Json = dict[str, Any]
_QUARANTINE = (
    "SELECT source, collection, sum(rows)::bigint AS rows, json_object_agg(reason, rows ORDER BY rows DESC) AS reasons "
    "FROM (SELECT source, collection, reason, sum(rows)::bigint AS rows FROM obs.quarantine WHERE settled IS NULL "
    "GROUP BY 1, 2, 3) q GROUP BY 1, 2"
)
#: What the last load of each source closed, by how.
_CLOSED = (
    "SELECT source, collection, json_object_agg(closed, n ORDER BY closed) AS closed FROM ("
    "SELECT q.source, q.collection, q.closed, count(*) AS n FROM obs.quarantine q JOIN obs.sources s "
    "ON s.source = q.source AND s.collection = q.collection AND s.load_id = q.settled GROUP BY 1, 2, 3) c GROUP BY 1, 2"
)
_LOADS = (
    "SELECT DISTINCT ON (source, collection) source, collection, kind, started, finished, read, inserted, updated, "
    "unchanged, quarantined FROM obs.loads WHERE finished IS NOT NULL ORDER BY source, collection, id DESC"
)


def source_routes() -> list[Route]:
    """Return the route, to be put at the root."""
    return [Route("/pro/sources.json", sources)]


async def sources(request: Request) -> Response:
    """Answer the sources of the collections that the caller may see.

    Names of sources, loads and quarantine are for those who look after them; the others are told the age of each
    collection, which is that of its oldest source.
    """
    state, audience = state_of(request), reader()
    now = datetime.now(UTC)
    with translated():
        async with state.pools.of(audience).connection() as connection:
            rows = await _dicts(connection, f"SELECT * FROM {FRESHNESS} ORDER BY collection")  # noqa: S608
        if audience in KEEPERS:
            await _kept(state, rows)
    document = {
        "now": now,
        "keeper": audience in KEEPERS,
        "sources": [row | _age(row, now) for row in rows],
        "never_loaded": _missing(state, rows) if audience in KEEPERS else [],
    }
    body = orjson.dumps(document, option=orjson.OPT_UTC_Z, default=_seconds)
    return respond.answer(
        body, respond.JSON, audience=audience, language=state.city.languages[0], headers={"Cache-Control": "no-store"}
    )  # fmt: skip


async def _kept(state: State, rows: list[Json]) -> None:
    """Add to each source its last load and its quarantine."""
    async with state.pools.admin.connection() as connection:
        refused = {(r["source"], r["collection"]): r for r in await _dicts(connection, _QUARANTINE)}
        closed = {(r["source"], r["collection"]): r["closed"] for r in await _dicts(connection, _CLOSED)}
        loads = {(r["source"], r["collection"]): r for r in await _dicts(connection, _LOADS)}
    for row in rows:
        key = (row["source"], row["collection"])
        found = refused.get(key)
        row["quarantine"] = {"rows": 0, "reasons": {}} if found is None else {k: found[k] for k in ("rows", "reasons")}
        row["quarantine"]["closed"] = closed.get(key, {})
        row["last_load"] = loads.get(key)


def _age(row: Json, now: datetime) -> Json:
    """Return how old it is, since the older of its last load and its newest item, and how late by what is allowed."""
    since = min(row["loaded"], row["newest"] or row["loaded"])
    age = (now - since).total_seconds()
    allowed = row.get("max_age")
    late = None if allowed is None else max(0.0, age - allowed.total_seconds())
    state = "unknown" if row["stale"] is None else "late" if row["stale"] else "fresh"
    return {"age_s": round(age), "late_s": None if late is None else round(late), "state": state}


def _missing(state: State, rows: list[Json]) -> list[str]:
    """Return the sources of the city's file that were never loaded."""
    return sorted(set(state.city.sources) - {row["source"] for row in rows})


async def _dicts(connection: Any, query: str) -> list[Json]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        return list(await (await cursor.execute(query)).fetchall())


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)
