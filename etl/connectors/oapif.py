"""OGC API Features: the items of one collection, page by page along its `next` links.

Axis  : GeoJSON in CRS84 is lon, lat; in another CRS its coordinates come in the order of the authority, and are turned.
Cursor: the greatest value of the property that `since` names; else the `ETag` of a collection of one page.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
from pyproj import CRS
from pyproj.exceptions import CRSError

from etl.connectors.features import (
    ETAG,
    Count,
    Greatest,
    asked,
    columns_of,
    condition,
    feature_record,
    features_of,
    north_first,
    whole,
    with_id,
)
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake import credentials
from observatoire.intake.http import Answer, Client
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, NotModified, Table

REQUEST = {
    "bbox": "`west,south,east,north` in degrees",
    "datetime": "an instant or an interval, as the standard writes it",
    "filter": "CQL2 text",
    "crs": "`EPSG:n`, one that the collection offers; default: CRS84",
    "limit": "items a page, 1–10000; default: 1000",
    "since": "property of which only items at or beyond the cursor are asked, by CQL2",
    **credentials.REQUEST,
}
CRS84 = "OGC:CRS84"
_SCHEMA = ("http://www.opengis.net/def/rel/ogc/1.0/schema", "[ogc-rel:schema]")


def fetch(address: str, options: Options) -> Table:
    """Open a collection, given by the address of its description or of its items.

    Raises
    ------
    NotModified
        If its only page is the one of the last load.
    """
    request = asked(options, REQUEST)
    client = Client(address, headers=credentials.credentials(request))
    base = httpx.URL(address)
    path = base.path.rstrip("/").removesuffix("/items")
    items = str(base.copy_with(path=f"{path}/items"))
    first = client.get(items, params=_params(request, options.since), headers=condition(request, options.since))
    if first.status == httpx.codes.NOT_MODIFIED:
        raise NotModified
    page = first.json_object()
    features = features_of(page, first.url.host)
    columns = with_id(_columns(client, str(base.copy_with(path=path))) or columns_of(features), features)
    crs = _crs_of(first, request)
    greatest = Greatest(request.get("since"), options.since, columns)
    tag = first.headers.get("etag") if _next(page, first) is None else None

    def cursor() -> str | None:
        return greatest() if "since" in request else tag and f"{ETAG}{tag}"

    turned = crs != CRS84 and north_first(crs)
    make = partial(feature_record, columns=columns, options=options, swapped=turned)
    records = (make(rank, feature) for rank, feature in enumerate(_features(client, first), start=1))
    return Table(columns, greatest.over(records), crs, cursor)


def _features(client: Client, answer: Answer) -> Iterator[Any]:
    """Give the features of a page and of all that follow."""
    count, seen = Count(answer.url.host), {str(answer.url)}
    while True:
        page = answer.json_object()
        features = features_of(page, answer.url.host)
        count.page(page.get("numberMatched"), features)
        yield from features
        link = _next(page, answer)
        if link is None:
            break
        if link in seen:
            raise BadSource(f"{answer.url.host}: its `next` link leads back to a page that was read")
        seen.add(link)
        answer = client.get(link)
    count.end()


def _next(page: dict[str, Any], answer: Answer) -> str | None:
    links = page.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "next" and "json" in str(link.get("type", "json")):
            try:
                return str(answer.url.join(str(link.get("href", ""))))
            except httpx.InvalidURL:
                raise BadSource(f"{answer.url.host} gives a `next` link that is no address") from None
    return None


def _params(request: dict[str, str], since: str | None) -> dict[str, str]:
    params = {"f": "json", "limit": str(whole(request, "limit", 1000, 10_000))}
    params |= {key: request[key] for key in ("bbox", "datetime") if key in request}
    if "crs" in request:
        params["crs"] = f"http://www.opengis.net/def/crs/EPSG/0/{_epsg(request['crs'])}"
    filters = [f"({request['filter']})"] if "filter" in request else []
    if "since" in request and since is not None:
        filters.append(f"{_name(request['since'])} >= {_literal(since)}")
    if filters:
        params |= {"filter": " AND ".join(filters), "filter-lang": "cql2-text"}
    return params


def _name(prop: str) -> str:
    if not prop.replace("_", "a").isalnum():
        raise BadInput("request.since: expected the name of a property, letters, digits and _")
    return prop


def _literal(since: str) -> str:
    """Return a cursor as CQL2: an instant, a date, a number, a text."""
    quoted = since.replace("'", "''")
    if len(since) == len("2026-01-01") and since[4:8:3] == "--":
        return f"DATE('{quoted}')"
    if "T" in since and since[:4].isdecimal():
        instant = since.replace("+00:00", "Z")
        return f"TIMESTAMP('{instant if instant.endswith('Z') else quoted}')"
    return since if since.lstrip("-").replace(".", "", 1).isdecimal() else f"'{quoted}'"


def _columns(client: Client, collection: str) -> tuple[str, ...]:
    """Return the properties that the collection's schema names, but its geometry; none where it has no schema."""
    about = client.get(collection, params={"f": "json"}).json_object()
    links = about.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") in _SCHEMA and "json" in str(link.get("type", "json")):
            try:
                named = client.get(str(link.get("href"))).json_object().get("properties")
            except (SourceUnavailable, BadSource):
                return ()
            if not isinstance(named, dict):
                return ()
            return tuple(name for name, prop in named.items() if isinstance(prop, dict) and not _is_geometry(prop))
    return ()


def _is_geometry(prop: dict[str, Any]) -> bool:
    role, form = str(prop.get("x-ogc-role")), str(prop.get("format"))
    return role == "primary-geometry" or form.startswith("geometry") or "geojson.org" in str(prop.get("$ref"))


def _epsg(text: str) -> int:
    try:
        code = CRS.from_user_input(text).to_epsg()
    except CRSError:
        code = None
    if code is None:
        raise BadInput("request.crs: expected EPSG:n, such as EPSG:2154")
    return int(code)


def _crs_of(answer: Answer, request: dict[str, str]) -> str:
    """Return the CRS of the answer: the one asked, which the server must confirm."""
    if "crs" not in request:
        return CRS84
    code = _epsg(request["crs"])
    if not answer.headers.get("content-crs", "").strip("<>").endswith(f"/{code}"):
        raise BadSource(f"{answer.url.host} does not answer in EPSG:{code}")
    return f"EPSG:{code}"


CONNECTOR = Connector("oapif", fetch=fetch)
