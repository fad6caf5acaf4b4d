"""Statistics of a raster by zone: pure, windowed, one block in memory at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from rasterio.windows import Window

BLOCK = 1_024  # pixels: side of what is read at once


@dataclass(frozen=True)
class Statistics:
    """What a raster says of one zone, by the pixels whose centres lie in it and that hold a value.

    Attributes
    ----------
    count : int
    sum, mean, minimum, maximum, deviation : float or None
        None where no pixel counts; the deviation is that of the population (divided by `count`).
    coverage : float
        Area of the pixels that count ÷ area of the zone.
    """

    count: int
    sum: float | None
    mean: float | None
    minimum: float | None
    maximum: float | None
    deviation: float | None
    coverage: float


def zonal(raster: Any, zones: Iterable[Any], *, band: int = 1) -> Iterator[Statistics]:
    """Give the statistics of each zone.

    Parameters
    ----------
    raster : rasterio.DatasetReader
        North up or down, not turned. Its scale and offset are applied; nodata, masked and NaN pixels do not count.
    zones : iterable of shapely geometry
        Polygons in the CRS of the raster.

    Raises
    ------
    ValueError
        If the raster is turned, or has no such band.
    """
    if raster.transform.b or raster.transform.d:
        raise ValueError("the raster is turned")
    if not 1 <= band <= raster.count:
        raise ValueError(f"the raster has {raster.count} bands")
    for zone in zones:
        yield _of(raster, zone, band)


def _of(raster: Any, zone: Any, band: int) -> Statistics:
    count, total, mean, spread, low, high = 0, 0.0, 0.0, 0.0, np.inf, -np.inf
    for window in _windows(raster, zone):
        values = _values(raster, zone, window, band)
        if not (n := values.size):
            continue
        block = float(values.mean())
        # Chan, Golub and LeVeque (1983): moments of two parts joined without loss.
        gap = block - mean
        spread += float(((values - block) ** 2).sum()) + gap**2 * count * n / (count + n)
        mean += gap * n / (count + n)
        count, total = count + n, total + float(values.sum())
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    area = shapely.area(zone)
    coverage = count * abs(raster.transform.a * raster.transform.e) / area if area else 0.0
    if not count:
        return Statistics(0, None, None, None, None, None, 0.0)
    return Statistics(count, total, mean, low, high, sqrt(spread / count), float(coverage))


def _windows(raster: Any, zone: Any) -> Iterator[Window]:
    """Give the blocks of the raster that the bounds of a zone touch."""
    if shapely.is_empty(zone):
        return
    at = ~raster.transform
    west, south, east, north = shapely.bounds(zone)
    (c0, r0), (c1, r1) = at @ (west, north), at @ (east, south)
    left, right = max(0, floor(min(c0, c1))), min(raster.width, ceil(max(c0, c1)))
    top, bottom = max(0, floor(min(r0, r1))), min(raster.height, ceil(max(r0, r1)))
    for row in range(top, bottom, BLOCK):
        for column in range(left, right, BLOCK):
            yield Window(column, row, min(BLOCK, right - column), min(BLOCK, bottom - row))


def _values(raster: Any, zone: Any, window: Window, band: int) -> NDArray[np.float64]:
    read = raster.read(band, window=window, masked=True).astype(float)
    inside = geometry_mask([zone], read.shape, raster.window_transform(window), invert=True)
    values: NDArray[np.float64] = read.data[inside & ~np.ma.getmaskarray(read) & np.isfinite(read.data)]
    scale, offset = float(raster.scales[band - 1]), float(raster.offsets[band - 1])
    return values * scale + offset
