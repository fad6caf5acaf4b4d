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

from ..core.errors import BadValue
from ..core.sourcing import Opened
from ..core.texts import tr

DEGREES = "EPSG:4326"
#: After so long QGIS has given a new project the CRS of its first layer; before, it would do so over ours.
SETTLED_MS = 300


def show_city(iface: Any, project: QgsProject, opened: list[Opened]) -> None:
    """Show all that the first layers hold, in the CRS that the city keeps them in.

    Later, when the events of adding them are over: QGIS gives the project the CRS of its first layer by itself.
    """
    codes = [o.described.crs for o in opened if o.described.crs]
    extent = QgsRectangle()
    extent.setMinimal()
    for one in opened:
        if one.layer.crs().authid() == DEGREES:
            extent.combineExtentWith(one.layer.extent())

    def show() -> None:
        crs = QgsCoordinateReferenceSystem(codes[0]) if codes else QgsCoordinateReferenceSystem()
        if crs.isValid():
            project.setCrs(crs)
        if not extent.isEmpty():
            zoom(iface.mapCanvas(), extent, margin=1.02)

    QTimer.singleShot(SETTLED_MS, show)


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
