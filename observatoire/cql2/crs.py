"""The CRS of a filter's coordinates, and the way from there to the CRS of the store."""

import re
from dataclasses import dataclass
from functools import lru_cache

import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from observatoire.cql2.errors import FilterError, quoted

_NAME = re.compile(
    r"https?://www\.opengis\.net/def/crs/(OGC|EPSG)/[\d.]+/(CRS84|\d{4,6})|\[?(OGC|EPSG):(CRS84|\d{4,6})\]?", re.ASCII
)
WORLD = (-180.0, -90.0, 180.0, 90.0)
#: A city may lie somewhat outside the area that a CRS was made for (on its border, at sea), degrees.
MARGIN = 1.0
#: Straight lines are cut so that they stay straight after the transformation: 1.3 cm of error in Lambert-93.
STEP_DEGREES, STEP_METRES = 0.01, 1000.0
MAX_STEPS = 20_000


@dataclass(frozen=True)
class FilterCrs:
    """The CRS of a filter's coordinates.

    Attributes
    ----------
    srid : int
        Number at EPSG (4326 for CRS84).
    swapped : bool
        Whether it is written latitude first, as EPSG:4326; geometries are turned to x, y when read.
    geographic : bool
        Whether it is in degrees.
    """

    srid: int
    swapped: bool
    geographic: bool


@lru_cache(maxsize=64)
def filter_crs(name: str) -> FilterCrs:
    """Read the name of a CRS: a URI, a CURIE, `EPSG:2154` or `OGC:CRS84`.

    Raises
    ------
    FilterError
        The name is not one, or not of a two-dimensional CRS.

    >>> filter_crs("http://www.opengis.net/def/crs/EPSG/0/4326").swapped
    True
    """
    match = _NAME.fullmatch(name) if len(name) < 100 else None
    authority, code = (match[1] or match[3], match[2] or match[4]) if match else ("", "")
    if (authority, code) == ("OGC", "CRS84"):
        return FilterCrs(4326, swapped=False, geographic=True)
    if authority != "EPSG" or code == "CRS84":
        raise FilterError(f"filter-crs: expected OGC:CRS84 or a number at EPSG, found {quoted(name)}")
    try:
        known = CRS.from_epsg(int(code))
    except CRSError:
        raise FilterError(f"filter-crs: EPSG has no {quoted(code)}") from None
    if len(known.axis_info) != 2 or not (known.is_geographic or known.is_projected):
        raise FilterError(f"filter-crs: EPSG:{code} is not a two-dimensional CRS of the Earth's surface")
    return FilterCrs(int(code), known.axis_info[0].direction.lower() in ("north", "south"), known.is_geographic)


def reproject(geometry: BaseGeometry, source: FilterCrs, srid: int) -> BaseGeometry:
    """Bring a geometry, x first, from the filter's CRS to that of number `srid`.

    What lies outside the area of use of the target is cut off first (`BBOX(-180,-90,180,90)`, which clients send for
    "everything", has no place in Lambert-93), and long lines are cut into steps, since they do not stay straight.
    A geometry that lies wholly outside becomes empty: no row can meet it.

    Raises
    ------
    FilterError
        There is no way from one CRS to the other, or not for this geometry.
    """
    if source.srid == srid:
        return geometry
    area = _area(source.srid, srid)
    if area is not None and not area.covers(geometry):
        geometry = _clip(geometry, area)
    if geometry.is_empty:
        return geometry
    step = STEP_DEGREES if source.geographic else STEP_METRES
    geometry = shapely.segmentize(geometry, max(step, geometry.length / MAX_STEPS))
    moved = shapely.transform(geometry, _transformer(source.srid, srid).transform, interleaved=False)
    if not all(map(_finite, moved.bounds)):
        raise FilterError("filter: a geometry lies outside the area of the collection's CRS")
    return moved


def _finite(value: float) -> bool:
    return abs(value) < float("inf")


@lru_cache(maxsize=64)
def _transformer(source: int, target: int) -> Transformer:
    try:
        return Transformer.from_crs(source, target, always_xy=True)
    except ProjError:
        raise FilterError(f"filter-crs: no transformation between EPSG:{source} and EPSG:{target} is known") from None


@lru_cache(maxsize=64)
def _area(source: int, target: int) -> BaseGeometry | None:
    """Return the area of use of the target, in the source's coordinates, x first; None where it cannot be told."""
    use = CRS.from_epsg(target).area_of_use
    if use is None or use.west > use.east:
        return None
    west, south = max(use.west - MARGIN, WORLD[0]), max(use.south - MARGIN, WORLD[1])
    east, north = min(use.east + MARGIN, WORLD[2]), min(use.north + MARGIN, WORLD[3])
    if CRS.from_epsg(source).is_geographic:
        return shapely.box(west, south, east, north)
    bounds = _transformer(4326, source).transform_bounds(west, south, east, north, densify_pts=50)
    return shapely.box(*bounds) if all(map(_finite, bounds)) else None


def _clip(geometry: BaseGeometry, area: BaseGeometry) -> BaseGeometry:
    """Return the part inside, of the same dimension."""
    if geometry.geom_type == "GeometryCollection":
        return shapely.GeometryCollection([p for g in geometry.geoms if not (p := _clip(g, area)).is_empty])
    inside = shapely.intersection(geometry, area)
    dimension = shapely.get_dimensions(geometry)
    parts = [p for p in shapely.get_parts(inside) if shapely.get_dimensions(p) == dimension]
    if not parts:
        return shapely.from_wkt("POINT EMPTY")
    return inside if len(parts) == shapely.get_num_geometries(inside) else shapely.union_all(parts)
