"""The abstract tests of OGC API Processes, part 1, on the served small city; each function is named after its test.

`core_job_results` is `/conf/core/job-results`. The OGC's own executable suite is another program, in Java, and checks a
part of these; `tools/add_key.py` lets it in. This city refuses callbacks: tests/integration/test_jobs.py has them.

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from html.parser import HTMLParser
from typing import Any, Protocol

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator
from pygeoapi.openapi import validate_openapi_document

pytestmark = pytest.mark.conformance

SPEC = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
JSON = "application/json"
PROBLEM = "application/problem+json"
ASYNC = {"Prefer": "respond-async"}
STATES = {"accepted", "running", "successful", "failed", "dismissed"}
#: A moment as RFC 3339 has it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str
    keys: dict[str, str]


@pytest.fixture(scope="module")
def api(observatory: Observatory) -> Iterator[httpx.Client]:
    """A client with the key of an audience that may run every process; its jobs are its own."""
    headers = {"X-API-Key": observatory.keys["coordination"]}
    with httpx.Client(base_url=f"{observatory.url}/api", headers=headers, timeout=60) as client:
        yield client


def execute(api: httpx.Client, process: str = "echo", *, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return api.post(f"/processes/{process}/execution", json=body, headers=headers)


def job_of(api: httpx.Client, *, pause: int = 0, message: str = "teststring") -> str:
    answer = execute(api, headers=ASYNC, inputs={"message": message, "pause": pause})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["jobID"])


def ended(api: httpx.Client, job: str) -> dict[str, Any]:
    """The state of a job once it is over."""
    end = time.monotonic() + 60
    while (state := api.get(f"/jobs/{job}").json())["status"] in ("accepted", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
    return dict(state)


def links(document: Any, rel: str) -> list[dict[str, str]]:
    return [link for link in document["links"] if link["rel"] == rel]


def is_problem(answer: httpx.Response, status: int, name: str | None = None) -> None:
    """An exception report: RFC 7807, `type` of the standard where it names one (requirement 46 and others)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert isinstance(problem["type"], str)
    assert problem["status"] == status
    assert isinstance(problem["title"], str)
    if name is not None:
        assert problem["type"] == f"{EXCEPTIONS}/{name}"


def is_status(state: Any) -> None:
    """statusInfo.yaml."""
    assert {"jobID", "status", "type"} <= state.keys()
    assert state["type"] == "process"
    assert state["status"] in STATES
    assert 0 <= state["progress"] <= 100
    assert isinstance(state["message"], str)
    for name in {"created", "started", "finished", "updated"} & state.keys():
        assert MOMENT.fullmatch(state[name])
    assert all(isinstance(link["href"], str) for link in state["links"])


def is_summary(summary: Any) -> None:
    """processSummary.yaml."""
    assert isinstance(summary["id"], str)
    assert isinstance(summary["version"], str)
    assert set(summary["jobControlOptions"]) <= {"sync-execute", "async-execute", "dismiss"}
    assert set(summary["outputTransmission"]) <= {"value", "reference"}
    assert all(isinstance(link["href"], str) for link in summary["links"])


def identifiers(api: httpx.Client) -> list[str]:
    return [str(process["id"]) for process in api.get("/processes").json()["processes"]]


# ------------------------------------------------------------------------------------------------------- A.2 class core
def test_core_http(api: httpx.Client) -> None:
    """Requests and responses are HTTP 1.1; a method that a resource does not have is 405."""
    answer = api.get("/processes")
    assert answer.http_version == "HTTP/1.1"
    assert answer.headers["content-type"] == JSON
    assert api.put("/processes").status_code == 405
    assert api.post("/jobs").status_code == 405


def test_core_landingpage_op_and_success(api: httpx.Client) -> None:
    landing = api.get("/")
    assert landing.status_code == 200
    document = landing.json()
    assert links(document, "service-desc") or links(document, "service-doc")
    for rel, kinds in (("conformance", (f"{REL}/conformance", "conformance")), ("processes", (f"{REL}/processes",))):
        found = [link for kind in kinds for link in links(document, kind)]
        assert found, rel
        for link in found:
            assert api.get(link["href"].partition("/api")[2] or "/").status_code == 200
    assert links(document, f"{REL}/job-list")


def test_core_api_definition_op_and_success(api: httpx.Client) -> None:
    document = api.get("/").json()
    for link in links(document, "service-desc") + links(document, "service-doc"):
        answer = api.get(link["href"].partition("/api")[2], headers={"Accept": link["type"]})
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0]


def test_core_conformance_op_and_success(api: httpx.Client) -> None:
    answer = api.get("/conformance")
    assert answer.status_code == 200
    claimed = answer.json()["conformsTo"]
    for name in ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss"):
        assert f"{SPEC}/{name}" in claimed
    assert f"{SPEC}/callback" not in claimed  # this city allows none


def test_core_process_list_and_success(api: httpx.Client) -> None:
    answer = api.get("/processes")
    assert answer.status_code == 200
    document = answer.json()
    assert links(document, "self")
    assert links(document, "alternate")
    assert "echo" in [process["id"] for process in document["processes"]]
    for process in document["processes"]:
        is_summary(process)


def test_core_pl_limit_definition_and_response(api: httpx.Client) -> None:
    ids = identifiers(api)
    first = api.get("/processes", params={"limit": 1}).json()
    assert [process["id"] for process in first["processes"]] == ids[:1]
    seen, following = [], first
    while True:
        seen += [process["id"] for process in following["processes"]]
        if not (more := links(following, "next")):
            break
        following = api.get(more[0]["href"].partition("/api")[2]).json()
    assert seen == ids
    for wrong in ("0", "-1", "abc", "1.5", ""):
        is_problem(api.get("/processes", params={"limit": wrong}), 400)


def test_core_pl_links(api: httpx.Client) -> None:
    """Each process of the list leads to its description."""
    for process in api.get("/processes").json()["processes"]:
        (link,) = (li for li in process["links"] if li["rel"] in ("self", "process"))
        assert api.get(link["href"].partition("/api")[2]).json()["id"] == process["id"]


def test_core_process_and_success(api: httpx.Client) -> None:
    for process in identifiers(api):
        answer = api.get(f"/processes/{process}")
        assert answer.status_code == 200
        is_summary(answer.json())
        assert [
            link["href"].endswith(f"/processes/{process}/execution") for link in links(answer.json(), f"{REL}/execute")
        ]


def test_core_process_exception_no_such_process(api: httpx.Client) -> None:
    for answer in (api.get("/processes/nope"), execute(api, "nope", inputs={})):
        is_problem(answer, 404, "no-such-process")


def test_core_process_execute_op(api: httpx.Client) -> None:
    assert execute(api, inputs={"message": "teststring"}).status_code == 200


def test_core_process_execute_request(api: httpx.Client) -> None:
    """A body that is no execute.yaml is refused."""
    for body in (b"", b"[]", b"null", b'"x"', b"{", b'{"inputs": []}', b'{"inputs": {}, "outputs": 1}'):
        is_problem(api.post("/processes/echo/execution", content=body, headers={"Content-Type": JSON}), 400)
    is_problem(api.post("/processes/echo/execution", content=b"<a/>", headers={"Content-Type": "text/xml"}), 415)


def test_core_process_execute_inputs(api: httpx.Client) -> None:
    for inputs in ({}, {"message": 1}, {"message": "x", "pause": "y"}, {"message": "x", "nope": 1}, {"pause": 0}):
        answer = execute(api, inputs=inputs)
        is_problem(answer, 400)
        assert answer.json()["detail"].startswith("inputs.")


def test_core_process_execute_input_inline_object_and_bbox(api: httpx.Client) -> None:
    box = [4.0, 43.0, 7.0, 44.5]
    crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    plain, named = (
        execute(api, "aggregate", inputs={"collection": "signalements", "period": "none", "by": "none", "bbox": bbox})
        for bbox in (box, {"bbox": box, "crs": crs})
    )
    assert plain.status_code == named.status_code == 200
    assert plain.json() == named.json()


def test_core_process_execute_input_mixed_type_and_inline_binary(api: httpx.Client) -> None:
    """A qualified value is the value."""
    answer = execute(api, inputs={"message": {"value": "teststring", "mediaType": "text/plain"}})
    assert answer.json() == "teststring"


@pytest.mark.parametrize(
    "link",
    [
        {"href": "data:text/plain,teststring"},
        {"href": "data:;base64,dGVzdHN0cmluZw==", "type": "text/plain"},
        {"href": "data:application/json,%22teststring%22", "rel": "input"},
    ],
)
def test_core_process_execute_input_ref(api: httpx.Client, link: dict[str, str]) -> None:
    """A value by reference is that value, and has to hold the schema; an address elsewhere is not gone to."""
    assert execute(api, inputs={"message": link}).json() == "teststring"
    for wrong in ({"href": "data:application/json,1"}, {"href": "http://127.0.0.1:1/"}, {"href": "file:///etc/passwd"}):
        answer = execute(api, inputs={"message": wrong})
        is_problem(answer, 400)
        assert answer.json()["detail"].startswith("inputs.message")


def test_core_process_execute_input_validation(api: httpx.Client) -> None:
    """Every bound of every schema is kept: a value beyond it is refused, and its input named."""
    for process in identifiers(api):
        description = api.get(f"/processes/{process}").json()
        given = description["example"]["inputs"]
        for name, one in description["inputs"].items():
            for wrong in beyond(one["schema"]):
                answer = execute(api, process, inputs=given | {name: wrong})
                is_problem(answer, 400)
                assert answer.json()["detail"].startswith(f"inputs.{name}"), answer.text


DEEP = b'{"inputs":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"[]", 400, "body"),
        (b"null", 400, "body"),
        (b'"x"', 400, "body"),
        (b"7", 400, "body"),
        (b"{", 400, "body"),
        (DEEP, 400, "body"),
        (b"[" * 2_000 + b"]" * 2_000, 400, "body"),
        (b'{"inputs":null}', 400, "inputs"),
        (b'{"inputs":{"x":' + b"[" * 40 + b"]" * 40 + b"}}", 400, "inputs.x"),
        (b'{"inputs":{"' + b"x" * 20_000_000 + b'":1}}', 413, "body"),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_core_process_execute_hostile_bodies(
    api: httpx.Client, body: bytes, status: int, named: str, prefer: str
) -> None:
    """Every process refuses them, and says what was wrong."""
    before = len(jobs(api))
    for process in identifiers(api):
        answer = api.post(
            f"/processes/{process}/execution", content=body, headers={"Content-Type": JSON, "Prefer": prefer}
        )
        is_problem(answer, status)
        assert named in answer.json()["detail"]
    assert len(jobs(api)) == before


def beyond(schema: dict[str, Any]) -> list[Any]:
    """Values that a schema does not allow, one a keyword."""
    found: list[Any] = [None]
    kind = schema.get("type")
    others = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
    if "oneOf" in schema or "anyOf" in schema:
        return [
            *found,
            "x",
            1,
            True,
            [],
            {},
            [1, 2, 3],
            [1, 2, "3", 4],
            [1, 2, 3, None],
            {"bbox": [1]},
            {"x": [1, 2, 3, 4]},
        ]
    alike = {"integer", "number"} if kind in ("integer", "number") else {kind}
    found += [value for name, value in others.items() if name not in alike]
    if kind == "integer":
        found += [0.5, "1", 10**30]
    found += [schema["minimum"] - 1] if "minimum" in schema else []
    found += [schema["maximum"] + 1] if "maximum" in schema else []
    found += ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
    found += ["none of these"] if "enum" in schema else []
    return found


def test_core_process_execute_auto_execution_mode_and_sync(api: httpx.Client) -> None:
    """Without `Prefer` a process that can answers at once."""
    answer = execute(api, inputs={"message": "teststring"})
    assert answer.status_code == 200
    assert "preference-applied" not in answer.headers


def test_core_process_execute_default_execution_mode(api: httpx.Client) -> None:
    """Without `Prefer`: at once where a process can, else as a job; what it cannot do it does not say it can.

    Of the light ones: heavy ones become jobs where they take longer than a request may wait.
    """
    for process in ("echo", "aggregate", "submit-report"):
        description = api.get(f"/processes/{process}").json()
        answer = execute(api, process, **description["example"])
        assert answer.status_code == (200 if "sync-execute" in description["jobControlOptions"] else 201), answer.text
        if "async-execute" not in description["jobControlOptions"]:
            now = execute(api, process, headers=ASYNC, **description["example"])
            assert now.status_code == 200
            assert "preference-applied" not in now.headers


def test_core_process_execute_sync_one_raw_value(api: httpx.Client) -> None:
    answer = execute(api, inputs={"message": "teststring"}, response="raw")
    assert (answer.status_code, answer.json()) == (200, "teststring")
    assert answer.headers["content-type"] == JSON


SEVERAL = {"report": {"transmissionMode": "value"}, "page": {}}


def parts(answer: httpx.Response) -> dict[str, Any]:
    """Outputs by name, as a reader of mail takes multipart/related apart."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.content)
    assert message.get_content_type() == "multipart/related"
    return {
        str(part["Content-ID"]).strip("<>"): orjson.loads(part.get_payload(decode=True) or b"")
        for part in message.get_payload()
    }


def test_core_process_execute_sync_and_async_raw_value_multi(api: httpx.Client) -> None:
    """Several outputs, raw: parts of multipart/related; of a job, as of an execution that is waited for."""
    body = {"inputs": {}, "outputs": SEVERAL, "response": "raw"}

    now = execute(api, "situation-report", **body)
    job = execute(api, "situation-report", headers=ASYNC, **body).json()["jobID"]
    assert ended(api, job)["status"] == "successful"
    later = api.get(f"/jobs/{job}/results")
    document = execute(api, "situation-report", **body | {"response": "document"}).json()

    assert now.status_code == later.status_code == 200
    assert list(parts(now)) == list(parts(later)) == list(document) == list(SEVERAL)
    for found in (parts(now), parts(later)):
        assert isinstance(found["page"], str)
        assert found["report"].keys() == document["report"].keys()


def test_core_process_execute_raw_mixed_multi_and_async_raw_ref(api: httpx.Client) -> None:
    """Values and references mixed: there are no references, for a job no more than at once."""
    outputs = SEVERAL | {"page": {"transmissionMode": "reference"}}
    for headers in ({}, ASYNC):
        answer = execute(api, "situation-report", headers=headers, inputs={}, outputs=outputs, response="raw")
        is_problem(answer, 400)
        assert answer.json()["detail"].startswith("outputs.page.transmissionMode")


def test_core_process_execute_sync_document(api: httpx.Client) -> None:
    answer = execute(api, inputs={"message": "teststring"}, response="document")
    assert (answer.status_code, answer.json()) == (200, {"echo": "teststring"})


def test_core_process_execute_sync_raw_ref(api: httpx.Client) -> None:
    """`reference` is not among the transmission modes of any process: asked for, it is refused."""
    for process in api.get("/processes").json()["processes"]:
        assert process["outputTransmission"] == ["value"]
    is_problem(execute(api, inputs={"message": "x"}, outputs={"echo": {"transmissionMode": "reference"}}), 400)


def test_core_process_execute_default_outputs_and_selection(api: httpx.Client) -> None:
    whole = execute(api, inputs={"message": "x"}, response="document").json()
    one = execute(api, inputs={"message": "x"}, outputs={"echo": {"transmissionMode": "value"}}, response="document")
    assert one.json() == whole
    is_problem(execute(api, inputs={"message": "x"}, outputs={"nope": {}}), 400)


@pytest.mark.parametrize("mode", ["respond-async", "Respond-Async", "respond-async, wait=5"])
def test_core_process_execute_success_async(api: httpx.Client, mode: str) -> None:
    answer = execute(api, headers={"Prefer": mode}, inputs={"message": "teststring", "pause": 5})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"
    state = answer.json()
    is_status(state)
    assert answer.headers["location"].endswith(f"/api/jobs/{state['jobID']}")
    assert state["status"] in ("accepted", "running")
    api.delete(f"/jobs/{state['jobID']}")


def test_core_job_creation_and_success(api: httpx.Client) -> None:
    job = job_of(api)
    state = ended(api, job)
    is_status(state)
    assert (state["jobID"], state["processID"], state["status"]) == (job, "echo", "successful")
    (results,) = links(state, f"{REL}/results")  # the OGC's suite asks its address with its type
    assert results["href"].endswith(f"/jobs/{job}/results")
    assert api.get(results["href"].partition("/api")[2], headers={"Accept": results["type"]}).json() == "teststring"


@pytest.mark.parametrize("path", ["/jobs/nope", "/jobs/00000000-0000-4000-8000-000000000000"])
def test_core_job_and_results_exception_no_such_job(api: httpx.Client, path: str) -> None:
    is_problem(api.get(path), 404, "no-such-job")
    is_problem(api.get(f"{path}/results"), 404, "no-such-job")
    is_problem(api.delete(path), 404, "no-such-job")


def test_core_job_results_success(api: httpx.Client) -> None:
    """The results come as the execution asked for them, and are those of a synchronous one."""
    for body in ({"response": "raw"}, {"response": "document"}, {}):
        inputs = {"message": "teststring"}
        answer = execute(api, headers=ASYNC, inputs=inputs, **body)
        job = answer.json()["jobID"]
        ended(api, job)
        results, now = api.get(f"/jobs/{job}/results"), execute(api, inputs=inputs, **body)
        assert results.status_code == 200
        assert results.content == now.content
        assert results.headers["content-type"] == now.headers["content-type"]


def test_core_job_results_exception_results_not_ready(api: httpx.Client) -> None:
    job = job_of(api, pause=30)
    is_problem(api.get(f"/jobs/{job}/results"), 404, "result-not-ready")
    api.delete(f"/jobs/{job}")


def test_core_job_results_failed(api: httpx.Client) -> None:
    """The results of a failed job are its exception report."""
    answer = execute(api, "risk-forecast", headers=ASYNC, inputs={"bbox": [0, 0, 1, 1]})
    state = ended(api, answer.json()["jobID"])
    assert state["status"] == "failed"
    is_problem(api.get(f"/jobs/{state['jobID']}/results"), 400)


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
        ("/processes/echo", ["message", "pause"]), ("/jobs", [job[:8]]), (f"/jobs/{job}", [job, "successful"]),
    ):  # fmt: skip
        answer = api.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert {"html", "head", "title", "body", "h1"} <= set(Page(answer.text).tags)
        assert all(word in answer.text for word in words), path


# ---------------------------------------------------------------------------------------------------- A.6 class OpenAPI
@pytest.fixture(scope="module")
def definition(api: httpx.Client) -> dict[str, Any]:
    (link,) = links(api.get("/").json(), "service-desc")
    return dict(api.get(link["href"].partition("/api")[2], headers={"Accept": link["type"]}).json())


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


# --------------------------------------------------------------------------------------------------- A.7 class job list
@pytest.fixture(scope="module")
def many(api: httpx.Client) -> list[dict[str, Any]]:
    """Jobs of two processes, successful, failed and dismissed, short and long, in the order they were asked for."""
    ids = [job_of(api), job_of(api, pause=2)]
    ids.append(execute(api, "aggregate", headers=ASYNC, inputs={"collection": "signalements"}).json()["jobID"])
    ids.append(execute(api, "risk-forecast", headers=ASYNC, inputs={"bbox": [0, 0, 1, 1]}).json()["jobID"])
    gone = job_of(api, pause=60)
    api.delete(f"/jobs/{gone}")
    return [ended(api, job) for job in (*ids, gone)]


def jobs(api: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    answer = api.get("/jobs", params={"limit": 1000, **parameters})
    assert answer.status_code == 200, answer.text
    for state in answer.json()["jobs"]:
        is_status(state)
    return list(answer.json()["jobs"])


def listed(many: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[int]:
    """Which of the jobs of the fixture are among those found."""
    ids = {state["jobID"] for state in found}
    return [k for k, state in enumerate(many) if state["jobID"] in ids]


def test_job_list_op_success_and_links(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    document = api.get("/jobs").json()
    assert links(document, "self")
    assert links(document, "alternate")
    assert listed(many, jobs(api)) == [0, 1, 2, 3, 4]
    created = [state["created"] for state in jobs(api)]
    assert created == sorted(created, reverse=True)


def test_job_list_type_definition_and_response(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    assert listed(many, jobs(api, type="process")) == [0, 1, 2, 3, 4]
    assert jobs(api, type="other") == []


def test_job_list_processid_definition_and_response(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    assert listed(many, jobs(api, processID="aggregate")) == [2]
    assert listed(many, jobs(api, processID=["aggregate", "echo"])) == [0, 1, 2, 4]
    assert listed(many, jobs(api, processID="aggregate,echo")) == [0, 1, 2, 4]
    assert jobs(api, processID="nope") == []


def test_job_list_status_definition_and_response(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    for state in STATES:
        assert {job["status"] for job in jobs(api, status=state)} <= {state}
    assert listed(many, jobs(api, status="failed")) == [3]
    assert listed(many, jobs(api, status=["dismissed", "failed"])) == [3, 4]
    is_problem(api.get("/jobs", params={"status": "nope"}), 400)


def test_job_list_datetime_definition_and_response(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    """Of the creation; both ends of an interval are in it, and may be open."""
    second, fourth = many[1]["created"], many[3]["created"]
    after = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    # The state shows milliseconds and the store keeps microseconds: the last bound is a millisecond later.
    up = (datetime.fromisoformat(fourth) + timedelta(milliseconds=1)).isoformat().replace("+00:00", "Z")
    assert listed(many, jobs(api, datetime=f"{second}/{up}")) == [1, 2, 3]
    assert listed(many, jobs(api, datetime=f"{second}/..")) == [1, 2, 3, 4]
    assert listed(many, jobs(api, datetime=f"../{up}")) == [0, 1, 2, 3]
    assert jobs(api, datetime=f"{after}/..") == []
    for wrong in ("abc", "2024-13-01", f"{up}/{second}", "a/b/c"):
        is_problem(api.get("/jobs", params={"datetime": wrong}), 400)


def test_job_list_duration_definition_and_response(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    """Of a job that is over, from its start to its end; one that never started has none."""

    def seconds(state: dict[str, Any]) -> float:
        return (datetime.fromisoformat(state["finished"]) - datetime.fromisoformat(state["started"])).total_seconds()

    long = listed(many, jobs(api, minDuration=2))
    assert 1 in long
    assert all(seconds(many[k]) >= 1.999 for k in long)
    short = listed(many, jobs(api, maxDuration=2))
    assert 1 not in short
    assert all(seconds(many[k]) <= 2.001 for k in short)
    assert {k for k, state in enumerate(many) if "started" in state} == {*long, *short}
    for wrong in ({"minDuration": "x"}, {"maxDuration": "-1"}, {"minDuration": 5, "maxDuration": 4}):
        is_problem(api.get("/jobs", params=wrong), 400)


def test_job_list_limit_definition_response_and_next(api: httpx.Client, many: list[dict[str, Any]]) -> None:
    every = [state["jobID"] for state in jobs(api)]
    assert len(api.get("/jobs").json()["jobs"]) == min(10, len(every))
    seen: list[str] = []
    path: str | None = "/jobs?limit=2"
    while path:
        document = api.get(path).json()
        assert len(document["jobs"]) <= 2
        seen += [state["jobID"] for state in document["jobs"]]
        path = next((link["href"].partition("/api")[2] for link in links(document, "next")), None)
    assert seen == every
    for wrong in ("0", "-1", "abc"):
        is_problem(api.get("/jobs", params={"limit": wrong}), 400)


def test_job_list_parameters_are_defined(definition: dict[str, Any]) -> None:
    parameters = {p["name"]: p for p in definition["paths"]["/jobs"]["get"]["parameters"]}
    for name in ("type", "processID", "status"):
        assert parameters[name]["schema"]["type"] == "array"
    assert set(parameters["status"]["schema"]["items"]["enum"]) == STATES
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}
    assert {"datetime", "minDuration", "maxDuration"} <= parameters.keys()
    assert all(p["in"] == "query" and not p.get("required") for p in parameters.values())


# --------------------------------------------------------------------------------------------------- A.8 class callback
def test_callback_job_callback_is_not_offered_where_it_is_refused(
    api: httpx.Client, definition: dict[str, Any]
) -> None:
    operation = definition["paths"]["/processes/echo/execution"]["post"]
    assert "callbacks" not in operation
    assert "subscriber" not in operation["requestBody"]["content"][JSON]["schema"]["properties"]
    answer = execute(api, inputs={"message": "x"}, subscriber={"successUri": "http://127.0.0.1:1/"})
    is_problem(answer, 400)
    assert answer.json()["detail"].startswith("subscriber")


# ---------------------------------------------------------------------------------------------------- A.9 class dismiss
def test_dismiss_job_dismiss_op_and_success(api: httpx.Client, definition: dict[str, Any]) -> None:
    assert "delete" in definition["paths"]["/jobs/{jobID}"]
    assert all("dismiss" in process["jobControlOptions"] for process in api.get("/processes").json()["processes"])
    job = job_of(api, pause=60)
    answer = api.delete(f"/jobs/{job}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == JSON
    is_status(answer.json())
    assert answer.json()["status"] == api.get(f"/jobs/{job}").json()["status"] == "dismissed"
    assert not links(answer.json(), f"{REL}/results")
    assert api.get(f"/jobs/{job}/results").status_code == 410


def test_dismiss_of_a_job_that_is_over_forgets_it(api: httpx.Client) -> None:
    job = job_of(api)
    ended(api, job)
    assert api.delete(f"/jobs/{job}").json()["status"] == "dismissed"
    is_problem(api.get(f"/jobs/{job}"), 404, "no-such-job")
    is_problem(api.delete(f"/jobs/{job}"), 404, "no-such-job")
