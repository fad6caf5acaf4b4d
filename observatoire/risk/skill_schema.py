"""The JSON Schema of a skill card, apart from what computes one: a server that only shows cards loads no science."""

import json
from importlib.resources import files
from typing import Any


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    found: dict[str, Any] = json.loads((files("observatoire.risk") / "skill-card.schema.json").read_text("utf-8"))
    return found
