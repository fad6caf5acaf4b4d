"""A raster: the numbers of a collection of cells, one pixel a cell, in the city's CRS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rio_cogeo.cogeo import cog_translate
from rio_cogeo.profiles import cog_profiles

from observatoire.errors import NotFound, ObsError
from observatoire.layers.model import Layer
from observatoire.risk.grid import Grid
from observatoire.server.coverage.bands import bands_of

#: Side of an inner tile of a GeoTIFF, pixels.
_BLOCK = 256


class NotAGridError(ObsError):
    """The items that match are not one value a cell of one grid."""

    type, status = "not-a-grid", 422


@dataclass(frozen=True)
class Raster:
    """Values on a grid.

    Attributes
    ----------
    values : ndarray of float32, shape (n_bands, n_rows, n_columns)
        Northernmost row first; NaN where there is no cell, or no value.
    bands : tuple of str
        Names of the bands: properties of the collection.
    left, top : float, m
        North-western corner.
    cell : float, m
        Side of a pixel.
    srid : int
        Of left and top.
    tags : dict
        What all cells have in common: when the forecast was made, its period, its target.
    """

    values: NDArray[np.float32]
    bands: tuple[str, ...]
    left: float
    top: float
    cell: float
    srid: int
    tags: dict[str, str]

    def at(self, x: NDArray[np.float64], y: NDArray[np.float64], band: str) -> NDArray[np.float32]:
        """Return the values at points of the raster's CRS, NaN outside. A cell holds its left and lower sides."""
        values = self.values[self.bands.index(band)]
        column = np.floor((x - self.left) / self.cell)
        row = values.shape[0] - 1 - np.floor((y - (self.top - values.shape[0] * self.cell)) / self.cell)
        inside = (column >= 0) & (column < values.shape[1]) & (row >= 0) & (row < values.shape[0])
        found = np.full(x.shape, np.nan, dtype=np.float32)
        found[inside] = values[row[inside].astype(int), column[inside].astype(int)]
        return found


def raster(layer: Layer, shown: Sequence[str], rows: list[tuple[Any, ...]], srid: int) -> Raster:
    """Return the raster of items.

    Parameters
    ----------
    shown : sequence of str
        Properties of a row, in order.
    rows : list of tuple
        Id, the properties shown, the cell as WKB in the CRS `srid`.

    Raises
    ------
    NotFound
        If there are no items.
    NotAGridError
        If two items lie on one cell, or cells are not equal squares of one lattice.
    """
    if not rows:
        raise NotFound("no item matches: there is nothing to draw")
    bounds = shapely.bounds(shapely.from_wkb([row[-1] for row in rows]))
    cell = float(np.median(bounds[:, 2] - bounds[:, 0]).round(3))
    names = np.arange(len(rows)).astype(str)
    try:
        grid = Grid.of_cells(names, bounds[:, 0], bounds[:, 1], cell=cell, crs=f"EPSG:{srid}")
    except ValueError:
        raise NotAGridError(
            "several items lie on one cell, or cells are not equal squares: narrow by datetime, by filter or by the "
            "value of a property"
        ) from None
    bands = bands_of(layer, shown)
    values = np.full((len(bands), *grid.shape), np.nan, dtype=np.float32)
    for band, name in enumerate(bands):
        column = 1 + list(shown).index(name)
        numbers = [np.nan if row[column] is None else row[column] for row in rows]
        values[band, grid.row, grid.col] = numbers
    left, bottom = float(grid.x_min.min()), float(grid.y_min.min())
    return Raster(values[:, ::-1], bands, left, bottom + grid.shape[0] * cell, cell, srid, _common(layer, shown, rows))


def _common(layer: Layer, shown: Sequence[str], rows: list[tuple[Any, ...]]) -> dict[str, str]:
    """Return the properties that are no bands and that all items share."""
    found = {}
    for i, name in enumerate(shown, 1):
        values = {row[i] for row in rows} if layer.properties[name].type == "string" else set()
        if len(values) == 1 and (value := values.pop()) is not None:
            found[name] = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return found


def geotiff(raster: Raster) -> bytes:
    """Return a Cloud-Optimized GeoTIFF (OGC 21-026): tiled, deflated, with overviews; read over HTTP piece by piece."""
    count, height, width = raster.values.shape
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": count, "height": height, "width": width,
        "crs": f"EPSG:{raster.srid}", "nodata": np.nan,
        "transform": from_origin(raster.left, raster.top, raster.cell, raster.cell),
    }  # fmt: skip
    target = dict(cog_profiles["deflate"])
    target.update(blockxsize=_BLOCK, blockysize=_BLOCK, predictor=3)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), MemoryFile() as plain, MemoryFile() as whole:
        with plain.open(**profile) as file:
            file.write(raster.values)
            file.update_tags(**raster.tags)
            for i, name in enumerate(raster.bands, 1):
                file.set_band_description(i, name)
        with plain.open() as file:
            cog_translate(
                file, whole.name, target, in_memory=True, quiet=True, forward_band_tags=True, use_cog_driver=True,
                overview_resampling="average",
            )  # fmt: skip
        return bytes(whole.read())
