"""Reports and facts beyond those of the base simulation: what outages add, and the planted surge."""

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from observatoire.risk.arrays import Floats
from observatoire.risk.simulate import CELL, SimulatedCity
from observatoire.town.lights import MORE_FACTS, REACH, REPORTS_AN_OUTAGE, Lights
from observatoire.town.planted import OUTAGE_REPORTS, SURGE_DAYS, SURGE_RADIUS, SURGE_REPORTS

FIRST = 9_000_000  # number of the first of these reports and facts
NIGHT_SHARE = 0.5  # of a day's facts: what outages can act on


def more_reports(lights: Lights, surge: Floats, end: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """Return reports of lights that are out, and the surge of fly-tipping; the surge has the first numbers.

    Parameters
    ----------
    surge : ndarray, shape (2,), m
    end : Timestamp, aware
    """
    minutes = rng.integers(1, SURGE_DAYS * 1_440, SURGE_REPORTS)
    near = surge + SURGE_RADIUS * np.sqrt(rng.random((SURGE_REPORTS, 1))) * _directions(SURGE_REPORTS, rng)
    first = _frame(end - pd.to_timedelta(minutes, unit="min"), near, "depot-sauvage").sort_values("date", kind="stable")
    outages = lights.outages
    planted = outages["circuit"].to_numpy() == 0
    planted &= outages["end"].isna().to_numpy()
    count = np.where(planted, OUTAGE_REPORTS, rng.poisson(REPORTS_AN_OUTAGE, len(outages)))
    which = np.repeat(np.arange(len(outages)), count)
    after = pd.to_timedelta(rng.integers(60, 3 * 1_440, len(which)), unit="min")
    at = outages[["x", "y"]].to_numpy()[which] + rng.normal(0, 25, (len(which), 2))
    others = _frame(pd.DatetimeIndex(outages["start"])[which] + after, at, "eclairage")
    return _numbered(pd.concat([first, others[others["date"] < end]]), "R")


def more_facts(city: SimulatedCity, lights: Lights, end: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """Return the facts that darkness adds: `MORE_FACTS` of the night facts within `REACH` of the lights that are out.

    The rate of the place is that of the year before `end`; half of it is of the night.
    """
    year = city.expected(end - pd.Timedelta(days=365), end, kind="facts", origin="reported")
    tree, rows = KDTree(city.corners + CELL / 2), []
    for outage in lights.outages.to_dict("records"):
        lit = lights.xy[lights.circuit == outage["circuit"]]
        cells = np.unique(np.concatenate([np.array(c, dtype=int) for c in tree.query_ball_point(lit, REACH)]))
        stop = end if pd.isna(outage["end"]) else outage["end"]
        days = (stop - outage["start"]) / pd.Timedelta(days=1)
        rate = year[cells] * MORE_FACTS * NIGHT_SHARE * days / 365
        chosen = np.repeat(cells, rng.poisson(rate))
        nights = rng.integers(0, max(1, int(days)), len(chosen))
        hour = pd.to_timedelta(nights * 24 * 60 + rng.integers(0, 6 * 60, len(chosen)), unit="min")
        date = pd.Timestamp(outage["start"]).normalize() + pd.Timedelta(days=1) + hour
        rows.append(_frame(date, city.corners[chosen] + rng.uniform(0, CELL, (len(chosen), 2)), "degradation"))
    whole = pd.concat(rows)
    return _numbered(whole[whole["date"] < end].sort_values("date", kind="stable"), "F")


def _frame(date: pd.DatetimeIndex, xy: Floats, nature: str) -> pd.DataFrame:
    return pd.DataFrame({"date": date, "x": np.round(xy[:, 0], 1), "y": np.round(xy[:, 1], 1), "nature": nature})


def _numbered(frame: pd.DataFrame, letter: str) -> pd.DataFrame:
    ids = [f"{letter}{n}" for n in range(FIRST + 1, FIRST + 1 + len(frame))]
    return frame.reset_index(drop=True).assign(id=ids, origin="reported", precision="second")


def _directions(n: int, rng: np.random.Generator) -> Floats:
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.column_stack([np.cos(angle), np.sin(angle)])
