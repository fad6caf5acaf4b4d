"""The abstract tests of OGC API Processes, part 1, on the served small city: descriptions and encodings.

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from ogc_processes import ASYNC, JSON, SPEC, ended, execute, identifiers, is_schema, job_of
from pygeoapi.openapi import validate_openapi_document

pytestmark = pytest.mark.conformance


# ------------------------------------------------------------------------------------ A.3 class OGC process description
def test_ogc_process_description_json_encoding(api: httpx.Client) -> None:
    """process.yaml: inputs and outputs by name, each with a schema, nothing that must be fetched."""
    for process in identifiers(api):
        description = api.get(f"/processes/{process}").json()
        for one in (*description["inputs"].values(), *description["outputs"].values()):
            assert isinstance(one["schema"], dict)
            assert "$ref" not in str(one["schema"])
        for one in description["inputs"].values():
            assert one["minOccurs"] in (0, 1)
            assert one["maxOccurs"] == 1


def test_ogc_process_description_input_and_output_schemas(api: httpx.Client) -> None:
    """Each is a JSON Schema; the example's inputs hold it; mixed types are said by oneOf or anyOf, each of one type."""
    mixed = 0
    for process in identifiers(api):
        description = api.get(f"/processes/{process}").json()
        for kind in ("inputs", "outputs"):
            for one in description[kind].values():
                is_schema(one["schema"])
                Draft202012Validator.check_schema(one["schema"])
                choices = one["schema"].get("oneOf") or one["schema"].get("anyOf") or []
                mixed += bool(choices)
                assert all(isinstance(choice.get("type"), str) for choice in choices)
        for name, value in description["example"]["inputs"].items():
            Draft202012Validator(description["inputs"][name]["schema"]).validate(value)
    assert mixed > 0


def test_ogc_process_description_inputs_def_and_outputs_def(api: httpx.Client) -> None:
    """The example of each description runs, and gives the outputs that are described."""
    for process in identifiers(api):
        description = api.get(f"/processes/{process}").json()
        answer = execute(api, process, **description["example"], response="document")
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == set(description["outputs"])


# ------------------------------------------------------------------------------------------ A.4, A.5 classes JSON, HTML
def test_json_definition_and_content(api: httpx.Client) -> None:
    for path in ("/", "/conformance", "/processes", "/processes/echo", "/jobs"):
        answer = api.get(path, headers={"Accept": JSON})
        assert answer.headers["content-type"] == JSON
        assert isinstance(answer.json(), dict)


class Page(HTMLParser):
    """Counts what a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def test_html_definition_and_content(api: httpx.Client) -> None:
    """Every resource is a page too; a page says what the JSON says."""
    job = job_of(api)
    ended(api, job)
    for path, words in (
        ("/", []), ("/conformance", [f"{SPEC}/dismiss"]), ("/processes", identifiers(api)),
        ("/processes/echo", ["message", "pause", "}</code> s</td>"]), ("/jobs", [job[:8]]),
        (f"/jobs/{job}", [job, "successful"]),
    ):  # fmt: skip
        answer = api.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert {"html", "head", "title", "body", "h1"} <= set(Page(answer.text).tags)
        assert all(word in answer.text for word in words), path


# ---------------------------------------------------------------------------------------------------- A.6 class OpenAPI
def test_oas30_oas_definition_1(definition: dict[str, Any]) -> None:
    assert definition["openapi"].startswith("3.0")
    assert validate_openapi_document(definition)


def test_oas30_completeness(api: httpx.Client, definition: dict[str, Any]) -> None:
    """Every operation of the classes is documented, and every documented path answers."""
    expected = {
        "/conformance": {"get"}, "/processes": {"get"}, "/jobs": {"get"}, "/jobs/{jobID}": {"get", "delete"},
        "/jobs/{jobID}/results": {"get"},
    }  # fmt: skip
    for process in identifiers(api):
        expected |= {f"/processes/{process}": {"get"}, f"/processes/{process}/execution": {"post"}}
    for path, methods in expected.items():
        assert methods <= definition["paths"][path].keys(), path


def test_oas30_exceptions_codes(api: httpx.Client, definition: dict[str, Any]) -> None:
    """A status that is answered is documented."""
    operation = definition["paths"]["/processes/echo/execution"]["post"]["responses"]
    answers = [
        execute(api, inputs={}),
        execute(api, inputs={"message": "x"}),
        execute(api, headers=ASYNC, inputs={"message": "x"}),
    ]
    assert {str(answer.status_code) for answer in answers} == {"400", "200", "201"}
    assert {str(answer.status_code) for answer in answers} <= operation.keys()
    assert {"404", "413", "415", "429", "503"} <= operation.keys()


def test_oas30_security(definition: dict[str, Any]) -> None:
    """The key is a security scheme of the document."""
    schemes = definition["components"]["securitySchemes"].values()
    assert any(scheme.get("name") == "X-API-Key" and scheme.get("in") == "header" for scheme in schemes)
