"""Kinds of inputs: forms taken from OGC 18-062r2 (its EchoProcess) and from what servers write."""

import pytest
from qgis_obs.core.processes import read_process
from qgis_obs.core.schema import kind_of

OGC = "http://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas"
FORMS = {
    "text": ({"type": "string"}, "string"),
    "enumeration": ({"type": "string", "enum": ["a", "b"]}, "choice"),
    "constant": ({"const": "a"}, "choice"),
    "constants": ({"oneOf": [{"const": 1}, {"const": 2}]}, "choice"),
    "instant": ({"type": "string", "format": "date-time"}, "datetime"),
    "day": ({"type": "string", "format": "date"}, "date"),
    "number": ({"type": "number", "minimum": 0, "maximum": 10}, "number"),
    "nullable": ({"type": ["integer", "null"]}, "integer"),
    "or null": ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "boolean"),
    "numbers": ({"type": "array", "minItems": 2, "items": {"type": "integer"}}, "numbers"),
    "several of an enumeration": ({"type": "array", "items": {"enum": ["a", "b"]}}, "choices"),
    "texts": ({"type": "array", "items": {"type": "string"}}, "strings"),
    "object": ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, "json"),
    "geometry": (
        {
            "oneOf": [
                {"type": "string", "contentMediaType": "application/gml+xml; version=3.2"},
                {"allOf": [{"format": "geojson-geometry"}, {"$ref": f"{OGC}/geometryGeoJSON.yaml"}]},
            ]
        },
        "geometry",
    ),
    "box": ({"allOf": [{"format": "ogc-bbox"}, {"$ref": f"{OGC}/bbox.yaml"}]}, "bbox"),
    "box by reference": ({"$ref": f"{OGC}/bbox.yaml"}, "bbox"),
    "image": (
        {"oneOf": [{"type": "string", "contentEncoding": "binary", "contentMediaType": "image/tiff"}]}, "file",
    ),
    "features": (
        {
            "oneOf": [
                {"type": "string", "contentMediaType": "application/vnd.google-earth.kml+xml"},
                {"allOf": [{"format": "geojson-feature-collection"}, {"$ref": f"{OGC}/featureCollectionGeoJSON.yaml"}]},
            ]
        },
        "features",
    ),
    "features by media type": ({"type": "object", "contentMediaType": "application/geo+json"}, "features"),
    "polygon of geojson.org": ({"$ref": "https://geojson.org/schema/Polygon.json"}, "geometry"),
    "local reference": ({"$ref": "#/definitions/n", "definitions": {"n": {"type": "number"}}}, "number"),
}  # fmt: skip
UNKNOWN = {
    "no type": {},
    "no object": "text",
    "a type that JSON does not have": {"type": "quantity"},
    "elsewhere": {"$ref": "https://example.org/schemas/thing.json"},
    "endless": {"$ref": "#"},
}


@pytest.mark.parametrize(("schema", "expected"), FORMS.values(), ids=FORMS)
def test_a_schema_is_of_a_kind(schema, expected):
    assert kind_of(schema).name == expected


@pytest.mark.parametrize("schema", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_schema_says_why(schema):
    kind = kind_of(schema)

    assert kind.name == "unknown"
    assert kind.reason


def described(**inputs):
    return read_process({"id": "p", "inputs": inputs})


def test_an_input_that_must_be_given_and_is_unknown_makes_the_process_unavailable():
    assert "odd" in described(odd={"schema": {"type": "quantity"}}).problem
    assert described(odd={"schema": {"type": "quantity"}, "minOccurs": 0}).problem == ""


def test_an_input_that_may_occur_several_times_is_a_list():
    process = described(names={"schema": {"type": "string"}, "maxOccurs": "unbounded"})

    assert process.inputs[0].kind.name == "strings"


def test_what_a_description_leaves_out_has_the_standards_default():
    """18-062r2, 7.10: minOccurs 1, maxOccurs 1; a process without jobControlOptions is run at once."""
    process = described(a={"schema": {"type": "string"}})

    assert process.inputs[0].required
    assert (process.synchronous, process.asynchronous) == (True, False)


@pytest.mark.parametrize(
    ("given", "unit", "above"),
    [
        ({"schema": {"type": "number", "minimum": 0, "exclusiveMinimum": True}, "x-ogc-unit": "m"}, "m", 0),
        ({"schema": {"type": "number", "exclusiveMinimum": 0, "x-ogc-unit": "m"}}, "m", 0),
        ({"schema": {"type": "number", "minimum": 0, "exclusiveMinimum": False}}, "", None),
    ],
)
def test_units_and_exclusive_bounds_are_read_from_either_dialect(given, unit, above):
    """The standard's schemas are OpenAPI's, closed: a unit is beside them, and an exclusive bound is a word."""
    process = read_process({"id": "p", "inputs": {"x": given}, "outputs": {}, "jobControlOptions": ["sync-execute"]})
    (found,) = process.inputs

    assert found.kind.unit == unit
    assert found.kind.schema.get("exclusiveMinimum") == above
    assert ("minimum" in found.kind.schema) == (above is None)
