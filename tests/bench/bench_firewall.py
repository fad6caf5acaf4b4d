"""What the person firewall costs: the same file into PostGIS with and without it, interleaved, medians.

Rows hold a key and a reference, as systems make them. In the file `short` both have a form that needs one look; in
`long` all detectors read the reference. « Off » leaves out the firewall only: length and words are still checked.
A second table gives the CPU time of one look at a string by its kind.

    python tests/bench/bench_firewall.py [--rows 60000] [--rounds 3] [-o json]
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import psycopg

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.intake.firewall.firewall import _look, find
from observatoire.intake.options import options_from_text
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

CITY = read_city(root() / "cities" / "marseille.yml")
OPTIONS = options_from_text(map="id=num,reference=ref,date=le,nature=type,lon=lon,lat=lat")
STRINGS = {
    "code": "depot",
    "short reference": "SIG-2026-004512",
    "long reference": "PV 12/000123/CTM",
    "name of a place": "Saint-Jean du Désert",
    "title of an act": "Travaux du 120 au 140 rue Paradis, phase 2",
    "telephone": "06 12 34 56 78",
    "JSON in base64": "eyJ2IjogIjA2IDEyIDM0IDU2IDc4In0=",
}


def export(folder: Path, rows: int, *, long: bool) -> Path:
    path = folder / f"{'long' if long else 'short'}.csv"
    with path.open("w") as out:
        out.write("num,ref,le,type,lon,lat\n")
        for n in range(rows):
            key = f"SIG-2026-{n:06d}"
            ref = f"PV {n % 97 + 1}/{n:06d}/CTM" if long else key
            out.write(f"{key},{ref},2026-01-{n % 28 + 1:02d},tag,{5.3 + n % 100 / 1000},{43.25 + n % 70 / 1000}\n")
    return path


def one(conninfo: str, file: Path, *, firewall: bool) -> tuple[float, float]:
    """Load into the empty collection; records a second, and CPU µs of this process a record."""
    with psycopg.connect(conninfo) as connection, ExitStack() as stack:
        connection.execute("TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions")
        connection.commit()
        if not firewall:
            stack.enter_context(patch("observatoire.intake.check.is_reference", lambda _: False))
            stack.enter_context(patch("observatoire.intake.check.find", lambda _: None))
        start, cpu = time.perf_counter(), time.process_time()
        summary = load_file(
            connection, CITY, connector="csv", collection="signalements", file=str(file), options=OPTIONS,
            settings=Settings(),
        )  # fmt: skip
        assert summary.inserted == summary.read
        return summary.read / (time.perf_counter() - start), 1e6 * (time.process_time() - cpu) / summary.read


def cpu_of(text: str, times: int = 5_000) -> float:
    """Return the CPU time of one look at a string, µs."""
    start = time.process_time()
    for _ in range(times):
        _look.cache_clear()
        find(text)
    return 1e6 * (time.process_time() - start) / times


def measure(rows: int, rounds: int) -> dict[str, object]:
    results: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        cluster = Cluster(Path(folder) / "var", database="bench")
        try:
            with cluster.running() as conninfo:
                with psycopg.connect(conninfo) as connection:
                    prepare(connection, CITY, catalog().values(), passwords(cluster.var))
                files = {long: export(Path(folder), rows, long=long) for long in (False, True)}
                for _ in range(rounds):
                    for long, file in files.items():
                        for firewall in (True, False):
                            name = f"{'long' if long else 'short'} references, firewall {'on' if firewall else 'off'}"
                            results.setdefault(name, []).append(one(conninfo, file, firewall=firewall))
        finally:
            cluster.stop()
            shutil.rmtree(cluster.home, ignore_errors=True)
    loads = {
        name: {
            "records_per_s": round(statistics.median(r for r, _ in runs)),
            "best_records_per_s": round(max(r for r, _ in runs)),
            "loader_cpu_us_per_record": round(statistics.median(c for _, c in runs), 1),
        }
        for name, runs in results.items()
    }
    return {
        "rows": rows,
        "rounds": rounds,
        "loads": loads,
        "find_cpu_us": {n: round(cpu_of(t), 1) for n, t in STRINGS.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-o", "--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    print(json.dumps(measure(options.rows, options.rounds), indent=None if options.output == "json" else 2))


if __name__ == "__main__":
    main()
