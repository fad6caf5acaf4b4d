"""The time that layers span, told to QGIS before the first of them comes."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import Qgis, QgsDateTimeRange, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt

from .catalogue import Described


def span(described: Iterable[Described]) -> QgsDateTimeRange | None:
    """Return the time that holds all items of collections, as their server says it; None where none does."""
    found = [QDateTime.fromString(text, Qt.DateFormat.ISODate) for each in described for text in each.interval]
    known = [moment for moment in found if moment.isValid()]
    return QgsDateTimeRange(min(known), max(known)) if known else None


def announce(project: QgsProject, described: Iterable[Described]) -> None:
    """Give QGIS's temporal controller the span of collections, where it has none yet.

    Of the first layer that has a time, the controller would read all items from the server to know the earliest and the
    latest, in the thread of the window. So the first one is a layer without items that spans it, and goes again.
    """
    times = [layer.temporalProperties() for layer in project.mapLayers().values()]
    whole = span(described)
    if whole is None or any(time is not None and time.isActive() for time in times):
        return
    layer = QgsVectorLayer("NoGeometry", "", "memory")
    time = layer.temporalProperties()
    time.setMode(Qgis.VectorTemporalMode.FixedTemporalRange)
    time.setFixedTemporalRange(whole)
    time.setIsActive(True)
    project.addMapLayer(layer, False)
    project.removeMapLayer(layer.id())
