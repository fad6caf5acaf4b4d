"""Outputs of a process as outputs of an algorithm: layers, tables, rasters, files, numbers, text."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterDestination,
)

from ..core.errors import PluginError
from ..core.features import Table, is_table, of_geojson, rows_of
from ..core.places import DEGREES
from ..core.processes import Output
from ..core.results import Result, extension
from ..core.texts import tr

#: What stands beside the features or rows of an output, as JSON.
ABOUT = "_about"


def shape_of(output: Output) -> str:
    """Return what an output becomes: `layer`, `table`, `raster`, `file`, `number`, `boolean` or `text`."""
    kind = output.kind
    if kind.name in ("features", "geometry"):
        return "layer"
    if kind.name == "file":
        return "raster" if "tiff" in kind.media_type else "file"
    if kind.name in ("integer", "number"):
        return "number"
    if kind.name == "boolean":
        return "boolean"
    return "table" if is_table(kind.schema) else "text"


def declare(algorithm: QgsProcessingAlgorithm, output: Output, name: str) -> None:
    """Give an algorithm the outputs, and the destinations among its parameters, of an output."""
    shape, words = shape_of(output), output.title
    if shape in ("layer", "table"):
        kinds = QgsProcessing.SourceType
        kind = kinds.TypeVectorAnyGeometry if shape == "layer" else kinds.TypeVector
        algorithm.addParameter(QgsProcessingParameterFeatureSink(name, words, kind, None, True))
        algorithm.addOutput(QgsProcessingOutputString(name + ABOUT, tr("{title}: the rest, as JSON", title=words)))
    elif shape == "raster":
        algorithm.addParameter(QgsProcessingParameterRasterDestination(name, words, None, True))
    elif shape == "file":
        ending = extension(output.kind.media_type)
        algorithm.addParameter(
            QgsProcessingParameterFileDestination(name, words, f"{ending.upper()} (*.{ending})", None, True)
        )
    else:
        build = {"number": QgsProcessingOutputNumber, "boolean": QgsProcessingOutputBoolean}
        algorithm.addOutput(build.get(shape, QgsProcessingOutputString)(name, words))


class Written:
    """Hands the results of one run over to QGIS."""

    def __init__(
        self, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> None:  # fmt: skip
        self.algorithm, self.parameters, self.context, self.feedback = algorithm, parameters, context, feedback

    def outputs(self, names: dict[str, str], outputs: list[Output], results: dict[str, Result]) -> dict[str, Any]:
        """Return the values of the algorithm's outputs; an output that the server left out is named in the log."""
        found: dict[str, Any] = {}
        for output in outputs:
            if output.name not in results:
                self.feedback.pushWarning(tr("The server gave no output “{name}”.", name=output.name))
                continue
            found.update(self._output(output, names[output.name], results[output.name]))
        return found

    def _output(self, output: Output, name: str, result: Result) -> dict[str, Any]:
        shape = shape_of(output)
        if shape in ("layer", "table") and not result.is_json:
            said = tr("Output “{name}” came as {type}, not as JSON.", name=output.name, type=result.media_type)
            raise PluginError(said, result.value[:300].decode("utf-8", "replace"))
        if shape == "layer":
            return self._layer(output, name, result)
        if shape == "table":
            return self._table(output, name, result)
        if shape in ("raster", "file"):
            return self._file(output, name, result)
        if shape in ("number", "boolean") and isinstance(result.value, (bool, int, float)):
            return {name: result.value}
        return {name: _text(result)}

    def _layer(self, output: Output, name: str, result: Result) -> dict[str, Any]:
        said = result.value
        table = of_geojson(said, output.name)
        about = {key: value for key, value in said.items() if key not in ("type", "features", "links")}
        return self._sink(name, table) | {name + ABOUT: json.dumps(about, ensure_ascii=False)}

    def _table(self, output: Output, name: str, result: Result) -> dict[str, Any]:
        rows = rows_of(result.value)
        if rows is None:
            if not isinstance(result.value, (dict, list)):
                raise PluginError(tr("Output “{name}” is no table.", name=output.name))
            rows = []
        said = result.value if isinstance(result.value, dict) else {}
        about = {key: value for key, value in said.items() if value is not rows}
        return self._sink(name, Table(rows)) | {name + ABOUT: json.dumps(about, ensure_ascii=False)}

    def _sink(self, name: str, table: Table) -> dict[str, Any]:
        crs = QgsCoordinateReferenceSystem(DEGREES)
        sink, target = self.algorithm.parameterAsSink(
            self.parameters, name, self.context, table.fields, table.wkb_type, crs
        )
        if sink is None:
            if self.parameters.get(name):
                raise PluginError(tr("The layer cannot be written: {where}", where=self.parameters[name]))
            return {}
        for feature in table.features():
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise PluginError(tr("The layer cannot be written: {where}", where=target), sink.lastError())
        return {name: target}

    def _file(self, output: Output, name: str, result: Result) -> dict[str, Any]:
        where = self.algorithm.parameterAsOutputLayer(self.parameters, name, self.context) if (
            self.algorithm.parameterDefinition(name).type() == "rasterDestination"
        ) else self.algorithm.parameterAsFileOutput(self.parameters, name, self.context)  # fmt: skip
        if not where:
            return {}
        try:
            Path(where).write_bytes(_bytes(output, result))
        except OSError as error:
            raise PluginError(tr("The file cannot be written: {why}", why=error)) from None
        return {name: where}


def _bytes(output: Output, result: Result) -> bytes:
    """Return what a file holds: a text in base64 is what it stands for, where the schema of the output says so."""
    if result.is_json and isinstance(result.value, str) and output.kind.schema.get("contentEncoding") == "base64":
        try:
            return base64.b64decode(result.value, validate=True)
        except ValueError:
            raise PluginError(tr("Output “{name}” is not in base64.", name=output.name)) from None
    return result.as_bytes()


def _text(result: Result) -> str:
    if not result.is_json:
        return result.value.decode("utf-8", "replace")
    return result.value if isinstance(result.value, str) else json.dumps(result.value, ensure_ascii=False)
