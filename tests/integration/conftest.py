"""A served observatory for the doors of reports: a city of its own, so that no other test counts what they send."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from psycopg import sql
from psycopg.conninfo import make_conninfo

from observatoire.cities import read_city
from observatoire.layers.catalog import catalog
from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster, furnish
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

CITY = Path("cities/demo.yml")
URL = "http://city.example"  # the public address, in links: the same in every run


@dataclass(frozen=True)
class Doors:
    """Where reports are taken.

    Attributes
    ----------
    database : str
        Of the administrator.
    keys : dict
        By audience.
    """

    base: str
    database: str
    keys: dict[str, str]

    def client(self, audience: str = "", **headers: str) -> httpx.Client:
        given = headers | ({"X-API-Key": self.keys[audience]} if audience else {})
        return httpx.Client(base_url=self.base, headers=given, timeout=60)


@pytest.fixture(scope="session")
def doors(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    var = tmp_path_factory.mktemp("doors")
    with psycopg.connect(cluster.conninfo(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE doors"))
    database = make_conninfo(cluster.conninfo(), dbname="doors")
    with psycopg.connect(database, autocommit=True) as connection:
        furnish(connection)
    with psycopg.connect(database) as connection:
        prepare(connection, read_city(CITY), catalog().values(), passwords(var))
        keys = {
            audience: create_key(connection, audience, "test") for audience in ("coordination", "planner", "steward")
        }
    settings = Settings(var=var, database_url=database, city=CITY, url=URL, reports_per_hour=0, photo_bytes=200_000)
    config = uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on")
    server_ = uvicorn.Server(config)
    thread = threading.Thread(target=server_.run)
    thread.start()
    try:
        while not server_.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = server_.servers[0].sockets[0].getsockname()[1]
        yield Doors(f"http://127.0.0.1:{port}", database, keys)
    finally:
        server_.should_exit = True
        thread.join()
