"""Each audience its own: what it may not see does not exist for it."""

import asyncio
import os
import re
from typing import Any

import httpx
import psycopg
import pytest
from starlette.applications import Starlette

from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store.keys import create_key, revoke_key

pytestmark = pytest.mark.integration

ITEMS = "/api/collections/signalements/items"
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"


PROTECTED = ["", "/items", "/items/1", "/schema", "/queryables"]


@pytest.mark.parametrize("rest", PROTECTED)
def test_a_hidden_collection_is_like_one_that_does_not_exist(client: Any, keys: dict[str, str], rest: str) -> None:
    hidden = client.get(f"/api/collections/faits{rest}")
    missing = client.get(f"/api/collections/nonexistent{rest}")

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert client.get(f"/api/collections/faits{rest}", headers={"X-API-Key": keys["roadworks"]}).status_code == 404
    assert client.get(f"/api/collections/faits{rest}", headers={"X-API-Key": keys["coordination"]}).status_code == 200


@pytest.mark.parametrize("path", ["/api", "/api/collections", "/api/openapi", "/api/styles", "/city.json"])
@pytest.mark.parametrize("form", ["json", "html"])
def test_every_list_holds_what_its_reader_may_see(client: Any, keys: dict[str, str], path: str, form: str) -> None:
    """Asked in turn, so that a cache of one audience would show itself to the next."""
    query = f"?f={form}" if path not in ("/city.json", "/api/styles") else ""
    for _ in range(2):
        anonymous = client.get(path + query).text
        allowed = client.get(path + query, headers={"X-API-Key": keys["coordination"]}).text

        assert "Faits constatés" not in anonymous
        assert not re.search(r'"faits(?!-publics)', anonymous)
        assert not re.search(r"collections/faits(?!-publics)", anonymous)
        assert "videoprotection" not in anonymous
        assert "signalements" in anonymous or path == "/api"
        assert "faits" in allowed or (path, form) == ("/api", "json")


def test_positions_are_rounded_for_who_may_not_see_them_exact(client: Any, keys: dict[str, str]) -> None:
    """`faits`: a grid of 100 m for planners; coordination sees what was loaded."""
    path = f"/api/collections/faits/items?limit=100&crs={LAMBERT}"
    rounded = client.pages(path, keys["planner"])
    exact = client.pages(path, keys["coordination"])

    assert all(c % 100 == 0 for f in rounded for c in f["geometry"]["coordinates"])
    assert any(c % 100 != 0 for f in exact for c in f["geometry"]["coordinates"])
    assert not any("reference" in f["properties"] for f in rounded)
    assert all(f["properties"]["reference"].startswith("secret-") for f in exact)


@pytest.mark.parametrize("query", ["reference=secret-1", "sortby=reference", "properties=reference"])
def test_a_protected_property_answers_as_one_that_does_not_exist(client: Any, keys: dict[str, str], query: str) -> None:
    path = "/api/collections/faits/items"
    protected = client.detail(f"{path}?{query}", **{"X-API-Key": keys["planner"]})
    missing = client.detail(f"{path}?{query.replace('reference', 'nonesuch1')}", **{"X-API-Key": keys["planner"]})

    assert protected[0] == missing[0] == 400
    assert protected[1].replace("reference", "nonesuch1") == missing[1]
    assert client.get(f"{path}?{query}", headers={"X-API-Key": keys["coordination"]}).status_code == 200


def test_a_key_that_is_not_known_is_refused_and_the_rest_needs_none(client: Any) -> None:
    for path in ("/api", ITEMS, "/city.json", "/api/openapi"):
        answer = client.get(path, headers={"X-API-Key": "nope"})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert "www-authenticate" in answer.headers
    assert client.get("/health", headers={"X-API-Key": "nope"}).status_code == 200


def test_a_new_key_works_at_once_and_a_revoked_one_dies(
    client: Any, app: Starlette, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("observatoire.server.principal.PATIENCE", 0.0)
    with psycopg.connect(database) as connection:
        key = create_key(connection, "coordination", "short-lived")
    assert client.get("/api/collections/faits", headers={"X-API-Key": key}).status_code == 200

    with psycopg.connect(database) as connection:
        revoke_key(connection, "short-lived")
    monkeypatch.setattr("observatoire.server.principal.LIFE", 0.0)

    assert client.get("/api/collections/faits", headers={"X-API-Key": key}).status_code == 401


def test_answers_for_a_key_are_not_kept_by_shared_caches(client: Any, keys: dict[str, str]) -> None:
    public = client.get(ITEMS)
    private = client.get(ITEMS, headers={"X-API-Key": keys["planner"]})

    assert public.headers["cache-control"] == "public, no-cache"
    assert private.headers["cache-control"] == "private, no-cache"
    assert "X-API-Key" in public.headers["vary"]
    assert public.headers["etag"] != private.headers["etag"]


def test_audiences_that_ask_at_once_each_see_their_own(settings: Settings, keys: dict[str, str]) -> None:
    """24 clients, two roles, one process."""
    rounds = 10_000 // 24 if os.environ.get("OBS_PROVE") == "full" else 25
    path = f"/api/collections/faits/items?limit=5&crs={LAMBERT}"

    async def one(http: httpx.AsyncClient, who: str) -> None:
        for _ in range(rounds):
            answer = await http.get(path, headers={"X-API-Key": keys[who]})
            for feature in answer.json()["features"]:
                assert ("reference" in feature["properties"]) == (who == "coordination")
                rounded = all(c % 100 == 0 for c in feature["geometry"]["coordinates"])
                assert rounded == (who == "planner")

    async def all_at_once() -> None:
        served = create_app(settings)
        async with served.router.lifespan_context(served):
            transport = httpx.ASGITransport(served)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
                await asyncio.gather(*[one(http, ("planner", "coordination")[i % 2]) for i in range(24)])

    asyncio.run(all_at_once())
