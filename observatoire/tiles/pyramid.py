"""A pyramid of square tiles: one tile at zoom 0, four at zoom 1, and so on."""

import math
from dataclasses import dataclass

from pyproj import Transformer

from observatoire.cities import City

#: Half the side of the Web Mercator square, m (OGC 17-083r4, annex D.1: WebMercatorQuad).
_WORLD = 20_037_508.3427892
#: A tile that is crowded is told by cells, 2^6 = 64 along each side.
CELLS = 6
#: Side of the tiles from which on single items are worth drawing, m.
_NEAR = 2_000


@dataclass(frozen=True)
class Tile:
    """One tile of a pyramid.

    Attributes
    ----------
    pyramid : Pyramid
    zoom, row, column : int
        Row 0 is the northernmost.
    """

    pyramid: "Pyramid"
    zoom: int
    row: int
    column: int

    @property
    def side(self) -> float:
        """Length of a side, m of the pyramid's CRS."""
        return self.pyramid.side / (1 << self.zoom)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return x_min, y_min, x_max, y_max; what lies on x_min or y_max belongs to the tile."""
        x, y = self.pyramid.left + self.column * self.side, self.pyramid.top - self.row * self.side
        return x, y - self.side, x + self.side, y


@dataclass(frozen=True)
class Pyramid:
    """A tile matrix set whose matrices are squares of 2^zoom tiles a side.

    Attributes
    ----------
    id : str
        As clients name it.
    srid : int
        EPSG number of its CRS.
    left, top : float, m
        Its north-western corner.
    side : float, m
        Of its one tile at zoom 0.
    near : int
        Zoom from which on single items are drawn; counts are kept for farther views.
    deepest : int
        Last zoom that is served.
    """

    id: str
    srid: int
    left: float
    top: float
    side: float
    near: int
    deepest: int

    @property
    def finest(self) -> int:
        """Level of the finest cells that are counted: 2^level of them a side of the pyramid."""
        return self.near - 1 + CELLS

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels at which counts are kept: every second, from the finest to one that a single tile shows."""
        return tuple(range(self.finest, CELLS - 2, -2))

    def kept(self, level: int) -> int:
        """Return the coarsest level that is kept and at least as fine as `level`."""
        return min(kept for kept in self.levels if kept >= level)

    def tile(self, zoom: int, row: int, column: int) -> Tile | None:
        """Return a tile, or None where the pyramid has none such."""
        inside = 0 <= zoom <= self.deepest and 0 <= row < 1 << zoom and 0 <= column < 1 << zoom
        return Tile(self, zoom, row, column) if inside else None

    def span(self, bounds: tuple[float, float, float, float], zoom: int) -> tuple[int, int, int, int]:
        """Return the first and last row, first and last column of the tiles that meet a box in the pyramid's CRS."""
        size, last = self.side / (1 << zoom), (1 << zoom) - 1
        x_min, y_min, x_max, y_max = bounds

        def at(value: float) -> int:
            return min(max(math.floor(value / size), 0), last)

        return at(self.top - y_max), at(self.top - y_min), at(x_min - self.left), at(x_max - self.left)


WEB_MERCATOR_QUAD = Pyramid("WebMercatorQuad", 3857, -_WORLD, _WORLD, 2 * _WORLD, near=14, deepest=18)


def city_pyramid(city: City) -> Pyramid:
    """Return the pyramid of a city in its own CRS: one tile holds it, with a side of a power of two kilometres.

    Examples
    --------
    Marseille is some 22 km wide: its tile has 32 km.

    >>> from observatoire.data import find
    >>> from observatoire.cities import read_city
    >>> from pathlib import Path
    >>> whole = city_pyramid(read_city(find(Path("cities/demo.yml"))))
    >>> whole.id, whole.srid, whole.side
    ('EPSG2154Quad', 2154, 32000.0)
    """
    to_city = Transformer.from_crs(4326, city.srid, always_xy=True)
    x_min, y_min, x_max, y_max = to_city.transform_bounds(*city.extent, densify_pts=51)
    left, top = math.floor(x_min / 1000) * 1000, math.ceil(y_max / 1000) * 1000
    doublings = max(math.ceil(math.log2(max(x_max - left, top - y_min) / 1000)), 2)
    side = 1000 << doublings
    near = round(math.log2(side / _NEAR))
    return Pyramid(f"EPSG{city.srid}Quad", city.srid, float(left), float(top), float(side), near=near, deepest=near + 5)


def pyramids(city: City) -> dict[str, Pyramid]:
    """Return the pyramids in which a city is served: the web's, and its own."""
    return {p.id: p for p in (WEB_MERCATOR_QUAD, city_pyramid(city))}
