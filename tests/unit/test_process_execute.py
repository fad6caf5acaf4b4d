"""The body of an execution: what is read from it, and how a hostile one is refused."""

import json
from contextlib import suppress
from email import message_from_bytes
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatoire.errors import BadInput
from observatoire.server.execute import Execute, read_execute
from observatoire.server.results import answer
from observatoire.text import Text
from processes.base import Output

pytestmark = pytest.mark.unit
OUTPUTS = {
    "echo": Output(Text(fr="", en=""), {"type": "string"}),
    "map": Output(Text(fr="", en=""), {"type": "object"}, "application/geo+json"),
}


def read(body: Any, content_type: str = "application/json") -> Execute:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_execute(data, content_type, process_id="echo", outputs=OUTPUTS)


def test_a_body_says_inputs_outputs_and_response() -> None:
    execute = read({"inputs": {"a": 1}, "outputs": {"echo": {"transmissionMode": "value"}}, "response": "document"})

    assert execute == Execute({"a": 1}, ("echo",), "document")


def test_raw_and_all_outputs_are_the_defaults() -> None:
    assert read({}) == Execute({}, ("echo", "map"), "raw")


def test_a_qualified_value_is_its_value() -> None:
    given_ = {"a": {"value": {"type": "Point"}, "mediaType": "application/geo+json"}, "b": {"value": 1, "own": 2}}

    assert read({"inputs": given_}).inputs == {"a": {"type": "Point"}, "b": {"value": 1, "own": 2}}


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/geo+json", ""])
def test_json_may_be_called_json_in_several_ways(kind: str) -> None:
    assert read({"inputs": {}}, kind).inputs == {}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"])
def test_another_content_type_is_refused(kind: str) -> None:
    with pytest.raises(BadInput, match="Content-Type") as caught:
        read({"inputs": {}}, kind)

    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"x"', "body"),
        (b"1", "body"),
        (b"{", "body"),
        (b'{"inputs": NaN}', "body"),
        (b'{"inputs": {"a": 1e999}}', "body"),
        (b'{"inputs": {"a": "\xff"}}', "body"),
        (b'{"inputs": {"a": "\\ud800"}}', "body"),
        (b'{"inputs":' + b"[" * 2000 + b"]" * 2000 + b"}", "body"),
        (b'{"inputs":{"message":' + b"[" * 500 + b"]" * 500 + b"}}", "inputs.message"),
        (b'{"inputs":{"message":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}}", "inputs.message"),
        (b'{"inputs": {"message": "a\\u0000b"}}', "inputs.message"),
        (b'{"inputs": {"me\\u0000ssage": "a"}}', "inputs.message"),
        (b'{"inputs": {"message": ["a", {"b": "\\u0000"}]}}', "inputs.message"),
        (b'{"inputs": []}', "inputs"),
        (b'{"inputs": null}', "inputs"),
        (b'{"inputs": {"message": {"href": "http://127.0.0.1/"}}}', "inputs.message"),
        (b'{"inputs": {"message": {"href": 1}}}', "inputs.message"),
        (b'{"inputs": {"message": {"href": "data:,x", "body": 1}}}', "inputs.message"),
        (b'{"inputs": {"message": {"href": "data:text/plain"}}}', "inputs.message.href"),
        (b'{"inputs": {"message": {"href": "data:;base64,*"}}}', "inputs.message.href"),
        (b'{"inputs": {"message": {"href": "data:,%ff"}}}', "inputs.message.href"),
        (b'{"inputs": {"message": {"href": "data:,a%00b"}}}', "inputs.message"),
        (b'{"inputs": {"message": {"href": "data:application/json,{"}}}', "inputs.message.href"),
        (b'{"inputs": {"m": {"href": "data:a/b+json,' + b"[" * 99 + b"]" * 99 + b'"}}}', "inputs.m"),
        (b'{"outputs": []}', "outputs"),
        (b'{"outputs": {"nope": {}}}', "outputs.nope"),
        (b'{"outputs": {"echo": null}}', "outputs.echo"),
        (b'{"outputs": {"echo": {"transmissionMode": "reference"}}}', "outputs.echo.transmissionMode"),
        (b'{"outputs": {"echo": {"format": {"mediaType": "image/tiff"}}}}', "outputs.echo.format.mediaType"),
        (b'{"response": "xml"}', "response"),
        (b'{"response": null}', "response"),
        (b'{"subscriber": {"successUri": "http://127.0.0.1/"}}', "subscriber"),
        (b'{"subscriber": null}', "subscriber"),
        (b'{"input": {}}', "input"),
        (b'{"id": "other"}', "id"),
        (b'{"mode": "async"}', "mode"),
    ],
)
def test_a_hostile_body_is_refused_and_the_field_named(body: bytes, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(body)

    assert str(caught.value).startswith(f"{field}:")
    assert caught.value.status == 400
    assert "\0" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["inputs", "outputs", "response", "subscriber", "id"]), JSON) | JSON)
def test_no_json_breaks_the_reader(body: Any) -> None:
    with suppress(BadInput):
        assert set(read(body).outputs) <= set(OUTPUTS)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(BadInput):
        read(body)


def test_one_raw_output_is_the_body_in_its_own_media_type() -> None:
    response = answer(Execute({}, ("map",), "raw"), {"map": b'{"a":1}', "echo": b'"x"'}, OUTPUTS)

    assert response.body == b'{"a":1}'
    assert response.headers["content-type"] == "application/geo+json"


def test_several_raw_outputs_are_parts_that_a_mail_reader_understands() -> None:
    response = answer(Execute({}, ("echo", "map"), "raw"), {"map": b'{"a":1}', "echo": b'"x"'}, OUTPUTS)

    kind = response.headers["content-type"]
    mail = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + bytes(response.body))
    parts = [(part["Content-ID"], part.get_content_type(), part.get_payload()) for part in mail.get_payload()]
    assert parts == [("<echo>", "application/json", '"x"'), ("<map>", "application/geo+json", '{"a":1}')]


def test_a_document_names_its_outputs() -> None:
    response = answer(Execute({}, ("echo", "map"), "document"), {"map": b'{"a":1}', "echo": b'"x"'}, OUTPUTS)

    assert json.loads(bytes(response.body)) == {"echo": "x", "map": {"a": 1}}
