"""Values on their way out: what fits goes as the schema wants it, else a sentence names it."""

import base64

import pytest
from qgis_obs.core.errors import BadValue
from qgis_obs.core.processes import Input
from qgis_obs.core.schema import kind_of
from qgis_obs.core.values import to_json


def value(schema, given, name="n"):
    return to_json(Input(name, name, "", kind_of(schema), True), given)


@pytest.mark.parametrize(
    ("schema", "given", "expected"),
    [
        ({"type": "integer"}, "7", 7), ({"type": "integer"}, 7.0, 7), ({"type": "number"}, 0.1, 0.1),
        ({"type": "integer"}, str(2**62 + 1), 2**62 + 1),
        ({"enum": [1, 2]}, "2", 2), ({"type": "array", "items": {"enum": ["a", "b"]}}, "a,b", ["a", "b"]),
        ({"type": "array", "items": {"type": "number"}}, "1, 2.5", [1, 2.5]),
        ({"type": "array", "items": {"type": "string"}}, "un, deux\ntrois", ["un, deux", "trois"]),
        ({"type": "array", "items": {"type": "string"}}, '["a"]', ["a"]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}), ({"type": "boolean"}, "true", True),
        ({"type": "array", "items": {"type": "number"}, "format": "ogc-bbox"}, [1, 2, 3, 4], [1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_a_value_goes_out_as_the_schema_wants_it(schema, given, expected):
    assert value(schema, given) == expected


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"type": "integer"}, 1.5), ({"type": "number"}, "x"), ({"type": "number"}, float("nan")),
        ({"type": "number", "minimum": 0.5}, 0), ({"type": "integer", "maximum": 8}, 99),
        ({"type": "number", "exclusiveMinimum": 0}, 0), ({"enum": ["a"]}, "b"),
        ({"type": "string", "maxLength": 2}, "abc"),
        ({"type": "string", "pattern": "^a"}, "b"), ({"type": "object"}, "{"), ({"type": "object"}, "[1]"),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2}, "1"),
        ({"type": "array", "items": {"type": "number"}, "maxItems": 2}, "1,2,3"),
        ({"type": "string", "contentMediaType": "image/tiff"}, "/nowhere.tif"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_by_name(schema, given):
    with pytest.raises(BadValue, match=r"^width: "):
        value(schema, given, "width")


def test_a_file_goes_as_text_or_in_base64(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"\x00\xff")

    sent = value({"type": "string", "contentEncoding": "binary", "contentMediaType": "image/tiff"}, path)
    assert base64.b64decode(sent["value"]) == b"\x00\xff"
    assert (sent["encoding"], sent["mediaType"]) == ("base64", "image/tiff")

    path.write_text("a;b")
    assert value({"type": "string", "contentMediaType": "text/csv"}, path) == {"value": "a;b", "mediaType": "text/csv"}
