"""The description of a process as the plugin uses it: inputs, outputs, how it may be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .schema import Kind, kind_of
from .texts import language, tr

#: Kinds of which a list is another kind: an input that may occur several times.
LISTS = {"string": "strings", "integer": "numbers", "number": "numbers", "choice": "choices"}


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes
    ----------
    name : str
        As the server calls it; also the name of the algorithm's parameter.
    title, description : str
        For the user.
    kind : Kind
        What it is.
    required : bool
        Whether it must be given.
    default : Any
        The server's own, None where it has none.
    """

    name: str
    title: str
    description: str
    kind: Kind
    required: bool
    default: Any = None


@dataclass(frozen=True)
class Output:
    """One output.

    Attributes
    ----------
    style : str
        Address of the style of its features; empty where the server names none.
    """

    name: str
    title: str
    kind: Kind
    style: str = ""


@dataclass(frozen=True)
class Process:
    """One process.

    Attributes
    ----------
    id : str
        As the server calls it.
    inputs, outputs : tuple
        In the server's order.
    asynchronous, synchronous : bool
        How it may be run.
    example : dict
        A whole execute body, where the server gives one.
    problem : str
        Why it cannot be run from QGIS; empty where it can.
    """

    id: str
    version: str
    title: str
    description: str
    keywords: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    synchronous: bool
    asynchronous: bool
    example: dict[str, Any]
    problem: str = ""


def read_process(description: dict[str, Any]) -> Process:
    """Return a process of its OGC description (18-062r2, 7.10); what servers leave out has the standard's default."""
    options = [str(option) for option in description.get("jobControlOptions") or ["sync-execute"]]
    inputs = tuple(_input(name, said) for name, said in _named(description.get("inputs")))
    outputs = tuple(_output(name, said) for name, said in _named(description.get("outputs")))
    unknown = [each for each in inputs if each.required and each.kind.name == "unknown"]
    problem = (
        tr("Input “{name}” cannot be filled in QGIS: {reason}.", name=unknown[0].name, reason=unknown[0].kind.reason)
        if unknown
        else ""
    )
    example = description.get("example")
    return Process(
        str(description["id"]), str(description.get("version", "")), words(description.get("title"), description["id"]),
        words(description.get("description")), tuple(words(word) for word in description.get("keywords") or []),
        inputs, outputs, "sync-execute" in options, "async-execute" in options,
        example if isinstance(example, dict) else {}, problem,
    )  # fmt: skip


def words(text: Any, otherwise: Any = "") -> str:
    """Return a text; of one in several languages, that of QGIS."""
    if isinstance(text, dict):
        text = text.get(language()) or text.get("en") or next(iter(text.values()), "")
    return str(text or otherwise)


def _named(members: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return inputs or outputs by name; drafts of the standard wrote them as a list with ids."""
    if isinstance(members, dict):
        pairs = list(members.items())
    else:
        pairs = [(str(each.get("id", "")), each) for each in members or [] if isinstance(each, dict)]
    return [(name, said) for name, said in pairs if name and isinstance(said, dict)]


def _input(name: str, said: dict[str, Any]) -> Input:
    given = said.get("schema")
    if isinstance(given, dict) and said.get("x-ogc-unit"):  # the standard's schemas have no room for it
        given = {**given, "x-ogc-unit": said["x-ogc-unit"]}
    kind = kind_of(given)
    fewest, most = said.get("minOccurs", 1), said.get("maxOccurs", 1)
    if most == "unbounded" or (isinstance(most, int) and most > 1):
        kind = _several(kind, fewest)
    if "bbox" in name.lower() and kind.name == "numbers" and kind.schema.get("maxItems") == 4:
        kind = Kind("bbox", kind.schema)
    schema = said.get("schema") if isinstance(said.get("schema"), dict) else {}
    required = fewest not in (0, "0") and schema.get("default") is None
    return Input(
        name, words(said.get("title"), name), words(said.get("description")), kind, required, schema.get("default")
    )


def _several(kind: Kind, fewest: Any) -> Kind:
    if kind.name in LISTS:
        return Kind(LISTS[kind.name], {"type": "array", "items": kind.schema})
    if isinstance(fewest, int) and fewest > 1 and kind.name != "json":
        return Kind("unknown", kind.schema, tr("it wants at least {count} values", count=fewest))
    return kind


def _output(name: str, said: dict[str, Any]) -> Output:
    return Output(name, words(said.get("title"), name), kind_of(said.get("schema")), _style(said.get("metadata")))


def _style(metadata: Any) -> str:
    """Return the address of metadata whose role is that of a style (`stylesheet`, a link relation of the web)."""
    said = [each for each in metadata or () if isinstance(each, dict)] if isinstance(metadata, list) else []
    return next((str(each["href"]) for each in said if each.get("role") == "stylesheet" and each.get("href")), "")
