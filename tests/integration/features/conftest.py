"""Collections over a real PostGIS, asked in process: a seeded city, a client that reads, a key for each audience."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords

CITY = read_city(root() / "cities" / "demo.yml")
ITEMS = "/api/collections/signalements/items"

#: Seeded, with ids that have gaps, ties in every property, nulls in `reference`, and marks in the texts.
SEED = """
SELECT setseed(0.42);
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT 3 * i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second',
       CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN 'R<b>' || i % 7 ELSE 'é"' || i % 11 END,
       timestamptz '2026-03-01 00:00Z' + (i % 50) * interval '1 hour' + (i % 3) * interval '0.25 s',
       (array['tag', 'bruit', 'ordures'])[1 + i % 3]
FROM generate_series(1, 400) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.3 + 0.1 * random(), 43.2 + 0.1 * random()), 4326), 2154),
       'test', i::text, 1, 'reported', 'second', 'secret-' || i,
       timestamptz '2026-03-01 00:00Z' + i * interval '1 hour', 'tapage'
FROM generate_series(1, 40) AS i;
INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, cell_id, cote)
SELECT i, ST_Transform(ST_MakeEnvelope(5.3 + i * 0.01, 43.2, 5.31 + i * 0.01, 43.21, 4326), 2154),
       'test', i::text, 1, 'derived', 'c' || i, 250.5
FROM generate_series(1, 9) AS i;
INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1), ('faits', 1), ('mailles', 1);
"""


class Reader(TestClient):
    """A client that knows how to read a list of items, and a refusal."""

    def pages(self, path: str, key: str | None = None) -> list[dict[str, Any]]:
        """Return all features, by following `next`."""
        found: list[dict[str, Any]] = []
        headers = {"X-API-Key": key} if key else {}
        while path:
            answer = self.get(path, headers=headers)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            found += body["features"]
            assert body["numberReturned"] == len(body["features"])
            path = next((link["href"] for link in body["links"] if link["rel"] == "next"), "")
        return found

    def ids(self, query: str) -> set[int]:
        """Return the ids of the reports that a query finds."""
        return {feature["id"] for feature in self.pages(f"{ITEMS}?limit=1000&{query}")}

    def detail(self, path: str, **headers: str) -> tuple[int, str]:
        """Return status and detail of a refusal."""
        answer = self.get(path, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["detail"]


@pytest.fixture(scope="package")
def database(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """One database for the files of this folder."""
    with new_database() as conninfo:
        yield conninfo


@pytest.fixture(scope="package")
def settings(database: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    var = tmp_path_factory.mktemp("var")
    with psycopg.connect(database) as connection:
        schema.prepare(connection, CITY, catalog().values(), passwords(var))
        connection.execute(SEED)
    return Settings(var=var, database_url=database, url="http://testserver", statement_timeout_ms=2_000)


@pytest.fixture(scope="package")
def app(settings: Settings) -> Starlette:
    return create_app(settings)


@pytest.fixture(scope="package")
def client(app: Starlette) -> Iterator[Reader]:
    with Reader(app, raise_server_exceptions=True) as client:
        yield client


@pytest.fixture(scope="package")
def keys(database: str, settings: Settings) -> dict[str, str]:
    with psycopg.connect(database) as connection:
        return {a: create_key(connection, a, f"test-{a}") for a in ("planner", "roadworks", "coordination")}
