"""What an OGC process is: its description, its inputs, and `execute`, written once."""

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, ClassVar, Literal

import orjson
import psycopg
from pydantic import BaseModel, ConfigDict, ValidationError

from observatoire.caller import Caller
from observatoire.errors import BadInput, ObsError, StoreUnavailable, internal
from observatoire.layers.model import Audience
from observatoire.text import Text
from processes.dialect import UNIT, dialect

#: Outputs of an execution by name, each a value that JSON can say.
Results = Mapping[str, Any]


class TooMuchMemory(ObsError):
    """The execution needed more memory than it may have."""

    type, status, exit_code = "too-much-memory", 400, 65


@dataclass(frozen=True)
class Says:
    """What an input is. (A `Text` itself would be taken by pydantic for the type of the input.)"""

    fr: str
    en: str

    def in_(self, language: str) -> str:
        """Return the text in `language`."""
        return Text(fr=self.fr, en=self.en).in_(language)


class Inputs(BaseModel):
    """Inputs of a process: closed, immutable, no value coerced.

    `Says` in the annotation of a field describes it: ``message: Annotated[str, Says(fr="…", en="…")]``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class Output:
    """One output: what it is, the JSON Schema of its value, and its media type.

    Attributes
    ----------
    worn : str
        Collection whose styles fit the features of the value; empty for none.
    """

    title: Text
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    media_type: str = "application/json"
    worn: str = ""

    def media(self) -> dict[str, str]:
        """Return what the schema says of the media type; of plain JSON, nothing."""
        return {} if self.media_type == "application/json" else {"contentMediaType": self.media_type}


class Process[I: Inputs](ABC):
    """A process. A subclass says what it is in class attributes and does it in `run`; one instance an execution.

    Attributes
    ----------
    weight : {"light", "heavy"}
        *Light*: `run` is a coroutine on the event loop of the web process; it awaits, it never computes for long.
        *Heavy*: `run` is a function that has a process of its own, killed when it takes too long.
    kept : bool
        False where inputs and results must not be kept, not even for an hour: it never becomes a job.
    audience : tuple of Audience
        Who may run it; for anybody else it does not exist.
    example : dict
        A whole execute body that runs.
    purpose : str
        A code of the nomenclature's `finalites`: what the register says of it.
    basis : str
        A code of its `bases-legales`, likewise.
    """

    id: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[Text]
    description: ClassVar[Text]
    keywords: ClassVar[tuple[str, ...]] = ()
    audience: ClassVar[tuple[Audience, ...]]
    purpose: ClassVar[str] = "coordination"
    basis: ClassVar[str] = "sans-donnees-personnelles"
    weight: ClassVar[Literal["light", "heavy"]] = "heavy"
    kept: ClassVar[bool] = True
    inputs: ClassVar[type[Inputs]]
    outputs: ClassVar[Mapping[str, Output]]
    example: ClassVar[dict[str, Any]]
    #: Hears how far the execution is: percent, and what is being done. Set by whoever runs it.
    hears: Callable[[int, str], None] | None = None

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Say that `done` of `total` steps are done; the owner of the job reads it."""
        if self.hears is not None:
            self.hears(100 * done // max(total, 1), message)

    @abstractmethod
    def run(self, inputs: I) -> Results | Awaitable[Results]:
        """Return the outputs by name."""

    async def execute(self, given: Mapping[str, Any]) -> dict[str, bytes]:
        """Check the inputs, run, and return each output as JSON.

        Raises
        ------
        ObsError
            Whatever goes wrong: its text may be shown. What was not foreseen is logged, and shown as a reference.
        """
        try:
            results = self.run(self.check(given))
            if isawaitable(results):
                results = await results
            return {name: orjson.dumps(results[name], option=orjson.OPT_SERIALIZE_NUMPY) for name in self.outputs}
        except ObsError:
            raise
        except MemoryError:
            raise TooMuchMemory("not enough memory: ask for a smaller area, a shorter time or larger cells") from None
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise ObsError(internal(error)) from None
            raise StoreUnavailable("the store does not answer") from None
        except Exception as error:
            raise ObsError(internal(error)) from None

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> I:
        """Return the inputs of an execute body, checked.

        Raises
        ------
        BadInput
            The first input that is wrong, and what was expected of it.
        """
        for name, value in given.items():
            if value is None:
                raise BadInput(f"inputs.{name}: expected a value, got null; leave the input out instead")
        try:
            return cls.inputs.model_validate_json(json.dumps(dict(given)))  # type: ignore[return-value]
        except ValidationError as error:
            raise BadInput(cls._complaint(error)) from None

    @classmethod
    def _complaint(cls, error: ValidationError) -> str:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(["inputs", *(str(part) for part in first["loc"] if not str(part).startswith("function-"))])
        if first["type"] == "extra_forbidden":
            return f"{name}: no such input; expected {', '.join(cls.inputs.model_fields)}"
        if first["type"] == "missing":
            return f"{name}: is required"
        return f"{name}: {first['msg'].removeprefix('Value error, ')}"

    @classmethod
    def visible_to(cls, audience: Audience) -> bool:
        """Tell whether `audience` may run it; what is not named is denied."""
        return "public" in cls.audience or audience in cls.audience

    @classmethod
    def summary(cls, language: str) -> dict[str, Any]:
        """Return the OGC process summary in `language`, without links."""
        return {
            "id": cls.id,
            "version": cls.version,
            "title": cls.title.in_(language),
            "description": cls.description.in_(language),
            "keywords": list(cls.keywords),
            "jobControlOptions": ["sync-execute", *(["async-execute"] if cls.kept else []), "dismiss"],
            "outputTransmission": ["value"],
        }

    @classmethod
    def describe(cls, language: str) -> dict[str, Any]:
        """Return the OGC process description in `language`, without links; its schemas are whole, and in `dialect`."""
        outputs = {
            name: {
                "title": output.title.in_(language),
                "schema": dialect(dict(output.schema) | output.media()),
            }
            for name, output in cls.outputs.items()
        }
        return cls.summary(language) | {
            "inputs": cls._described_inputs(language),
            "outputs": outputs,
            "example": cls.example,
        }

    @classmethod
    def _described_inputs(cls, language: str) -> dict[str, Any]:
        schemas = cls.inputs.model_json_schema()["properties"]
        described = {}
        for name, info in cls.inputs.model_fields.items():
            text = next((m for m in info.metadata if isinstance(m, Says)), None)
            schema = _without_null(schemas[name])
            unit = schema.pop(UNIT, None)
            described[name] = {
                "title": name,
                "description": text.in_(language) if text else "",
                "minOccurs": int(info.is_required()),
                "maxOccurs": 1,
                "schema": dialect(schema),
            } | ({UNIT: unit} if unit else {})
        return described


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value that is there: an input left out has none, so null is no alternative."""
    kept = {key: value for key, value in schema.items() if key != "title" and not (key == "default" and value is None)}
    options = [option for option in kept.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        only: dict[str, Any] = options[0]
        return only | kept
    return kept | ({"anyOf": options} if options else {})
