"""GeoJSON documents around features that are already text, and their links (OGC API Features, part 1, §7.15)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import orjson
from starlette.requests import Request

from observatoire.server import cursor, respond
from observatoire.server.asked import Asked
from observatoire.server.counts import Count
from observatoire.server.page import Page
from observatoire.server.query import Query
from observatoire.server.state import State
from observatoire.text import Text

Link = dict[str, str]

#: A filter longer than this stays in the body: addresses of more than 8 kB do not pass every proxy.
LONGEST = 4_000

_TITLES = {
    "json": Text(fr="Ce document en GeoJSON", en="This document as GeoJSON"),
    "html": Text(fr="Ce document en HTML", en="This document as HTML"),
    "csv": Text(fr="Ce document en CSV", en="This document as CSV"),
    "jsonld": Text(fr="Ce document en JSON-LD", en="This document as JSON-LD"),
}
_NEXT = Text(fr="Page suivante", en="Next page")
_TYPES = {"json": respond.GEOJSON, "html": "text/html", "csv": "text/csv", "jsonld": respond.JSONLD}


def collection(page: Page, count: Count, links: Sequence[Link]) -> str:
    """Return a FeatureCollection.

    `numberMatched` is there where it is exact; where counting would be dear, PostgreSQL's estimate stands in the member
    `numberMatchedEstimate` instead.
    """
    matched = "numberMatched" if count.exact else "numberMatchedEstimate"
    return (
        f'{{"type":"FeatureCollection","features":[{page.json}],"links":{_dump(links)},'
        f'"timeStamp":"{_now()}","{matched}":{count.number},"numberReturned":{len(page.features)}}}'
    )


def item(feature: str, links: Sequence[Link]) -> str:
    """Return a Feature with its links."""
    return f'{feature[:-1]},"links":{_dump(links)}}}'


def links(request: Request, state: State, query: Query, page: Page, look: Asked, posted: str | None) -> list[Link]:
    """Return the links of a page: itself, the same in other formats, the next page, its collection.

    The filter of a body moves into the addresses. One too long for that has to be posted to them again, which their
    member `method` says.
    """
    here = f"{state.base}/collections/{query.layer.id}"
    given = [(name, text) for name, text in request.query_params.multi_items() if name != "f"]
    method = {}
    if posted is not None and len(_encode([("filter", posted)])) <= LONGEST:
        given = [(name, text) for name, text in given if name != "filter-lang"]
        given += [("filter-lang", "cql2-json"), ("filter", posted)]
    elif posted is not None:
        method = {"method": "POST"}
    question = _encode(given)
    found = [
        {
            "rel": "self" if form == look.format else "alternate",
            "type": _TYPES[form],
            "title": title.in_(look.language),
            "href": f"{here}/items?f={form}{question}",
        }
        | method
        for form, title in _TITLES.items()
    ]
    found.sort(key=lambda link: link["rel"] != "self")
    if page.last is not None:
        words = [(name, text) for name, text in given if name not in ("cursor", "offset")]
        words.append(("cursor", cursor.encode(page.last, query.purpose, state.secret)))
        found.append({
            "rel": "next",
            "type": _TYPES[look.format],
            "title": _NEXT.in_(look.language),
            "href": f"{here}/items?f={look.format}{_encode(words)}",
        } | method)  # fmt: skip
    found.append({
        "rel": "collection",
        "type": respond.JSON,
        "title": query.layer.title.in_(look.language),
        "href": here,
    })  # fmt: skip
    return found


def item_links(state: State, query: Query, identifier: int, look: Asked) -> list[Link]:
    """Return the links of one item."""
    here = f"{state.base}/collections/{query.layer.id}"
    crs = "" if query.system == query.systems.default else f"&crs={quote(query.system.uri, safe='')}"
    found = [
        {
            "rel": "self" if form == look.format else "alternate",
            "type": _TYPES[form],
            "title": _TITLES[form].in_(look.language),
            "href": f"{here}/items/{identifier}?f={form}{crs}",
        }
        for form in ("json", "html", "jsonld")
    ]
    found.append({
        "rel": "collection", "type": respond.JSON, "title": query.layer.title.in_(look.language), "href": here,
    })  # fmt: skip
    return found


def _encode(words: Sequence[tuple[str, str]]) -> str:
    """Return parameters as they follow another one."""
    return "&" + urlencode(words, quote_via=quote, safe=",:/") if words else ""


def _dump(links: Sequence[Link]) -> str:
    return orjson.dumps(links).decode()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
