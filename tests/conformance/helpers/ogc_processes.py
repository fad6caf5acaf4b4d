"""What the tests of OGC API Processes share: how a process is executed and a job waited for, and what answers hold."""

import re
import time
from typing import Any

import httpx

SPEC = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
JSON = "application/json"
PROBLEM = "application/problem+json"
ASYNC = {"Prefer": "respond-async"}
STATES = {"accepted", "running", "successful", "failed", "dismissed"}
#: A moment as RFC 3339 has it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


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


#: Keywords of schema.yaml: that of OpenAPI 3.0 and three for contents; any other is refused.
KEYWORDS = {
    "title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
    "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "required", "enum", "type",
    "not", "allOf", "oneOf", "anyOf", "items", "properties", "additionalProperties", "description", "format",
    "default", "nullable", "readOnly", "writeOnly", "example", "deprecated", "contentMediaType", "contentEncoding",
    "contentSchema",
}  # fmt: skip


def is_schema(schema: Any) -> None:
    """schema.yaml: closed, one type, exclusive bounds as words, and so is each schema within it."""
    assert schema.keys() <= KEYWORDS, schema.keys() - KEYWORDS
    assert schema.get("type", "object") in {"array", "boolean", "integer", "number", "object", "string"}
    assert all(isinstance(schema[word], bool) for word in ("exclusiveMinimum", "exclusiveMaximum") if word in schema)
    assert schema.get("required", ["x"]), "an empty list is none"
    further = schema.get("additionalProperties", False)
    within = [*schema.get("properties", {}).values(), *([] if isinstance(further, bool) else [further])]
    for word in ("allOf", "oneOf", "anyOf"):
        within += schema.get(word, [])
    within += [schema[word] for word in ("items", "not") if word in schema]
    for one in within:
        is_schema(one)


def identifiers(api: httpx.Client) -> list[str]:
    return [str(process["id"]) for process in api.get("/processes").json()["processes"]]


def jobs(api: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    answer = api.get("/jobs", params={"limit": 1000, **parameters})
    assert answer.status_code == 200, answer.text
    for state in answer.json()["jobs"]:
        is_status(state)
    return list(answer.json()["jobs"])
