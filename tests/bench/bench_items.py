"""Items against a bare application and the servers of others: rate, CPU, latency, memory (`make bench`).

All run one worker on one PostgreSQL with the same rows, in turn, round by round; what counts are ratios within a round,
and their medians. Without `--url` a private cluster is made and removed. The load is bounded: so many clients, so long.

    python tests/bench/bench_items.py [--url postgresql://…] [--rows 1000000] [--rounds 5] [--seconds 2]
                                      [--case items10] [--no-peers] [-o json]
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import servers
from psycopg.conninfo import make_conninfo
from servers import Server

CASES = (
    "items10", "items1000", "gzip1000", "bbox500", "sorted100", "item", "304", "first100", "page500k", "cells100",
)  # fmt: skip
#: Case, what is compared, to whom, at most (or at least), whether the greater is the better.
GOALS = (
    ("items10", "rate", "floor", 0.40, True), ("items1000", "cpu", "floor", 1.1, False),
    ("bbox500", "cpu", "floor", 1.3, False), ("sorted100", "cpu", "floor", 2.5, False),
    ("item", "rate", "floor", 0.40, True), ("cells100", "rate", "pygeoapi", 4.0, True),
    ("cells100", "rate", "tipg", 2.5, True),
)  # fmt: skip
CLIENTS = 8
CELLS = 20_000
#: Where `page500k` begins; fewer rows have no such page.
DEEP = 500_000
SEED = """
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154), 'bench',
       i::text, 1, 'reported', 'second', 'R' || i, timestamptz '2016-01-01 00:00Z' + i * interval '5 min',
       (array['tag', 'bruit', 'ordures', 'voirie'])[1 + i % 4]
FROM generate_series(1, {rows}) AS i;
INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, cell_id, cote)
SELECT i, ST_MakeEnvelope(885000 + i % 200 * 100, 6240000 + i / 200 * 100, 885100 + i % 200 * 100,
       6240100 + i / 200 * 100, 2154), 'bench', i::text, 1, 'derived', 'c' || i, 100
FROM generate_series(1, {cells}) AS i;
INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1), ('mailles', 1);
VACUUM ANALYZE data.signalements;
VACUUM ANALYZE data.mailles
"""
#: What others serve: the same rows and columns, in their own CRS, without views or rounding.
PEERS = """
CREATE SCHEMA bench;
CREATE TABLE bench.points AS SELECT id, reference, date, nature, origin, precision,
  ST_Transform(geom, 4326)::geometry(Point, 4326) AS geom FROM data.signalements;
CREATE TABLE bench.cells AS SELECT id, cell_id, cote, ST_Transform(geom, 4326)::geometry(Polygon, 4326) AS geom
  FROM data.mailles;
ALTER TABLE bench.points ADD PRIMARY KEY (id);
ALTER TABLE bench.cells ADD PRIMARY KEY (id);
CREATE INDEX ON bench.points USING gist (geom);
CREATE INDEX ON bench.points (date, id);
CREATE INDEX ON bench.cells USING gist (geom);
GRANT USAGE ON SCHEMA bench TO bench_pygeoapi, bench_tipg;
GRANT SELECT ON ALL TABLES IN SCHEMA bench TO bench_pygeoapi, bench_tipg;
VACUUM ANALYZE bench.points;
VACUUM ANALYZE bench.cells
"""
Figures = dict[str, float]


# -------------------------------------------------------------------------------------------------------- measuring
def cpu(pid: int) -> float:
    """CPU time of a process so far, s, all its threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def backends(connection: psycopg.Connection, user: str) -> dict[int, float]:
    """CPU time so far, s, of each process of PostgreSQL that serves a login; one that has just ended is left out."""
    rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()", [user])
    found: dict[int, float] = {}
    for (pid,) in rows:
        with suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = cpu(pid)
    return found


async def load(address: str, seconds: float, headers: dict[str, str], clients: int) -> list[float]:
    """Ask as fast as answers come; their latencies, s. A raw client: it must cost less than servers."""
    url = httpx.URL(address)
    lines = [f"GET {url.raw_path.decode()} HTTP/1.1", f"Host: {url.host}:{url.port}"]
    given = {"Accept-Encoding": "identity"} | headers
    request = "\r\n".join([*lines, *[f"{k}: {v}" for k, v in given.items()], "", ""]).encode()
    until = time.monotonic() + seconds

    async def one() -> list[float]:
        reader, writer = await asyncio.open_connection(url.host, url.port, limit=2**22)
        taken: list[float] = []
        while (started := time.monotonic()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await body(reader, head)
            taken.append(time.monotonic() - started)
        writer.close()
        return taken

    return [latency for one_client in await asyncio.gather(*[one() for _ in range(clients)]) for latency in one_client]


async def body(reader: asyncio.StreamReader, head: bytes) -> None:
    """Read the rest of an answer.

    Raises
    ------
    RuntimeError
        If it is neither 200 nor 304.
    """
    status, lower = int(head[9:12]), head.lower()
    if status not in (200, 304):
        raise RuntimeError(head.decode())
    if status == 304:
        return
    if b"transfer-encoding: chunked" in lower:
        while (length := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)) > 0:
            await reader.readexactly(length + 2)
        await reader.readexactly(2)
        return
    length = next(int(h[15:]) for h in lower.split(b"\r\n") if h.startswith(b"content-length:"))
    await reader.readexactly(length)


def measure(admin: psycopg.Connection, server: Server, path: str, seconds: float, headers: dict[str, str]) -> Figures:
    """Rate (requests/s), CPU of server and database (ms a request), latency of one client alone (ms), of one round."""
    address = server.url + path
    asyncio.run(load(address, 0.2, headers, CLIENTS))
    before, workers = cpu(server.pid), backends(admin, server.login)
    started = time.monotonic()
    done = len(asyncio.run(load(address, seconds, headers, CLIENTS)))
    elapsed = time.monotonic() - started
    spent = (cpu(server.pid) - before) / done * 1e3
    then = backends(admin, server.login)
    database = sum(then[pid] - workers.get(pid, 0.0) for pid in then) / done * 1e3
    alone = asyncio.run(load(address, min(seconds, 0.5), headers, 1))
    return {
        "rate": done / elapsed,
        "server": spent,
        "database": database,
        "cpu": spent + database,
        "p50": statistics.median(alone) * 1e3,
    }


def memory(pid: int) -> Figures:
    """Memory of a worker, MiB: resident, and its share of what it holds with others."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    return {"rss": found["Rss"], "pss": found["Pss"]}


# ------------------------------------------------------------------------------------------------------------- store
@contextmanager
def administrator(url: str | None) -> Iterator[str]:
    """Give the address of a PostgreSQL: the one named, else a private cluster that lives for this."""
    if url is not None:
        yield url
        return
    from observatoire.store.cluster import Cluster

    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        private = Cluster(Path(folder))
        try:
            with private.running() as conninfo:
                yield conninfo
        finally:
            private.stop()
            shutil.rmtree(private.home, ignore_errors=True)


@contextmanager
def prepared(url: str, var: Path, rows: int) -> Iterator[str]:
    """Make a database of `rows` items and 20 000 cells, twice: for us and for others; drop it at the end."""
    from observatoire.cities import read_city
    from observatoire.data import root
    from observatoire.layers.catalog import catalog
    from observatoire.store import schema
    from observatoire.store.roles import passwords

    with psycopg.connect(url, autocommit=True) as server:
        drop(server)
        server.execute("CREATE DATABASE obs_bench")
        # Parallel workers come and go, and their CPU could not be counted.
        server.execute("ALTER DATABASE obs_bench SET max_parallel_workers_per_gather = 0")
        for login in ("bench_pygeoapi", "bench_tipg"):
            server.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'bench'".encode())
        try:
            address = make_conninfo(url, dbname="obs_bench")
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION postgis")
                connection.execute("CREATE EXTENSION unaccent")
                city = read_city(root() / "cities" / "demo.yml")
                schema.prepare(connection, city, catalog().values(), passwords(var))
                for statement in (SEED.format(rows=rows, cells=CELLS) + ";" + PEERS).split(";"):
                    connection.execute(statement.encode())
            yield address
        finally:
            drop(server)


def drop(server: psycopg.Connection) -> None:
    """Remove what a run leaves, or one before it left."""
    server.execute("DROP DATABASE IF EXISTS obs_bench WITH (FORCE)")
    for login in ("bench_pygeoapi", "bench_tipg"):
        server.execute(f"DROP ROLE IF EXISTS {login}".encode())


# --------------------------------------------------------------------------------------------------------------- run
def run(url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all cases, contestants in turn; medians, and as ratios of each round."""
    from observatoire.store.roles import passwords

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        address = stack.enter_context(prepared(url, folder, options.rows))
        citizen = make_conninfo(address, user="obs_citizen", password=passwords(folder).by_audience["citizen"])
        starts: list[Callable[[], Any]] = [
            lambda: servers.ours(address, folder), lambda: servers.floor(citizen, folder),
        ]  # fmt: skip
        left_out = {"pg_featureserv": "no program of that name can be had from the Go module proxy"}
        if options.no_peers:
            left_out |= dict.fromkeys(("pygeoapi", "tipg"), "not asked for")
        elif reason := servers.install():
            left_out |= dict.fromkeys(("pygeoapi", "tipg"), reason)
        else:
            starts += [lambda: servers.pygeoapi(address, folder), lambda: servers.tipg(address, folder)]
        running = [stack.enter_context(start()) for start in starts]
        admin = stack.enter_context(psycopg.connect(address, autocommit=True))
        asked = [c for c in options.case or CASES if c != "page500k" or options.rows > DEEP]
        cases = {case: rounds(admin, running, case, options) for case in asked}
        found = {
            "about": about(options), "left_out": left_out,
            "cases": {case: summary(of) for case, of in cases.items() if of},
            "memory": {server.name: memory(server.pid) for server in running},
        }  # fmt: skip
        return found | {"goals": goals(cases)}


def rounds(
    admin: psycopg.Connection, running: list[Server], case: str, options: argparse.Namespace
) -> list[dict[str, Figures]]:
    """Measure a case: each round all contestants that can do it, who begins changing from round to round."""
    asked: list[tuple[Server, str, dict[str, str]]] = []
    for server in running:
        path, headers = server.asks(case), {}
        if server.name == "ours":
            if case == "page500k":
                path = following(server.url, server.asks("first100"), DEEP - 100)
            if case == "304":
                headers = {"If-None-Match": httpx.get(f"{server.url}{path}", timeout=60).headers["etag"]}
            if case == "gzip1000":
                headers = {"Accept-Encoding": "gzip"}
        if path is not None:
            asked.append((server, path, headers))
    found: list[dict[str, Figures]] = []
    for number in range(options.rounds):
        turn = number % len(asked)
        found.append(
            {
                server.name: measure(admin, server, path, options.seconds, headers)
                for server, path, headers in (*asked[turn:], *asked[:turn])
            }
        )
    return found


def following(url: str, path: str | None, offset: int) -> str:
    """Return the path of the page after the one at an offset: by our `next` link, which walks the key."""
    page = httpx.get(f"{url}{path}&offset={offset}", timeout=60).json()
    href = httpx.URL(next(link["href"] for link in page["links"] if link["rel"] == "next"))
    return href.raw_path.decode()


def summary(found: list[dict[str, Figures]]) -> dict[str, Figures]:
    """Medians over rounds, by contestant; `of_floor`: rate and CPU as ratios to the floor's of the same round."""
    median = statistics.median
    whole: dict[str, Figures] = {}
    for name in found[0]:
        whole[name] = {figure: median(one[name][figure] for one in found) for figure in found[0][name]}
        if "floor" in found[0]:
            for figure in ("rate", "cpu"):
                whole[name][f"{figure}_of_floor"] = median(one[name][figure] / one["floor"][figure] for one in found)
    return whole


def goals(cases: dict[str, list[dict[str, Figures]]]) -> list[dict[str, Any]]:
    """Return each goal of the project with what was reached."""
    median = statistics.median
    found: list[dict[str, Any]] = []
    for case, figure, other, bound, greater in GOALS:
        if case in cases and cases[case] and other in cases[case][0]:
            reached = median(one["ours"][figure] / one[other][figure] for one in cases[case])
            found.append(_goal(f"{case}: {figure} / {other}'s", reached, bound, greater=greater))
    if {"first100", "page500k"} <= cases.keys():
        pairs = zip(cases["page500k"], cases["first100"], strict=True)
        reached = median(deep["ours"]["p50"] / first["ours"]["p50"] for deep, first in pairs)
        found.append(_goal("page at row 500 000: latency / the first page's", reached, 1.5, greater=False))
    if "304" in cases:
        found.append(_goal("304: CPU, ms", median(one["ours"]["cpu"] for one in cases["304"]), 0.5, greater=False))
    if {"gzip1000", "items1000"} <= cases.keys():
        both = zip(cases["gzip1000"], cases["items1000"], strict=True)
        added = median(zipped["ours"]["server"] - plain["ours"]["server"] for zipped, plain in both)
        found.append(_goal("gzip of a page of 1 000 items: CPU added, ms", added, 0.5, greater=False))
    return found


def _goal(name: str, reached: float, bound: float, *, greater: bool) -> dict[str, Any]:
    held = reached >= bound if greater else reached <= bound
    return {"goal": f"{name} {'≥' if greater else '≤'} {bound}", "reached": round(reached, 3), "held": held}


def about(options: argparse.Namespace) -> dict[str, Any]:
    """Return when and where this was taken, and how busy the machine was."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "cores": os.cpu_count(), "machine": platform.machine(),
        "load_average": round(os.getloadavg()[1], 1), "rows": options.rows, "rounds": options.rounds,
        "seconds": options.seconds, "clients": CLIENTS,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="PostgreSQL address of an administrator; a database is made and dropped")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; may be repeated")
    parser.add_argument("--no-peers", action="store_true", help="ours and the floor only")
    parser.add_argument("-o", choices=["text", "json"], default="text")
    options = parser.parse_args()
    with administrator(options.url) as url:
        found = run(url, options)
    print(json.dumps(found, indent=2) if options.o == "json" else text(found))


def text(found: dict[str, Any]) -> str:
    """Return what was found as tables."""
    lines = [", ".join(f"{name} {value}" for name, value in found["about"].items())]
    lines += [f"left out: {name}: {why}" for name, why in found["left_out"].items()]
    lines.append(
        f"{'case':11}{'server':10}{'req/s':>9}{'/floor':>8}{'CPU ms':>9}{'/floor':>8}{'of it db':>9}{'p50 ms':>9}"
    )
    for case, by_server in found["cases"].items():
        for name, m in by_server.items():
            lines.append(
                f"{case:11}{name:10}{m['rate']:9.0f}{m.get('rate_of_floor', 0):8.2f}{m['cpu']:9.2f}"
                f"{m.get('cpu_of_floor', 0):8.2f}{m['database']:9.2f}{m['p50']:9.2f}"
            )
    lines += [f"memory of {n}: RSS {m['rss']:.0f} MiB, PSS {m['pss']:.0f} MiB" for n, m in found["memory"].items()]
    lines += [f"{'held  ' if g['held'] else 'MISSED'} {g['goal']}: {g['reached']}" for g in found["goals"]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
