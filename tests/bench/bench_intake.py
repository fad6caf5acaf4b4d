"""A file into PostGIS: `obs load` with the firewall on, beside `ogr2ogr` of the same file, interleaved, medians.

Both reproject from WGS 84 to the city's CRS and copy. `obs load` also reads dates and codes, passes every string
through the person firewall, places each point in the city, merges by key into a table of five indexes, keeps quarantine
and counts of tiles, looks for duplicates and refreshes the statistics; ogr2ogr makes a table of texts and its spatial
index. « The same table » adds to ogr2ogr what the store has of it by plain SQL: the rounded position, the four other
indexes, the counts of tiles, the statistics. CPU counts this process or ogr2ogr, and beside it all of PostgreSQL.

    python tests/bench/bench_intake.py [--rows 100000] [--rounds 3] [-o json]
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.intake.options import options_from_text
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

CITY = read_city(root() / "cities" / "marseille.yml")
MAPPED = options_from_text(map="id=num,reference=ref,date=le,nature=type,lon=lon,lat=lat", crs="EPSG:4326")
PLACED = options_from_text(map="id=num,reference=ref,date=le,nature=type", drop="lon,lat")


def export(folder: Path, rows: int) -> dict[str, Path]:
    """Write one CSV and one GeoPackage of the same reports, each with its own key, minute and place."""
    path = folder / "reports.csv"
    natures = ("tag", "bruit", "ordures", "voirie")
    with path.open("w") as out:
        out.write("num,ref,le,type,lon,lat\n")
        for n in range(rows):
            when = f"2026-{n % 10 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:{n % 60:02d}:00Z"
            place = f"{5.3 + n % 997 / 10_000:.6f},{43.25 + n % 709 / 10_000:.6f}"
            out.write(f"SIG-2026-{n:06d},PV-{n % 97 + 1}-{n:06d},{when},{natures[n % 4]},{place}\n")
    package = folder / "reports.gpkg"
    subprocess.run(
        ["ogr2ogr", package, path, "-nln", "reports", "-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat",
         "-a_srs", "EPSG:4326"], check=True,
    )  # fmt: skip
    return {"csv": path, "geofile": package}


TICKS = os.sysconf("SC_CLK_TCK")
ENDING = 1.0  # s: by then the server has taken note of a session that has ended, and of its CPU


def server_cpu(cluster: Cluster) -> float:
    """Return the CPU seconds of the server, of its processes that ended and of those that live."""
    server = int((cluster.data / "postmaster.pid").read_text().split()[0])
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(path.parent.name) == server:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == server:
            total += sum(map(int, fields[11:13]))
    return total / TICKS


def ours(conninfo: str, connector: str, file: Path, rows: int) -> tuple[float, float]:
    """Load into the empty collection; seconds, and CPU seconds of this process."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions")
        connection.commit()
        start, cpu = time.perf_counter(), time.process_time()
        summary = load_file(
            connection, CITY, connector=connector, collection="signalements", file=str(file),
            options=MAPPED if connector == "csv" else PLACED, settings=Settings(),
        )  # fmt: skip
        assert summary.inserted == rows, summary
        return time.perf_counter() - start, time.process_time() - cpu


SAME_TABLE = (
    "ALTER TABLE public.theirs ADD COLUMN rounded geometry(Point, {srid}) GENERATED ALWAYS AS "
    "(ST_SnapToGrid(ST_Centroid(place), 200)) STORED, ADD UNIQUE (num)",
    "CREATE INDEX ON public.theirs USING gist (rounded)",
    "CREATE INDEX ON public.theirs (le, n)",
    "SELECT obs.recount_points('theirs', 'public.theirs', ARRAY['place', 'rounded'])",
    "ANALYZE public.theirs",
)


def alike(conninfo: str, connector: str, file: Path, rows: int) -> tuple[float, float]:
    """Load by ogr2ogr, then make of its table by SQL what the store has; seconds, and CPU seconds of ogr2ogr."""
    seconds, cpu = theirs(conninfo, connector, file, rows)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        start = time.perf_counter()
        for statement in SAME_TABLE:
            connection.execute(statement.format(srid=CITY.srid).encode())
        seconds += time.perf_counter() - start
        connection.execute("DELETE FROM obs.tile_cells WHERE collection = 'theirs'")
    return seconds, cpu


def theirs(conninfo: str, connector: str, file: Path, rows: int) -> tuple[float, float]:
    """Load by ogr2ogr into a new table; seconds, and CPU seconds of ogr2ogr."""
    points = ["-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat"] if connector == "csv" else []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.theirs")
        start, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            ["ogr2ogr", "-f", "PostgreSQL", f"PG:{conninfo}", file, "-nln", "public.theirs", "-s_srs", "EPSG:4326",
             "-t_srs", CITY.crs, "-lco", "GEOMETRY_NAME=place", "-lco", "FID=n", "--config", "PG_USE_COPY", "YES",
             "-gt", "unlimited", *points], check=True,
        )  # fmt: skip
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        found = connection.execute("SELECT count(*) FROM public.theirs").fetchone()
        assert found == (rows,), found
    return seconds, after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime


CONTESTANTS = {"obs load": ours, "ogr2ogr": theirs, "ogr2ogr, the same table": alike}


def measure(rows: int, rounds: int, *, profile: bool) -> dict[str, object]:
    results: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        cluster = Cluster(Path(folder) / "var", database="bench")
        try:
            with cluster.running() as conninfo:
                with psycopg.connect(conninfo) as connection:
                    prepare(connection, CITY, catalog().values(), passwords(cluster.var))
                files = export(Path(folder), rows)
                if profile:
                    with cProfile.Profile() as profiler:
                        ours(conninfo, "csv", files["csv"], rows)
                    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
                for _ in range(rounds):
                    for connector, file in files.items():
                        for name, contestant in CONTESTANTS.items():
                            before = server_cpu(cluster)
                            seconds, cpu = contestant(conninfo, connector, file, rows)
                            time.sleep(ENDING)
                            run = (seconds, cpu, server_cpu(cluster) - before)
                            results.setdefault((connector, name), []).append(run)
        finally:
            cluster.stop()
            shutil.rmtree(cluster.home, ignore_errors=True)
    table = {
        f"{connector}, {name}": {
            "records_per_s": round(rows / statistics.median(s for s, *_ in runs)),
            "best_records_per_s": round(rows / min(s for s, *_ in runs)),
            "cpu_s": round(statistics.median(c for _, c, _ in runs), 2),
            "cpu_of_postgresql_s": round(statistics.median(p for *_, p in runs), 2),
        }
        for (connector, name), runs in results.items()
    }
    ratios = {
        f"{connector}, {other}": round(
            statistics.median(
                a / b for (a, *_), (b, *_) in zip(
                    results[connector, "obs load"], results[connector, other], strict=True
                )
            ), 2,
        )
        for connector in files for other in list(CONTESTANTS)[1:]
    }  # fmt: skip
    return {"rows": rows, "rounds": rounds, "loads": table, "time_of_obs_load_over": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="Profile one load of the CSV file first")
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    result = measure(options.rows, options.rounds, profile=options.profile)
    print(json.dumps(result, indent=None if options.output == "json" else 2))


if __name__ == "__main__":
    main()
