"""The abstract tests of OGC API Processes, part 1, on the served small city: what an execution takes and refuses.

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

from typing import Any

import httpx
import pytest
from ogc_processes import ASYNC, JSON, execute, identifiers, is_problem, jobs

pytestmark = pytest.mark.conformance


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
