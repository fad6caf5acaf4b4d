"""Entity tags, methods, origins, failures, a database that goes away."""

import asyncio
from datetime import datetime
from typing import Any

import psycopg
import pytest

from observatoire.server import items
from observatoire.server.app import create_app
from observatoire.server.plan import Plan
from observatoire.server.run import TooSlowError, rows_of
from observatoire.settings import Settings

pytestmark = pytest.mark.integration

ITEMS = "/api/collections/signalements/items"


def test_an_answer_that_is_known_costs_no_query_of_items(
    client: Any, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observatoire.server.versions.FRESH", 0.0)
    etag = client.get(f"{ITEMS}?limit=2").headers["etag"]

    async def refuse(*_: object) -> None:
        raise AssertionError("a query was made")

    with monkeypatch.context() as patch:
        patch.setattr(items, "rows_of", refuse)
        same = client.get(f"{ITEMS}?limit=2", headers={"If-None-Match": etag})
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE obs.versions SET version = version + 1 WHERE collection = 'signalements'")
    changed = client.get(f"{ITEMS}?limit=2", headers={"If-None-Match": etag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_head_is_get_without_a_body(client: Any) -> None:
    answer = client.head(f"{ITEMS}?limit=2")

    assert answer.status_code == 200
    assert "etag" in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_collections_are_read_only(client: Any, method: str) -> None:
    answer = client.request(method, f"{ITEMS}/3")

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in answer.headers["allow"]


def test_pages_of_other_origins_may_read(client: Any) -> None:
    answer = client.get(ITEMS, headers={"Origin": "https://elsewhere.example"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


def test_nothing_of_a_failure_is_shown(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("postgresql://obs_public:hunter2@/srv/db")

    monkeypatch.setattr(items, "rows_of", fail)
    status, text = client.detail(ITEMS)

    assert status == 500
    assert text.startswith("internal error, reference ")
    assert "hunter2" not in client.get(ITEMS).text


def test_a_query_that_takes_too_long_is_stopped(settings: Settings) -> None:
    async def slow() -> None:
        served = create_app(settings)
        async with served.router.lifespan_context(served):
            await rows_of(served.state.obs.pools.of("public"), Plan(b"SELECT pg_sleep(20)", ()))

    started = datetime.now().astimezone()
    with pytest.raises(TooSlowError):
        asyncio.run(slow())
    assert (datetime.now().astimezone() - started).total_seconds() < 15


def test_a_database_that_comes_back_is_used_again(client: Any, database: str) -> None:
    assert client.get(ITEMS).status_code == 200
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE 'obs serve%'"
        )

    assert client.get(f"{ITEMS}?limit=4").status_code == 200
