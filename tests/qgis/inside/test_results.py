"""Answers to an execution: raw, a document, qualified, by reference, in parts."""

import base64

import pytest
from qgis_obs.core.errors import NotJson
from qgis_obs.core.http import Answer, Client
from qgis_obs.core.processes import Output
from qgis_obs.core.results import read_results
from qgis_obs.core.schema import kind_of


def outputs(**schemas):
    return [Output(name, name, kind_of(schema)) for name, schema in schemas.items()]


def read(server, body, media="application/json", **schemas):
    answer = Answer(server.url, 200, {"content-type": media}, body)
    return {name: result.value for name, result in read_results(Client(server), answer, outputs(**schemas)).items()}


def test_a_single_output_is_the_value_itself(server):
    assert read(server, b'"Bonjour"', echo={"type": "string"}) == {"echo": "Bonjour"}
    assert read(server, b'{"rows": []}', table={"type": "object"}) == {"table": {"rows": []}}


def test_a_document_holds_outputs_by_name(server):
    """Some servers send a document where the value was asked for."""
    assert read(server, b'{"echo": "x"}', echo={"type": "string"}) == {"echo": "x"}
    assert read(server, b'{"a": 1, "b": {"value": 2}}', a={"type": "number"}, b={"type": "number"}) == {"a": 1, "b": 2}


def test_a_value_whose_member_is_called_as_the_output_is_the_value(server):
    schema = {"type": "object", "properties": {"forecast": {"type": "object"}}}

    assert read(server, b'{"forecast": {}}', forecast=schema) == {"forecast": {"forecast": {}}}


def test_an_image_comes_as_bytes_raw_or_in_base64(server):
    tiff = {"type": "string", "contentEncoding": "binary", "contentMediaType": "image/tiff"}
    packed = base64.b64encode(b"II*").decode()

    assert read(server, b"II*", "image/tiff; application=geotiff", image=tiff) == {"image": b"II*"}
    document = f'{{"image": {{"value": "{packed}", "encoding": "base64", "mediaType": "image/tiff"}}}}'.encode()
    assert read(server, document, image=tiff) == {"image": b"II*"}


def test_a_result_by_reference_is_fetched(server, fake):
    fake.get("/file.json", {"type": "FeatureCollection", "features": []})

    said = f'{{"out": {{"href": "{fake.url}/file.json", "type": "application/geo+json"}}}}'.encode()

    assert read(server, said, out={"type": "object"})["out"]["type"] == "FeatureCollection"


def test_parts_are_told_by_their_content_id(server):
    """18-062r2, 7.11.4: several raw outputs are a `multipart/related`."""
    body = (
        b'--x\r\nContent-ID: <b>\r\nContent-Type: application/json\r\n\r\n{"n": 1}\r\n'
        b"--x\r\nContent-ID: <a>\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )

    found = read(server, body, "multipart/related; boundary=x", a={"type": "string"}, b={"type": "object"})

    assert found == {"b": {"n": 1}, "a": b"hello"}


def test_json_that_is_cut_off_is_said_so(server):
    with pytest.raises(NotJson):
        read(server, b'{"a": ', a={"type": "object"})
