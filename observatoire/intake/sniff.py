"""Which CRS coordinates are in, where nobody says it: the one in which they lie in the city.

A city's systems differ by hundreds of kilometres in one coordinate at least, so that its extent is enough to tell them
apart: over Marseille the boxes of these nine are pairwise disjoint, as they stand and swapped. Where two fit, or none,
the load stops.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from observatoire.errors import BadSource

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

#: Lambert-93, CC44, CC43, NTF Sud, NTF Lambert III carto, NTF Lambert II étendu, UTM 31, Web Mercator, LAEA Europe.
SYSTEMS = (
    "EPSG:2154", "EPSG:3944", "EPSG:3943", "EPSG:27563", "EPSG:27573", "EPSG:27572", "EPSG:32631", "EPSG:3857",
    "EPSG:3035",
)  # fmt: skip
DEGREES = "EPSG:4326"
HALF = 0.5  # of the points must lie in the city
_SIDES = 21  # points on each side of the extent that is projected
_SAME = 1.0  # m: ETRS89 / UTM 31 and WGS 84 / UTM 31 are one system for us
_NEAR = 1e-5  # degrees: a system in which the extent does not come back where it was is not one of this place


@dataclass(frozen=True)
class Fits:
    """The systems in which most points lie in the city, as they stand and with x and y swapped."""

    straight: tuple[str, ...]
    swapped: tuple[str, ...]


def sniff(xy: Floats, extent: Box, own: str) -> str:
    """Return the CRS of points.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        In the order in which the source names them.
    extent : tuple
        West, south, east, north of the city, degrees.
    own : str
        The city's CRS, which is tried as well.

    Raises
    ------
    BadSource
        If the points are swapped, or lie in the city in several systems or in none.

    Examples
    --------
    >>> sniff(np.array([[892390.0, 6247035.0]]), (5.2, 43.15, 5.57, 43.42), "EPSG:2154")
    'EPSG:2154'
    """
    found = fits(xy, extent, own)
    if len(found.straight) == 1 and not found.swapped:
        return found.straight[0]
    if found.straight:
        names = ", ".join(dict.fromkeys(found.straight + found.swapped))
        raise BadSource(
            f"no CRS is said, and the coordinates lie in the city in several ({names}); expected crs: EPSG:n"
        )
    if found.swapped:
        raise BadSource(
            f"no CRS is said, and x and y look swapped: exchanged, they lie in the city in {', '.join(found.swapped)}"
        )
    raise BadSource(
        f"no CRS is said, and in none of {', '.join(systems(own))} do the coordinates lie in the city; "
        "expected crs: EPSG:n"
    )


def fits(xy: Floats, extent: Box, own: str) -> Fits:
    """Return the systems in which at least half of the finite points lie in the city."""
    finite = xy[np.isfinite(xy).all(axis=1)]
    if len(finite) == 0:
        return Fits((), ())
    known: dict[str, Box] = {}
    for crs in systems(own):
        b = box(crs, extent)
        if b is not None and not any(
            np.allclose(b, other, rtol=0, atol=_SAME) for c, other in known.items() if c != DEGREES
        ):
            known[crs] = b
    return Fits(
        tuple(crs for crs, b in known.items() if _share(finite, b) >= HALF),
        tuple(crs for crs, b in known.items() if _share(finite[:, ::-1], b) >= HALF),
    )


def systems(own: str) -> tuple[str, ...]:
    """Return the systems that are tried: degrees, the city's, and those that French files use."""
    return tuple(dict.fromkeys((DEGREES, own, *SYSTEMS)))


@cache
def box(crs: str, extent: Box) -> Box | None:
    """Return the extent's bounds in a CRS, or None where that is no system of this place."""
    west, south, east, north = extent
    along = np.linspace(0.0, 1.0, _SIDES)
    lon = np.concatenate([west + along * (east - west)] * 2 + [np.full(_SIDES, side) for side in (west, east)])
    lat = np.concatenate([np.full(_SIDES, side) for side in (south, north)] + [south + along * (north - south)] * 2)
    if crs == DEGREES:
        return extent
    to_crs = Transformer.from_crs(DEGREES, crs, always_xy=True)
    try:
        x, y = to_crs.transform(lon, lat)
        back = np.array(to_crs.transform(x, y, direction="INVERSE"))
    except ProjError:
        return None
    if not np.isfinite(back).all() or np.abs(back - (lon, lat)).max() > _NEAR:
        return None
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _share(xy: Floats, b: Box) -> float:
    x, y = xy[:, 0], xy[:, 1]
    return float(((x >= b[0]) & (x <= b[2]) & (y >= b[1]) & (y <= b[3])).mean())
