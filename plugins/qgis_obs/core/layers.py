"""Layers of the map made of openings: valid or an error, styled by the server, in their folder."""

from __future__ import annotations

import json
import re
from typing import Any

from qgis.core import (
    QgsLayerTreeGroup,
    QgsMapBoxGlStyleConverter,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from . import coverage, legend, qml_style
from .errors import PluginError
from .opening import Opening
from .records import Record
from .texts import tr

#: Custom property of a layer: the collection that it shows, and its server's address.
COLLECTION, SERVER = "obs/collection", "obs/server"


class NoLayer(PluginError):
    """QGIS cannot open what the server offers."""


def make(opening: Opening, record: Record) -> QgsMapLayer:
    """Return a layer without a style; reads from the server: call it in a task, then `adopt` it.

    Raises
    ------
    NoLayer
        If QGIS cannot open it.
    """
    if opening.provider == "vectortile":
        layer: QgsMapLayer = QgsVectorTileLayer(opening.uri, record.title)
    elif opening.provider == "gdal":
        layer = QgsRasterLayer(opening.uri, record.title, "gdal")
    else:
        layer = QgsVectorLayer(opening.uri, record.title, opening.provider)
    # Nothing else may be asked of a layer that is not valid: QGIS 3.22 dies of `dataProvider().error()`.
    if not layer.isValid():
        raise NoLayer(tr("QGIS cannot open “{title}”; its message log says why.", title=record.title), opening.uri)
    return layer


def adopt(layer: QgsMapLayer) -> QgsMapLayer:
    """Give a layer that was made in a task to the thread of the program; called in that task, as its last word."""
    layer.moveToThread(QCoreApplication.instance().thread())
    return layer


def narrow(layer: QgsVectorLayer, qml: str, moment: str) -> None:
    """Show only the items of one time, by the field that the style names as theirs; QGIS asks the server for these."""
    named = re.search(r'<temporal [^>]*startField="(\w+)"', qml)
    if named:
        layer.setSubsetString(f"\"{named[1]}\" >= '{moment}' AND \"{named[1]}\" <= '{moment}'")


def dress(layer: QgsMapLayer, record: Record, *, base: str, qml: str = "", style: dict[str, Any] | None = None) -> str:
    """Style a layer as the server says, and write where it comes from into its metadata.

    Returns
    -------
    str
        What was wrong with the style, empty where nothing was: the layer is shown all the same.
    """
    wrong = ""
    if isinstance(layer, QgsVectorTileLayer) and style:
        wrong = _dress_tiles(layer, record.id, style)
    elif isinstance(layer, QgsRasterLayer):
        coverage.dress(layer, legend.legend(style) or legend.USUAL)
    elif qml and isinstance(layer, QgsVectorLayer):
        wrong = qml_style.wear(layer, qml)
    layer.setName(record.title)
    layer.setCustomProperty(COLLECTION, record.id)
    layer.setCustomProperty(SERVER, base)
    about = layer.metadata()
    about.setIdentifier(record.id)
    about.setTitle(record.title)
    about.setAbstract(record.description)
    about.setLicenses([record.licence] if record.licence else [])
    about.setHistory([f"{base}, {record.checked.isoformat()}"] if record.checked else [base])
    layer.setMetadata(about)
    return wrong


def place(project: QgsProject, layer: QgsMapLayer) -> None:
    """Add a layer to the project in its folder: places over measures over areas, so that nothing is hidden."""
    project.addMapLayer(layer, False)
    root = project.layerTreeRoot()
    titles = [tr("Places and events"), tr("Forecasts and measures"), tr("Areas")]
    rank = rank_of(layer)
    group = root.findGroup(titles[rank]) or _new_group(root, titles, rank)
    group.insertLayer(len(group.children()) if is_area(layer) and rank == 0 else 0, layer)


def is_area(layer: QgsMapLayer) -> bool:
    """Tell whether a layer would hide points under it."""
    return isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry


def rank_of(layer: QgsMapLayer) -> int:
    """Return 0 for places, 1 for areas and rasters whose colours are numbers, 2 for plain areas.

    Places are points, lines, and areas of several kinds: street works lie over the forecast.
    """
    if isinstance(layer, QgsVectorLayer):
        drawn = layer.renderer().type() if layer.renderer() is not None else ""
        if layer.geometryType() != QgsWkbTypes.GeometryType.PolygonGeometry or drawn == "categorizedSymbol":
            return 0
        return 2 if drawn == "singleSymbol" else 1
    return 0 if isinstance(layer, QgsVectorTileLayer) else 1


def of_collection(project: QgsProject, collection: str) -> QgsVectorLayer | None:
    """Return the vector layer of a collection in the project, or None."""
    for layer in project.mapLayers().values():
        if isinstance(layer, QgsVectorLayer) and layer.customProperty(COLLECTION) == collection:
            return layer
    return None


def _new_group(root: QgsLayerTreeGroup, titles: list[str], rank: int) -> QgsLayerTreeGroup:
    """Insert a folder after those that lie over it; what is not ours stays where it is."""
    names = [child.name() for child in root.children()]
    over = [names.index(title) for title in titles[:rank] if title in names]
    under = [names.index(title) for title in titles[rank + 1 :] if title in names]
    return root.insertGroup(max(over) + 1 if over else (min(under) if under else 0), titles[rank])


def _dress_tiles(layer: QgsVectorTileLayer, collection: str, style: dict[str, Any]) -> str:
    """Convert a MapLibre style; every layer of it is drawn from the collection's tiles, whatever source it names."""
    parts = [part for part in style.get("layers") or () if part.get("type") != "background"]
    drawn = [dict(part, **{"source-layer": collection}) for part in parts]
    converter = QgsMapBoxGlStyleConverter()
    done = converter.convert(json.dumps({"version": 8, "layers": drawn}))
    if done != QgsMapBoxGlStyleConverter.Result.Success:
        return converter.errorMessage()
    layer.setRenderer(converter.renderer())
    layer.setLabeling(converter.labeling())
    return ""
