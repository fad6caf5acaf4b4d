"""`obs forecast --protocol nij`: flagged areas for the challenge's five horizons, and what they were worth before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from observatoire.errors import BadInput
from observatoire.forecasts.events_files import read_cells, read_events
from observatoire.forecasts.files import Progress, instant, project, utm
from observatoire.risk.arrays import Dates
from observatoire.risk.card import plain
from observatoire.risk.counts import count
from observatoire.risk.evaluate import LEAST_PAST, Roller
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid
from observatoire.risk.lineup import WEEKS_OF_REFIT, lineup
from observatoire.risk.protocol import NIJ, SQUARE_FOOT, AreaScore, area_score, flag_first
from observatoire.risk.spans import Horizon

CELL, AREA = 150.0, 0.5  # m and square miles: within the limits, where nothing is asked


def nij_files(
    events: Path,
    *,
    as_of: str,
    out: Path,
    cell: float = CELL,
    area: float = AREA,
    origins: int = 1,
    cells: Path | None = None,
    crs: str | None = None,
    tz: str = "UTC",
    mapping: Mapping[str, str] | None = None,
    category: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Forecast the five horizons from `as_of`, write the cells with their flags, and score past periods.

    Parameters
    ----------
    area : float, square miles, 0.25 to 0.75
        Flagged in all.
    origins : int
        Past periods of each horizon that are scored, one after the other back from `as_of`, each from what was known
        before it.
    events, as_of, out, cell, cells, crs, tz, mapping, category
        As in `forecast_files`; cells of 76.2 to 182.9 m.

    Returns
    -------
    dict
        `scores`: a row per horizon and model (model, count, flat) with PAI, PEI*, hits, the most that the area could
        have caught, and events, summed over the origins.

    Raises
    ------
    BadInput
        If a value is outside the protocol's limits, or cannot be used; the text names it.
    """
    try:
        found = read_events(events, mapping=mapping or {}, tz=tz, category=category)
        crs = crs or utm(found)
        xy, last = project(found, crs), np.datetime64(instant(as_of, tz), "us")
        grid = read_cells(cells, cell=cell, crs=crs) if cells else _grid(found.dates, xy, last, origins, cell, crs)
        NIJ.check(grid, area)
        k = NIJ.cells(grid, area)
        frames, rows = [], []
        for done, (name, n_days) in enumerate(NIJ.horizons.items()):
            if progress:
                progress(done, len(NIJ.horizons), name)
            made = forecast(xy, found.dates, grid, as_of=last, horizon=n_days, tz=tz)
            expected = made.frame["expected"].to_numpy(dtype=float)
            flagged = np.zeros(grid.n_cells, bool) if made.answer == "abstains" else flag_first(expected, k)
            frames.append(made.frame.assign(horizon_days=n_days, flagged=flagged))
            rows += _past(grid, found.dates, grid.locate(xy), last, Horizon(n_days), name, origins=origins, cells=k)
    except ValueError as error:
        raise BadInput(str(error)) from None
    frame = pd.concat(frames, ignore_index=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    geometry = np.tile(grid.polygons(), len(frames))
    gpd.GeoDataFrame(frame, geometry=geometry, crs=grid.crs).to_parquet(out, index=False)
    summary: dict[str, Any] = plain(
        {
            "protocol": "nij",
            "cell_m": grid.cell,
            "cell_sq_ft": grid.cell**2 / SQUARE_FOOT,
            "n_cells": grid.n_cells,
            "area_km2": grid.area_km2,
            "flagged_cells": k,
            "flagged_sq_mi": k * grid.cell**2 / 1609.344**2,
            "crs": grid.crs,
            "read": found.read,
            "refused": found.refused,
            "scores": rows,
        }
    )
    return summary


def _past(
    grid: Grid, dates: Dates, where: Any, last: np.datetime64, horizon: Horizon, name: str, *, origins: int, cells: int
) -> list[dict[str, Any]]:
    counts = count(where, dates, grid.n_cells, end=last, period=horizon.period)
    roller = Roller(counts, lineup(grid, horizon), horizon.steps, horizon.weeks(WEEKS_OF_REFIT))
    tested = [k for k in roller.origins(counts.n_periods, origins) if k >= LEAST_PAST]
    rows = []
    with threadpool_limits(limits=1):
        for model in roller.models:
            scores = [
                _expected_score(roller.predict(model, k).expected, roller.came(k), cells) for k in tested
            ]  # fmt: skip
            rows.append({"horizon": name, "horizon_days": horizon.days, "model": model, "origins": len(scores)})
            rows[-1] |= _summed(scores, cells / grid.n_cells)
    return rows


def _expected_score(expected: Any, y: Any, cells: int) -> AreaScore:
    """Score the flagged area; a map of equal cells is scored as chance would, not by the order of its cells."""
    if np.ptp(expected) > 0:
        return area_score(flag_first(expected, cells), y)
    most = float(np.sort(y)[::-1][:cells].sum())
    caught = float(y.sum()) * cells / len(y)
    return AreaScore(1.0, caught / most if most else float("nan"), caught, most, float(y.sum()))


def _summed(scores: list[AreaScore], share: float) -> dict[str, float]:
    caught, most, events = (sum(getattr(one, name) for one in scores) for name in ("caught", "most", "events"))
    nan = float("nan")
    return {
        "pai": caught / events / share if events else nan,
        "pei": caught / most if most else nan,
        "caught": caught,
        "most": most,
        "events": events,
    }


def _grid(dates: Dates, xy: Any, last: np.datetime64, origins: int, cell: float, crs: str) -> Grid:
    first = last - np.timedelta64(max(NIJ.horizons.values()) * max(origins, 1), "D")
    known = (dates < first) & np.isfinite(xy).all(axis=1)
    if not known.any():
        raise BadInput(f"events: none lies before the first origin, {np.datetime_as_string(first, 'D')}")
    return Grid.of_events(xy[known], cell=cell, crs=crs)


def markdown(summary: dict[str, Any]) -> str:
    """Return the table for people."""
    lines = [
        f"NIJ protocol: {summary['n_cells']} cells of {summary['cell_m']:g} m ({summary['cell_sq_ft']:,.0f} sq ft), "
        f"{summary['area_km2']:.1f} km²; {summary['flagged_cells']} flagged ({summary['flagged_sq_mi']:.3f} sq mi)",
        "",
        "| horizon | model | PAI | PEI* | hits of N | periods |",
        "|---|---|---|---|---|---|",
    ]
    for row in summary["scores"]:
        pai, pei = (
            "–" if row[name] is None else f"{row[name]:.{digits}f}" for name, digits in (("pai", 2), ("pei", 3))
        )
        lines.append(
            f"| {row['horizon']} | {row['model']} | {pai} | {pei} | {row['caught']:.0f} of {row['events']:.0f} "
            f"| {row['origins']} |"
        )
    return "\n".join(lines)
