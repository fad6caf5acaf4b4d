"""GeoJSON and tables of JSON as fields and features of QGIS: every number as the server said it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from qgis.core import QgsFeature, QgsField, QgsFields, QgsGeometry, QgsJsonUtils, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QVariant

from .errors import PluginError
from .texts import tr

DATE = re.compile(r"\d{4}-\d\d-\d\d$")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$")
#: Names of a field's type: `QVariant.Type` up to Qt 5, `QMetaType.Type` in Qt 6.
TYPES = {
    "int": ("LongLong", "LongLong"), "float": ("Double", "Double"), "bool": ("Bool", "Bool"),
    "str": ("String", "QString"), "date": ("Date", "QDate"), "instant": ("DateTime", "QDateTime"),
}  # fmt: skip


class Table:
    """Rows with their geometries, as a sink or a layer takes them.

    Attributes
    ----------
    fields : QgsFields
        One a property, in the order in which they first occur; their types fit every row.
    wkb_type : QgsWkbTypes.Type
        The type of all geometries; of several, the widest; `NoGeometry` for a table.
    """

    def __init__(self, rows: list[dict[str, Any]], geometries: list[Any] | None = None) -> None:
        self._rows = rows
        self._geometries = _geometries(geometries) if geometries is not None else None
        self._types = _types(rows)
        self.fields = QgsFields()
        for name, kind in self._types.items():
            self.fields.append(QgsField(name, _variant(kind)))
        self.wkb_type = _widest(self._geometries)

    def __len__(self) -> int:
        return len(self._rows)

    def features(self) -> Iterator[QgsFeature]:
        """Yield the rows."""
        multi = QgsWkbTypes.isMultiType(self.wkb_type)
        for number, row in enumerate(self._rows):
            feature = QgsFeature(self.fields)
            feature.setAttributes([_typed(row.get(name), kind) for name, kind in self._types.items()])
            geometry = self._geometries[number] if self._geometries is not None else None
            if geometry is not None:
                if multi:
                    geometry.convertToMultiType()
                feature.setGeometry(geometry)
            yield feature

    def layer(self, name: str) -> QgsVectorLayer:
        """Return a layer in memory, EPSG:4326, that holds the rows."""
        kind = (
            QgsWkbTypes.displayString(self.wkb_type) if self.wkb_type != QgsWkbTypes.Type.NoGeometry else "NoGeometry"
        )
        layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326", name, "memory")
        provider = layer.dataProvider()
        provider.addAttributes(list(self.fields))
        layer.updateFields()
        provider.addFeatures(list(self.features()))
        layer.updateExtents()
        return layer


def of_geojson(said: Any, name: str) -> Table:
    """Return the features of a GeoJSON object (RFC 7946); top-level ids become the field `id` where none is there.

    Raises
    ------
    PluginError
        It is no GeoJSON.
    """
    kind = said.get("type") if isinstance(said, dict) else None
    if kind == "FeatureCollection" and isinstance(said.get("features"), list):
        features = said["features"]
    elif kind == "Feature":
        features = [said]
    elif isinstance(said, dict) and ("coordinates" in said or "geometries" in said):
        features = [{"geometry": said, "properties": {}}]
    else:
        raise PluginError(tr("Output “{name}” is no GeoJSON.", name=name), json.dumps(said)[:300])
    rows = []
    for feature in features:
        properties = feature.get("properties") or {}
        ids = {"id": feature["id"]} if "id" in feature and "id" not in properties else {}
        rows.append({**ids, **properties})
    return Table(rows, [feature.get("geometry") for feature in features])


def rows_of(said: Any) -> list[dict[str, Any]] | None:
    """Return the rows of a table: a list of objects, or the only such list of an object; None where there is none."""
    if isinstance(said, list):
        return said if all(isinstance(row, dict) for row in said) else None
    if isinstance(said, dict):
        lists = [value for value in said.values() if isinstance(value, list) and value and rows_of(value) is not None]
        return lists[0] if len(lists) == 1 else None
    return None


def is_table(schema: dict[str, Any]) -> bool:
    """Tell whether a schema promises what `rows_of` reads."""
    if _of_objects(schema):
        return True
    members = schema.get("properties")
    return isinstance(members, dict) and sum(1 for member in members.values() if _of_objects(member)) == 1


def _of_objects(schema: Any) -> bool:
    items = schema.get("items") if isinstance(schema, dict) else None
    return isinstance(items, dict) and (items.get("type") == "object" or "properties" in items)


def _types(rows: list[dict[str, Any]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            kinds = found.setdefault(name, set())
            if value is not None:
                kinds.add(_type(value))
    return {name: _common(kinds) for name, kinds in found.items()}


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if abs(value) < 2**63 else "str"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "date" if DATE.match(value) else "instant" if INSTANT.match(value) else "str"
    return "str"  # nested: its JSON


def _common(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "str"


def _typed(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "str":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if kind == "float":
        return float(value)
    if kind == "date":
        return QDate.fromString(value, Qt.DateFormat.ISODate)
    if kind == "instant":
        return QDateTime.fromString(value, Qt.DateFormat.ISODateWithMs).toUTC()
    return value


def _variant(kind: str) -> Any:
    before, after = TYPES[kind]
    return getattr(QVariant, before) if hasattr(QVariant, before) else getattr(QMetaType.Type, after)


def _geometries(said: list[Any]) -> list[QgsGeometry | None]:
    """Return GeoJSON geometries. None stays none: unknown is not the point 0, 0."""
    given = [number for number, each in enumerate(said) if isinstance(each, dict)]
    found: list[QgsGeometry | None] = [None] * len(said)
    read = _read([said[number] for number in given])
    if len(read) != len(given):  # one of them is broken: which, is seen one by one
        read = [(_read([said[number]]) or [QgsGeometry()])[0] for number in given]
    for number, geometry in zip(given, read):
        found[number] = None if geometry.isNull() else geometry
    return found


def _read(said: list[Any]) -> list[QgsGeometry]:
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in said]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    return [feature.geometry() for feature in QgsJsonUtils.stringToFeatureList(text, QgsFields(), None)]


def _widest(geometries: list[QgsGeometry | None] | None) -> Any:
    if geometries is None:
        return QgsWkbTypes.Type.NoGeometry
    found = {geometry.wkbType() for geometry in geometries if geometry is not None}
    if not found:
        return QgsWkbTypes.Type.NoGeometry
    if len(found) == 1:
        return found.pop()
    multi = {QgsWkbTypes.multiType(QgsWkbTypes.flatType(kind)) for kind in found}
    return multi.pop() if len(multi) == 1 else QgsWkbTypes.Type.Unknown
