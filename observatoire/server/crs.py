"""The coordinate reference systems that a collection is asked and given in (OGC API Features, part 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyproj import CRS, Transformer

from observatoire.errors import BadInput

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WGS84, WEB_MERCATOR = 4326, 3857

#: Nothing in the store lies farther than this from the city's extent, degrees: the intake quarantines it.
MARGIN = 1.0

Bounds = tuple[float, float, float, float]


def epsg(code: int) -> str:
    """Return the URI of a CRS of EPSG."""
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


@dataclass(frozen=True)
class System:
    """One CRS as clients name it.

    Attributes
    ----------
    uri : str
        Its name.
    srid : int
        Its number in PostGIS.
    north_first : bool
        True where the authority's first axis points north: clients then give and get (northing, easting).
    decimals : int
        Decimals of coordinates: 6 in degrees (0.1 m), 2 in metres.
    bounds : tuple of 4 float
        x_min, y_min, x_max, y_max beyond which the store holds nothing, in this CRS, easting first.
    """

    uri: str
    srid: int
    north_first: bool
    decimals: int
    bounds: Bounds

    @property
    def geographic(self) -> bool:
        """True in degrees."""
        return self.srid == WGS84


@dataclass(frozen=True)
class Systems:
    """The CRSs of a city: CRS84 first (the default), then WGS 84, Web Mercator, the city's own (the store's)."""

    by_uri: dict[str, System]
    storage: System

    @property
    def default(self) -> System:
        """CRS84."""
        return self.by_uri[CRS84]

    def named(self, parameter: str, uri: str) -> System:
        """Return the system of that URI.

        Raises
        ------
        BadInput
            If it is not one of the city's; the text names the parameter and lists them.
        """
        try:
            return self.by_uri[uri]
        except KeyError:
            raise BadInput(f"{parameter}: expected one of {', '.join(self.by_uri)}") from None


def systems(srid: int, extent: Sequence[float]) -> Systems:
    """Return the systems of a city.

    Parameters
    ----------
    srid : int
        EPSG number of the store's CRS.
    extent : sequence of 4 float, degrees
        West, south, east, north of the city.
    """
    west, south, east, north = extent
    wide = (west - MARGIN, max(south - MARGIN, -85.0), east + MARGIN, min(north + MARGIN, 85.0))
    named: dict[str, System] = {CRS84: System(CRS84, WGS84, north_first=False, decimals=6, bounds=wide)}
    for code in dict.fromkeys((WGS84, WEB_MERCATOR, srid)):
        crs = CRS.from_epsg(code)
        bounds = Transformer.from_crs(WGS84, code, always_xy=True).transform_bounds(*wide, densify_pts=51)
        named[epsg(code)] = System(
            epsg(code),
            code,
            north_first=crs.axis_info[0].direction == "north",
            decimals=6 if crs.is_geographic else 2,
            bounds=bounds,
        )
    return Systems(named, named[epsg(srid)])
