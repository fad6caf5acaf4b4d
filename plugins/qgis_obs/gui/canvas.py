"""The map window: the city in its own CRS, a zoom to a geometry that is in degrees."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QTimer

from ..core.catalogue import Described
from ..core.errors import BadValue
from ..core.texts import tr
from ..core.timespan import announce

DEGREES = "EPSG:4326"


class Arrival:
    """Layers come into the map: it is drawn once they are there, and those of an empty project show their city.

    CRS and window are set before the first layer. QGIS would set them after it: the CRS of the layer, which ours would
    then replace (for this it prepares a dialog about transformations, unseen, and holds the window), and the window of
    what it then asks each layer, which waits for the items that are on their way.
    """

    def __init__(self, iface: Any, project: QgsProject, described: list[Described]) -> None:
        self.iface = iface
        iface.mapCanvas().freeze(True)
        self._first = not project.mapLayers()
        announce(project, described)
        extent = whole(described)
        if self._first and not extent.isEmpty():
            self._sets_up(False)
            code = next((d.crs for d in described if d.crs), DEGREES)
            crs = QgsCoordinateReferenceSystem(code)
            project.setCrs(crs if crs.isValid() else QgsCoordinateReferenceSystem(DEGREES))
            zoom(iface.mapCanvas(), extent, margin=1.02)

    def over(self) -> None:
        """Draw. QGIS hears of the last layer in the next turn of its event loop; then it may set up others again."""
        canvas = self.iface.mapCanvas()

        def draw() -> None:
            self._sets_up(True)
            canvas.freeze(False)
            canvas.refresh()

        QTimer.singleShot(0, draw)

    def _sets_up(self, on: bool) -> None:
        bridge = getattr(self.iface, "layerTreeCanvasBridge", lambda: None)()
        if self._first and bridge is not None:
            bridge.setAutoSetupOnFirstLayer(on)


def whole(described: list[Described]) -> QgsRectangle:
    """Return what holds all items of collections, degrees; empty where no server says it."""
    found = QgsRectangle()
    found.setMinimal()
    for each in described:
        if each.extent:
            found.combineExtentWith(QgsRectangle(*each.extent))
    return found


def zoom(canvas: Any, extent: QgsRectangle, *, margin: float = 1.2) -> None:
    """Show a rectangle in degrees."""
    target = canvas.mapSettings().destinationCrs()
    transform = QgsCoordinateTransform(QgsCoordinateReferenceSystem(DEGREES), target, QgsProject.instance())
    try:
        found = transform.transformBoundingBox(extent)
    except QgsCsException:
        return  # nothing of it can be shown in this projection
    found.scale(margin)
    canvas.setExtent(found)
    canvas.refresh()


def flash(canvas: Any, geometry: QgsGeometry) -> None:
    """Show a geometry in degrees and make it blink."""
    zoom(canvas, geometry.boundingBox(), margin=2.5)
    canvas.flashGeometries([geometry], QgsCoordinateReferenceSystem(DEGREES))


def map_window(canvas: Any) -> tuple[float, float, float, float]:
    """Return what the map shows: west, south, east, north, degrees.

    Raises
    ------
    BadValue
        If it shows more than its projection can.
    """
    source = canvas.mapSettings().destinationCrs()
    degrees = QgsCoordinateReferenceSystem(DEGREES)
    try:
        box = QgsCoordinateTransform(source, degrees, QgsProject.instance()).transformBoundingBox(canvas.extent())
    except QgsCsException:
        raise BadValue(tr("The map window shows more than its projection can; zoom in.")) from None
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()
