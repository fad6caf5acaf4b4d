"""Rasters as pictures: the classes of the layer file, on tiles of a pyramid; and legends."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer

from observatoire.layers.model import Layer
from observatoire.server.coverage.raster import Raster
from observatoire.tiles.pyramid import Tile

#: Side of a picture, pixels.
SIDE = 256
_OPAQUE = 190  # of 255: what lies beneath is still seen


def tile_png(raster: Raster, layer: Layer, tile: Tile) -> bytes:
    """Return the picture of a raster on a tile, clear where there is no value; empty where it is clear all over.

    The colour of a pixel is that of the cell in which its centre lies, by the classes of the layer's style.
    """
    x_min, _, _, y_max = tile.bounds
    step = tile.side / SIDE
    x, y = np.meshgrid(x_min + (np.arange(SIDE) + 0.5) * step, y_max - (np.arange(SIDE) + 0.5) * step)
    if tile.pyramid.srid != raster.srid:
        x, y = Transformer.from_crs(tile.pyramid.srid, raster.srid, always_xy=True).transform(x, y)
    colors = _colors(layer, raster.at(x, y, str(layer.style.property)))
    if not colors[..., 3].any():
        return b""
    return _png(Image.fromarray(colors))


def _colors(layer: Layer, values: NDArray[np.float32]) -> NDArray[np.uint8]:
    classes = sorted((c for c in layer.style.classes if c.least is not None), key=lambda c: c.least or 0.0)
    table = np.zeros((len(classes) + 1, 4), dtype=np.uint8)
    for i, line in enumerate(classes, 1):
        table[i] = (*bytes.fromhex(line.color.removeprefix("#")), _OPAQUE)
    index = np.searchsorted([c.least or 0.0 for c in classes], np.nan_to_num(values, nan=-np.inf), side="right")
    painted: NDArray[np.uint8] = table[index]
    return painted


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(colors=64, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()
