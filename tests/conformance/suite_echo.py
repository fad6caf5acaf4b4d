"""Process ``suite-echo``: gives back what it is given, in every form that the OGC's suite for Processes looks for.

A package of a partner, in one file: it is served to that suite only (test_cite.py). The suite takes an output to belong
to the input of the same name, recognises a kind of input by its schema, leaves out a test whose kind it does not find,
and validates the single text of an execution by a schema that no text can hold: hence several outputs, all by default.
"""

import asyncio
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from observatoire.hooks import impl
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.inputs import Rectangle

TEXT = {"type": "string", "contentMediaType": "text/plain"}
MIXED = {"oneOf": [{"type": "string"}, {"type": "object"}]}
NUMBERS = {"type": "array", "items": {"type": "integer"}}
BOX = {"allOf": [{"type": "object", "format": "ogc-bbox", "required": ["bbox"]}]}


class SuiteEchoInputs(Inputs):
    """One input of each kind; the first is the one that is looked for in results."""

    message: Annotated[str, Says(fr="Texte", en="Text"), WithJsonSchema(TEXT)]
    mixed: Annotated[str | dict[str, Any], Says(fr="Texte ou objet", en="Text or object"), WithJsonSchema(MIXED)] = ""
    numbers: Annotated[list[int], Says(fr="Nombres", en="Numbers"), WithJsonSchema(NUMBERS)] = Field(default=[])
    box: Annotated[Rectangle, WithJsonSchema(BOX)] = None
    pause: Annotated[int, Says(fr="Attente, en secondes", en="Time before the answer, seconds"), Field(ge=0, le=60)] = 0


class SuiteEcho(Process[SuiteEchoInputs]):
    """The inputs, unchanged."""

    id = "suite-echo"
    version = "1.0.0"
    title = Text(fr="Écho pour la suite de l'OGC", en="Echo for the OGC's suite")
    description = Text(fr="Renvoie ce qu'il reçoit.", en="Returns what it is given.")
    audience = ("public",)
    weight = "light"
    inputs = SuiteEchoInputs
    outputs: ClassVar = {
        "message": Output(Text(fr="Le texte", en="The text"), {"type": "string"}),
        "mixed": Output(Text(fr="Le texte ou l'objet", en="The text or object"), MIXED),
        "numbers": Output(Text(fr="Les nombres", en="The numbers"), NUMBERS),
        "box": Output(Text(fr="Le rectangle", en="The rectangle"), BOX),
    }
    example: ClassVar = {"inputs": {"message": "Bonjour"}}

    async def run(self, inputs: SuiteEchoInputs) -> Results:
        """Return the inputs after the pause."""
        await asyncio.sleep(inputs.pause)
        return {
            "message": inputs.message,
            "mixed": inputs.mixed,
            "numbers": inputs.numbers,
            "box": {"bbox": inputs.box} if inputs.box else {},
        }


class Plugin:
    """What the entry point names."""

    @impl
    def obs_processes(self) -> list[type[Any]]:
        """Return the process."""
        return [SuiteEcho]


plugin = Plugin()
