"""Forecasts at scale: the baselines and empirical Bayes, rolling, out of GeoParquet partitions; and how they grow.

`python tests/bench/bench_risk_scale.py [--quick] [--plot FILE.svg]` prints tables in Markdown. Events are drawn from a
seed: cells of very unequal rates, three years, monthly partitions. Each case runs in a process of its own, so that its
peak of memory is its own; processor seconds count all its processes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from observatoire.executor.base import INLINE, Executor
from observatoire.executor.pool import Pool
from observatoire.forecasts.partitions import Partitions
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Count, CountLastYear, Flat, Kernel, Seasonal
from observatoire.risk.evaluate import Roller
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.grid import Grid
from observatoire.risk.tally import Tally

CELL, CRS = 250.0, "EPSG:2154"
END = np.datetime64("2026-01-05", "us")
DAYS, PARTS = 3 * 364, 36
GOAL = (1_000_000, 100_000, 52)  # events, cells, origins
BASE = (500_000, 25_000, 13)
GROWTH = {
    "events": [(n, *BASE[1:]) for n in (125_000, 500_000, 2_000_000, 8_000_000)],
    "cells": [(BASE[0], n, BASE[2]) for n in (6_250, 25_000, 100_000, 400_000)],
    "origins": [(*BASE[:2], n) for n in (13, 26, 52, 104)],
}


def models(grid: Grid) -> dict[str, Forecaster]:
    """Return the baselines of the forecast protocol and empirical Bayes, its options chosen on the past."""
    return {
        "flat": Flat(),
        "last week": Count(window=1),
        "count 4 weeks": Count(window=4),
        "count 1 year": CountLastYear(),
        "count all": Count(window=None),
        "same season": Seasonal(),
        "kernel density": Kernel(grid=grid),
        "exponential decay": Kernel(grid=grid, half_life=17.0, window=None),
        "prospective hot spot": Kernel(grid=grid, half_life=4.0, bandwidth=400.0, window=8),
        "empirical Bayes": EmpiricalBayes(grid=grid),
    }


def lattice(n_cells: int) -> Grid:
    """Return a square grid of about that many cells."""
    side = CELL * round(n_cells**0.5)
    return Grid.covering((0, 0, side, side), cell=CELL, crs=CRS)


def write(folder: Path, n_events: int, n_cells: int) -> None:
    """Write the events as monthly partitions, one after the other."""
    rng = np.random.default_rng(5)
    grid = lattice(n_cells)
    run = np.cumsum(rng.pareto(1.2, grid.n_cells) + 0.1)
    for k in range(PARTS):
        n = n_events // PARTS + (k < n_events % PARTS)
        cell = np.minimum(np.searchsorted(run, rng.random(n) * run[-1]), grid.n_cells - 1)
        xy = np.column_stack([grid.x_min, grid.y_min])[cell] + rng.uniform(0, CELL, (n, 2))
        back = rng.integers((PARTS - 1 - k) * DAYS * 86_400 // PARTS, (PARTS - k) * DAYS * 86_400 // PARTS, n) + 1
        dates = pa.array(END - back * np.timedelta64(1, "s"), pa.timestamp("us"))
        table = pa.table({"date": dates, "lon": xy[:, 0], "lat": xy[:, 1]})
        pq.write_table(table, folder / f"part-{k:02d}.parquet")


def work(folder: Path, n_cells: int, origins: int, processes: int) -> dict[str, float]:
    """Count, forecast and score one case; return what it took."""
    grid = lattice(n_cells)
    begun = time.perf_counter()
    tally = Tally(grid.n_cells, end=END, period=7)
    for batch in Planar(folder, CRS):
        tally.add(grid.locate(batch.xy), batch.dates)
    counts = tally.counts()
    counted = time.perf_counter() - begun
    executor: Executor = INLINE if processes == 1 else Pool(processes)
    with executor:
        scores = Roller(counts, models(grid), executor=executor).scores(
            list(range(counts.n_periods - origins, counts.n_periods))
        )
        took = time.perf_counter() - begun
        used = {pid: (mib, cpu) for pid, mib, cpu in [usage(0), *executor.map(usage, [0.5] * processes)]}
    peak, cpu = (sum(column) for column in zip(*used.values(), strict=True))
    best = float(scores["deviance"].groupby(level="model").mean().min())
    return {"count": counted, "wall": took, "cpu": cpu, "mib": peak, "events": tally._per_day.sum(), "best": best}


def usage(wait: float) -> tuple[int, float, float]:
    """Return this process, its peak of memory, MiB, and its processor seconds; waits, so that each worker is asked."""
    time.sleep(wait)
    seen = resource.getrusage(resource.RUSAGE_SELF)
    return os.getpid(), seen.ru_maxrss / 1024, seen.ru_utime + seen.ru_stime


class Planar(Partitions):
    """Partitions whose columns are metres already: what is timed is the counting, as where a store gives metres."""

    def _positions(self, rows: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
        xy = np.column_stack([rows.column(name).to_numpy() for name in ("lon", "lat")])
        return xy, np.ones(len(xy), dtype=bool)


def case(n_events: int, n_cells: int, origins: int, processes: int = 1) -> dict[str, float]:
    """Run one case in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), n_events, n_cells)
        command = [sys.executable, __file__, "--work", name, str(n_cells), str(origins), str(processes)]
        found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        return found


def plot(rows: dict[str, list[tuple[int, float, float]]], path: Path) -> None:
    """Draw processor seconds and memory against events, cells and origins, on logarithmic axes."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "observatoire"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
    for axis, (name, seen) in zip(axes, rows.items(), strict=True):
        size, cpu, mib = (np.array(column) for column in zip(*seen, strict=True))
        axis.loglog(size, cpu, "o-", label="processor seconds")
        axis.loglog(size, mib / 100, "s--", label="memory, 100 MiB")
        axis.loglog(size, cpu[0] * size / size[0], ":", color="grey", label="in proportion")
        axis.set_xlabel(name)
        axis.grid(visible=True, which="both", alpha=0.2)
    axes[0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="the growth at a tenth of the events")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        folder, *numbers = options.work
        print(json.dumps(work(Path(folder), *map(int, numbers))))
        return
    print("| events × cells × origins | processes | counted, s | in all, s | processor, s | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for processes in (1, 2):
        seen = case(*GOAL, processes)
        size = " × ".join(f"{n:,}".replace(",", " ") for n in GOAL)
        print(
            f"| {size} | {processes} | {seen['count']:.1f} | {seen['wall']:.1f} | {seen['cpu']:.1f} "
            f"| {seen['mib']:.0f} |", flush=True,
        )  # fmt: skip
    print("\n| growth with | size | processor, s | memory, MiB |\n|---|---|---|---|")
    rows: dict[str, list[tuple[int, float, float]]] = {}
    for k, (name, cases) in enumerate(GROWTH.items()):
        for sizes in cases:
            n_events = sizes[0] // (10 if options.quick else 1)
            seen = case(n_events, *sizes[1:])
            size = (n_events, *sizes[1:])[k]
            rows.setdefault(name, []).append((size, seen["cpu"], seen["mib"]))
            print(f"| {name} | {size:,} | {seen['cpu']:.1f} | {seen['mib']:.0f} |".replace(",", " "), flush=True)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
