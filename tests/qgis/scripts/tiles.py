"""QGIS draws vector tiles. Arguments: the template of their addresses, a box in EPSG:3857."""

import json
import sys

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from session import start

template, box = sys.argv[1:]
application = start("")
layer = QgsVectorTileLayer(f"type=xyz&url={template}&zmin=0&zmax=18", "tiles")

settings = QgsMapSettings()
settings.setLayers([layer])
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
settings.setBackgroundColor(QColor("white"))
settings.setOutputSize(QSize(300, 300))
settings.setExtent(QgsRectangle(*map(float, box.split(","))))
job = QgsMapRendererSequentialJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
white = QColor("white").rgb()
drawn = sum(image.pixel(x, y) != white for x in range(300) for y in range(300))
print(json.dumps({"valid": layer.isValid(), "drawn": drawn}))
