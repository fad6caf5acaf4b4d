"""Forecasts on the frozen set, as a table in Markdown: `OBS_DATA=… python tests/bench/bench_risk.py`.

Week ahead, the 52 weeks and the 8 185 cells of the frozen evaluation; hyper-parameters chosen every 13 weeks on the
past alone. Seconds are of one forecast, choices included, one thread.
"""

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pyproj import Transformer
from threadpoolctl import threadpool_limits

from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Count, CountLastYear, Flat, Kernel, Seasonal
from observatoire.risk.boosting import Boosting
from observatoire.risk.clairvoyant import clairvoyant
from observatoire.risk.counts import Counts, count
from observatoire.risk.ensemble import fits
from observatoire.risk.evaluate import Roller, gain
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import lineup
from observatoire.risk.maps import drawn
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.self_exciting import SelfExciting
from observatoire.risk.spans import Horizon

CLAIRVOYANT = 7.70  # PAI@2 % of the reference that sees all other weeks, on this set (forecast protocol)
BASE = "count 1 year"
SIMPLE = (BASE, "count all", "exponential decay, 17 weeks, 150 m", "empirical Bayes, chosen on the past")
SERVED = "**ensemble, quick** (served)"


def frozen(folder: Path) -> tuple[Counts, Grid]:
    """Return the counts of the frozen evaluation, as its SOURCE.md defines it."""
    cells = pd.read_csv(folder / "eval_cells.csv")
    grid = Grid.of_cells(cells["cell_id"], cells["x_min"], cells["y_min"], cell=250, crs="EPSG:26971")
    with gzip.open(folder / "sanitation_code_complaints.csv.gz", "rt") as file:
        rows = pd.read_csv(file, dtype={"Status": str})
    rows = rows[rows["Latitude"].notna() & ~rows["Status"].fillna("").str.contains("Dup")]
    rows = rows[(rows["Creation_Date"] >= "2011-01-01") & (rows["Creation_Date"] <= "2014-12-30")]
    to_metres = Transformer.from_crs(4326, 26971, always_xy=True)
    xy = np.column_stack(to_metres.transform(rows["Longitude"].to_numpy(), rows["Latitude"].to_numpy()))
    dates = rows["Creation_Date"].to_numpy().astype("datetime64[us]")
    return count(grid.locate(xy), dates, grid.n_cells, end="2014-12-31", period=7), grid


def models(grid: Grid) -> dict[str, Forecaster]:
    """Return what is compared."""
    return {
        "flat": Flat(),
        "last week": Count(window=1),
        "count 4 weeks": Count(window=4),
        "count 1 year": CountLastYear(),
        "count all": Count(window=None),
        "same season": Seasonal(),
        "kernel density, 1 year, 150 m": Kernel(grid=grid),
        "exponential decay, 17 weeks, 150 m": Kernel(grid=grid, half_life=17.0, window=None),
        "prospective hot spot, 8 weeks, 400 m": Kernel(grid=grid, half_life=4.0, bandwidth=400.0, window=8),
        "empirical Bayes, chosen on the past": EmpiricalBayes(grid=grid),
        "empirical Bayes, 17 weeks, 300 m, 15": EmpiricalBayes(grid=grid, half_life=17.0, bandwidth=300.0, kappa=15.0),
        "self-exciting mixture": SelfExciting(grid=grid),
        "penalised Poisson": PenalisedPoisson(grid=grid),
        "boosting on penalised Poisson": Boosting(grid=grid),
        "**ensemble, quick** (served)": lineup(grid, Horizon(7), effort="quick")["model"],
        "**ensemble, full** (on request)": lineup(grid, Horizon(7), effort="full")["model"],
    }


def main() -> None:
    """Print the table, then the bars."""
    counts, grid = frozen(Path(os.environ["OBS_DATA"]) / "chicago_311_sanitation")
    origins = list(range(counts.n_periods - 52, counts.n_periods))
    print(
        f"{grid.n_cells} cells of 250 m, {grid.area_km2:.1f} km², {counts.totals[-52:].sum():.0f} events in 52 weeks\n"
    )
    print(
        "| model | PAI@1/2/5 % | PEI@2 % | deviance | top 2 % obs./pred. | total in 90 % | s | gain over count, 95 % "
        "| headroom |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    found: dict[str, pd.DataFrame] = {}
    with threadpool_limits(limits=1):
        for name, model in sorted(models(grid).items(), key=lambda item: item[0] != BASE):
            drawn.clear()
            fits.clear()
            begun = time.process_time()
            found[name] = Roller(counts, {name: model}).scores(origins).loc[name]
            print(row(name, found[name], found[BASE], (time.process_time() - begun) / len(origins)), flush=True)
        pai, deviance = clairvoyant(counts.table, grid, origins)
    print(f"\nClairvoyant reference: PAI@2 % {CLAIRVOYANT:.2f} by the protocol (headroom is measured against it);")
    print(f"ours, with hindsight over its options: {pai.mean():.2f}, deviance {deviance.mean():.5f}.\n")
    print("\n".join(bars(found)))


def row(name: str, scores: pd.DataFrame, base: pd.DataFrame, seconds: float) -> str:
    """Return one row of the table."""
    won = gain(scores["pai2"].to_numpy(), base["pai2"].to_numpy())
    mean = scores.mean()
    share = (mean["pai2"] - base["pai2"].mean()) / (CLAIRVOYANT - base["pai2"].mean())
    return (
        f"| {name} | {mean['pai1']:.2f}/{mean['pai2']:.2f}/{mean['pai5']:.2f} | {mean['pei2']:.3f} "
        f"| {mean['deviance']:.5f} | {scores['hits2'].sum() / scores['expected2'].sum():.2f} "
        f"| {mean['total90']:.2f} | {seconds:.3f} "
        f"| {100 * won.relative:+.1f} % [{100 * won.lower:+.1f}, {100 * won.upper:+.1f}] | {100 * share:.0f} % |"
    )


def bars(found: dict[str, pd.DataFrame]) -> list[str]:
    """Return each bar with the served ensemble's figure, as it is: 7.28 is less than 7.30."""
    ours, base = found[SERVED], found[BASE]
    won = gain(ours["pai2"].to_numpy(), base["pai2"].to_numpy())
    best = max(SIMPLE, key=lambda name: found[name]["pai2"].mean())
    beside = gain(ours["pai2"].to_numpy(), found[best]["pai2"].to_numpy())
    total = ours["events"].sum() / ours["expected"].sum()
    top = ours["hits2"].sum() / ours["expected2"].sum()
    pai, deviance, inside = (float(ours[name].mean()) for name in ("pai2", "deviance", "total90"))
    rows = [
        ("PAI@2 % ≥ 7.30 (stretch 7.50)", f"{pai:.2f}", pai >= 7.30),
        ("deviance ≤ .2422 (stretch .2410)", f"{deviance:.5f}", deviance <= 0.2422),
        ("gain over the one-year count, lower bound > 0", f"{100 * won.lower:+.1f} %", won.lower > 0),
        (f"against the best simple model ({best}), lower bound > -5 %", f"{100 * beside.lower:+.1f} %",
         beside.lower > -0.05),
        ("total observed/predicted 0.9-1.1", f"{total:.2f}", 0.9 <= total <= 1.1),
        ("top 2 % observed/predicted 0.9-1.15", f"{top:.2f}", 0.9 <= top <= 1.15),
        ("city total in the 90 % interval, 0.83-0.97", f"{inside:.2f}", 0.83 <= inside <= 0.97),
    ]  # fmt: skip
    return [
        "| bar | served ensemble | |",
        "|---|---|---|",
        *(f"| {bar} | {figure} | {'met' if met else '**missed**'} |" for bar, figure, met in rows),
    ]


if __name__ == "__main__":
    main()
