"""The body of an execution, read with suspicion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from observatoire.errors import BadInput
from observatoire.jobs.callbacks import EVENTS, Callbacks
from observatoire.server.references import referred

DEEPEST = 32  # levels of a body; a GeoJSON geometry has seven
QUALIFIED = {"value", "mediaType", "encoding", "schema"}
MEMBERS = ("inputs", "outputs", "response")


class NotJson(BadInput):
    """The body is said to be something else than JSON."""

    type, status = "unsupported-media-type", 415


@dataclass(frozen=True)
class Execute:
    """What is to be run with what, and how the answer is wanted."""

    inputs: dict[str, Any]
    outputs: tuple[str, ...]
    response: Literal["raw", "document"]
    subscriber: dict[str, str] = field(default_factory=dict)


def read_execute(
    body: bytes,
    content_type: str,
    *,
    process_id: str,
    outputs: Mapping[str, Any],
    callbacks: Callbacks | None = None,
) -> Execute:
    """Read the body of `POST …/execution`.

    Parameters
    ----------
    body : bytes
        JSON, at most 32 levels deep, without the character NUL.
    content_type : str
        Header of the request; a missing one is taken for JSON.
    outputs : mapping
        Outputs of the process by name, each with a `media_type`.
    callbacks : Callbacks, optional
        Where a `subscriber` may be; without it, or empty, there may be none.

    Raises
    ------
    BadInput
        The first member that is wrong, and what was expected of it.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media and media != "application/json" and not media.endswith("+json"):
        raise NotJson("Content-Type: expected application/json")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"body: expected JSON, at most {DEEPEST} levels deep: {error.msg} at {error.pos}") from None
    if not isinstance(given, dict):
        raise BadInput('body: expected an object like {"inputs": {…}}')
    _check_shape(given)
    _check_members(given, process_id)
    return Execute(
        inputs={name: _value(name, value) for name, value in _object(given, "inputs").items()},
        outputs=_selection(_object(given, "outputs"), outputs),
        response=_response(given.get("response", "raw")),
        subscriber=_subscriber(given, callbacks or Callbacks()),
    )


def _check_shape(given: dict[str, Any]) -> None:
    """Refuse what is deeper than any honest body, and text with NUL (PostgreSQL has none)."""
    left: list[tuple[str, Any, int]] = [(name, value, 1) for name, value in given.items()]
    while left:
        name, value, depth = left.pop()
        if depth > DEEPEST:
            raise BadInput(f"{_first(name)}: expected at most {DEEPEST} levels")
        if "\0" in name or (isinstance(value, str) and "\0" in value):
            raise BadInput(f"{_first(name)}: expected text without the character NUL")
        if isinstance(value, dict):
            left += [(f"{name}.{key}", inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            left += [(name, inner, depth + 1) for inner in value]


def _first(name: str) -> str:
    """Return the member and the input of a path, printable and short."""
    short = ".".join(name.split(".")[:2]).replace("\0", "")
    return short[:80] or "body"


def _check_members(given: dict[str, Any], process_id: str) -> None:
    if given.get("id", process_id) != process_id:
        raise BadInput(f"id: expected {process_id}, the process of the address, or nothing")
    if given.get("mode", "sync") not in ("sync", "auto"):
        raise BadInput("mode: expected sync or nothing; the header Prefer says what is preferred")
    for name in given:
        if name not in (*MEMBERS, "id", "mode", "subscriber"):
            raise BadInput(f"{name[:80]}: no such member; expected {', '.join(MEMBERS)}")


def _subscriber(given: dict[str, Any], callbacks: Callbacks) -> dict[str, str]:
    """Return the addresses to call, by the state at which they are called."""
    if "subscriber" not in given:
        return {}
    if not callbacks:
        raise BadInput("subscriber: this server calls nobody back; leave it out")
    named = given["subscriber"]
    if not isinstance(named, dict) or "successUri" not in named or not named.keys() <= EVENTS.keys():
        raise BadInput(f"subscriber: expected an object with successUri, and of {', '.join(EVENTS)} nothing else")
    return {EVENTS[name]: callbacks.check(name, url) for name, url in named.items()}


def _object(given: dict[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise BadInput(f"{name}: expected an object")
    return value


def _value(name: str, value: Any) -> Any:
    """Return an input's value, given inline, as a qualified value, or in the address of a link."""
    if isinstance(value, dict) and "href" in value:
        found = referred(name, value)
        _check_shape({f"inputs.{name}": found})
        return found
    if isinstance(value, dict) and "value" in value and set(value) <= QUALIFIED:
        return value["value"]
    return value


def _selection(asked: dict[str, Any], outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the outputs asked for; all where none is named."""
    for name, wish in asked.items():
        if name not in outputs:
            raise BadInput(f"outputs.{name[:80]}: no such output; expected {', '.join(outputs)}")
        if not isinstance(wish, dict):
            raise BadInput(f"outputs.{name}: expected an object")
        if wish.get("transmissionMode", "value") != "value":
            raise BadInput(f"outputs.{name}.transmissionMode: expected value; results are not kept on this server")
        form = wish.get("format", {})
        media = form.get("mediaType", outputs[name].media_type) if isinstance(form, dict) else None
        if media != outputs[name].media_type:
            raise BadInput(f"outputs.{name}.format.mediaType: expected {outputs[name].media_type}")
    return tuple(asked) or tuple(outputs)


def _response(value: Any) -> Literal["raw", "document"]:
    if value == "raw":
        return "raw"
    if value == "document":
        return "document"
    raise BadInput("response: expected raw or document")
