"""Inputs of a process as parameters of an algorithm."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterGeometry,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from ..core.processes import Input
from ..core.texts import tr

#: Words for the widgets; they are named, not imported: `qgis_process` has none.
AREA_WIDGET = "qgis_obs.gui.area_widget.AreaWidgetWrapper"
COLLECTION_WIDGET = "qgis_obs.gui.collection_widget.CollectionWidgetWrapper"
#: Inputs of these names hold the id of a collection of the same server.
COLLECTIONS = ("collection", "collections", "target")
#: The first words of a description end here; a label is shorter than this.
CLAUSE, SHORT = re.compile(r"\s?[;:(]|\. "), 60
LONG_TEXT = 500  # characters above which a text has several lines

Parameter = QgsProcessingParameterDefinition


def safe_names(names: list[str], taken: tuple[str, ...] = ()) -> dict[str, str]:
    """Return names as QGIS takes them (letters, digits, underscores), each once."""
    found: dict[str, str] = {}
    used = set(taken)
    for name in names:
        safe = re.sub(r"\W", "_", name, flags=re.ASCII) or "input"
        while safe in used:
            safe += "_"
        used.add(safe)
        found[name] = safe
    return found


def parameter_of(given: Input, name: str) -> Parameter | None:
    """Return the parameter of an input; None where an optional input is of an unknown kind, and is left out."""
    build = BUILDERS.get(given.kind.name)
    if build is None:
        return None
    parameter = build(given, name, label(given), not given.required)
    parameter.setHelp(help_of(given))
    return parameter


def label(given: Input) -> str:
    """Return what the form calls an input: its title and the unit.

    A title that only repeats the name says less than the first words of the description, where these are short.
    """
    title, first = given.title, CLAUSE.split(given.description, maxsplit=1)[0].strip()
    if title == given.name and 0 < len(first) <= SHORT:
        title = first
    return f"{title} ({given.kind.unit})" if given.kind.unit and given.kind.unit not in title else title


def help_of(given: Input) -> str:
    """Return what the help says of an input: description, limits, form."""
    schema = given.kind.schema
    limits = [
        f"{words} {schema[key]}"
        for key, words in (
            ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"),
        )
        if isinstance(schema.get(key), (int, float))
    ]  # fmt: skip
    form = {
        "strings": tr("one per line"), "numbers": tr("numbers, by commas"), "json": "JSON",
        "geometry": tr("WKT with its CRS, e.g. CRS=EPSG:2154;POINT(1 2); sent in degrees"),
        "bbox": tr("sent in degrees"), "features": tr("sent in degrees"),
    }.get(given.kind.name, "")  # fmt: skip
    said = [given.description, ", ".join(limits), form]
    if given.kind.name == "unknown":
        said.append(tr("left out: {reason}", reason=given.kind.reason))
    return ". ".join(part.rstrip(". ") for part in said if part)


def _string(given: Input, name: str, words: str, optional: bool) -> Parameter:
    longest = given.kind.schema.get("maxLength", 0)
    lines = given.kind.name in ("strings", "json") or (isinstance(longest, int) and longest > LONG_TEXT)
    default = given.default if given.default is None or isinstance(given.default, str) else _text(given)
    parameter = QgsProcessingParameterString(name, words, default, lines, optional)
    if given.name in COLLECTIONS and given.kind.name == "string":
        parameter.setMetadata({"widget_wrapper": {"class": COLLECTION_WIDGET}})
    return parameter


def _text(given: Input) -> str:
    if given.kind.name == "strings" and isinstance(given.default, list):
        return "\n".join(map(str, given.default))
    if given.kind.name == "numbers" and isinstance(given.default, list):
        return ", ".join(map(str, given.default))
    return json.dumps(given.default, ensure_ascii=False)


def _number(given: Input, name: str, words: str, optional: bool) -> Parameter:
    kinds = QgsProcessingParameterNumber.Type
    parameter = QgsProcessingParameterNumber(
        name, words, kinds.Integer if given.kind.name == "integer" else kinds.Double, given.default, optional
    )
    schema = given.kind.schema
    lowest = schema.get("minimum", schema.get("exclusiveMinimum"))
    highest = schema.get("maximum", schema.get("exclusiveMaximum"))
    if isinstance(lowest, (int, float)) and not isinstance(lowest, bool):
        parameter.setMinimum(lowest)
    if isinstance(highest, (int, float)) and not isinstance(highest, bool):
        parameter.setMaximum(highest)
    return parameter


def _boolean(given: Input, name: str, words: str, optional: bool) -> Parameter:
    if optional and given.default is None:  # three answers: yes, no, and what the server takes by itself
        return QgsProcessingParameterEnum(name, words, ["true", "false"], False, None, True, True)
    return QgsProcessingParameterBoolean(name, words, given.default, optional)


def _choice(given: Input, name: str, words: str, optional: bool) -> Parameter:
    default = given.default
    if isinstance(default, list):
        default = [str(one) for one in default]
    elif default is not None:
        default = str(default)
    several = given.kind.name == "choices"
    return QgsProcessingParameterEnum(name, words, list(map(str, given.kind.choices)), several, default, optional, True)


def _moment(given: Input, name: str, words: str, optional: bool) -> Parameter:
    kinds = QgsProcessingParameterDateTime.Type
    kind = kinds.Date if given.kind.name == "date" else kinds.DateTime
    return QgsProcessingParameterDateTime(name, words, kind, given.default, optional)


def _extent(given: Input, name: str, words: str, optional: bool) -> Parameter:
    corners = given.default.get("bbox") if isinstance(given.default, dict) else given.default
    default = None
    if isinstance(corners, list) and len(corners) == 4:
        west, south, east, north = corners
        default = f"{west},{east},{south},{north} [EPSG:4326]"
    return QgsProcessingParameterExtent(name, words, default, optional)


def _geometry(_given: Input, name: str, words: str, optional: bool) -> Parameter:
    parameter = QgsProcessingParameterGeometry(name, words, None, optional)
    parameter.setMetadata({"widget_wrapper": {"class": AREA_WIDGET}})
    return parameter


def _features(_given: Input, name: str, words: str, optional: bool) -> Parameter:
    kinds = QgsProcessing.SourceType
    return QgsProcessingParameterFeatureSource(name, words, [kinds.TypeVector], None, optional)


def _file(_given: Input, name: str, words: str, optional: bool) -> Parameter:
    return QgsProcessingParameterFile(name, words, QgsProcessingParameterFile.Behavior.File, "", None, optional)


BUILDERS: dict[str, Callable[[Input, str, str, bool], Any]] = {
    "string": _string, "strings": _string, "numbers": _string, "json": _string, "integer": _number, "number": _number,
    "boolean": _boolean, "choice": _choice, "choices": _choice, "date": _moment, "datetime": _moment, "bbox": _extent,
    "geometry": _geometry, "features": _features, "file": _file,
}  # fmt: skip
