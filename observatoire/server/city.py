"""`/city.json`: what the screens need to know of the city, and who they speak for. `/health`: whether all is well."""

import subprocess
from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire import __version__
from observatoire.data import root
from observatoire.errors import StoreUnavailable
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import state_of


async def city(request: Request) -> Response:
    """Answer the city, and the collections that the caller may see."""
    state, audience = state_of(request), current().audience
    document = {
        "id": state.city.id,
        "title": state.city.title.model_dump(),
        "simulated": state.city.simulated,
        "audience": audience,
        "bbox": state.city.extent,
        "time_zone": state.city.time_zone,
        "languages": state.city.languages,
        "version": __version__,
        "collections": list(state.visible(audience)),
    }
    return respond.answer(orjson.dumps(document), respond.JSON, audience=audience, language=state.city.languages[0])


async def health(request: Request) -> Response:
    """Answer whether the server and its store work: 200, or 503."""
    state = state_of(request)
    stale: int | None = None
    try:
        ((stale,),) = await rows_of(state.pools.admin, Plan(b"SELECT count(*) FROM obs.freshness WHERE stale", ()))
        store = "ok"
    except StoreUnavailable:
        store = "unavailable"
    document = {
        "status": "ok" if store == "ok" else "degraded",
        "version": __version__,
        "commit": commit(),
        "city": state.city.id,
        "store": store,
        "stale_sources": stale,
    }
    return Response(
        orjson.dumps(document), 200 if store == "ok" else 503, {"Cache-Control": "no-store"}, media_type=respond.JSON
    )


@cache
def commit() -> str:
    """Return the commit of this checkout; "unknown" in an installed package."""
    if not (root() / ".git").exists():
        return "unknown"
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=root(),
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
