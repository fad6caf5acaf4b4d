"""A collection of cells as a raster: read by its address where anybody may, else fetched with the user's key."""

from __future__ import annotations

import tempfile
from pathlib import Path

from qgis.core import (
    QgsColorRampShader,
    QgsFeedback,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from . import opening
from .http import Client
from .legend import Legend

#: A forecast of a large city on cells of 200 m is under 5 MB.
LARGEST = 100_000_000


def opened(client: Client, collection: str, feedback: QgsFeedback | None = None) -> opening.Opening:
    """Return how to open the raster; blocks.

    GDAL reads ranges by itself but cannot send QGIS's authentications: with one, the file is fetched whole.
    """
    if not client.server.authcfg and not client.server.key:
        return opening.raster(client.server.url, collection)
    answer = client.get(
        f"collections/{collection}/coverage", accept="image/tiff", largest=LARGEST, timeout_s=120, feedback=feedback
    )
    with tempfile.NamedTemporaryFile(
        dir=QgsProcessingUtils.tempFolder(), prefix=f"{Path(collection).name}-", suffix=".tif", delete=False
    ) as file:
        file.write(answer.body)
    return opening.Opening("raster", "gdal", file.name)


def dress(layer: QgsRasterLayer, legend: Legend) -> None:
    """Show the band that is named like the property, in its classes; what has no value is clear."""
    names = [layer.bandName(number) for number in range(1, layer.bandCount() + 1)]
    band = next((n for n, name in enumerate(names, 1) if name.endswith(legend.property)), 1)
    bounds = [*(step.least for step in legend.steps[1:]), float("inf")]
    items = [
        QgsColorRampShader.ColorRampItem(upper, QColor(step.color), step.label)
        for upper, step in zip(bounds, legend.steps)
    ]
    ramp = QgsColorRampShader(legend.steps[0].least, bounds[-2] if len(bounds) > 1 else 1.0)
    ramp.setColorRampType(QgsColorRampShader.Type.Discrete)
    ramp.setColorRampItemList(items)
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    layer.setRenderer(renderer)
    layer.setOpacity(0.7)
