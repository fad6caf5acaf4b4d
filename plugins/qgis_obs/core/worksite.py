"""Worksites that are being planned: a layer in memory with the fields of the city's works, and what is sent of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtXml import QDomDocument

from .clash import BadWork
from .layers import COLLECTION
from .texts import tr

KIND, DRAFTS = "obs/kind", "worksites"
#: Fields of a worksite, as the collection of works calls them. Times are texts with their offset, as they are sent.
FIELDS = (
    "reference", "titre", "nature", "emprise", "debut", "fin", "regle", "heure_debut", "heure_fin", "feries",
    "exceptions", "bruit", "tranchee", "eclairage_coupe", "deviation", "au_plus_tot", "echeance", "voie", "troncon",
    "statut",
)  # fmt: skip
DEGREES = "EPSG:4326"
#: No worksite is wider, degrees: 20 km at the latitude of Lille. What is wider was drawn in another projection.
WIDEST = 0.3


def drafts(project: QgsProject) -> QgsVectorLayer | None:
    """Return the layer of worksites that are being planned, or None."""
    for layer in project.mapLayers().values():
        if layer.customProperty(KIND) == DRAFTS:
            return layer
    return None


def make_drafts(qml: str) -> QgsVectorLayer:
    """Return a layer in memory for worksites, drawn as the city's works are."""
    fields = "&".join(f"field={name}:string" for name in FIELDS)
    layer = QgsVectorLayer(f"MultiPolygon?crs={DEGREES}&{fields}", tr("Planned worksites"), "memory")
    document = QDomDocument()
    if qml and document.setContent(qml)[0]:
        layer.importNamedStyle(document)
    layer.setName(tr("Planned worksites"))
    layer.setReadOnly(False)
    layer.temporalProperties().setIsActive(False)
    layer.setCustomProperty(KIND, DRAFTS)
    return layer


def choices(layer: QgsVectorLayer, field: str) -> list[tuple[str, str]]:
    """Return label and code of what a field may hold, as the style's value map says; empty where it says nothing."""
    number = layer.fields().indexOf(field)
    said = layer.editorWidgetSetup(number).config().get("map") if number >= 0 else None
    entries = said if isinstance(said, list) else [said] if isinstance(said, dict) else []
    return [(str(label), str(code)) for entry in entries for label, code in entry.items()]


def put(layer: QgsVectorLayer, footprint: QgsGeometry, said: Mapping[str, Any]) -> int:
    """Add a worksite, or replace the one of the same reference; return its id.

    Parameters
    ----------
    footprint : QgsGeometry
        Degrees.
    said : mapping
        By `FIELDS`; others are left out.
    """
    known = find(layer, str(said.get("reference", "")))
    feature = QgsFeature(layer.fields())
    geometry = QgsGeometry(footprint)
    geometry.convertToMultiType()
    feature.setGeometry(geometry)
    for name in FIELDS:
        if said.get(name) not in (None, ""):
            feature[name] = str(said[name]).lower() if isinstance(said[name], bool) else str(said[name])
    provider = layer.dataProvider()
    if known is not None:
        provider.deleteFeatures([known.id()])
    _, added = provider.addFeatures([feature])
    layer.updateExtents()
    layer.triggerRepaint()
    return added[0].id()


def find(layer: QgsVectorLayer, reference: str) -> QgsFeature | None:
    """Return the worksite of a reference, or None."""
    return next((f for f in layer.getFeatures() if reference and f["reference"] == reference), None)


def in_degrees(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """Return a footprint in degrees, whatever it was drawn in.

    Raises
    ------
    BadWork
        If its CRS is not known, or has no degrees there: metres must never go out as degrees.
    """
    if not crs.isValid():
        raise BadWork("geometry", tr("the projection of the map is not known"))
    found = QgsGeometry(geometry)
    transform = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem(DEGREES), QgsProject.instance())
    try:
        found.transform(transform)
    except QgsCsException:
        raise BadWork("geometry", tr("it lies where the projection of the map has no degrees")) from None
    return found


def geojson(footprint: QgsGeometry) -> dict[str, Any]:
    """Return a footprint in degrees as GeoJSON, to a centimetre.

    Raises
    ------
    BadWork
        If it is no area, crosses itself, or is as wide as a city.
    """
    if footprint.isEmpty() or footprint.type() != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise BadWork("geometry", tr("draw or pick an area"))
    if not footprint.isGeosValid():
        raise BadWork("geometry", tr("the area crosses itself"))
    box = footprint.boundingBox()
    if max(box.width(), box.height()) > WIDEST:
        raise BadWork("geometry", tr("the area is wider than a worksite; is the projection of the map right?"))
    return json.loads(footprint.asJson(7))


def picked(layer: QgsVectorLayer, feature: QgsFeature) -> dict[str, Any]:
    """Return what a feature of the city's works says, by `FIELDS`; what is unknown is left out."""
    names = layer.fields().names()
    said = {name: _said(feature[name]) for name in FIELDS if name in names}
    return {name: value for name, value in said.items() if value != ""}


def is_works(layer: Any, collection: str) -> bool:
    """Tell whether a layer shows the city's works, or worksites that are being planned."""
    return isinstance(layer, QgsVectorLayer) and (
        layer.customProperty(COLLECTION) == collection or layer.customProperty(KIND) == DRAFTS
    )


def _said(value: Any) -> Any:
    """Return a value as it is sent; a time with its offset, unknown as an empty text."""
    if value is None or (hasattr(value, "isNull") and value.isNull()):
        return ""
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    if hasattr(value, "toUTC"):
        return value.toUTC().toString("yyyy-MM-ddTHH:mm:ss") + "Z"
    if hasattr(value, "toString"):
        return value.toString("yyyy-MM-dd")
    return str(value)
