"""The frozen protocol: the same cells, weeks and baselines for everybody, one table."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from observatoire.benchkit.errors import BadModel
from observatoire.benchkit.theirs import Theirs
from observatoire.risk.arrays import Floats
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Count, CountLastYear, Flat, Kernel
from observatoire.risk.card import plain
from observatoire.risk.clairvoyant import clairvoyant
from observatoire.risk.counts import Counts
from observatoire.risk.crps import mean_crps
from observatoire.risk.evaluate import LEAST_PAST, Roller, gain
from observatoire.risk.gamma_poisson import EmpiricalBayes
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import lineup
from observatoire.risk.predictive import Predictive
from observatoire.risk.protocol import HORIZON_DAYS, ORIGINS, VERSION
from observatoire.risk.scores import score
from observatoire.risk.spans import Horizon

BASE = "count 1 year"
LEAST_ORIGINS = 8

type Step = Callable[[int, int, str], None]


def baselines(grid: Grid) -> dict[str, Forecaster]:
    """Return what every model stands beside."""
    return {
        BASE: CountLastYear(),
        "flat": Flat(),
        "last week": Count(window=1),
        "count all": Count(window=None),
        "exponential decay": Kernel(grid=grid, half_life=17.0, window=None),
        "empirical Bayes": EmpiricalBayes(grid=grid),
        "ensemble, quick": lineup(grid, Horizon(HORIZON_DAYS))["model"],
    }


def bench(
    counts: Counts,
    grid: Grid,
    *,
    model: Path | None = None,
    events: Path | None = None,
    origins: int = ORIGINS,
    random_state: int = 0,
    progress: Step | None = None,
) -> dict[str, Any]:
    """Return the table of the frozen protocol, ready for JSON.

    Parameters
    ----------
    counts : Counts
        Weeks; the last `origins` of them are tested.
    grid : Grid
        Made from what was known before the first of them, or given.
    model : Path, optional
        Somebody's `my.py`.
    events : Path, optional
        The file that the model must not open.

    Raises
    ------
    BadModel
        If the model raises or gives no forecast; or gives another one when asked again, in a fresh process, for the
        first and the last origin: then it is random, or has looked ahead.
    ValueError
        If history is too short: eight weeks before eight origins.
    """
    first = max(counts.n_periods - origins, LEAST_PAST)
    tested = list(range(first, counts.n_periods))
    if len(tested) < LEAST_ORIGINS:
        raise ValueError(
            f"events: {counts.n_periods} weeks of history, at least {LEAST_PAST + LEAST_ORIGINS} are needed"
        )
    frames: dict[str, pd.DataFrame] = {}
    with threadpool_limits(limits=1):
        if model is not None:
            frames[f"yours: {model.name}"] = _theirs(counts, grid, model, events or model, tested, progress)
        for name, ours in baselines(grid).items():
            if progress:
                progress(len(frames), len(baselines(grid)) + 1, name)
            frames[name] = _ours(counts, ours, tested)
        ceiling, ceiling_deviance = clairvoyant(counts.table, grid, tested)
    base = frames[BASE]["pai2"].to_numpy()
    rows = [_row(name, frame, base, ceiling, random_state) for name, frame in frames.items()]
    found: dict[str, Any] = plain(
        {
            "protocol": VERSION,
            "cells": grid.n_cells,
            "cell_m": grid.cell,
            "area_km2": round(grid.area_km2, 6),
            "crs": grid.crs,
            "horizon_days": HORIZON_DAYS,
            "origins": len(tested),
            "first_origin": str(counts.starts[tested[0]])[:10],
            "end": str(counts.end)[:10],
            "events_tested": float(counts.totals[first:].sum()),
            "clairvoyant": {"pai2": float(np.nanmean(ceiling)), "deviance": float(ceiling_deviance.mean())},
            "models": rows,
        }
    )
    return found


def _scored(map_: Predictive, y: Floats, seconds: float) -> dict[str, float]:
    return score(map_, y) | {"crps": mean_crps(map_, y), "seconds": seconds}


def _ours(counts: Counts, model: Forecaster, tested: list[int]) -> pd.DataFrame:
    roller = Roller(counts, {"it": model})
    rows = []
    for k in tested:
        begun = time.process_time()
        map_ = roller.predict("it", k)
        rows.append(_scored(map_, roller.came(k), time.process_time() - begun))
    return pd.DataFrame(rows)


def _theirs(
    counts: Counts, grid: Grid, path: Path, events: Path, tested: list[int], progress: Step | None
) -> pd.DataFrame:
    rows, kept = [], {}
    with Theirs(path, forbidden=events, grid=grid) as theirs:
        for done, k in enumerate(tested):
            if progress:
                progress(done, len(tested), path.name)
            map_, seconds = theirs.forecast(counts.table[:, :k])
            y = np.asarray(counts.table[:, [k]].sum(axis=1), dtype=float).ravel()
            rows.append(_scored(map_, y, seconds))
            if k in (tested[0], tested[-1]):
                kept[k] = map_.expected
    with Theirs(path, forbidden=events, grid=grid) as again:
        for k in reversed(kept):
            if again.forecast(counts.table[:, :k])[0].expected.tolist() != kept[k].tolist():
                raise BadModel(
                    "model: asked again for the same origin it gave another forecast; it is random without a fixed "
                    "seed, or keeps something of other origins"
                )
    return pd.DataFrame(rows)


def _row(name: str, frame: pd.DataFrame, base: Floats, ceiling: Floats, random_state: int) -> dict[str, Any]:
    mean = frame.mean()
    pai = frame["pai2"].to_numpy()
    won = gain(pai, base, random_state=random_state)
    room = float(np.nanmean(ceiling) - np.nanmean(base))
    return {
        "model": name,
        "pai": {k: mean[f"pai{k}"] for k in ("1", "2", "5")},
        "pei2": mean["pei2"],
        "deviance": mean["deviance"],
        "log_score": mean["log_score"],
        "crps": mean["crps"],
        "brier": mean["brier"],
        "observed_over_predicted": {
            "total": frame["events"].sum() / frame["expected"].sum(),
            "top2": frame["hits2"].sum() / frame["expected2"].sum(),
        },
        "total_in_90": mean["total90"],
        "hits2": frame["hits2"].sum(),
        "gain": {"relative": won.relative, "lower": won.lower, "upper": won.upper, "level": won.level},
        "headroom_share": (float(np.nanmean(pai) - np.nanmean(base)) / room) if room > 0 else float("nan"),
        "seconds": mean["seconds"],
    }


def markdown(found: dict[str, Any]) -> str:
    """Return the table for people."""
    lines = [
        f"{found['protocol']}: {found['cells']} cells of {found['cell_m']:g} m, {found['area_km2']:.1f} km², "
        f"{found['events_tested']:.0f} events in {found['origins']} weeks from {found['first_origin']}",
        "",
        "| model | PAI@1/2/5 % | PEI@2 % | deviance | CRPS | top 2 % obs./pred. | total in 90 % | s "
        "| gain over count, 95 % | headroom |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found["models"]:
        pai, won = row["pai"], row["gain"]
        share = "–" if row["headroom_share"] is None else f"{100 * row['headroom_share']:.0f} %"
        interval = "–" if won["relative"] is None else (
            f"{100 * won['relative']:+.1f} % [{100 * won['lower']:+.1f}, {100 * won['upper']:+.1f}]"
        )  # fmt: skip
        lines.append(
            f"| {row['model']} | {pai['1']:.2f}/{pai['2']:.2f}/{pai['5']:.2f} | {row['pei2']:.3f} "
            f"| {row['deviance']:.5f} | {row['crps']:.5f} | {row['observed_over_predicted']['top2'] or 0:.2f} "
            f"| {row['total_in_90']:.2f} | {row['seconds']:.3f} | {interval} | {share} |"
        )
    above = found["clairvoyant"]
    lines.append(f"\nClairvoyant reference: PAI@2 % {above['pai2']:.2f}, deviance {above['deviance']:.5f}.")
    return "\n".join(lines)
