"""QGIS opens a project and draws it. Arguments: the project, an image to write, layers to draw (all if none), a key."""

import json
import sys

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from session import start

path, image, wanted, key, bbox = sys.argv[1:]
application = start(key)

project = QgsProject.instance()
read = project.read(path)
view = project.viewSettings().defaultViewExtent()
order = project.layerTreeRoot().layerOrder()
drawn = [layer for layer in order if layer.isValid() and (not wanted or layer.name() in wanted.split("|"))]
settings = QgsMapSettings()
settings.setLayers(drawn)
settings.setDestinationCrs(project.crs())
settings.setExtent(view)
settings.setOutputSize(QSize(900, 900))
settings.setBackgroundColor(QColor("white"))
settings.setTransformContext(project.transformContext())
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
picture = job.renderedImage()
picture.save(image)
counts = {}
for y in range(picture.height()):
    for x in range(picture.width()):
        color = picture.pixel(x, y) & 0xFFFFFF
        counts[color] = counts.get(color, 0) + 1

to_city = QgsCoordinateTransform(QgsCoordinateReferenceSystem("OGC:CRS84"), project.crs(), project)
city = to_city.transformBoundingBox(QgsRectangle(*[float(n) for n in bbox.split(",")]))
print(
    json.dumps(
        {
            "read": read,
            "title": project.title(),
            "crs": project.crs().authid(),
            "view": [view.xMinimum(), view.yMinimum(), view.xMaximum(), view.yMaximum()],
            "view_crs": view.crs().authid(),
            "city": [city.xMinimum(), city.yMinimum(), city.xMaximum(), city.yMaximum()],
            "groups": {
                group.name(): [layer.name() for layer in group.findLayers()]
                for group in project.layerTreeRoot().findGroups()
            },
            "layers": {
                layer.name(): {
                    "valid": layer.isValid(),
                    "provider": layer.providerType(),
                    "source": layer.source(),
                    "renderer": layer.renderer().type() if layer.isValid() else None,
                    "read_only": layer.readOnly(),
                    "abstract": layer.metadata().abstract(),
                    "crs": layer.crs().authid(),
                }
                for layer in project.mapLayers().values()
            },
            "errors": [error.message for error in job.errors()],
            "colors": {f"#{color:06x}": n for color, n in counts.items()},
        }
    )
)
