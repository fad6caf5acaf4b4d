"""Schemas of descriptions, in the dialect of the standard."""

import pytest

from processes.dialect import dialect

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"exclusiveMaximum": 1.5}, {"maximum": 1.5, "exclusiveMaximum": True}),
        ({"maximum": 1, "exclusiveMaximum": True}, {"maximum": 1, "exclusiveMaximum": True}),
        ({"const": "x"}, {"enum": ["x"]}),
        (
            {"type": "number", "description": "Far", "x-ogc-unit": "m"},
            {"type": "number", "description": "Far; unit: m"},
        ),
        ({"enum": [None, {"type": ["a"]}]}, {"enum": [None, {"type": ["a"]}]}),
        (
            {"properties": {"const": {"type": ["number", "null"]}}, "items": {"oneOf": [{"const": 1}]}},
            {"properties": {"const": {"type": "number", "nullable": True}}, "items": {"oneOf": [{"enum": [1]}]}},
        ),
    ],
)
def test_a_schema_is_said_in_the_words_of_openapi(schema: dict[str, object], said: dict[str, object]) -> None:
    assert dialect(schema) == said
    assert dialect(said) == said
