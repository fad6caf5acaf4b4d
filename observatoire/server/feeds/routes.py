"""`/feeds`: which there are; `/feeds/{collection}.atom`, `.ics`; `/feeds/reports/{reference}.atom`."""

from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import NotFound
from observatoire.layers.catalog import layer_of
from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import no_report
from observatoire.reports.forms import BRANCH
from observatoire.reports.tracking import Event, tracked
from observatoire.server import respond
from observatoire.server.feeds import atom, ics
from observatoire.server.feeds.choice import COLLECTIONS, PARAMETERS, Choice, choice
from observatoire.server.feeds.entries import Entry, entries
from observatoire.server.reading import once, only
from observatoire.server.reports.work import language, with_store
from observatoire.server.state import state_of


def feed_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    return [
        Route("/feeds", index),
        Route("/feeds/reports/{reference}.atom", of_report),
        Route("/feeds/{collection}.{form}", feed),
    ]


async def index(request: Request) -> Response:
    """Answer which feeds there are and how they are narrowed down."""
    only(once(request.query_params.multi_items()), ("lang", "f"))
    spoken, site = language(request), _site(request)
    rows = [
        {
            "collection": name,
            "title": layer_of(name).title.in_(spoken),
            "atom": f"{site}/feeds/{name}.atom",
            "ics": f"{site}/feeds/{name}.ics",
            "parameters": [word for word in PARAMETERS if word != "lang"],
            "natures": list(codes(layer_of(name).properties["nature"].codes or "")),
        }
        for name in COLLECTIONS
    ]
    return respond.answer(orjson.dumps({"feeds": rows}), respond.JSON, audience="public", language=spoken)


async def feed(request: Request) -> Response:
    """Answer a feed.

    Raises
    ------
    NotFound
        No such collection, format, street or division.
    BadInput
        A parameter that is unknown, given twice, or cannot be used.
    """
    words = once(request.query_params.multi_items())
    only(words, PARAMETERS)
    form = request.path_params["form"]
    chosen = choice(request.path_params["collection"], words)
    if form not in ("atom", "ics"):
        raise NotFound("no such format; expected .atom or .ics")
    spoken = language(request)
    found = await entries(state_of(request), chosen, spoken, datetime.now(UTC))
    body = _atom(request, chosen, found, words) if form == "atom" else _ics(request, chosen, found)
    return _answer(request, body, atom.MEDIA_TYPE if form == "atom" else ics.MEDIA_TYPE)


async def of_report(request: Request) -> Response:
    """Answer the history of one report as a feed: to follow it without an account."""
    only(once(request.query_params.multi_items()), ("lang",))
    reference, spoken, site = request.path_params["reference"], language(request), _site(request)
    found = await with_store(request, lambda store: tracked(store, reference))
    if found.status is None:
        raise no_report()
    page = f"{site}/suivi/{reference}"
    title = f"{codes(BRANCH)[found.nature].in_(spoken)} {reference}"
    made = atom.Feed(
        title=title, address=f"{site}/feeds/reports/{reference}.atom", page=page,
        author=state_of(request).city.title.in_(spoken), language=spoken,
    )  # fmt: skip
    for rank, event in reversed(list(enumerate(found.history, 1))):
        minute = event.at.replace(second=0, microsecond=0)
        made.add(id=f"{page}#{rank}", title=_said(event, spoken), updated=minute, summary=title, page=page)
    return _answer(request, made.text(), atom.MEDIA_TYPE)


def _said(event: Event, spoken: str) -> str:
    said = event.document()
    words = [said["title"][spoken], said["reason"][spoken] if said["reason"] else "", said["planned_for"] or ""]
    return ", ".join(filter(None, words))


def _atom(request: Request, chosen: Choice, found: list[Entry], words: dict[str, str]) -> bytes:
    spoken, site = language(request), _site(request)
    query = f"?{urlencode(sorted(words.items()))}" if words else ""
    page = f"{site}/api/collections/{chosen.layer.id}/items"
    made = atom.Feed(
        title=chosen.title.in_(spoken),
        address=f"{site}{request.url.path}{query}",
        page=f"{page}?f=html",
        author=state_of(request).city.title.in_(spoken),
        language=spoken,
    )
    for entry in found:
        made.add(
            id=f"{page}/{entry.id}",
            title=entry.title,
            updated=entry.updated,
            published=min(entry.updated, entry.start.replace(microsecond=0)),
            summary=_summary(request, entry),
            page=f"{page}/{entry.id}?f=html",
            categories=[(entry.code, entry.nature.in_(spoken))],
            position=(entry.lon, entry.lat),
        )
    return made.text()


def _summary(request: Request, entry: Entry) -> str:
    spoken, zone = language(request), state_of(request).city.zone
    pattern = "%d/%m/%Y %H:%M" if spoken == "fr" else "%Y-%m-%d %H:%M"
    start = entry.start.astimezone(zone).strftime(pattern)
    when = f"{start} – {entry.end.astimezone(zone).strftime(pattern)}" if entry.end else start
    return ". ".join(filter(None, (when, entry.street, entry.status.in_(spoken) if entry.status else None)))


def _ics(request: Request, chosen: Choice, found: list[Entry]) -> bytes:
    site, spoken = _site(request), language(request)
    return ics.write(
        found,
        title=chosen.title.in_(spoken),
        host=urlsplit(site).hostname or "observatoire.invalid",
        collection=chosen.layer.id,
        page=f"{site}/api/collections/{chosen.layer.id}/items",
        language=spoken,
    )


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    etag = respond.tag(state_of(request).edition, body)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, "public")
    return respond.answer(body, media_type, audience="public", language=language(request), etag=etag)


def _site(request: Request) -> str:
    return state_of(request).base.removesuffix("/api")
