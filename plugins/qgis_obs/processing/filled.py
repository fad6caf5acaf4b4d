"""The values of an algorithm's parameters as the JSON of an execute body."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProperty,
    QgsReferencedGeometry,
    QgsReferencedRectangle,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt

from ..core.errors import BadValue
from ..core.places import DEGREES, as_geojson, features_out, geometry_out, rectangle_in_degrees, rectangle_out
from ..core.processes import Input
from ..core.texts import tr
from ..core.values import to_json

NOWHERE = QgsCoordinateReferenceSystem()


class Filled:
    """Reads the parameters of one run.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
        Whose parameters; the `parameterAs…` of QGIS are its methods.
    parameters : dict
        By the names of QGIS.
    context, feedback
        Of the run.
    """

    def __init__(
        self, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:  # fmt: skip
        self.algorithm, self.parameters, self.context, self.feedback = algorithm, parameters, context, feedback

    def inputs(self, names: dict[str, str], given: tuple[Input, ...]) -> dict[str, Any]:
        """Return the inputs by the server's names; what was left empty is left to the server.

        Raises
        ------
        BadValue
            The first that does not fit.
        """
        found = {}
        for each in given:
            name = names[each.name]
            if each.kind.name == "unknown" or self._is_empty(self.parameters.get(name)):
                if each.required:
                    raise BadValue(tr("{name}: is required.", name=each.name))
                continue
            found[each.name] = to_json(each, self._value(each, name))
        return found

    def _is_empty(self, value: Any) -> bool:
        null = getattr(value, "isNull", None)
        return value is None or value in ("", []) or (callable(null) and bool(null()))

    def _value(self, given: Input, name: str) -> Any:
        kind = given.kind.name
        if kind == "bbox":
            return self._rectangle(given, name)
        if kind == "geometry":
            return self._geometry(given, name)
        if kind == "features":
            return self._features(given, name)
        if kind in ("date", "datetime"):
            return self._moment(name, kind)
        if kind == "boolean":
            return self._plain(name) if isinstance(self.parameters[name], str) else self._boolean(name)
        if kind == "file":
            return self.algorithm.parameterAsFile(self.parameters, name, self.context)
        return self._plain(name)

    def _plain(self, name: str) -> Any:
        value = self.parameters[name]
        if isinstance(value, QgsProperty):
            return self.algorithm.parameterAsString(self.parameters, name, self.context)
        return value

    def _boolean(self, name: str) -> bool:
        return self.algorithm.parameterAsBoolean(self.parameters, name, self.context)

    def _moment(self, name: str, kind: str) -> str:
        """Return a date, or an instant in UTC; text that already is one goes out as it was written."""
        value = self._plain(name)
        if isinstance(value, str):
            found = QDateTime.fromString(value, Qt.DateFormat.ISODate)
            if not found.isValid():
                raise BadValue(
                    tr("{name}: expected a date such as 2026-03-01, got “{got}”.", name=name, got=value[:60])
                )
            return value[:10] if kind == "date" else value if _has_offset(value) else _utc(found)
        if isinstance(value, QDate):
            return value.toString(Qt.DateFormat.ISODate) if kind == "date" else _utc(QDateTime(value.startOfDay()))
        moment = self.algorithm.parameterAsDateTime(self.parameters, name, self.context)
        return moment.date().toString(Qt.DateFormat.ISODate) if kind == "date" else _utc(moment)

    def _rectangle(self, given: Input, name: str) -> list[float]:
        value, turn = self._plain(name), self.context.transformContext()
        if isinstance(value, QgsReferencedRectangle):
            return rectangle_in_degrees(value, value.crs(), given.name, turn)
        if isinstance(value, str) and value.count(",") == 3:
            return rectangle_out(value, given.name, turn)
        degrees = QgsCoordinateReferenceSystem(DEGREES)
        found = self.algorithm.parameterAsExtent(self.parameters, name, self.context, degrees)
        if found.isNull():
            raise BadValue(
                tr(
                    "{name}: expected west,east,south,north [EPSG:…], got “{got}”.",
                    name=given.name,
                    got=str(value)[:60],
                )
            )
        return rectangle_in_degrees(found, NOWHERE, given.name, turn)

    def _geometry(self, given: Input, name: str) -> dict[str, Any]:
        value, turn = self._plain(name), self.context.transformContext()
        if isinstance(value, QgsReferencedGeometry):
            return as_geojson(value, value.crs(), given.name, turn)
        if isinstance(value, QgsGeometry):
            return as_geojson(value, NOWHERE, given.name, turn)
        return geometry_out(str(value), given.name, turn)

    def _features(self, given: Input, name: str) -> dict[str, Any]:
        source = self.algorithm.parameterAsSource(self.parameters, name, self.context)
        if source is None:
            raise BadValue(tr("{name}: expected a vector layer.", name=given.name))
        return features_out(source, given.name, self.context.transformContext(), feedback=self.feedback)


def _utc(moment: QDateTime) -> str:
    return moment.toUTC().toString(Qt.DateFormat.ISODate)


def _has_offset(text: str) -> bool:
    return text.endswith("Z") or "+" in text[10:] or "-" in text[10:]
