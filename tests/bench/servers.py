"""The contestants of the bench of items: ours, a bare application, and the servers of others that can be had.

Others are installed into `var/bench-peers`, an environment of their own, at fixed versions. They get what suits them
best: a table of its own with the columns that are shown, already in CRS84, with a primary key and the same indexes.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
from psycopg.conninfo import conninfo_to_dict

PEERS = Path("var/bench-peers")
#: The provider of pygeoapi for PostgreSQL needs the middle two.
PINNED = ("tipg==1.6.1", "pygeoapi==0.24.0", "psycopg2-binary==2.9.13", "geoalchemy2==0.20.0", "uvicorn[standard]")
LOGINS = {"floor": "obs_citizen", "ours": "obs_public", "pygeoapi": "bench_pygeoapi", "tipg": "bench_tipg"}

#: What one writes in 40 lines: no rights, links, counts, parameters, entity tags or security headers.
FLOOR = '''
import os
from contextlib import asynccontextmanager
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

options = "-c plan_cache_mode=force_custom_plan -c jit=off"
kwargs = {"autocommit": True, "options": options}
pool = AsyncConnectionPool(os.environ["FLOOR_URL"], kwargs=kwargs, open=False, max_size=6)
start = "json_build_object('type', 'Feature', 'id', id, 'geometry', ST_AsGeoJSON(ST_Transform(geom, 4326), 6)::json, "
feature = {
    "signalements": start + """'properties', json_build_object('reference', reference, 'date', date, 'nature', nature,
 'origin', origin, 'precision', precision))""",
    "mailles": start + "'properties', json_build_object('cell_id', cell_id, 'cote', cote))",
}
page = "SELECT json_agg(f)::text FROM (SELECT {} AS f FROM {} {} LIMIT %s) AS page"
box = "WHERE ST_Intersects(geom, ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 4326), 2154)) ORDER BY id"

async def answer(request):
    words = request.query_params
    table = words.get("table", "signalements")
    if "id" in words:
        text, args = "SELECT " + feature[table] + "::text FROM " + table + " WHERE id = %s", (int(words["id"]),)
    elif "box" in words:
        text = page.format(feature[table], table, box)
        args = (*map(float, words["box"].split(",")), int(words["limit"]))
    elif "after" in words:
        text = page.format(feature[table], table, "WHERE id > %s ORDER BY id")
        args = (int(words["after"]), int(words["limit"]))
    else:
        order = "ORDER BY date DESC, id DESC" if "sort" in words else "ORDER BY id"
        text, args = page.format(feature[table], table, order), (int(words["limit"]),)
    async with pool.connection() as connection:
        body = (await (await connection.execute(text, args, prepare=True)).fetchone())[0]
    if "id" not in words:
        body = '{"type":"FeatureCollection","features":' + (body or "[]") + "}"
    return Response(body, media_type="application/geo+json")

@asynccontextmanager
async def lifespan(app):
    await pool.open()
    yield
    await pool.close()

app = Starlette(routes=[Route("/", answer)], lifespan=lifespan)
'''


@dataclass
class Server:
    """A contestant that runs.

    Attributes
    ----------
    login : str
        Its login at the database.
    asks : callable
        Gives the path of a case, or None where it cannot do it.
    """

    name: str
    url: str
    pid: int
    login: str
    asks: Callable[[str], str | None]


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(
    name: str,
    target: str,
    environment: dict[str, str],
    asks: Callable[[str], str | None],
    *options: str,
    python: str = sys.executable,
    log: Path,
) -> Iterator[Server]:
    """Start uvicorn with one worker.

    Raises
    ------
    RuntimeError
        If it does not answer; with the end of its log.
    """
    port = free_port()
    command = [python, "-m", "uvicorn", target, "--host", "127.0.0.1", "--port", str(port)]
    environment = environment | ({"OBS_BIND": f"127.0.0.1:{port}"} if "--factory" in options else {})
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--log-level", "error", "--no-access-log", *options],
            env=os.environ | environment, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{name} does not answer: {log.read_text()[-1500:]}") from None
                time.sleep(0.2)
        yield Server(name, f"http://127.0.0.1:{port}", process.pid, LOGINS[name], asks)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ours(database: str, folder: Path) -> AbstractContextManager[Server]:
    """Our server, rights on, asked by nobody: the public."""
    paths = {
        "items10": "signalements/items?limit=10", "items1000": "signalements/items?limit=1000",
        "bbox500": "signalements/items?limit=500&bbox=5.3,43.25,5.4,43.35",
        "sorted100": "signalements/items?limit=100&sortby=-date", "item": "signalements/items/4711",
        "first100": "signalements/items?limit=100", "cells100": "mailles/items?limit=100",
        "304": "signalements/items?limit=1000", "gzip1000": "signalements/items?limit=1000",
    }  # fmt: skip
    environment = {
        "OBS_DATABASE_URL": database, "OBS_VAR": str(folder), "OBS_CITY": "cities/demo.yml",
        "OBS_RATE_PER_SECOND": "1000000",
    }  # fmt: skip
    asks = {case: f"/api/collections/{path}" for case, path in paths.items()}.get
    return served("ours", "observatoire.server.app:create_app", environment, asks, "--factory", log=folder / "ours.log")


def floor(database: str, folder: Path) -> AbstractContextManager[Server]:
    """Start the bare application."""
    (folder / "bench_floor.py").write_text(FLOOR)
    asks = {
        "items10": "/?limit=10", "items1000": "/?limit=1000", "bbox500": "/?limit=500&box=5.3,43.25,5.4,43.35",
        "sorted100": "/?limit=100&sort=1", "item": "/?id=4711", "first100": "/?limit=100",
        "page500k": "/?limit=100&after=500000", "cells100": "/?table=mailles&limit=100",
    }.get  # fmt: skip
    environment = {"FLOOR_URL": database, "PYTHONPATH": str(folder)}
    return served("floor", "bench_floor:app", environment, asks, log=folder / "floor.log")


def pygeoapi(database: str, folder: Path) -> AbstractContextManager[Server]:
    """pygeoapi as it comes, with its provider for PostgreSQL."""
    where = conninfo_to_dict(database)

    def resource(table: str, **more: str) -> dict[str, object]:
        provider = {
            "type": "feature", "name": "PostgreSQL", "id_field": "id", "table": table, "geom_field": "geom",
            "data": {
                "host": where["host"], "port": int(where.get("port") or 5432), "dbname": where["dbname"],
                "user": LOGINS["pygeoapi"], "password": "bench", "search_path": ["bench"],
            },
        }  # fmt: skip
        return {
            "type": "collection", "title": table, "description": table, "keywords": [table], "links": [],
            "extents": {"spatial": {"bbox": [5, 43, 6, 44], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
            "providers": [provider | more],
        }  # fmt: skip

    about = {
        "identification": {"title": "b", "description": "b", "keywords": ["b"], "terms_of_service": "b", "url": "b"},
        "license": {"name": "b", "url": "b"}, "provider": {"name": "b", "url": "b"}, "contact": {"name": "b"},
    }  # fmt: skip
    config, definition = folder / "stock.yml", folder / "stock.json"
    config.write_text(json.dumps({
        "server": {
            "bind": {"host": "127.0.0.1", "port": 5000}, "url": "http://127.0.0.1", "mimetype": "application/json",
            "encoding": "utf-8", "gzip": False, "languages": ["en-US"], "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000}, "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"}, "metadata": about,
        "resources": {"points": resource("points", time_field="date"), "cells": resource("cells")},
    }))  # fmt: skip
    program = PEERS / "bin" / "pygeoapi"
    subprocess.run(
        [program, "openapi", "generate", config, "-f", "json", "--output-file", definition],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    asks = {
        "items10": "/collections/points/items?f=json&limit=10",
        "items1000": "/collections/points/items?f=json&limit=1000",
        "bbox500": "/collections/points/items?f=json&limit=500&bbox=5.3,43.25,5.4,43.35",
        "sorted100": "/collections/points/items?f=json&limit=100&sortby=-date",
        "item": "/collections/points/items/4711?f=json", "cells100": "/collections/cells/items?f=json&limit=100",
        "first100": "/collections/points/items?f=json&limit=100",
        "page500k": "/collections/points/items?f=json&limit=100&offset=500000",
    }.get  # fmt: skip
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(definition)}
    python = str(PEERS / "bin" / "python")
    return served(
        "pygeoapi", "pygeoapi.starlette_app:APP", environment, asks, python=python, log=folder / "pygeoapi.log"
    )


def tipg(database: str, folder: Path) -> AbstractContextManager[Server]:
    """Start tipg, which serves the tables of a schema."""
    where = conninfo_to_dict(database)
    host = quote(str(where["host"]), safe="")
    address = f"postgresql://{LOGINS['tipg']}:bench@{host}:{where.get('port') or 5432}/{where['dbname']}"
    points, cells = "/collections/bench.points/items", "/collections/bench.cells/items"
    asks = {
        "items10": f"{points}?limit=10", "items1000": f"{points}?limit=1000",
        "bbox500": f"{points}?limit=500&bbox=5.3,43.25,5.4,43.35", "sorted100": f"{points}?limit=100&sortby=-date",
        "item": f"{points}/4711", "cells100": f"{cells}?limit=100", "first100": f"{points}?limit=100",
        "page500k": f"{points}?limit=100&offset=500000",
    }.get  # fmt: skip
    environment = {
        "DATABASE_URL": address, "TIPG_DB_SCHEMAS": '["bench"]', "TIPG_MAX_FEATURES_PER_QUERY": "10000",
        "TIPG_DB_SPATIAL_EXTENT": "false", "TIPG_DB_DATETIME_EXTENT": "false",
    }  # fmt: skip
    python = str(PEERS / "bin" / "python")
    return served("tipg", "tipg.main:app", environment, asks, python=python, log=folder / "tipg.log")


def install() -> str | None:
    """Install the servers of others; return why not, where they cannot be had."""
    if (PEERS / "bin" / "pygeoapi").exists():
        return None
    PEERS.parent.mkdir(exist_ok=True)
    for command in (
        [sys.executable, "-m", "venv", str(PEERS)],
        [str(PEERS / "bin" / "python"), "-m", "pip", "install", "-q", *PINNED],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return None
