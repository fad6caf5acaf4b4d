"""The abstract tests of OGC API Processes, part 1, on the served small city: results, at once and of jobs.

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

from email import message_from_bytes
from typing import Any

import httpx
import orjson
import pytest
from ogc_processes import ASYNC, JSON, REL, ended, execute, is_problem, is_status, job_of, links

pytestmark = pytest.mark.conformance


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


def test_core_job_success_leads_on(api: httpx.Client) -> None:
    """Until a job is over its state leads to itself as it will be (`monitor`), then to its results: a suite follows."""
    job = job_of(api, pause=5)
    (monitor,) = links(api.get(f"/jobs/{job}").json(), "monitor")
    assert api.get(monitor["href"].partition("/api")[2]).json()["jobID"] == job
    over = ended(api, job)
    assert (len(links(over, "monitor")), len(links(over, f"{REL}/results"))) == (0, 1)


def test_core_job_results_sync_makes_no_job(api: httpx.Client) -> None:
    """Executed at once it leaves no job behind: no header leads to one. No outputs named, or none of them: all."""
    for outputs in ({}, {"echo": {"transmissionMode": "value"}}):
        answer = execute(api, inputs={"message": "teststring"}, outputs=outputs, response="raw")
        assert (answer.status_code, answer.json()) == (200, "teststring")
        assert "link" not in answer.headers


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
