"""Where an item lies: to the city's CRS, inside the city, or refused with the reason."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from observatoire.cities import City
from observatoire.errors import BadSource
from observatoire.intake.sniff import sniff
from observatoire.intake.source import Item, Rejected

WGS84 = "EPSG:4326"
DEGREES = 1_000.0  # both coordinates of a point beyond this are metres, whatever they are called

Place = str | Rejected
Floats = NDArray[np.float64]


class Locator:
    """Places the items of one load, many at once.

    Parameters
    ----------
    city : City
        Its CRS is the one of the result, its extent the limit.
    geometry : str
        Type of the layer's geometries.
    crs : str or None
        CRS of `x`, `y` and `geometry`; None: found from the first of them. `lon` and `lat` are always WGS 84.

    Attributes
    ----------
    found : str or None
        The CRS, where nobody said it.
    """

    def __init__(self, city: City, geometry: str, crs: str | None = WGS84) -> None:
        self.city = city
        self.geometry = geometry
        self.found: str | None = None
        self._said = crs
        self._seen = False

    @property
    def crs(self) -> str:
        """CRS of `x`, `y` and `geometry`."""
        return self._said or self.found or WGS84

    @property
    def degrees(self) -> bool:
        """Whether these are degrees."""
        return _is_geographic(self.crs)

    def __call__(self, items: Sequence[Item]) -> list[Place]:
        """Return for each item its place as EWKB in hexadecimal, or why it has none.

        Raises
        ------
        BadSource
            If the first items are all in metres where degrees are expected, or their CRS is not said and not to be
            found.
        """
        places: list[Place | None] = [None] * len(items)
        shaped = [i for i, item in enumerate(items) if item["geometry"] is not None]
        lonlat = [i for i, item in enumerate(items) if item["lon"] is not None and item["lat"] is not None]
        xy = [i for i, item in enumerate(items) if item["x"] is not None and item["y"] is not None]
        self._find_crs(items, shaped, xy)
        if shaped:
            self._shapes([items[i]["geometry"] for i in shaped], shaped, places)
        if lonlat:
            self._points(_pairs(items, lonlat, "lon", "lat"), lonlat, places, WGS84, degrees=True)
        if xy:
            self._points(_pairs(items, xy, "x", "y"), xy, places, self.crs, degrees=self.degrees)
        return [Rejected("no-position", "position") if place is None else place for place in places]

    def take(self, xy: Floats, *, lonlat: bool = False) -> tuple[NDArray[np.bool_], list[str]]:
        """Return which of many points surely lie in the city, and these as EWKB in hexadecimal.

        The others may be anything: they are for `__call__`, which says why they have no place. So are all of them
        while the CRS is neither said nor found.

        Parameters
        ----------
        xy : ndarray, shape (n, 2)
            In WGS 84 where `lonlat`, else in `crs`.
        """
        if self.geometry != "Point" or not (lonlat or self._said or self.found):
            return np.zeros(len(xy), dtype=bool), []
        crs = WGS84 if lonlat else self.crs
        inside = self._inside(xy, crs) & np.isfinite(xy).all(axis=1)
        if lonlat or self.degrees:
            inside &= (np.abs(xy) <= (180, 90)).all(axis=1)
        self._seen = self._seen or bool(inside.any())
        return inside, _points_hex(*_transform(xy[inside], crs, self.city.crs), self.city.srid)

    def _find_crs(self, items: Sequence[Item], shaped: list[int], xy: list[int]) -> None:
        if self._said or self.found or not (shaped or xy):
            return
        low_x, low_y, high_x, high_y = shapely.bounds(np.array([items[i]["geometry"] for i in shaped], dtype=object)).T
        middles = np.column_stack([(low_x + high_x) / 2, (low_y + high_y) / 2])
        points = np.concatenate([middles, _pairs(items, xy, "x", "y").reshape(-1, 2)])
        points = points[np.isfinite(points).all(axis=1)]  # an empty geometry lies nowhere, and says nothing of the CRS
        if len(points):
            self.found = sniff(points, self.city.extent, self.city.crs)

    def _points(self, xy: Floats, rows: list[int], places: list[Place | None], crs: str, *, degrees: bool) -> None:
        if degrees and not self._seen and (np.abs(xy) > DEGREES).all():
            raise BadSource("lon and lat look like metres; map them to x and y, and say their CRS (crs: EPSG:n)")
        self._seen = True
        if self.geometry != "Point":
            self._refuse(np.ones(len(xy), dtype=bool), rows, places, "wrong-geometry")
            return
        finite = np.isfinite(xy).all(axis=1)
        world = (np.abs(xy) <= (180, 90)).all(axis=1) if degrees else finite
        inside = self._inside(xy, crs) & finite & world
        swapped = ~inside & finite
        swapped[swapped] = self._inside(xy[swapped, ::-1], crs)
        x, y = _transform(xy[inside], crs, self.city.crs)
        points = shapely.set_srid(shapely.points(x, y), self.city.srid)
        for i, ewkb in zip(np.flatnonzero(inside), _hex(points), strict=True):
            places[rows[i]] = ewkb
        self._refuse(swapped, rows, places, "swapped-coordinates")
        self._refuse(~inside & ~swapped & finite & world, rows, places, "outside-city")
        self._refuse(~swapped & finite & ~world, rows, places, "not-degrees")
        self._refuse(~finite, rows, places, "bad-position")

    def _shapes(self, geometries: list[object], rows: list[int], places: list[Place | None]) -> None:
        shapes = shapely.force_2d(np.array(geometries, dtype=object))
        bare = shapely.is_empty(shapes)
        sound = shapely.is_valid(shapes) & np.isfinite(shapely.bounds(shapes)).all(axis=1)
        if self.geometry == "MultiPolygon":
            shapes = np.array([_multi(s) for s in shapes], dtype=object)
        kind = np.array([s.geom_type == self.geometry for s in shapes])
        met = np.zeros(len(shapes), dtype=bool)
        swapped = met.copy()
        checked = sound & kind & ~bare
        met[checked] = self._meets(shapes[checked])
        rest = checked & ~met
        swapped[rest] = self._meets(shapely.transform(shapes[rest], lambda xy: xy[:, ::-1]))
        moved = shapely.transform(shapes[met], lambda xy: np.column_stack(_transform(xy, self.crs, self.city.crs)))
        # What reaches from the city to where its CRS has no coordinates, such as a pole.
        known = np.isfinite(shapely.bounds(moved)).all(axis=1)
        nowhere = met.copy()
        nowhere[met], met[met], moved = ~known, known, moved[known]
        for i, ewkb in zip(np.flatnonzero(met), _hex(shapely.set_srid(moved, self.city.srid)), strict=True):
            places[rows[i]] = ewkb
        self._refuse(~bare & ~kind, rows, places, "wrong-geometry")
        self._refuse(~bare & kind & ~sound, rows, places, "invalid-geometry")
        self._refuse(nowhere, rows, places, "bad-position")
        self._refuse(swapped, rows, places, "swapped-coordinates")
        self._refuse(rest & ~swapped, rows, places, "outside-city")

    def _refuse(self, which: NDArray[np.bool_], rows: list[int], places: list[Place | None], reason: str) -> None:
        for i in np.flatnonzero(which):
            places[rows[i]] = Rejected(reason, "position")

    def _inside(self, xy: Floats, crs: str) -> NDArray[np.bool_]:
        west, south, east, north = self.city.extent
        lon, lat = _transform(xy, crs, WGS84)
        inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return inside

    def _meets(self, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Tell which shapes share a place with the extent, by their bounds."""
        west, south, east, north = self.city.extent
        low_x, low_y, high_x, high_y = shapely.bounds(shapes).T
        lon, lat = _transform(np.column_stack([np.r_[low_x, high_x], np.r_[low_y, high_y]]), self.crs, WGS84)
        n = len(shapes)
        meets: NDArray[np.bool_] = (lon[:n] <= east) & (lon[n:] >= west) & (lat[:n] <= north) & (lat[n:] >= south)
        return meets


def _pairs(items: Sequence[Item], rows: list[int], x: str, y: str) -> Floats:
    return np.array([(items[i][x], items[i][y]) for i in rows], dtype=float)


def _transform(xy: Floats, source: str, target: str) -> tuple[Floats, Floats]:
    """Return x and y in another CRS, always in the order east, north; infinite where there is no such place."""
    if source == target or len(xy) == 0:
        return xy[:, 0], xy[:, 1]
    x, y = _transformer(source, target).transform(xy[:, 0], xy[:, 1])
    return x, y


@cache
def _is_geographic(crs: str) -> bool:
    return bool(CRS.from_user_input(crs).is_geographic)


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


def _multi(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a polygon as one of several; of several, without those that are empty: clients cannot read them."""
    if shape.geom_type == "Polygon":
        return shapely.multipolygons([shape])
    if not shape.is_empty and shape.geom_type == "MultiPolygon" and any(part.is_empty for part in shape.geoms):
        return shapely.multipolygons([part for part in shape.geoms if not part.is_empty])
    return shape


def _hex(shapes: NDArray[np.object_]) -> list[str]:
    ewkb: list[str] = shapely.to_wkb(shapes, hex=True, include_srid=True).tolist()
    return ewkb


def _points_hex(x: Floats, y: Floats, srid: int) -> list[str]:
    """Return points as `_hex` does: extended WKB, little-endian (PostGIS, doc/ZMSgeoms.txt)."""
    points = np.zeros(len(x), dtype=[("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])
    points["order"], points["type"], points["srid"], points["x"], points["y"] = 1, 0x20000001, srid, x, y
    written, width = points.tobytes().hex(), 2 * points.itemsize
    return [written[i : i + width] for i in range(0, len(written), width)]
