"""Asks `works-clash` of a served city, the same question once: several files judge the same answer."""

import json
import time
from typing import Any

import httpx

_ANSWERS: dict[str, dict[str, Any]] = {}
AS_OF = "2026-11-24T00:00:00+01:00"  # the day after the data of the small city
EVERYTHING = {"resolve": True, "farthest": 45, "conflicts": "blocking", "as_of": AS_OF}


def execute(observatory: Any, inputs: dict[str, Any], audience: str = "planner") -> httpx.Response:
    """Send one execution."""
    return httpx.post(
        f"{observatory.url}/api/processes/works-clash/execution",
        json={"inputs": inputs},
        headers={"X-API-Key": observatory.keys[audience]} if audience else {},
        timeout=120,
    )


def findings(observatory: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the report; a slow machine answers with a job, whose results are waited for."""
    response = execute(observatory, inputs)
    if response.status_code == 201:
        job = f"/api/jobs/{response.json()['jobID']}"
        end = time.monotonic() + 240
        while observatory.get(job, "planner", f="json").json()["status"] in ("accepted", "running"):
            assert time.monotonic() < end
            time.sleep(0.5)
        response = observatory.get(f"{job}/results", "planner")
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def once(observatory: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the report of a question that may have been asked before."""
    key = json.dumps([observatory.url, inputs], sort_keys=True)
    if key not in _ANSWERS:
        _ANSWERS[key] = findings(observatory, inputs)
    return _ANSWERS[key]
