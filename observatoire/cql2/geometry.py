"""Geometry literals: GeoJSON objects and boxes, checked and made, x first, in the filter's CRS."""

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from observatoire.cql2.crs import WORLD, FilterCrs
from observatoire.cql2.errors import FilterError
from observatoire.cql2.guards import MAX_VERTICES

Position = tuple[float, float]
#: GeoJSON types: how many lists are around a position, and how few positions the innermost list may have.
_SHAPES = {
    "Point": (0, 1), "MultiPoint": (1, 1), "LineString": (1, 2), "MultiLineString": (2, 2), "Polygon": (2, 4),
    "MultiPolygon": (3, 4),
}  # fmt: skip


def read_geometry(node: dict[str, Any], crs: FilterCrs) -> BaseGeometry:
    """Make the geometry of a GeoJSON object or of `{"bbox": […]}`; heights are dropped.

    Raises
    ------
    FilterError
        Its shape is not GeoJSON's, a ring does not close, it is not valid (crosses itself), has too many vertices, or
        leaves ±180° and ±90°.
    """
    geometry = _box(node["bbox"], crs) if "bbox" in node and "type" not in node else _geojson(node, crs)
    if shapely.get_num_coordinates(geometry) > MAX_VERTICES:
        raise FilterError(f"a geometry has more than {MAX_VERTICES} vertices")
    if not geometry.is_valid:
        raise FilterError(f"a {geometry.geom_type} is not valid: {shapely.is_valid_reason(geometry).split('[')[0]}")
    return geometry


def _geojson(node: dict[str, Any], crs: FilterCrs) -> BaseGeometry:
    kind = node.get("type")
    if kind == "GeometryCollection" and set(node) == {"type", "geometries"}:
        members = node["geometries"]
        if not isinstance(members, list) or not members or not all(isinstance(m, dict) for m in members):
            raise FilterError("GeometryCollection: expected a list of geometries")
        if any(m.get("type") == kind for m in members):
            raise FilterError("GeometryCollection: cannot hold another one")
        return shapely.GeometryCollection([_geojson(m, crs) for m in members])
    if (
        not isinstance(kind, str)
        or kind not in _SHAPES
        or not {"type", "coordinates"} <= set(node) <= {"type", "coordinates", "bbox"}
    ):
        raise FilterError(f"expected a geometry: {', '.join(_SHAPES)} or GeometryCollection, with its coordinates")
    depth, least = _SHAPES[kind]
    return _make(kind, _coordinates(node["coordinates"], depth, least, kind, crs))


def _coordinates(value: Any, depth: int, least: int, kind: str, crs: FilterCrs) -> Any:
    """Return positions, x first, in lists `depth` deep."""
    if depth == 0:
        return _position(value, kind, crs)
    if not isinstance(value, list) or not value:
        raise FilterError(f"{kind}: its coordinates are not those of one, or empty")
    found = [_coordinates(v, depth - 1, least, kind, crs) for v in value]
    if depth == 1:
        if len(found) < least:
            raise FilterError(f"{kind}: expected at least {least} positions in each line or ring")
        if least == 4 and found[0] != found[-1]:
            raise FilterError(f"{kind}: a ring does not end where it starts")
    return found


def _position(value: Any, kind: str, crs: FilterCrs) -> Position:
    if not isinstance(value, list) or len(value) not in (2, 3) or not all(_is_number(v) for v in value):
        raise FilterError(f"{kind}: expected positions of two numbers")
    return _xy(value[0], value[1], crs)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _xy(first: float, second: float, crs: FilterCrs) -> Position:
    try:
        x, y = (float(second), float(first)) if crs.swapped else (float(first), float(second))
    except OverflowError:
        raise FilterError("a coordinate is too large") from None
    if crs.geographic:
        west, south, east, north = WORLD
        if not (west <= x <= east and south <= y <= north):
            order = "latitude, longitude" if crs.swapped else "longitude, latitude"
            raise FilterError(f"coordinates are {order}: expected -180 to 180 and -90 to 90 degrees")
    elif not abs(x) + abs(y) < 1e9:
        raise FilterError("coordinates: expected metres on the Earth")
    return x, y


def _make(kind: str, coordinates: Any) -> BaseGeometry:
    match kind:
        case "Point":
            return shapely.Point(coordinates)
        case "MultiPoint":
            return shapely.MultiPoint(coordinates)
        case "LineString":
            return shapely.LineString(coordinates)
        case "MultiLineString":
            return shapely.MultiLineString(coordinates)
        case "Polygon":
            return shapely.Polygon(coordinates[0], coordinates[1:])
        case _:
            return shapely.MultiPolygon([(rings[0], rings[1:]) for rings in coordinates])


def _box(value: Any, crs: FilterCrs) -> BaseGeometry:
    """Make a box; west of its east end it goes round the antimeridian, in two parts."""
    if not isinstance(value, list) or len(value) not in (4, 6) or not all(_is_number(v) for v in value):
        raise FilterError("BBOX: expected four numbers (or six, with heights)")
    corner = len(value) // 2
    (west, south), (east, north) = _xy(value[0], value[1], crs), _xy(value[corner], value[corner + 1], crs)
    if south > north:
        raise FilterError("BBOX: its upper corner is below its lower one")
    if west <= east:
        return _rectangle(west, south, east, north)
    if not crs.geographic:
        raise FilterError("BBOX: its right corner is left of its left one")
    parts = [_rectangle(west, south, WORLD[2], north), _rectangle(WORLD[0], south, east, north)]
    if all(part.geom_type == "Polygon" for part in parts):
        return shapely.MultiPolygon(parts)
    return shapely.GeometryCollection(parts)


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Make a rectangle; without width or height it is a line, without both a point."""
    if west < east and south < north:
        return shapely.box(west, south, east, north)
    if west < east or south < north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.Point(west, south)
