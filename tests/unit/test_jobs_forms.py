"""The fields of a form as the inputs of a process."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatoire.errors import BadInput
from observatoire.server.forms import read_fields

pytestmark = pytest.mark.unit
INPUTS = {
    "text": {"schema": {"type": "string"}},
    "whole": {"schema": {"type": "integer"}},
    "box": {"schema": {"type": "array"}},
    "any": {"schema": {}},
}


def test_text_stays_text_and_the_rest_is_json() -> None:
    body = urlencode({"text": "12", "whole": "12", "box": "[1, 2.5]", "any": "12", "nope": "x"}).encode()

    assert read_fields(body, INPUTS) == {"text": "12", "whole": 12, "box": [1, 2.5], "any": "12", "nope": "x"}


def test_an_empty_field_is_left_out() -> None:
    assert read_fields(b"text=&whole=&box=%5B%5D", INPUTS) == {"box": []}
    assert read_fields(b"", INPUTS) == {}


@pytest.mark.parametrize("body", [b"whole=x", b"box=1,2", b"whole=1e999"])
def test_a_field_that_is_not_what_its_schema_says_is_named(body: bytes) -> None:
    with pytest.raises(BadInput, match=f"^inputs.{body.decode().partition('=')[0]}: "):
        read_fields(body, INPUTS)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(BadInput):
        assert isinstance(read_fields(body, INPUTS), dict)
