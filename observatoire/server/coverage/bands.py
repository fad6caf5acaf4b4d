"""Which collections are rasters, and of which bands."""

from collections.abc import Sequence

from observatoire.layers.model import Layer

#: Media type of a Cloud-Optimized GeoTIFF (OGC 21-026).
GEOTIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
#: Property that names a cell.
CELL = "cell_id"


def gridded(layer: Layer) -> bool:
    """Tell whether a collection is made of grid cells whose values are drawn in classes."""
    return CELL in layer.properties and layer.graduated


def bands_of(layer: Layer, shown: Sequence[str]) -> tuple[str, ...]:
    """Return the properties that become bands: numbers, but for the id."""
    kinds = ("number", "integer")
    return tuple(n for n in shown if layer.properties[n].type in kinds and n != layer.id_field)
