"""Items against a bare application: rate and CPU, contestants interleaved, medians (`make bench`).

The floor is what one writes in 40 lines: Starlette, an asynchronous psycopg pool, prepared statements,
GeoJSON made by PostGIS; no rights, links, counts, parameters, entity tags or security headers. Both run one worker on
the same PostgreSQL and the same rows, kept in the city's CRS and given in CRS84.

    python tests/bench/bench_items.py --url postgresql://… [--rows 100000] [--rounds 5] [--seconds 2] [-o json]
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

CASES = {
    "items10": ("/items?limit=10", "limit=10"),
    "items1000": ("/items?limit=1000", "limit=1000"),
    "bbox500": ("/items?limit=500&bbox=5.3,43.25,5.4,43.35", "limit=500&box=5.3,43.25,5.4,43.35"),
    "sorted100": ("/items?limit=100&sortby=-date", "limit=100&sort=1"),
    "item": ("/items/4711", "id=4711"),
    "304": ("/items?limit=1000", "limit=10"),
}
SEED = """
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154), 'bench',
       i::text, 1, 'reported', 'second', 'R' || i, timestamptz '2016-01-01 00:00Z' + i * interval '5 min',
       (array['tag', 'bruit', 'ordures', 'voirie'])[1 + i % 4]
FROM generate_series(1, {rows}) AS i
"""
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
feature = """json_build_object('type', 'Feature', 'id', id, 'geometry', ST_AsGeoJSON(ST_Transform(geom, 4326), 6)::json,
 'properties', json_build_object('reference', reference, 'date', date, 'nature', nature, 'origin', origin,
 'precision', precision))"""
page = "SELECT json_agg(f)::text FROM (SELECT " + feature + " AS f FROM signalements {} LIMIT %s) AS page"
box = "WHERE ST_Intersects(geom, ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 4326), 2154)) ORDER BY id"

async def answer(request):
    words = request.query_params
    if "id" in words:
        text, args = "SELECT " + feature + "::text FROM signalements WHERE id = %s", (int(words["id"]),)
    elif "box" in words:
        text, args = page.format(box), (*map(float, words["box"].split(",")), int(words["limit"]))
    else:
        order = "ORDER BY date DESC, id DESC" if "sort" in words else "ORDER BY id"
        text, args = page.format(order), (int(words["limit"]),)
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


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(target: str, environment: dict[str, str], *options: str) -> Iterator[tuple[str, int]]:
    """Start uvicorn with one worker; its address and process id."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", target, "--host", "127.0.0.1", "--port", str(port)]
    environment = environment | ({"OBS_BIND": f"127.0.0.1:{port}"} if "--factory" in options else {})
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--no-access-log", *options], env=os.environ | environment
    )
    try:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu(pid: int) -> float:
    """CPU time of a process so far, s, all its threads."""
    return (
        sum(int(Path(task, "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
    )


def backends(connection: psycopg.Connection, user: str) -> list[int]:
    """Processes of PostgreSQL that serve a login."""
    rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()", [user])
    return [pid for (pid,) in rows]


async def load(address: str, seconds: float, headers: dict[str, str], clients: int = 8) -> int:
    """Ask as fast as answers come; how many came. A raw client: it must cost less than servers."""
    url = httpx.URL(address)
    lines = [f"GET {url.raw_path.decode()} HTTP/1.1", f"Host: {url.host}:{url.port}", "Accept-Encoding: identity"]
    request = "\r\n".join([*lines, *[f"{k}: {v}" for k, v in headers.items()], "", ""]).encode()
    until = time.monotonic() + seconds

    async def one() -> int:
        reader, writer = await asyncio.open_connection(url.host, url.port)
        done = 0
        while time.monotonic() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            if status not in (200, 304):
                raise AssertionError(head)
            length = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
            if status == 200:
                await reader.readexactly(length)
            done += 1
        writer.close()
        return done

    return sum(await asyncio.gather(*[one() for _ in range(clients)]))


def measure(
    admin: psycopg.Connection, address: str, pid: int, user: str, seconds: float, headers: dict[str, str]
) -> dict[str, float]:
    """Rate (requests/s) and CPU of server and database (ms a request) of one round."""
    asyncio.run(load(address, 0.3, headers))
    workers = backends(admin, user)
    before = cpu(pid), sum(map(cpu, workers))
    started = time.monotonic()
    done = asyncio.run(load(address, seconds, headers))
    elapsed = time.monotonic() - started
    return {
        "rate": done / elapsed,
        "server": (cpu(pid) - before[0]) / done * 1e3,
        "database": (sum(map(cpu, workers)) - before[1]) / done * 1e3,
    }


def prepare(url: str, var: Path, rows: int) -> str:
    """Make a database of `rows` items; its address."""
    from observatoire.cities import read_city
    from observatoire.data import root
    from observatoire.layers.catalog import catalog
    from observatoire.store import schema
    from observatoire.store.roles import passwords

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS obs_bench WITH (FORCE)")
        server.execute("CREATE DATABASE obs_bench")
        # Parallel workers come and go, and their CPU could not be counted.
        server.execute("ALTER DATABASE obs_bench SET max_parallel_workers_per_gather = 0")
    address = psycopg.conninfo.make_conninfo(url, dbname="obs_bench")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("CREATE EXTENSION unaccent")
        schema.prepare(connection, read_city(root() / "cities" / "demo.yml"), catalog().values(), passwords(var))
        connection.execute(SEED.format(rows=rows))
        connection.execute("INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1)")
        connection.execute("VACUUM ANALYZE data.signalements")
    return address


def run(url: str, rows: int, rounds: int, seconds: float, cases: list[str]) -> dict[str, dict[str, float]]:
    """Measure all cases; figures of ours, and as ratios to the floor's."""
    from observatoire.store.roles import passwords

    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        address = prepare(url, var, rows)
        Path(var, "bench_floor.py").write_text(FLOOR)
        citizen = psycopg.conninfo.make_conninfo(
            address, user="obs_citizen", password=passwords(var).by_audience["citizen"]
        )
        ours_env = {"OBS_DATABASE_URL": address, "OBS_VAR": folder, "OBS_CITY": "cities/demo.yml"}
        with (
            psycopg.connect(address, autocommit=True) as admin,
            served("observatoire.server.app:create_app", ours_env, "--factory") as (ours, ours_pid),
            served("bench_floor:app", {"FLOOR_URL": citizen, "PYTHONPATH": folder}) as (floor, floor_pid),
        ):
            found: dict[str, dict[str, float]] = {}
            for case, (path, words) in ((c, CASES[c]) for c in cases):
                target = f"{ours}/api/collections/signalements{path}"
                headers = {"If-None-Match": httpx.get(target).headers["etag"]} if case == "304" else {}
                pairs = [
                    (
                        measure(admin, target, ours_pid, "obs_public", seconds, headers),
                        measure(admin, f"{floor}/?{words}", floor_pid, "obs_citizen", seconds, {}),
                    )
                    for _ in range(rounds)
                ]
                found[case] = summary(pairs)
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP DATABASE obs_bench WITH (FORCE)")
    return found


def summary(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> dict[str, float]:
    """Medians over rounds, of each figure and of each round's ratio."""

    def whole(one: dict[str, float]) -> float:
        return one["server"] + one["database"]

    median = statistics.median
    return {
        "rate": median(a["rate"] for a, _ in pairs),
        "floor_rate": median(b["rate"] for _, b in pairs),
        "rate_ratio": median(a["rate"] / b["rate"] for a, b in pairs),
        "cpu_server_ms": median(a["server"] for a, _ in pairs),
        "cpu_database_ms": median(a["database"] for a, _ in pairs),
        "floor_cpu_ms": median(whole(b) for _, b in pairs),
        "cpu_ratio": median(whole(a) / whole(b) for a, b in pairs),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--url", required=True, help="PostgreSQL address of an administrator; a database is made and dropped"
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--case", action="append", choices=list(CASES), help="only this one; may be repeated")
    parser.add_argument("-o", choices=["text", "json"], default="text")
    options = parser.parse_args()
    found = run(options.url, options.rows, options.rounds, options.seconds, options.case or list(CASES))
    if options.o == "json":
        print(json.dumps(found, indent=2))
        return
    print(f"{'case':10}{'req/s':>9}{'floor':>9}{'ratio':>8}{'ms srv':>9}{'ms db':>8}{'floor ms':>10}{'CPU ratio':>11}")
    for case, m in found.items():
        print(
            f"{case:10}{m['rate']:9.0f}{m['floor_rate']:9.0f}{m['rate_ratio']:8.2f}{m['cpu_server_ms']:9.2f}"
            f"{m['cpu_database_ms']:8.2f}{m['floor_cpu_ms']:10.2f}{m['cpu_ratio']:11.2f}"
        )


if __name__ == "__main__":
    main()
