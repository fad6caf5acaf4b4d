"""XML from strangers, and the geometries of GML 3: simple features, as WFS servers write them.

Coordinates come as they are written; `crs_of` tells whether that is the order of the authority.
"""

from collections.abc import Iterator
from itertools import batched
from typing import Any

import shapely
from lxml import etree
from pyproj import CRS
from pyproj.exceptions import CRSError

from observatoire.errors import BadSource

_MULTI = {
    "MultiPoint": shapely.multipoints,
    "MultiLineString": shapely.multilinestrings,
    "MultiCurve": shapely.multilinestrings,
    "MultiPolygon": shapely.multipolygons,
    "MultiSurface": shapely.multipolygons,
    "MultiGeometry": shapely.geometrycollections,
}
_LINES = frozenset({"LineString", "Curve", "LinearRing", "Ring"})
_BENT = frozenset({"Arc", "ArcString", "ArcByCenterPoint", "Circle", "CircleByCenterPoint", "CubicSpline", "BSpline"})
GEOMETRIES = frozenset({*_MULTI, *_LINES, "Point", "Polygon", "Surface"})


def parse_xml(content: bytes, host: str) -> Any:
    """Return the root of a document that declares no type and no entity.

    Raises
    ------
    BadSource
        If it is not well-formed, or brings a DOCTYPE: entities could read files of this machine, or grow without end.
    """
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadSource(f"{host} answered something else than XML") from None
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise BadSource(f"{host} answered XML with a DOCTYPE, which is not read")
    return root


def local(node: Any) -> str:
    """Return the name of an element without its namespace; nothing for comments and the like."""
    return str(etree.QName(node).localname) if isinstance(node.tag, str) else ""


def crs_of(name: str) -> tuple[str, bool]:
    """Return the CRS that `srsName` names, and whether its coordinates are in the order of the authority.

    Raises
    ------
    ValueError
        If it names none.

    References
    ----------
    .. [1] OGC 09-048r5, *Name type specification — definitions*: URNs and `/def/crs/` follow the authority. Short
       names and `epsg.xml#` stand for x, y, as GeoServer and MapServer have always written them.

    Examples
    --------
    >>> crs_of("urn:ogc:def:crs:EPSG::4326"), crs_of("EPSG:4326"), crs_of("urn:ogc:def:crs:OGC:1.3:CRS84")
    (('EPSG:4326', True), ('EPSG:4326', False), ('OGC:CRS84', False))
    """
    if name.endswith("CRS84"):
        return "OGC:CRS84", False
    code = name.replace("#", ":").replace("/", ":").rpartition(":")[2]
    if not code.isdecimal():
        raise ValueError("srsName names no CRS of EPSG")
    try:
        CRS.from_epsg(int(code))
    except CRSError:
        raise ValueError("srsName names no CRS of EPSG") from None
    return f"EPSG:{code}", name.startswith("urn:") or "/def/crs/" in name


def srs_name(node: Any) -> str | None:
    """Return the `srsName` that holds for a geometry: its own, one inside it, or one around it."""
    for one in (*node.iter(), *node.iterancestors()):
        if isinstance(one.tag, str) and (name := one.get("srsName")):
            return str(name)
    return None


def geometry(node: Any) -> Any:
    """Return the shapely geometry of a GML element, in two dimensions.

    Raises
    ------
    ValueError
        If it is none, or is bent (arcs).
    """
    kind = local(node)
    if kind == "Point":
        return shapely.Point(_positions(node)[0])
    if kind in _LINES:
        return shapely.LineString(_positions(node))
    if kind in {"Polygon", "PolygonPatch"}:
        rings = {"exterior": [], "interior": [], "outerBoundaryIs": [], "innerBoundaryIs": []}  # type: dict[str, Any]
        for child in node:
            rings.get(local(child), []).append(_positions(child))
        shell, *_ = rings["exterior"] or rings["outerBoundaryIs"] or [None]
        if shell is None:
            raise ValueError("a polygon without exterior")
        return shapely.Polygon(shell, rings["interior"] or rings["innerBoundaryIs"])
    if kind == "Surface":
        patches = [geometry(one) for one in node.iter() if local(one) == "PolygonPatch"]
        return patches[0] if len(patches) == 1 else shapely.multipolygons(patches)
    if kind in _MULTI:
        return _MULTI[kind]([geometry(part) for part in _parts(node)])
    raise ValueError("not a geometry of GML")


def _parts(node: Any) -> Iterator[Any]:
    """Give the geometries of `…Member` and `…Members`."""
    for member in node:
        if local(member).endswith(("Member", "Members")):
            yield from (part for part in member if local(part))


def _positions(node: Any) -> list[tuple[float, float]]:
    """Return the first two coordinates of all positions under an element."""
    positions: list[tuple[float, float]] = []
    for one in node.iter():
        name = local(one)
        if name in _BENT:
            raise ValueError("an arc")
        if name in {"pos", "posList"}:
            numbers = [float(text) for text in (one.text or "").split()]
            size = _dimension(one) if name == "posList" else len(numbers)
            if size < 2 or not numbers or len(numbers) % size:
                raise ValueError("positions without a whole number of points")
            positions += [(point[0], point[1]) for point in batched(numbers, size)]
        elif name == "coordinates":  # GML 2: x,y x,y
            positions += [_pair(text) for text in (one.text or "").split()]
    if not positions:
        raise ValueError("no position")
    return [p for i, p in enumerate(positions) if i == 0 or p != positions[i - 1]]


def _pair(text: str) -> tuple[float, float]:
    x, y, *_ = text.split(",")
    return float(x), float(y)


def _dimension(node: Any) -> int:
    for one in (node, *node.iterancestors()):
        if size := one.get("srsDimension"):
            return int(size)
    return 2
