"""Process ``echo``: returns what it is given, after a pause; for clients and for conformance suites."""

import asyncio
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("expected text without the character NUL")
    return text


class EchoInputs(Inputs):
    """What is said, and when."""

    message: Annotated[
        str,
        Says(fr="Ce qui est renvoyé", en="What is returned"),
        Field(max_length=10_000),
        AfterValidator(_printable),
    ]
    pause: Annotated[
        int,
        Says(fr="Attente avant la réponse, en secondes", en="Time before the answer, seconds"),
        Field(ge=0, le=60, json_schema_extra={"x-ogc-unit": "s"}),
    ] = 0


class Echo(Process[EchoInputs]):
    """The message, unchanged."""

    id = "echo"
    version = "1.0.0"
    title = Text(fr="Écho", en="Echo")
    description = Text(
        fr="Renvoie le message reçu, après une pause : pour essayer un client.",
        en="Returns the message it is given, after a pause: to try a client out.",
    )
    keywords = ("test",)
    audience = ("public",)
    purpose = "technique"
    weight = "light"
    inputs = EchoInputs
    outputs: ClassVar = {"echo": Output(Text(fr="Le message", en="The message"), {"type": "string"})}
    example: ClassVar = {"inputs": {"message": "Bonjour", "pause": 0}}

    async def run(self, inputs: EchoInputs) -> Results:
        """Return the message after the pause."""
        await asyncio.sleep(inputs.pause)
        return {"echo": inputs.message}
