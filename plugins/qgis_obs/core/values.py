"""What the user filled in → JSON as the schema wants it, or a sentence that names the input."""

from __future__ import annotations

import base64
import json
import math
import operator
import re
from pathlib import Path
from typing import Any

from .errors import BadValue
from .places import CRS84
from .processes import Input
from .schema import Kind
from .texts import tr

#: A file that is sent stands in the request, a third larger.
LARGEST_FILE = 30_000_000


def to_json(given: Input, value: Any) -> Any:
    """Return the JSON of a value.

    Parameters
    ----------
    given : Input
        What it is the value of.
    value : Any
        Text, number, list or path; places are JSON already (see `places`).

    Raises
    ------
    BadValue
        It does not fit; the text names the input and what was expected.
    """
    kind, name = given.kind, given.name
    if kind.name in ("integer", "number"):
        return _number(value, kind, name)
    if kind.name == "boolean":
        return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "true", "yes", "oui")
    if kind.name == "choice":
        return _choice(value, kind, name)
    if kind.name == "choices":
        several = value if isinstance(value, list) else [part for part in str(value).split(",") if part]
        return _counted([_choice(one, kind, name) for one in several], kind, name)
    if kind.name == "numbers":
        of = Kind("number", kind.schema.get("items", {}))
        return _counted([_number(one, of, name) for one in _listed(value, name, r"[,;\s]+")], kind, name)
    if kind.name == "strings":
        of = Kind("string", kind.schema.get("items", {}))
        return _counted([_text(one, of, name) for one in _listed(value, name, r"\n")], kind, name)
    if kind.name == "bbox":
        return value if kind.schema.get("type") == "array" else {"bbox": value, "crs": CRS84}
    if kind.name == "json":
        return _json(value, kind, name)
    if kind.name == "file":
        return _file(value, kind, name)
    if kind.name in ("geometry", "features"):
        return value
    return _text(value, kind, name)


def _number(value: Any, kind: Kind, name: str) -> float | int:
    try:
        number = float(value)
        if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value.strip()):
            number = int(value)
    except (TypeError, ValueError):
        raise BadValue(tr("{name}: expected a number, got “{got}”.", name=name, got=str(value)[:60])) from None
    if not math.isfinite(number):
        raise BadValue(tr("{name}: expected a finite number.", name=name))
    whole = kind.name == "integer" or kind.schema.get("type") == "integer"
    if whole and number != int(number):
        raise BadValue(tr("{name}: expected a whole number, got {got}.", name=name, got=number))
    for word, fits, text in (
        ("minimum", operator.ge, tr("at least")), ("maximum", operator.le, tr("at most")),
        ("exclusiveMinimum", operator.gt, tr("above")), ("exclusiveMaximum", operator.lt, tr("below")),
    ):  # fmt: skip
        limit = kind.schema.get(word)
        if isinstance(limit, (int, float)) and not isinstance(limit, bool) and not fits(number, limit):
            raise BadValue(
                tr("{name}: expected {relation} {limit}, got {got}.", name=name, relation=text, limit=limit, got=number)
            )
    return int(number) if whole or isinstance(value, int) else number


def _choice(value: Any, kind: Kind, name: str) -> Any:
    for choice in kind.choices:
        if value == choice or str(value) == str(choice):
            return choice
    raise BadValue(
        tr("{name}: expected one of {choices}, got “{got}”.", name=name, got=value,
           choices=", ".join(map(str, kind.choices)))
    )  # fmt: skip


def _text(value: Any, kind: Kind, name: str) -> str:
    text = str(value)
    longest, pattern = kind.schema.get("maxLength"), kind.schema.get("pattern")
    if isinstance(longest, int) and len(text) > longest:
        raise BadValue(tr("{name}: at most {count} characters.", name=name, count=longest))
    if isinstance(pattern, str) and not _matches(pattern, text):
        raise BadValue(tr("{name}: expected text of the form {pattern}.", name=name, pattern=pattern))
    return text


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:  # a pattern of JavaScript that Python does not know: the server checks it
        return True


def _listed(value: Any, name: str, between: str) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    text = str(value).strip()
    if text.startswith("["):
        try:
            return list(json.loads(text))
        except ValueError as error:
            raise BadValue(tr("{name}: no JSON: {why}.", name=name, why=error)) from None
    return [part.strip() for part in re.split(between, text) if part.strip()]


def _counted(values: list[Any], kind: Kind, name: str) -> list[Any]:
    fewest, most = kind.schema.get("minItems"), kind.schema.get("maxItems")
    if isinstance(fewest, int) and len(values) < fewest:
        raise BadValue(tr("{name}: at least {count} values.", name=name, count=fewest))
    if isinstance(most, int) and len(values) > most:
        raise BadValue(tr("{name}: at most {count} values.", name=name, count=most))
    return values


def _json(value: Any, kind: Kind, name: str) -> Any:
    if isinstance(value, (dict, list)):
        return value
    try:
        found = json.loads(str(value))
    except ValueError as error:
        raise BadValue(tr("{name}: no JSON: {why}.", name=name, why=error)) from None
    wanted = kind.schema.get("type")
    if wanted in ("object", "array") and not isinstance(found, {"object": dict, "array": list}[wanted]):
        raise BadValue(tr("{name}: expected a JSON {type}.", name=name, type=wanted))
    return found


def _file(value: Any, kind: Kind, name: str) -> dict[str, Any]:
    """Return a file as a qualified value (18-062r2, 7.11.2.3): text as it is, anything else in base64."""
    path = Path(str(value))
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise BadValue(
                tr("{name}: the file has {size} MB; at most {most} MB are sent.", name=name, size=round(size / 1e6, 1),
                   most=round(LARGEST_FILE / 1e6))
            )  # fmt: skip
        body = path.read_bytes()
    except OSError as error:
        raise BadValue(tr("{name}: the file cannot be read: {why}.", name=name, why=error.strerror)) from None
    media = {"mediaType": kind.media_type} if kind.media_type else {}
    if not kind.schema.get("contentEncoding") and _is_text(kind.media_type):
        return {"value": body.decode("utf-8", "replace"), **media}
    return {"value": base64.b64encode(body).decode("ascii"), "encoding": "base64", **media}


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("xml", "json", "yaml"))
