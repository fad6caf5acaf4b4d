"""QGIS's own OAPIF client reads a collection. Arguments: datasource, earliest and latest date, key or nothing."""

import json
import sys

from qgis.core import QgsVectorLayer, QgsWkbTypes
from session import start

datasource, earliest, latest, key = sys.argv[1:]
application = start(key)

layer = QgsVectorLayer(datasource, "items", "OAPIF")
found = {"valid": layer.isValid()}
if layer.isValid():  # of an invalid layer nothing more may be asked: its provider crashes
    features = list(layer.getFeatures())
    places = [feature.geometry().asPoint() for feature in features]
    found |= {
        "announced": layer.featureCount(),
        "ids": sorted(feature.id() for feature in features),
        "references": sorted(feature["reference"] for feature in features),
        "corner": [min(place.x() for place in places), max(place.y() for place in places)],
        "fields": [[field.name(), field.typeName()] for field in layer.fields()],
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().authid(),
    }
    other = QgsVectorLayer(datasource, "some", "OAPIF")
    other.setSubsetString(f"\"date\" >= '{earliest}' AND \"date\" <= '{latest}'")
    found["asked_within"] = sorted(feature["reference"] for feature in other.getFeatures())
print(json.dumps(found))
