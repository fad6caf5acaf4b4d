"""What an input or output is: JSON Schema as servers write it → one of a few kinds that QGIS can show and send."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .texts import tr

#: Kinds, the best first where a server offers several forms of one input.
KINDS = (
    "bbox", "geometry", "features", "choice", "boolean", "integer", "number", "date", "datetime", "string", "choices",
    "numbers", "strings", "json", "file", "unknown",
)  # fmt: skip
GEOJSON = "application/geo+json"
#: OGC's own schemas, which servers name by an address; it is read by its last part and never fetched.
WELL_KNOWN = (
    (re.compile(r"featurecollection", re.I), "features"),
    (re.compile(r"(geometry(geojson)?|(multi)?(point|linestring|polygon))(\.(json|yaml))?$", re.I), "geometry"),
    (re.compile(r"bbox(\.(json|yaml))?$", re.I), "bbox"),
    (re.compile(r"(link|object|format)(\.(json|yaml))?$", re.I), "json"),
)
FORMATS = {
    "geojson-geometry": "geometry", "geojson-feature-collection": "features", "geojson-feature": "features",
    "ogc-bbox": "bbox", "date": "date", "date-time": "datetime",
}  # fmt: skip
PLAIN = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "object": "json"}


@dataclass(frozen=True)
class Kind:
    """What a value is.

    Attributes
    ----------
    name : str
        One of `KINDS`.
    schema : dict
        The schema it was read from, its references and alternatives resolved.
    reason : str
        Of an unknown kind: why, for the user.
    """

    name: str
    schema: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def media_type(self) -> str:
        """Return the media type of a file, or empty."""
        return str(self.schema.get("contentMediaType", "")).partition(";")[0].lower()

    @property
    def choices(self) -> list[Any]:
        """Return the values to choose from, as the server writes them."""
        if "const" in self.schema:
            return [self.schema["const"]]
        of = self.schema.get("items", {}) if self.name == "choices" else self.schema
        return [value for value in of.get("enum", []) if value is not None]

    @property
    def unit(self) -> str:
        """Return the unit, where the server says one."""
        return str(self.schema.get("x-ogc-unit") or self.schema.get("uom") or "")


def kind_of(schema: Any, root: dict[str, Any] | None = None) -> Kind:
    """Return the kind of a schema.

    Parameters
    ----------
    schema : dict
        JSON Schema, with OGC's `format`, `contentMediaType` and `x-ogc-…`.
    root : dict
        Where `#/…` references lead; by default the schema itself.

    Returns
    -------
    Kind
        `unknown`, with its reason, where nothing can be made of it.
    """
    if schema is True:
        schema = {}
    if not isinstance(schema, dict):
        return Kind("unknown", {}, tr("its schema is no JSON object"))
    return _kind(_bounded(schema), schema if root is None else root, 0)


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose exclusive bounds are numbers: OpenAPI 3.0 has a word beside the bound instead."""
    found = dict(schema)
    for bound, word in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(word), bool) and found.pop(word) and bound in found:
            found[word] = found.pop(bound)
    return found


def _kind(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Kind:
    if depth > 12:
        return Kind("unknown", schema, tr("its schema refers to itself without end"))
    if "$ref" in schema:
        return _referred(schema, root, depth)
    for word in ("oneOf", "anyOf"):
        if schema.get(word):
            return _best(schema, word, root, depth)
    if schema.get("allOf"):
        return _merged(schema, root, depth)
    return _simple(schema, root, depth)


def _referred(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Kind:
    rest = {key: value for key, value in schema.items() if key != "$ref"}
    reference = str(schema["$ref"])
    if reference.startswith("#"):
        target: Any = root
        for part in reference.lstrip("#/").split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if isinstance(target, dict):
            return _kind({**target, **rest}, root, depth + 1)
    for pattern, name in WELL_KNOWN:
        if pattern.search(reference.rstrip("/").rpartition("/")[2]):
            return Kind(name, rest)
    if rest.keys() & {"type", "format", "enum", "contentMediaType"}:
        return _kind(rest, root, depth + 1)
    return Kind("unknown", schema, tr("its schema is elsewhere: {address}", address=reference))


def _best(schema: dict[str, Any], word: str, root: dict[str, Any], depth: int) -> Kind:
    """Return the alternative that QGIS can show best; GeoJSON before GML, a number before a text."""
    rest = {key: value for key, value in schema.items() if key != word}
    options = [option for option in schema[word] if isinstance(option, dict) and option.get("type") != "null"]
    if options and all("const" in option for option in options):
        return Kind("choice", {**rest, "enum": [option["const"] for option in options]})
    kinds = [_kind({**rest, **option}, root, depth + 1) for option in options]
    if not kinds:
        return Kind("unknown", schema, tr("its schema offers no alternative"))
    return min(kinds, key=lambda kind: KINDS.index(kind.name))


def _merged(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Kind:
    """Return the kind of `allOf`: OGC writes `allOf: [{format: geojson-geometry}, {$ref: …}]`."""
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    parts = [part for part in schema["allOf"] if isinstance(part, dict)]
    plain = {key: value for part in parts if "$ref" not in part for key, value in part.items()}
    if plain.get("format") in FORMATS:
        return _simple({**plain, **rest}, root, depth + 1)
    kinds = [_kind(part, root, depth + 1) for part in parts]
    known = [kind for kind in kinds if kind.name != "unknown"]
    if not known:
        return kinds[0] if kinds else Kind("unknown", schema, tr("its schema is empty"))
    best = min(known, key=lambda kind: KINDS.index(kind.name))
    return Kind(best.name, {**best.schema, **plain, **rest})


def _simple(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Kind:
    types = schema.get("type")
    said = [kind for kind in (types if isinstance(types, list) else [types]) if kind not in (None, "null")]
    if schema.get("format") in FORMATS:
        return Kind(FORMATS[schema["format"]], schema)
    if schema.get("contentMediaType") or schema.get("contentEncoding") in ("binary", "base64"):
        return _media(schema)
    if schema.get("enum") or "const" in schema:
        return Kind("choice", schema)
    if not said:
        return _shapeless(schema)
    if len(said) > 1:
        kinds = [_simple({**schema, "type": one}, root, depth + 1) for one in said]
        return min(kinds, key=lambda kind: KINDS.index(kind.name))
    if said[0] == "array":
        return _array(schema, root, depth)
    if said[0] == "object":
        return _object(schema)
    if said[0] in PLAIN:
        return Kind(PLAIN[said[0]], schema)
    return Kind("unknown", schema, tr("its type is “{type}”, which JSON does not have", type=said[0]))


def _media(schema: dict[str, Any]) -> Kind:
    media = str(schema.get("contentMediaType", "")).partition(";")[0].lower()
    if media in (GEOJSON, "application/vnd.geo+json"):
        return Kind("features", schema)
    if media == "application/json":
        return Kind("json", schema)
    if media == "text/plain" and not schema.get("contentEncoding"):
        return Kind("string", schema)
    return Kind("file", schema)


def _shapeless(schema: dict[str, Any]) -> Kind:
    if "properties" in schema:
        return _object(schema)
    if "items" in schema:
        return Kind("json", schema)
    if schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        return Kind("number", schema)
    return Kind("unknown", schema, tr("its schema says no type"))


def _object(schema: dict[str, Any]) -> Kind:
    """Return the kind of an object: GeoJSON and OGC's bbox are told by their members."""
    members = schema.get("properties")
    members = members if isinstance(members, dict) else {}
    of = members.get("type")
    types = [*of.get("enum", []), of.get("const")] if isinstance(of, dict) else []
    if "FeatureCollection" in types or ("features" in members and "type" in members):
        return Kind("features", schema)
    if "coordinates" in members:
        return Kind("geometry", schema)
    if "bbox" in members and members.keys() <= {"bbox", "crs"}:
        return Kind("bbox", schema)
    return Kind("json", schema)


def _array(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Kind:
    items = schema.get("items")
    if not isinstance(items, dict):
        return Kind("json", schema)
    of = _kind(items, root, depth + 1)
    whole = {**schema, "items": of.schema}
    if of.name in ("number", "integer"):
        return Kind("numbers", whole)
    if of.name == "choice":
        return Kind("choices", whole)
    if of.name in ("string", "date", "datetime"):
        return Kind("strings", whole)
    return Kind("json", whole)
