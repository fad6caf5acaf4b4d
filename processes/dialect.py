"""Schemas in the dialect that a process description may use: that of OpenAPI 3.0, closed (OGC 18-062r2, schema.yaml).

It has no lists of types, no bounds that are numbers of their own, and no keywords but its own: a unit stands beside the
schema of an input, and in the words of a property within one.
"""

from collections.abc import Mapping
from typing import Any

UNIT = "x-ogc-unit"


def dialect(schema: Any) -> Any:
    """Return a JSON Schema in the dialect of process descriptions.

    Parameters
    ----------
    schema : mapping, list or value
        JSON Schema 2020-12 as models write it, or a part of one.

    Examples
    --------
    >>> dialect({"type": ["number", "null"], "exclusiveMinimum": 0, "x-ogc-unit": "m"})
    {'type': 'number', 'nullable': True, 'minimum': 0, 'exclusiveMinimum': True, 'description': 'unit: m'}
    """
    if isinstance(schema, list | tuple):
        return [dialect(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    found: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties":
            found[name] = {key: dialect(one) for key, one in value.items()}
        elif name in ("enum", "default", "example"):
            found[name] = value
        else:
            found |= _keyword(name, value)
    if UNIT in schema:
        words = (schema.get("description"), f"unit: {schema[UNIT]}")
        found["description"] = "; ".join(word for word in words if word)
    return found


def _keyword(name: str, value: Any) -> dict[str, Any]:
    """Return what a keyword becomes."""
    if name == UNIT:
        return {}
    if name == "const":
        return {"enum": [value]}
    if name == "type" and isinstance(value, list):
        return {"type": next(kind for kind in value if kind != "null"), "nullable": "null" in value}
    if name in ("exclusiveMinimum", "exclusiveMaximum") and not isinstance(value, bool):
        return {name.removeprefix("exclusive").lower(): value, name: True}
    return {name: dialect(value)}
