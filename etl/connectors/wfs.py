"""WFS 2: the features of one type, page by page (`startIndex`, `count`), as GeoJSON or GML.

Axis  : GML follows its `srsName`: a URN in the order of the authority, a short name x, y. GeoJSON is x, y; for a server
        that does otherwise: `axis: yx`.
Cursor: the greatest value of the property that `since` names; else the `ETag` of a type of one page.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import httpx

from etl.connectors import gml
from etl.connectors.features import (
    ETAG,
    Count,
    Greatest,
    asked,
    columns_of,
    condition,
    feature_record,
    features_of,
    flipped,
    north_first,
    record,
    whole,
    with_id,
)
from observatoire.errors import BadInput, BadSource, ObsError
from observatoire.intake import credentials
from observatoire.intake.http import Answer, Client
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, NotModified, Record, Table

REQUEST = {
    "type": "name of the feature type, `space:name`; required",
    "format": "`json` (default) or `gml`",
    "srs": "`EPSG:n`; default: EPSG:4326",
    "count": "features a page, 1–10000; default: 1000",
    "sort": "property by which the server sorts, where its pages have no order of their own",
    "bbox": "`west,south,east,north` in degrees",
    "cql_filter": "filter of GeoServer",
    "since": "property of which only features at or beyond the cursor are asked (FES)",
    "axis": "`yx` where the server writes GeoJSON with latitude first",
    **credentials.REQUEST,
}
_FORMATS = {"json": "application/json", "gml": "application/gml+xml; version=3.2"}


class Page(NamedTuple):
    """Features of one page: GeoJSON objects, or `{id, properties, geometry: element}`."""

    total: Any
    features: list[Any]
    crs: str | None


def fetch(address: str, options: Options) -> Table:
    """Open a feature type of the service at `address`, the address of its requests.

    Raises
    ------
    NotModified
        If its only page is the one of the last load.
    """
    request = asked(options, REQUEST, required=["type"])
    if request.get("format", "json") not in _FORMATS:
        raise BadInput("request.format: expected json or gml")
    client = Client(address, headers=credentials.credentials(request))
    params = _params(request, options.since)
    first = client.get(params=params, headers=condition(request, options.since))
    if first.status == httpx.codes.NOT_MODIFIED:
        raise NotModified
    page = _page(first)
    columns = with_id(_described(client, request["type"]) or columns_of(page.features), page.features)
    greatest = Greatest(request.get("since"), options.since, columns)
    crs = page.crs or _crs(request.get("srs", "EPSG:4326"))[0]
    alone = page.total == len(page.features)

    def cursor() -> str | None:
        tag = first.headers.get("etag") if alone else None
        return greatest() if "since" in request else tag and f"{ETAG}{tag}"

    make = partial(_record, columns=columns, options=options, crs=crs, swapped=request.get("axis") == "yx")
    records = (make(rank, one) for rank, one in enumerate(_features(client, params, first.url.host, page), start=1))
    return Table(columns, greatest.over(records), crs, cursor)


def _features(client: Client, params: dict[str, str], host: str, page: Page) -> Iterator[Any]:
    count = Count(host)
    while True:
        count.page(page.total if isinstance(page.total, int) else None, page.features)
        yield from page.features
        if not page.features or (count.total is not None and count.read >= count.total):
            break
        page = _page(client.get(params=params | {"STARTINDEX": str(count.read)}))
    count.end()


def _page(answer: Answer) -> Page:
    """Return the features of an answer, GeoJSON or GML; a report of an exception is `BadSource`."""
    host = answer.url.host
    if answer.content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        root = gml.parse_xml(answer.content, host)
        if gml.local(root) != "FeatureCollection":
            raise BadSource(f"{host} answered no features, but {gml.local(root)[:40]}")
        total = root.get("numberMatched") or root.get("numberOfFeatures") or ""
        return Page(int(total) if total.isdecimal() else None, list(_members(root)), _xml_crs(root))
    content = answer.json()
    features = features_of(content, host)
    total = content.get("numberMatched", content.get("totalFeatures"))
    try:
        crs = gml.crs_of(content["crs"]["properties"]["name"])[0]
    except (KeyError, TypeError, AttributeError, ValueError):
        crs = None
    return Page(total, features, crs)


def _xml_crs(root: Any) -> str | None:
    for node in root.iter():
        if gml.local(node) in gml.GEOMETRIES and (name := gml.srs_name(node)):
            return _crs(name)[0]
    return None


def _members(root: Any) -> Iterator[dict[str, Any]]:
    for member in root:
        if gml.local(member) in {"member", "featureMember", "featureMembers"}:
            for feature in member:
                if gml.local(feature):
                    yield _feature(feature)


def _feature(node: Any) -> dict[str, Any]:
    """Return a GML feature as GeoJSON has it, its geometry still an element."""
    key = next((value for name, value in node.attrib.items() if name.endswith(("}id", "fid"))), None)
    properties: dict[str, Any] = {}
    shape = None
    for child in filter(gml.local, node):
        inner = next((one for one in child if gml.local(one) in gml.GEOMETRIES), None)
        if gml.local(child) == "boundedBy":
            continue
        if inner is not None:
            shape = inner if shape is None else shape
        else:
            properties[gml.local(child)] = (child.text or "").strip()
    return {"id": key, "properties": properties, "geometry": shape}


def _record(rank: int, feature: Any, columns: tuple[str, ...], options: Options, *, crs: str, swapped: bool) -> Record:
    node = feature.get("geometry") if isinstance(feature, dict) else None
    if node is None or isinstance(node, Mapping):
        return feature_record(rank, feature, columns, options, swapped=swapped)
    values = {"id": feature["id"], **feature["properties"]} if "id" in columns else feature["properties"]
    return record(rank, values, columns, options, geometry=_shape(node, crs))


def _shape(node: Any, crs: str) -> Callable[[], Any]:
    def make() -> Any:
        named, by_authority = gml.crs_of(gml.srs_name(node) or crs)
        if named != crs:
            raise ValueError("another CRS than that of the others")
        shape = gml.geometry(node)
        return flipped(shape) if by_authority and named != "OGC:CRS84" and north_first(named) else shape

    return make


def _described(client: Client, name: str) -> tuple[str, ...]:
    """Return the properties that DescribeFeatureType names, but geometries; none where it cannot be read."""
    wanted = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "DescribeFeatureType", "TYPENAMES": name}
    try:
        answer = client.get(params=wanted)
        schema = gml.parse_xml(answer.content, answer.url.host)
    except ObsError:
        return ()
    fields = [
        (str(node.get("name")), str(node.get("type", "")))
        for node in schema.iter()
        if gml.local(node) == "element" and gml.local(node.getparent()) in {"sequence", "all"} and node.get("name")
    ]
    return tuple(dict.fromkeys(field for field, kind in fields if not kind.startswith("gml:")))


def _params(request: dict[str, str], since: str | None) -> dict[str, str]:
    _, srs = _crs(request.get("srs", "EPSG:4326"))
    params = {
        "SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": request["type"], "SRSNAME": srs,
        "OUTPUTFORMAT": _FORMATS[request.get("format", "json")], "STARTINDEX": "0",
        "COUNT": str(whole(request, "count", 1000, 10_000)),
    }  # fmt: skip
    selections = [key for key in ("bbox", "cql_filter", "since") if key in request and (key != "since" or since)]
    if len(selections) > 1:
        raise BadInput(f"request: WFS takes one of {' and '.join(selections)} at a time")
    if "sort" in request:
        params["SORTBY"] = request["sort"]
    if "bbox" in selections:
        try:
            west, south, east, north = (float(text) for text in request["bbox"].split(","))
        except ValueError:
            raise BadInput("request.bbox: expected west,south,east,north in degrees") from None
        params["BBOX"] = f"{south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326"
    if "cql_filter" in selections:
        params["CQL_FILTER"] = request["cql_filter"]
    if "since" in selections:
        params["FILTER"] = (
            '<fes:Filter xmlns:fes="http://www.opengis.net/fes/2.0"><fes:PropertyIsGreaterThanOrEqualTo>'
            f"<fes:ValueReference>{escape(request['since'])}</fes:ValueReference>"
            f"<fes:Literal>{escape(str(since))}</fes:Literal></fes:PropertyIsGreaterThanOrEqualTo></fes:Filter>"
        )
    return params


def _crs(name: str) -> tuple[str, str]:
    """Return a CRS as EPSG:n, and its URN."""
    try:
        crs, _ = gml.crs_of(name)
    except ValueError:
        raise BadInput("request.srs: expected EPSG:n, such as EPSG:2154") from None
    return crs, "urn:ogc:def:crs:OGC:1.3:CRS84" if crs == "OGC:CRS84" else f"urn:ogc:def:crs:EPSG::{crs[5:]}"


CONNECTOR = Connector("wfs", fetch=fetch)
