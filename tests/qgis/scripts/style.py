"""QGIS reads a style. Arguments: the QML file, a geometry type, fields as `name:type,…`, a JSON list of values."""

import json
import sys

from qgis.core import NULL, QgsFeature, QgsRenderContext, QgsVectorLayer
from session import start

path, geometry, fields, values = sys.argv[1:]
application = start("")
layer = QgsVectorLayer(
    f"{geometry}?crs=EPSG:4326&" + "&".join(f"field={field}" for field in fields.split(",")), "x", "memory"
)
message, read = layer.loadNamedStyle(path)

renderer = layer.renderer()
kind = renderer.type()
if kind == "categorizedSymbol":
    lines = [[line.value(), line.label(), line.symbol().color().name()] for line in renderer.categories()]
elif kind == "graduatedSymbol":
    lines = [[line.lowerValue(), line.label(), line.symbol().color().name()] for line in renderer.ranges()]
else:
    lines = [[None, "", renderer.symbol().color().name()]]


def drawn(value):
    """Return the colour in which an item of this value is drawn, null where it is not."""
    feature = QgsFeature(layer.fields())
    feature[renderer.classAttribute()] = NULL if value is None else value
    symbol = renderer.symbolForFeature(feature, context)
    return None if symbol is None else symbol.color().name()


context = QgsRenderContext()
renderer.startRender(context, layer.fields())
colors = [drawn(value) for value in json.loads(values)]
renderer.stopRender(context)
temporal = layer.temporalProperties()
print(
    json.dumps(
        {
            "read": read,
            "message": message,
            "kind": kind,
            "attribute": "" if kind == "singleSymbol" else renderer.classAttribute(),
            "lines": lines,
            "colors": colors,
            "aliases": {field.name(): field.alias() for field in layer.fields()},
            "values": {
                field.name(): {
                    label: code for pair in field.editorWidgetSetup().config()["map"] for label, code in pair.items()
                }
                for field in layer.fields()
                if field.editorWidgetSetup().type() == "ValueMap"
            },
            "columns": [column.name for column in layer.attributeTableConfig().columns() if column.name],
            "instant": temporal.startField() if temporal.isActive() else None,
            "tip": layer.mapTipTemplate(),
        }
    )
)
