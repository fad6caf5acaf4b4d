"""What jobs cost whoever reads: requests beside four CPU-bound jobs, and the CPU of an inline execution.

A small simulated city is served as the demo is, with a worker of four slots. Rounds with and without jobs take turns,
so that what else the machine does falls on both. The client shares the server's cores, which a reader's does not: it
goes ahead of everything (SCHED_FIFO), so that its own waiting is not told as the server's. With `--client shared`, and
where that is not allowed, it takes its turn like anybody, and the figures hold its waiting too.

    python tests/bench/bench_jobs.py [--rounds 5] [--requests 300] [--client shared] [-o json]
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from observatoire.store.cluster import Cluster

JOBS = 4
ASYNC = {"Prefer": "respond-async"}
#: Minutes of computation: a fine grid, many evaluations.
HEAVY = {"inputs": {"cell": 50, "horizon_days": 28}}
PATHS = {
    "items10": "/collections/signalements/items?limit=10&offset={}",
    "items1000": "/collections/signalements/items?limit=1000&offset={}",
    "item": "/collections/signalements/items/{}",
}
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class City:
    """A served city."""

    url: str
    key: str
    pid: int

    def cpu(self) -> float:
        """Return the CPU time of the server's process, s."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICK


@contextmanager
def served() -> Iterator[City]:
    """Serve the small city in a store of its own."""
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        var = Path(folder) / "var"
        environment = os.environ | {
            "OBS_VAR": str(var), "OBS_CITY": str(Path(__file__).parents[1] / "cities" / "small.yml"),
            "OBS_BIND": f"127.0.0.1:{port}", "OBS_WORKER_SLOTS": str(JOBS),
        }  # fmt: skip
        with (Path(folder) / "log").open("w") as log:
            demo = subprocess.Popen(
                [sys.executable, "-m", "observatoire.cli", "demo"], env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{url}/health"), 300)
            keys = json.loads((var / "demo-keys.json").read_text())
            yield City(f"{url}/api", keys["planner"], demo.pid)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
            Cluster(var).stop()
            subprocess.run(["rm", "-rf", str(Cluster(var).home)], check=False)


def go_ahead() -> str:
    """Let this process, the client, wait for no other; return how it stands."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return "shared"
    return "ahead"


def answers(url: str) -> bool:
    """Tell whether somebody answers there."""
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def until(true, seconds: float) -> None:
    """Wait until it is true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not become true")
        time.sleep(0.1)


@contextmanager
def busy(client: httpx.Client) -> Iterator[None]:
    """Have four jobs compute, and more wait, for the time of the block."""
    jobs = [
        client.post("/processes/risk-forecast/execution", json=HEAVY, headers=ASYNC).json()["jobID"]
        for _ in range(JOBS * 6)
    ]
    try:
        until(lambda: len(client.get("/jobs?status=running&limit=100").json()["jobs"]) == JOBS, 120)
        time.sleep(1.5)  # they have read their data and compute
        yield
        if len(client.get("/jobs?status=running&limit=100").json()["jobs"]) != JOBS:
            raise RuntimeError("the jobs ended too early: the round tells nothing")
    finally:
        for job in jobs:
            client.delete(f"/jobs/{job}")
        until(lambda: not client.get("/jobs?status=running&limit=100").json()["jobs"], 30)


def times(client: httpx.Client, path: str, n: int) -> list[float]:
    """Return the times of n requests, one after the other, ms."""
    found = []
    for k in range(n):
        began = time.perf_counter()
        client.get(path.format(1 + k % 700)).raise_for_status()
        found.append(1000 * (time.perf_counter() - began))
    return found


def p95(found: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(found, n=20)[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=300, help="of each kind, a round")
    parser.add_argument("--client", choices=("ahead", "shared"), default="ahead")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    options = parser.parse_args()
    alone: dict[str, list[float]] = {name: [] for name in PATHS}
    beside: dict[str, list[float]] = {name: [] for name in PATHS}
    with served() as city, httpx.Client(base_url=city.url, headers={"X-API-Key": city.key}, timeout=60) as client:
        stands = go_ahead() if options.client == "ahead" else options.client
        for path in PATHS.values():
            times(client, path, 50)
        for _ in range(options.rounds):
            for name, path in PATHS.items():
                alone[name] += times(client, path, options.requests)
            with busy(client):
                for name, path in PATHS.items():
                    beside[name] += times(client, path, options.requests)
        inline = cpu_of(city, client, "POST", "/processes/echo/execution", 1_000)
        read = cpu_of(city, client, "GET", "/processes/echo", 1_000)
    found = {
        name: {
            "p50_alone_ms": statistics.median(alone[name]), "p50_beside_ms": statistics.median(beside[name]),
            "p95_alone_ms": p95(alone[name]), "p95_beside_ms": p95(beside[name]),
            "p95_ratio": p95(beside[name]) / p95(alone[name]),
        }
        for name in PATHS
    }  # fmt: skip
    found["inline"] = {"execution_cpu_ms": inline, "description_cpu_ms": read}
    if options.output == "json":
        print(json.dumps({"client": stands} | found, indent=1))
        return
    print("client", stands)
    for name, figures in found.items():
        print(name, {what: round(value, 2) for what, value in figures.items()})


def cpu_of(city: City, client: httpx.Client, method: str, path: str, n: int) -> float:
    """Return the server's CPU a request, ms: parsing, checks, execution, answer, all of it."""
    body = {"inputs": {"message": "Bonjour"}} if method == "POST" else None
    began = city.cpu()
    for _ in range(n):
        client.request(method, path, json=body).raise_for_status()
    return 1000 * (city.cpu() - began) / n


if __name__ == "__main__":
    main()
