"""A served observatory on a real PostGIS, with a key for each audience, and one forecast of it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import psycopg
import pytest
import uvicorn
from shapely import box

from observatoire.cities import City, read_city
from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES
from observatoire.risk.grid import Grid
from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 5_000.0  # m, EPSG:2154: a square of 20 × 20 cells
BORDER = 892_530.0  # between divisions A and B; off every lattice, so that rounding moves items across
REPORTS, FACTS = 6_000, 400


@dataclass(frozen=True)
class Served:
    """An observatory that answers."""

    base: str
    database: str
    keys: dict[str, str]
    reports: pd.DataFrame

    def client(self, audience: str = "public") -> httpx.Client:
        headers = {} if audience == "public" else {"X-API-Key": self.keys[audience]}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def execute(self, process: str, body: Any, audience: str = "public", **options: Any) -> httpx.Response:
        with self.client(audience) as client:
            return client.post(f"/processes/{process}/execution", json=body, **options)


def reports() -> pd.DataFrame:
    """Two years of reports, three out of four around two places, the last ones outside every division."""
    rng = np.random.default_rng(7)
    n = REPORTS
    near = rng.choice([[891_300.0, 6_246_200.0], [893_800.0, 6_248_700.0]], n) + rng.normal(0, 300, (n, 2))
    far = np.column_stack([rng.uniform(WEST, WEST + SIDE, n), rng.uniform(SOUTH, SOUTH + SIDE, n)])
    xy = np.where(rng.random(n)[:, None] < 0.75, near, far)
    xy[-50:] = [889_000.0, 6_244_000.0]
    start = pd.Timestamp("2023-01-01", tz="Europe/Paris")
    dates = start + pd.to_timedelta(np.sort(rng.uniform(0, 730 * 86_400, n)).round(), unit="s")
    return pd.DataFrame(
        {
            "x": xy[:, 0],
            "y": xy[:, 1],
            "date": dates,
            "nature": rng.choice(["tag", "voirie", "depot-sauvage"], n),
            "origin": np.where(rng.random(n) < 0.9, "reported", "discovered"),
        }
    )


def fill(connection: psycopg.Connection, frame: pd.DataFrame) -> None:
    """Write divisions, cells, reports and facts."""
    grid = Grid.covering((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE), cell=250, crs="EPSG:2154")
    rng = np.random.default_rng(8)
    with connection.cursor() as cursor:
        for key, (code, west, east) in enumerate((("A", WEST, BORDER), ("B", BORDER, WEST + SIDE)), start=1):
            cursor.execute(
                "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
                "(%s, %s, %s, ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 2154)), 't', %s, 1, 'administrative')",
                [key, code, f"Division {code}", west, SOUTH, east, SOUTH + SIDE, code],
            )
        copy(
            cursor, "mailles", "cell_id, cote",
            [
                (k, box(x, y, x + 250, y + 250).wkt, name, "derived", name, 250)
                for k, (name, x, y) in enumerate(zip(grid.cell_id, grid.x_min, grid.y_min, strict=True), start=1)
            ],
        )  # fmt: skip
        copy(
            cursor, "signalements", "date, nature",
            [
                (k, f"POINT({r.x} {r.y})", str(k), r.origin, r.date, r.nature)
                for k, r in enumerate(frame.itertuples(), start=1)
            ],
        )  # fmt: skip
        copy(
            cursor, "faits", "date, nature",
            [
                (k, f"POINT({BORDER + rng.uniform(-60, 60)} {SOUTH + rng.uniform(100, 4900)})", str(k), "reported",
                 "2024-05-01T10:00Z", "tapage")
                for k in range(1, FACTS + 1)
            ],
        )  # fmt: skip


def copy(cursor: psycopg.Cursor, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    """Write rows (id, geometry in EPSG:2154, key, origin, …) by one statement, so that triggers run once."""
    names = f"id, geom, source_key, origin, {columns}, source, load_id"
    with cursor.copy(f"COPY data.{table} ({names}) FROM STDIN".encode()) as out:
        for number, geometry, *others in rows:
            out.write_row((number, f"SRID=2154;{geometry}", *others, "t", 1))


@pytest.fixture(scope="package")
def database(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """One database for the files of this folder."""
    with new_database() as conninfo:
        yield conninfo


@pytest.fixture(scope="package")
def city() -> City:
    return read_city(Path("cities/demo.yml"))


@pytest.fixture(scope="package")
def served(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    var = tmp_path_factory.mktemp("var")
    frame = reports()
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(var))
        fill(connection, frame)
        keys = {a: create_key(connection, a, "test") for a in AUDIENCES if a != "public"}
    settings = Settings(var=var, database_url=database, city=Path("cities/demo.yml"), processes=2)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}/api", database, keys, frame)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="package")
def forecast(served: Served) -> dict[str, Any]:
    answer = served.execute("risk-forecast", {"inputs": {"horizon_days": 7}}, "planner")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return dict(answer.json())
