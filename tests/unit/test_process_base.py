"""What every process does, whatever it computes: check, run, translate errors, describe itself."""

import asyncio
import json
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field

from observatoire.caller import Caller
from observatoire.cities import city
from observatoire.data import root
from observatoire.errors import BadInput, NotFound, ObsError
from observatoire.server.registry import registry
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.echo import Echo

pytestmark = pytest.mark.unit


class HalfInputs(Inputs):
    number: Annotated[int, Says(fr="Un nombre pair", en="An even number"), Field(ge=0, le=100)]
    unit: str | None = None


class Half(Process[HalfInputs]):
    id = "half"
    version = "1.0.0"
    title = Text(fr="Moitié", en="Half")
    description = Text(fr="La moitié", en="The half")
    audience = ("planner",)
    inputs = HalfInputs
    outputs: ClassVar = {"half": Output(Text(fr="La moitié", en="The half"), {"type": "integer"})}
    example: ClassVar = {"inputs": {"number": 4}}

    def run(self, inputs: HalfInputs) -> Results:
        if inputs.number == 13:
            raise NotFound("inputs.number: 13 is not here")
        if inputs.number % 2:
            raise RuntimeError("secret of the server: 1234")
        return {"half": inputs.number // 2}


def half(**given: Any) -> Any:
    results = asyncio.run(Half(Caller("planner", city())).execute(given))
    return json.loads(results["half"])


def test_a_process_gives_its_outputs_as_json() -> None:
    assert half(number=4) == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "inputs.number: is required"),
        ({"number": "4"}, "inputs.number: "),
        ({"number": True}, "inputs.number: "),
        ({"number": 4.5}, "inputs.number: "),
        ({"number": None}, "inputs.number: expected a value, got null"),
        ({"number": -1}, "inputs.number: Input should be greater than or equal to 0"),
        ({"number": 101}, "inputs.number: Input should be less than or equal to 100"),
        ({"number": 4, "nope": 1}, "inputs.nope: no such input; expected number, unit"),
        ({"number": 4, "unit": None}, "inputs.unit: expected a value, got null"),
        ({"number": {"a": 1}}, "inputs.number: "),
        ({"number": 10**30}, "inputs.number: "),
    ],
)
def test_an_input_that_breaks_the_schema_is_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as caught:
        half(**given)

    assert str(caught.value).startswith(says)


def test_an_error_meant_to_be_shown_keeps_its_status() -> None:
    with pytest.raises(NotFound, match="13 is not here") as caught:
        half(number=13)

    assert caught.value.status == 404


def test_any_other_error_is_only_a_reference() -> None:
    with pytest.raises(ObsError) as caught:
        half(number=1)

    assert str(caught.value).startswith("internal error, reference ")
    assert "1234" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.status == 500


def test_a_description_says_its_inputs_in_both_languages_and_holds_its_schemas() -> None:
    french, english = Half.describe("fr"), Half.describe("en")

    assert french["inputs"]["number"]["description"] == "Un nombre pair"
    assert english["inputs"]["number"]["description"] == "An even number"
    assert english["inputs"]["number"]["schema"] == {"type": "integer", "minimum": 0, "maximum": 100}
    assert [english["inputs"][name]["minOccurs"] for name in ("number", "unit")] == [1, 0]
    assert english["inputs"]["unit"]["schema"] == {"type": "string"}
    assert "$ref" not in json.dumps(english)
    assert english["example"] == Half.example


def test_who_is_not_named_does_not_see_a_process() -> None:
    assert Half.visible_to("planner")
    assert not Half.visible_to("admin")
    assert not Half.visible_to("public")
    assert Echo.visible_to("public")
    assert Echo.visible_to("planner")


@pytest.mark.parametrize("process", registry().values(), ids=lambda process: process.id)
def test_every_process_is_documented_with_its_inputs(process: type[Process[Any]]) -> None:
    page = (root() / "docs" / "processes.md").read_text("utf-8")

    assert f"| `{process.id}` |" in page
    assert all(f"`{name}`" in page for name in process.inputs.model_fields)
    for language in ("fr", "en"):
        described = process.describe(language)["inputs"].values()
        assert all(one["description"] for one in described)


def test_the_pause_of_echo_does_not_hold_the_loop() -> None:
    async def ten() -> float:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        caller = Caller("public", city())
        await asyncio.gather(*(Echo(caller).execute({"message": "x", "pause": 1}) for _ in range(10)))
        return loop.time() - begin

    assert 1 <= asyncio.run(ten()) < 5
