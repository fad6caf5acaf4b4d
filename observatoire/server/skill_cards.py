"""`/fiches`: the skill cards of the night, as pages and as JSON, with the rights of the collection `risque`."""

from typing import Any

import orjson
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, NotFound, Unauthorised
from observatoire.layers.catalog import layer_of
from observatoire.layers.nomenclature import codes
from observatoire.risk.skill_schema import schema
from observatoire.server import pages, respond
from observatoire.server.asked import asked
from observatoire.server.context import current
from observatoire.server.run import translated
from observatoire.server.state import State, state_of
from observatoire.store.forecasts import COLLECTION as FORECASTS
from observatoire.store.skill_cards import PAGE, address, all_last, last_card

__all__ = ["FORECASTS", "links", "skill_card_routes"]

REL = "describedby"  # IANA: information about the link's context
TITLES = {"fr": "Fiche de qualité des prévisions", "en": "Skill card of the forecasts"}


class AskKey(Unauthorised):
    """A page for which a browser may ask the key: any user, the key as password."""

    headers = {"WWW-Authenticate": 'Basic realm="Observatoire", charset="UTF-8"'}  # noqa: RUF012


def skill_card_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [
        Route(PAGE, card_list),
        Route(f"{PAGE}/schema.json", card_schema),
        Route(f"{PAGE}/{{collection}}", card_page),
    ]


async def card_schema(_: Request) -> Response:
    """Answer the JSON Schema of a card: it is no secret."""
    return respond.answer(orjson.dumps(schema()), "application/schema+json", audience="public", language="en")


async def card_list(request: Request) -> Response:
    """Answer the last card of every collection and horizon, as JSON or as a page."""
    state, audience = state_of(request), _allowed()
    look = asked(request, state, ("json", "html"))
    rows = [
        {
            "collection": collection, "horizon_days": days, "computed": computed.isoformat(), "answer": answer,
            "badge": badge, "href": address(collection, days),
        }
        for collection, days, computed, answer, badge in await _rows(state, all_last(), [])
    ]  # fmt: skip
    if look.format == "html":
        body = pages.render(request, "skill_cards.html", look.language, cards=rows, title=TITLES[look.language])
        return respond.answer(body, respond.HTML, audience=audience, language=look.language)
    return respond.answer(orjson.dumps({"cards": rows}), respond.JSON, audience=audience, language=look.language)


async def card_page(request: Request) -> Response:
    """Answer a collection's last card: `?horizon=` days, `?f=json` or a page.

    Raises
    ------
    Unauthorised
        For the anonymous visitor.
    NotFound
        If there is none, or the caller may not see forecasts.
    """
    state, audience = state_of(request), _allowed()
    given = request.query_params.get("horizon")
    if given is not None and not (given.isdecimal() and len(given) <= 3):
        raise BadInput("horizon: expected a number of days")
    query = last_card(request.path_params["collection"], None if given is None else int(given))
    rows = await _rows(state, *query)
    if not rows:
        raise NotFound("no skill card of this collection and horizon has been made yet")
    card, plots = rows[0]
    language = respond.language_of(request, state.city.languages)
    if request.query_params.get("f") == "json":
        return respond.answer(orjson.dumps(card), respond.JSON, audience=audience, language=language)
    drawn = {name: Markup(svg) for name, svg in plots.get(language, {}).items()}  # noqa: S704 (we drew them)
    body = pages.render(
        request, "skill_card.html", language, card=card, plots=drawn, labels=_labels(card["collection"], language)
    )
    return respond.answer(body, respond.HTML, audience=audience, language=language)


async def links(state: State, language: str) -> list[dict[str, Any]]:
    """Return the links from the forecasts' collection to the last cards, each with its date."""
    return [
        {
            "rel": REL, "type": respond.HTML, "hreflang": language,
            "title": f"{TITLES[language]} ({collection}, {days} d, {computed.date().isoformat()})",
            "href": f"{state.base.removesuffix('/api')}{address(collection, days)}",
        }
        for collection, days, computed, *_ in await _rows(state, all_last(), [])
    ]  # fmt: skip


def _labels(collection: str, language: str) -> dict[str, str]:
    """Return what the kinds of a collection are called."""
    prop = layer_of(collection).properties.get("nature")
    known = codes(prop.codes) if prop is not None and prop.codes is not None else {}
    return {code: label.in_(language) for code, label in known.items()}


def _allowed() -> Any:
    audience = current().audience
    if not layer_of(FORECASTS).visible_to(audience):
        if audience == "public":
            raise AskKey("X-API-Key: skill cards are for planner, roadworks and coordination")
        raise NotFound("no skill card")
    return audience


async def _rows(state: State, query: Any, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with translated():
        async with state.pools.admin.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()
