"""The latest forecast's card, for screens: `GET /pro/forecast.json`, with the rights of the collection `risque`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from observatoire.errors import NotFound, Unauthorised
from observatoire.layers.catalog import layer_of
from observatoire.server.context import current
from observatoire.server.run import translated
from observatoire.server.state import state_of
from observatoire.store.forecasts import COLLECTION, latest, summary


def forecast_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [Route("/pro/forecast.json", latest_forecast)]


async def latest_forecast(request: Request) -> Response:
    """Answer the summary of the latest forecast.

    Raises
    ------
    Unauthorised
        For the anonymous visitor.
    NotFound
        If there is none, or the caller may not see forecasts.
    """
    audience = current().audience
    if not layer_of(COLLECTION).visible_to(audience):
        if audience == "public":
            raise Unauthorised("X-API-Key: forecasts are for planner, roadworks and coordination")
        raise NotFound("no forecast")
    card = await _latest(request)
    if card is None:
        raise NotFound("no forecast has been made yet")
    return JSONResponse(summary(card), headers={"Cache-Control": "private, no-cache", "Vary": "X-API-Key"})


async def _latest(request: Request) -> dict[str, Any] | None:
    state = state_of(request)
    with translated():
        async with state.pools.admin.connection() as connection:
            row = await (await connection.execute(*latest(state.city))).fetchone()
    return None if row is None else dict(row[0])
