"""Executions: inputs checked, outputs chosen, answers by value, in either response."""

import asyncio
import json
import re
from typing import Any

import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from observatoire.caller import Caller, TooSlow
from observatoire.cities import City
from observatoire.server.registry import registry

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", sorted(registry().keys() - {"submit-report"}))  # that one writes
def test_a_process_runs_from_its_own_example(served: Any, name: str) -> None:
    with served.client("coordination") as client:
        description = client.get(f"/processes/{name}").json()
        answer = client.post(f"/processes/{name}/execution", json=description["example"])

    assert answer.status_code == 200
    media = [output["schema"].get("contentMediaType", "application/json") for output in description["outputs"].values()]
    if len(media) == 1:
        assert answer.headers["content-type"] == media[0]
    else:
        assert answer.headers["content-type"].startswith("multipart/related")
        assert answer.content.count(b"Content-ID: ") == len(media)


def test_the_raw_answer_is_the_value_and_the_document_names_it(served: Any) -> None:
    raw = served.execute("echo", {"inputs": {"message": "É"}})
    document = served.execute("echo", {"inputs": {"message": "É"}, "response": "document", "outputs": {"echo": {}}})

    assert raw.json() == "É"
    assert document.json() == {"echo": "É"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"[]", 400, "body"),
        (b"null", 400, "body"),
        (b"", 400, "body"),
        (b'{"inputs":{"message":' + b"[" * 2000 + b"]" * 2000 + b"}}", 400, "body"),
        (b'{"inputs":{"message":' + b"[" * 100 + b"]" * 100 + b"}}", 400, "inputs.message"),
        (b'{"inputs":{"message":"a\\u0000"}}', 400, "inputs.message"),
        (b'{"inputs":{}}', 400, "inputs.message"),
        (b'{"inputs":{"message":1}}', 400, "inputs.message"),
        (b'{"inputs":{"message":"a","pause":61}}', 400, "inputs.pause"),
        (b'{"inputs":{"message":"a","nope":1}}', 400, "inputs.nope"),
        (b'{"inputs":{"message":"a"},"subscriber":{"successUri":"http://127.0.0.1/"}}', 400, "subscriber"),
        (b'{"inputs":{"message":"a"},"outputs":{"echo":{"transmissionMode":"reference"}}}', 400, "outputs.echo"),
        (b'{"inputs":{"message":"' + b"a" * 20_000_000 + b'"}}', 413, "body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_hostile_body_gets_an_answer_that_names_the_field(served: Any, body: bytes, status: int, field: str) -> None:
    with served.client() as client:
        answer = client.post("/processes/echo/execution", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert field in answer.json()["detail"]


def test_a_body_in_another_media_type_is_refused(served: Any) -> None:
    with served.client() as client:
        answer = client.post("/processes/echo/execution", data={"message": "x"})

    assert answer.status_code == 415
    assert "Content-Type" in answer.json()["detail"]


def test_what_openapi_says_of_processes_is_local_and_in_its_dialect(served: Any) -> None:
    with served.client("planner") as client:
        paths = {p: item for p, item in client.get("/openapi").json()["paths"].items() if p.startswith("/processes")}
        claimed = client.get("/conformance").json()["conformsTo"]
        listed = client.get("/processes").json()["processes"]

    operations = [operation for item in paths.values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 1 + 2 * len(listed)
    assert not re.search(r'"\$ref": "[^#]', json.dumps(paths))
    assert not re.search(r'"type": \[|"required": \[\]|"const"|"prefixItems"', json.dumps(paths))  # not of OpenAPI 3.0
    body = paths["/processes/aggregate/execution"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["inputs"]["required"] == ["collection"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in claimed


def test_a_query_of_the_store_that_takes_too_long_is_given_up(served: Any, city: City) -> None:
    async def run() -> None:
        options = {"options": "-c statement_timeout=50", "autocommit": True}
        async with AsyncConnectionPool(served.database, kwargs=options, min_size=1, open=False) as pool:
            await Caller("public", city, pool=pool).rows(sql.SQL("SELECT pg_sleep({})").format(sql.Literal(5)))

    with pytest.raises(TooSlow, match="shorter time or a smaller area"):
        asyncio.run(run())


def test_an_execution_is_asked_for_by_post(served: Any) -> None:
    with served.client() as client:
        assert client.get("/processes/echo/execution").status_code == 405
