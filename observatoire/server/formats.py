"""Items in other forms than GeoJSON: a page to read, CSV, JSON-LD."""

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import Any

from pygeoapi.linked_data import geojson2jsonld
from shapely.geometry import shape
from starlette.requests import Request

from observatoire.server import pages, respond, upstream
from observatoire.server.asked import Asked
from observatoire.server.context import current
from observatoire.server.counts import Count
from observatoire.server.geojson import Link
from observatoire.server.page import Page
from observatoire.server.query import Query
from observatoire.server.state import state_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def collection(
    request: Request, query: Query, page: Page, count: Count, links: Sequence[Link], look: Asked
) -> tuple[str | bytes, str, dict[str, str]]:
    """Return body, media type and headers of a page of items in another form than GeoJSON."""
    next_link = next((link for link in links if link["rel"] == "next"), None)
    headers = {"Link": f'<{next_link["href"]}>; rel="next"'} if next_link else {}
    if look.format == "csv":
        headers["Content-Disposition"] = f'attachment; filename="{query.layer.id}.csv"'
        return await asyncio.to_thread(comma_separated, query, page), respond.CSV, headers
    if look.format == "jsonld":
        body = await asyncio.to_thread(_linked, request, query, page, links, None)
        return body, respond.JSONLD, headers
    body = pages.render(
        request, "items.html", look.language,
        layer=query.layer, shown=query.shown, features=page.parsed(), count=count, links=links, next=next_link,
    )  # fmt: skip
    return body, respond.HTML, headers


async def item(
    request: Request, query: Query, page: Page, links: Sequence[Link], look: Asked
) -> tuple[str | bytes, str]:
    """Return body and media type of one item in another form than GeoJSON."""
    if look.format == "jsonld":
        uri = next(link["href"] for link in links if link["rel"] == "self").partition("?")[0]
        return await asyncio.to_thread(_linked, request, query, page, links, uri), respond.JSONLD
    body = pages.render(
        request,
        "item.html",
        look.language,
        layer=query.layer,
        feature=page.parsed()[0],
        fields=query.shown,
        links=links,
    )
    return body, respond.HTML


def comma_separated(query: Query, page: Page) -> str:
    """Return CSV (RFC 4180): id, position (x and y of points, else WKT), properties.

    A text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    points = query.layer.geometry == "Point"
    place = (["x", "y"] if points else ["wkt"]) if query.geometry else []
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([query.layer.id_field, *place, *query.shown])
    for feature in page.parsed():
        geometry = feature["geometry"]
        if not place:
            where: list[Any] = []
        elif geometry is None:
            where = [None] * len(place)
        else:
            where = geometry["coordinates"][:2] if points else [shape(geometry).wkt]
        writer.writerow([feature["id"], *where, *(_harmless(feature["properties"][name]) for name in query.shown)])
    return out.getvalue()


def _harmless(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _linked(request: Request, query: Query, page: Page, links: Sequence[Link], uri: str | None) -> str:
    """Return JSON-LD as pygeoapi writes it, with the vocabularies of its context."""
    view = state_of(request).api.view(current().audience)
    document: dict[str, Any]
    if uri is None:
        document = {"type": "FeatureCollection", "features": page.parsed(), "links": list(links)}
    else:
        document = page.parsed()[0] | {"links": list(links)}
    text: str = geojson2jsonld(view, document, query.layer.id, uri, "id")
    return upstream.closed(text)
