"""Draws an area on the map: a click a corner, the right button or Enter closes it, Escape gives up."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsGeometry, QgsPointXY, QgsWkbTypes
from qgis.gui import QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor


class DrawTool(QgsMapTool):
    """Signals `drawn(geometry)` in the CRS of the map, or `given_up()`."""

    drawn = pyqtSignal(object)
    given_up = pyqtSignal()

    def __init__(self, canvas: Any) -> None:
        super().__init__(canvas)
        self.corners: list[QgsPointXY] = []
        self.band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self.band.setColor(QColor(217, 119, 6, 90))
        self.band.setStrokeColor(QColor(217, 119, 6))
        self.band.setWidth(2)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def canvasReleaseEvent(self, event: Any) -> None:
        """Add a corner, or close the area."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.corner(self.toMapCoordinates(event.pos()))
        else:
            self.close()

    def canvasMoveEvent(self, event: Any) -> None:
        """Show the area as it would be."""
        if self.corners:
            self._show([*self.corners, self.toMapCoordinates(event.pos())])

    def keyPressEvent(self, event: Any) -> None:
        """Close or give up from the keyboard."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        elif event.key() == Qt.Key.Key_Escape:
            self.reset()
            self.given_up.emit()

    def corner(self, point: QgsPointXY) -> None:
        """Add a corner, in the CRS of the map."""
        self.corners.append(point)
        self._show(self.corners)

    def close(self) -> None:
        """Hand over the area; with fewer than three corners it is none, and drawing goes on."""
        if len(self.corners) < 3:
            return
        found = QgsGeometry.fromPolygonXY([self.corners])
        self.reset()
        self.drawn.emit(found)

    def reset(self) -> None:
        """Forget the corners."""
        self.corners = []
        self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)

    def deactivate(self) -> None:
        """Leave no half-drawn area behind."""
        self.reset()
        super().deactivate()

    def _show(self, corners: list[QgsPointXY]) -> None:
        self.band.setToGeometry(QgsGeometry.fromPolygonXY([corners]), None)
