"""Tiles beside their own SQL and tipg, and 200 people on a map (`make bench-tiles`).

2 400 000 occurrences, crowded as in a city, are served to coordination by one worker with rights on; tipg serves the
same rows from a table of its own, already in Web Mercator. Cold: nothing of a tile is kept. Contestants take turns,
what counts are medians, and ratios. CPU is that of the server and of its connections in PostgreSQL.

    python tests/bench/bench_tiles.py [--url postgresql://…] [--rows 2400000] [--rounds 20] [--seconds 20]
                                      [--users 200] [--no-peers] [-o json]
"""

import argparse
import asyncio
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import psycopg
import servers
from bench_items import about, administrator, backends, cpu, drop
from psycopg.conninfo import make_conninfo
from servers import Server

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.layers.map_style import zoom_of
from observatoire.server.crs import systems
from observatoire.server.pools import session_options
from observatoire.server.reading import Reader
from observatoire.server.tiles.plans import Request, items_plan
from observatoire.settings import Settings
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.tiles.pyramid import WEB_MERCATOR_QUAD, Tile

Figures = dict[str, float]
PYRAMID = WEB_MERCATOR_QUAD
#: When the first occurrence is, and how long after it the next.
TIMES = {"start": "2016-01-01 00:00Z", "step": "2 min"}
#: Nine parts of ten lie around 40 places, Gaussian with a deviation of 500 m; one part anywhere.
SEED = """
SELECT setseed(0.3);
CREATE TEMPORARY TABLE centres AS SELECT i AS c, 890000 + 14000 * random() AS x, 6243000 + 14000 * random() AS y
  FROM generate_series(0, 39) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_SetSRID(CASE WHEN i % 10 = 0 THEN ST_MakePoint(886000 + 20000 * random(), 6238000 + 20000 * random())
  ELSE ST_MakePoint(x + 500 * sqrt(-2 * ln(1 - random())) * cos(6.2832 * random()),
                    y + 500 * sqrt(-2 * ln(1 - random())) * cos(6.2832 * random())) END, 2154), 'bench', i::text, 1,
  'reported', 'second', 'F' || i, timestamptz '{start}' + i * interval '{step}',
  (array['degradation', 'vol-roulotte', 'tapage', 'rixe', 'vente-sauvette'])[1 + i % 5]
FROM generate_series(1, {rows}) AS i JOIN centres ON c = (i * 7 / 3) % 40;
INSERT INTO obs.versions (collection, version) VALUES ('faits', 1);
VACUUM ANALYZE data.faits;
VACUUM ANALYZE obs.tile_cells
"""
PEER = """
CREATE SCHEMA bench;
CREATE TABLE bench.points AS SELECT id, extract(epoch FROM date)::bigint AS date, nature,
  ST_Transform(geom, 3857)::geometry(Point, 3857) AS geom FROM data.faits;
ALTER TABLE bench.points ADD PRIMARY KEY (id);
CREATE INDEX ON bench.points USING gist (geom);
GRANT USAGE ON SCHEMA bench TO bench_tipg;
GRANT SELECT ON bench.points TO bench_tipg;
VACUUM ANALYZE bench.points
"""
LEFT_OUT = {
    "pg_tileserv": "the Go module proxy has no version of it",
    "martin": "no program of it can be had here but by compiling its 694 crates: ten minutes beside other work made 15",
}


@dataclass(frozen=True)
class Stage:
    """What is measured: a database of occurrences, the city, a key of coordination."""

    address: str
    folder: Path
    city: City
    key: str

    @property
    def login(self) -> str:
        """Connection string of coordination."""
        return make_conninfo(
            self.address, user="obs_coordination", password=passwords(self.folder).by_audience["coordination"]
        )


@contextmanager
def prepared(url: str, folder: Path, rows: int) -> Iterator[Stage]:
    """Make a database of `rows` occurrences, for us and for tipg; drop it at the end."""
    city = read_city(root() / "cities" / "demo.yml")
    with psycopg.connect(url, autocommit=True) as server:
        drop(server)
        server.execute("CREATE DATABASE obs_bench")
        server.execute("ALTER DATABASE obs_bench SET max_parallel_workers_per_gather = 0")  # their CPU is not counted
        for login in ("bench_pygeoapi", "bench_tipg"):
            server.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'bench'".encode())
        try:
            address = make_conninfo(url, dbname="obs_bench")
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION postgis")
                connection.execute("CREATE EXTENSION unaccent")
                schema.prepare(connection, city, catalog().values(), passwords(folder))
                for statement in (SEED.format(rows=rows, **TIMES) + ";" + PEER).split(";"):
                    connection.execute(statement.encode())
                key = create_key(connection, "coordination", "bench")
            yield Stage(address, folder, city, key)
        finally:
            drop(server)


# ------------------------------------------------------------------------------------------------------------ tiles
def single_tiles(stage: Stage, url: str) -> list[Tile]:
    """Return the fullest tiles that are drawn item by item, of all zooms from 13 to 17, fullest first."""
    counts = (
        "SELECT floor((ST_X(p) + %(half)s) / %(side)s)::int AS c, floor((%(half)s - ST_Y(p)) / %(side)s)::int AS r, "
        "count(*) FROM (SELECT geom AS p FROM bench.points) AS s GROUP BY 1, 2 "
        "HAVING count(*) <= 8000 ORDER BY 3 DESC LIMIT 6"
    )
    found: list[tuple[int, Tile]] = []
    with psycopg.connect(stage.address) as connection:
        for zoom in range(13, 18):
            words = {"half": PYRAMID.side / 2, "side": PYRAMID.side / (1 << zoom)}
            rows = connection.execute(counts.encode(), words).fetchall()
            found += [(n, Tile(PYRAMID, zoom, row, column)) for column, row, n in rows]
    found.sort(key=lambda pair: -pair[0])
    return [tile for n, tile in found if features(url, tile, stage.key) == n][:5]


def features(url: str, tile: Tile, key: str) -> int:
    """Return how many features our tile holds."""
    answer = httpx.get(url + path(tile), headers={"X-API-Key": key}, timeout=60)
    return len(mapbox_vector_tile.decode(answer.content)["faits"]["features"]) if answer.status_code == 200 else 0


def path(tile: Tile) -> str:
    """Return the path of our tile."""
    return f"/api/collections/faits/tiles/WebMercatorQuad/{tile.zoom}/{tile.row}/{tile.column}"


def peer_path(tile: Tile) -> str:
    """Return that of tipg's, with the same two properties."""
    place = f"{tile.zoom}/{tile.column}/{tile.row}"
    return f"/collections/bench.points/tiles/WebMercatorQuad/{place}?properties=date,nature"


def over(city: City, zoom: int) -> list[Tile]:
    """Return the tiles of a zoom that meet the city."""
    from pyproj import Transformer

    box = Transformer.from_crs(4326, PYRAMID.srid, always_xy=True).transform_bounds(*city.extent, densify_pts=21)
    r0, r1, c0, c1 = PYRAMID.span(box, zoom)
    return [Tile(PYRAMID, zoom, row, column) for row in range(r0, r1 + 1) for column in range(c0, c1 + 1)]


# -------------------------------------------------------------------------------------------------------- measuring
def asked(admin: psycopg.Connection, client: httpx.Client, server: Server, where: str) -> Figures:
    """Ask once: time, ms; CPU of server and database, ms; length as it is sent, bytes."""
    before, workers = cpu(server.pid), backends(admin, server.login)
    started = time.perf_counter()
    answer = client.get(server.url + where)
    wall = time.perf_counter() - started
    spent, then = cpu(server.pid) - before, backends(admin, server.login)
    answer.raise_for_status()
    database = sum(then[pid] - workers.get(pid, 0.0) for pid in then)
    length = float(answer.headers.get("content-length") or len(answer.content))
    return {"wall": wall * 1e3, "cpu": (spent + database) * 1e3, "bytes": length}


def statement(stage: Stage, tile: Tile) -> tuple[bytes, Any]:
    """Return the statement of single items of a tile, and its arguments."""
    reader = Reader(
        catalog()["faits"], "coordination", systems(stage.city.srid, stage.city.extent), 10, 10_000, stage.city.zone,
        b"bench",
    )  # fmt: skip
    plan = items_plan(Request(reader.tile([]), tile))
    return plan.text, plan.args


def by_sql(connection: psycopg.Connection, text: bytes, args: Any) -> Figures:
    """Run the statement of a tile alone: time and CPU of PostgreSQL, ms."""
    pid = connection.info.backend_pid
    before, started = cpu(pid), time.perf_counter()
    connection.cursor(binary=True).execute(text, args, prepare=False).fetchall()
    return {"wall": (time.perf_counter() - started) * 1e3, "cpu": (cpu(pid) - before) * 1e3, "bytes": 0.0}


def medians(found: list[Figures]) -> Figures:
    """Return medians by figure."""
    return {figure: statistics.median(one[figure] for one in found) for figure in found[0]}


def full_tiles(
    stage: Stage, admin: psycopg.Connection, running: list[Server], options: argparse.Namespace
) -> dict[str, Any]:
    """Measure full tiles, item by item: SQL alone, ours, others, in turn."""
    found: dict[str, list[Figures]] = {name: [] for name in ("sql", *(server.name for server in running))}
    chosen = single_tiles(stage, running[0].url)
    ratios: dict[str, list[float]] = {"wall": [], "cpu": []}
    most = max(features(running[0].url, tile, stage.key) for tile in chosen)
    with ExitStack() as stack:
        alone = stack.enter_context(psycopg.connect(stage.login, options=session_options(Settings()), autocommit=True))
        clients = [stack.enter_context(client(stage, server)) for server in running]
        for number in range(options.rounds + 2):
            tile = chosen[number % len(chosen)]
            sql = by_sql(alone, *statement(stage, tile))
            asks = [path(tile) if server.name == "ours" else peer_path(tile) for server in running]
            one = [asked(admin, c, s, where) for c, s, where in zip(clients, running, asks, strict=True)]
            if number < 2:  # caches of PostgreSQL, connections, PROJ
                continue
            found["sql"].append(sql)
            for server, figures in zip(running, one, strict=True):
                found[server.name].append(figures)
            for figure in ratios:
                ratios[figure].append(one[0][figure] / sql[figure])
    return {
        "features": most,
        "figures": {name: medians(some) for name, some in found.items()},
        "ratio": {figure: statistics.median(values) for figure, values in ratios.items()},
    }


def crowded_tiles(
    stage: Stage, admin: psycopg.Connection, running: list[Server], options: argparse.Namespace
) -> dict[str, Any]:
    """Measure tiles of counts, the one in the middle of the city: cold, each contestant in turn."""
    found: dict[str, Any] = {}
    for zoom in (10, 11, 12):
        tiles = over(stage.city, zoom)
        tile = max(tiles, key=lambda each: len(httpx_get(stage, running[0], path(each)).content))
        taken: dict[str, list[Figures]] = {server.name: [] for server in running}
        with ExitStack() as stack:
            clients = [stack.enter_context(client(stage, server)) for server in running]
            for number in range(options.rounds // 2 + 1):
                for c, server in zip(clients, running, strict=True):
                    where = path(tile) if server.name == "ours" else peer_path(tile)
                    figures = asked(admin, c, server, where)
                    if number:
                        taken[server.name].append(figures)
        found[f"z{zoom}"] = {name: medians(some) for name, some in taken.items()}
    return found


def unchanged(stage: Stage, admin: psycopg.Connection, server: Server) -> dict[str, Figures]:
    """Measure what costs a tile that has not changed: 304, and from what is kept; CPU of 300 of each, ms a request."""
    tile = over(stage.city, 11)[0]
    found = {}
    with client(stage, server) as c:
        etag = c.get(server.url + path(tile)).headers["etag"]
        for name, headers in (("304", {"If-None-Match": etag}), ("kept", {})):
            before, workers = cpu(server.pid), backends(admin, server.login)
            started = time.perf_counter()
            for _ in range(300):
                c.get(server.url + path(tile), headers=headers)
            wall, spent = time.perf_counter() - started, cpu(server.pid) - before
            then = backends(admin, server.login)
            spent += sum(then[pid] - workers.get(pid, 0.0) for pid in then)
            found[name] = {"wall": wall / 300 * 1e3, "cpu": spent / 300 * 1e3}
    return found


def client(stage: Stage, server: Server) -> httpx.Client:
    """Return a client that keeps its connection, with the key where it is for us."""
    headers = {"Accept-Encoding": "gzip"} | ({"X-API-Key": stage.key} if server.name == "ours" else {})
    return httpx.Client(headers=headers, timeout=120)


def httpx_get(stage: Stage, server: Server, where: str) -> httpx.Response:
    """Ask once."""
    with client(stage, server) as c:
        return c.get(server.url + where)


# ---------------------------------------------------------------------------------------------------------- people
def opening(stage: Stage, server: Server) -> dict[str, Any]:
    """Return what a map of the city asks for at first: tiles of the zoom that MapLibre takes, in bytes as sent."""
    tiles = over(stage.city, math.floor(zoom_of(stage.city.extent)))
    return {"tiles": len(tiles), "bytes": sum(sent(httpx_get(stage, server, path(tile))) for tile in tiles)}


def sent(answer: httpx.Response) -> int:
    """Return the length of an answer as it was sent."""
    return int(answer.headers.get("content-length") or 0)


async def people(stage: Stage, server: Server, options: argparse.Namespace) -> dict[str, Any]:
    """Have people look at the map: the whole city, then nearer and nearer around a place of theirs, thinking between.

    Each has a connection, asks for the tiles of a view one after the other, then looks for 1 to 3 s.
    """
    latencies: list[float] = []
    views: list[float] = []
    wrong: Counter[int] = Counter()
    url = httpx.URL(server.url)
    until = time.monotonic() + options.seconds

    async def one(number: int) -> None:
        chance = random.Random(number)
        west, south, east, north = stage.city.extent
        await asyncio.sleep(chance.uniform(0, 3))
        line = await asyncio.open_connection(url.host, url.port, limit=2**22)
        while time.monotonic() < until:
            lon, lat = chance.uniform(west, east), chance.uniform(south, north)
            for zoom in (10, 11, 12, 13, 14, 15, 16):
                begun = time.monotonic()
                for tile in view(stage.city, zoom, lon, lat):
                    started = time.monotonic()
                    status = await status_of(line, path(tile), stage.key)
                    latencies.append(time.monotonic() - started)
                    if status not in (200, 204):
                        wrong[status] += 1
                views.append(time.monotonic() - begun)
                await asyncio.sleep(chance.uniform(1, 3))
                if time.monotonic() > until:
                    break
        line[1].close()

    before = cpu(server.pid)
    started = time.monotonic()
    await asyncio.gather(*(one(number) for number in range(options.users)))
    elapsed = time.monotonic() - started
    return {
        "users": options.users, "tiles": len(latencies), "rate": len(latencies) / elapsed, "wrong": dict(wrong),
        "cpu": (cpu(server.pid) - before) / len(latencies) * 1e3,
        **{f"p{p}": statistics.quantiles(latencies, n=100)[p - 1] * 1e3 for p in (50, 95, 99)},
        "view_p95": statistics.quantiles(views, n=100)[94] * 1e3,
    }  # fmt: skip


async def status_of(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], where: str, key: str) -> int:
    """Ask over an open connection, read the whole answer, return its status: a raw client costs less than a server."""
    reader, writer = line
    words = f"GET {where} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\nAccept-Encoding: gzip\r\n\r\n"
    writer.write(words.encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next((int(h[15:]) for h in head.split(b"\r\n") if h.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return int(head[9:12])


def view(city: City, zoom: int, lon: float, lat: float) -> list[Tile]:
    """Return the tiles of a window of some 1 000 by 700 pixels around a place: at most 3 by 2 of 512 pixels."""
    x = (lon + 180) / 360 * (1 << zoom)
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * (1 << zoom)
    wanted = {(int(y + dy), int(x + dx)) for dx in (-1.0, 0.0, 1.0) for dy in (-0.7, 0.0, 0.7)}
    return [tile for tile in over(city, zoom) if (tile.row, tile.column) in wanted]


# -------------------------------------------------------------------------------------------------------------- run
def run(url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all."""
    left_out = dict(LEFT_OUT)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        stage = stack.enter_context(prepared(url, folder, options.rows))
        admin = stack.enter_context(psycopg.connect(stage.address, autocommit=True))
        cold = stack.enter_context(ours(stage, "0"))
        running = [cold]
        if options.no_peers:
            left_out["tipg"] = "not asked for"
        elif reason := servers.install():
            left_out["tipg"] = reason
        else:
            running.append(stack.enter_context(servers.tipg(stage.address, folder)))
        found: dict[str, Any] = {"about": about(options_of(options)), "left_out": left_out}
        found["full"] = full_tiles(stage, admin, running, options)
        told(found["full"])
        found["crowded"] = crowded_tiles(stage, admin, running, options)
        told(found["crowded"])
        warm = stack.enter_context(ours(stage, "64"))
        found["unchanged"] = unchanged(stage, admin, warm)
        found["opening"] = opening(stage, warm)
        told(found["unchanged"] | found["opening"])
        found["people"] = asyncio.run(people(stage, warm, options))
        return found | {"goals": goals(found)}


def told(part: dict[str, Any]) -> None:
    """Say on standard error what is known so far: a run takes minutes."""
    print(json.dumps(part), file=sys.stderr, flush=True)


def options_of(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options as `about` reads them."""
    return argparse.Namespace(rows=options.rows, rounds=options.rounds, seconds=options.seconds)


@contextmanager
def ours(stage: Stage, kept_mb: str) -> Iterator[Server]:
    """Our server, asked by coordination; `kept_mb` of tiles are kept."""
    environment = {
        "OBS_DATABASE_URL": stage.address, "OBS_VAR": str(stage.folder), "OBS_CITY": "cities/demo.yml",
        "OBS_RATE_PER_SECOND": "1000000", "OBS_TILES_KEPT_MB": kept_mb,
    }  # fmt: skip
    target = "observatoire.server.app:create_app"
    log = stage.folder / f"ours{kept_mb}.log"
    with servers.served("ours", target, environment, {}.get, "--factory", log=log) as server:
        yield replace(server, login="obs_coordination")


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each goal with what was reached."""
    crowded = [figures["ours"] for figures in found["crowded"].values()]
    listed = [
        ("full tile: time / its SQL's", found["full"]["ratio"]["wall"], 1.2),
        ("full tile: CPU / its SQL's", found["full"]["ratio"]["cpu"], 1.2),
        ("tile of counts, z10 to 12: ms", max(one["wall"] for one in crowded), 50),
        ("tile of counts, z10 to 12: kB", max(one["bytes"] for one in crowded) / 1e3, 100),
        ("304: CPU, ms", found["unchanged"]["304"]["cpu"], 1),
        ("kept: CPU, ms", found["unchanged"]["kept"]["cpu"], 1),
        ("opening the city: tiles", found["opening"]["tiles"], 12),
        ("opening the city: MB", found["opening"]["bytes"] / 1e6, 1),
    ]
    return [{"goal": f"{name} ≤ {bound}", "reached": round(v, 3), "held": v <= bound} for name, v, bound in listed]


def text(found: dict[str, Any]) -> str:
    """Return what was found as lines."""
    lines = [", ".join(f"{name} {value}" for name, value in found["about"].items())]
    lines += [f"left out: {name}: {why}" for name, why in found["left_out"].items()]
    lines.append(f"{'tile':10}{'by':8}{'ms':>9}{'CPU ms':>9}{'kB':>9}")
    tables = {f"{found['full']['features']} items": found["full"]["figures"], **found["crowded"]}
    for name, by in tables.items():
        lines += [
            f"{name:10}{who:8}{m['wall']:9.1f}{m['cpu']:9.1f}{m['bytes'] / 1e3:9.1f}" for who, m in by.items()
        ]  # fmt: skip
    lines += [f"{name}: {m['cpu']:.2f} ms CPU, {m['wall']:.2f} ms" for name, m in found["unchanged"].items()]
    lines.append(f"people: {found['people']}")
    lines += [f"{'held  ' if g['held'] else 'MISSED'} {g['goal']}: {g['reached']}" for g in found["goals"]]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="PostgreSQL address of an administrator; a database is made and dropped")
    parser.add_argument("--rows", type=int, default=2_400_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--no-peers", action="store_true", help="ours only")
    parser.add_argument("-o", choices=["text", "json"], default="text")
    options = parser.parse_args()
    with administrator(options.url) as url:
        found = run(url, options)
    print(json.dumps(found, indent=2) if options.o == "json" else text(found))


if __name__ == "__main__":
    main()
