"""An area: drawn on the map, what is selected in the layer in use, the whole layer, or typed as WKT."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget
from qgis.utils import iface

from ..core.texts import tr
from .draw_tool import DrawTool
from .native import native_wrapper

#: A layer with more features is not joined into one geometry.
MOST = 10_000


class AreaWidgetWrapper(WidgetWrapper):
    """Named in the metadata of a parameter; QGIS makes it. The text is WKT with its CRS, as QGIS reads it."""

    def __new__(cls, parameter: Any, dialog: Any, *arguments: Any, **named: Any) -> Any:
        """Return a wrapper: this one in a form, else QGIS's own."""
        return native_wrapper(parameter, dialog) or super().__new__(cls)

    def createWidget(self) -> QWidget:
        """Return a line of text with three buttons."""
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        self.text = QLineEdit()
        self.text.setMaxLength(10_000_000)
        self.text.setPlaceholderText("CRS=EPSG:2154;POLYGON((…))")
        self.text.textChanged.connect(lambda _text: self.widgetValueHasChanged.emit(self))
        row.addWidget(self.text, 1)
        self.tool: DrawTool | None = None
        for text, slot in (
            (tr("Draw"), self.draw), (tr("Selection"), self.take_selected), (tr("Layer"), self.take_layer),
        ):  # fmt: skip
            button = QPushButton(text)
            button.clicked.connect(slot)
            button.setEnabled(iface is not None)
            row.addWidget(button)
        return box

    def draw(self) -> None:
        """Let the user draw on the map; the form comes back when they are done."""
        canvas = iface.mapCanvas()
        before = canvas.mapTool()
        self.tool = DrawTool(canvas)

        def done(geometry: QgsGeometry | None) -> None:
            if geometry is not None:
                self.take(geometry, canvas.mapSettings().destinationCrs().authid())
            canvas.setMapTool(before)
            window = self.widget.window()
            window.raise_()
            window.activateWindow()

        self.tool.drawn.connect(done)
        self.tool.given_up.connect(lambda: done(None))
        canvas.setMapTool(self.tool)
        iface.mainWindow().activateWindow()
        canvas.setFocus()

    def take(self, geometry: QgsGeometry, crs: str) -> None:
        """Show a geometry."""
        self.setValue(f"CRS={crs};{geometry.asWkt(17)}")

    def take_selected(self) -> None:
        """Take what is selected in the layer in use."""
        self._take(lambda layer: layer.selectedFeatures())

    def take_layer(self) -> None:
        """Take the layer in use, whole."""
        self._take(lambda layer: list(layer.getFeatures()) if layer.featureCount() <= MOST else [])

    def _take(self, features: Any) -> None:
        layer = iface.activeLayer()
        found = features(layer) if isinstance(layer, QgsVectorLayer) else []
        shapes = [feature.geometry() for feature in found if feature.hasGeometry()]
        if not shapes:
            self.text.setPlaceholderText(
                tr("Nothing to take: choose a vector layer, select up to {most} features", most=MOST)
            )
            return
        joined = QgsGeometry.unaryUnion(shapes)
        self.take(joined, layer.crs().authid())

    def setValue(self, value: Any) -> None:
        """Show WKT."""
        self.text.setText("" if value is None else str(value))

    def value(self) -> str | None:
        """Return WKT with its CRS."""
        return self.text.text().strip() or None
