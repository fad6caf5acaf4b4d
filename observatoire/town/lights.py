"""Lights of the inner city, their circuits, and a year of outages; what outages add to reports and facts is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observatoire.risk import town
from observatoire.risk.arrays import Floats, Ints
from observatoire.town.planted import OUTAGE_DAYS
from observatoire.town.streets import Streets

NUMBER = 3_600  # at full size
BETWEEN = 45.0  # m
A_CIRCUIT = 24  # lights, about
OUTAGES_A_YEAR = 0.5  # of a circuit
MEDIAN_DAYS = 5.0  # of an outage; the logarithm has a standard deviation of 0.8
CAUSES = {"cable": 0.4, "armoire": 0.25, "vandalisme": 0.15, "inconnue": 0.2}
REACH = 100.0  # m around a light within which darkness counts
MORE_FACTS = 0.5  # share by which night facts rise in the dark: the true effect of an outage
REPORTS_AN_OUTAGE = 1.5


@dataclass(frozen=True, eq=False)
class Lights:
    """Lights and outages.

    Attributes
    ----------
    xy : ndarray, shape (n_lights, 2), m, EPSG:2154
    circuit : ndarray of int, shape (n_lights,)
        From 0; circuit `k` is called `CI` and `k + 1` in three figures.
    segment : ndarray of int, shape (n_lights,)
    power : ndarray, shape (n_lights,), W
    outages : DataFrame
        `circuit` (number), `start`, `end` (UTC; NaT while under way), `cause`, `lights`, `x`, `y`, `segment`.
    """

    xy: Floats
    circuit: Ints
    segment: Ints
    power: Floats
    outages: pd.DataFrame

    def out_since(self) -> dict[int, pd.Timestamp]:
        """Return the circuits that are out at the end, and since when."""
        now = self.outages[self.outages["end"].isna()]
        return dict(zip(now["circuit"].tolist(), now["start"].tolist(), strict=True))


def circuit_name(number: int) -> str:
    """Return the name of a circuit."""
    return f"CI{number + 1:03d}"


def lights(grid: Streets, end: pd.Timestamp, rng: np.random.Generator, *, n: int = NUMBER) -> Lights:
    """Draw lights along the segments nearest to the centre, and the outages of the year before `end` (UTC).

    The first circuit is out since `OUTAGE_DAYS` days: it is planted.
    """
    order = np.argsort(np.hypot(*(grid.middles - town.CENTRE).T), kind="stable")
    count = np.maximum(1, (grid.lengths[order] // BETWEEN).astype(int))
    lit = order[: int(np.searchsorted(np.cumsum(count), n)) + 1]
    xy, segment = [], []
    for k in lit.tolist():
        start, stop = grid.nodes[grid.ends[k]]
        many = max(1, int(grid.lengths[k] // BETWEEN))
        along = (stop - start) / np.hypot(*(stop - start))
        share = (np.arange(many) + 0.5) / many
        side = np.array([-along[1], along[0]]) * 3.5
        xy.append(start + share[:, None] * (stop - start) + side)
        segment.append(np.full(many, k))
    places, segments = np.round(np.concatenate(xy), 1)[:n], np.concatenate(segment)[:n].astype(np.int64)
    circuit = np.arange(len(places)) // A_CIRCUIT
    power: Floats = np.array([45.0, 70.0, 100.0, 150.0])[rng.choice(4, size=len(places), p=[0.5, 0.25, 0.15, 0.1])]
    outages = _outages(places, segments, circuit, end, rng)
    return Lights(places, circuit.astype(np.int64), segments, power, outages)


def _outages(xy: Floats, segment: Ints, circuit: Ints, end: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    many = int(circuit.max()) + 1
    which = np.repeat(np.arange(many), rng.poisson(OUTAGES_A_YEAR, many))
    which = which[which > 0]  # the first is planted
    start = end - pd.to_timedelta(rng.uniform(0, 365, len(which)), unit="D").floor("min")
    length = pd.to_timedelta(MEDIAN_DAYS * np.exp(rng.normal(0, 0.8, len(which))), unit="D").floor("min")
    stop = start + length
    frame = pd.DataFrame(
        {
            "circuit": np.append(which, 0),
            "start": [*start, end - pd.Timedelta(days=OUTAGE_DAYS, hours=5)],
            "end": [*stop.where(stop <= end), pd.NaT],
            "cause": np.append(rng.choice(list(CAUSES), size=len(which), p=list(CAUSES.values())), "armoire"),
        }
    )
    first = np.searchsorted(circuit, frame["circuit"])
    centres = np.array([xy[circuit == k].mean(axis=0) for k in range(many)])
    at = np.round(centres[frame["circuit"]], 1)
    frame = frame.assign(lights=np.bincount(circuit)[frame["circuit"]], x=at[:, 0], y=at[:, 1], segment=segment[first])
    # One outage at a time: a second one of the same circuit begins after the first has ended.
    frame = frame.sort_values(["circuit", "start"], kind="stable").reset_index(drop=True)
    before = frame.groupby("circuit")["end"].shift()
    same = frame["circuit"].eq(frame["circuit"].shift())
    return frame[~same | (before.notna() & (frame["start"] > before))].reset_index(drop=True)
