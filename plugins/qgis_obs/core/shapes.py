"""Geometries of QGIS from GeoJSON's, by the reader that QGIS 3.22 has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from qgis.core import QgsFeature, QgsFields, QgsGeometry, QgsJsonUtils, QgsVectorLayer

#: Features that are read as one text. QGIS holds Python's lock while it reads: more would hold the window as well.
BATCH = 100


def geometries(shapes: Iterable[Mapping[str, Any]]) -> list[QgsGeometry]:
    """Return a geometry a shape, degrees, empty ones for what is none."""
    found: list[QgsGeometry] = []
    batch: list[Mapping[str, Any]] = []
    for shape in shapes:
        batch.append(shape)
        if len(batch) == BATCH:
            found += _read(batch)
            batch = []
    return found + _read(batch)


def _read(shapes: list[Mapping[str, Any]]) -> list[QgsGeometry]:
    if not shapes:
        return []
    features = [{"type": "Feature", "properties": {}, "geometry": shape or None} for shape in shapes]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return [feature.geometry() for feature in QgsJsonUtils.stringToFeatureList(text, QgsFields())]


def add(layer: QgsVectorLayer, features: Iterable[QgsFeature]) -> None:
    """Add features to a layer in memory, a few at a time, for the same reason."""
    listed = list(features)
    for first in range(0, len(listed), BATCH):
        layer.dataProvider().addFeatures(listed[first : first + BATCH])
    layer.updateExtents()
