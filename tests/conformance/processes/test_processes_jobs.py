"""The abstract tests of OGC API Processes, part 1, on the served small city: job list, callback, dismiss.

This city refuses callbacks: tests/integration/test_jobs_callbacks.py has them.

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from ogc_processes import ASYNC, JSON, REL, STATES, ended, execute, is_problem, is_status, job_of, jobs, links

pytestmark = pytest.mark.conformance


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
