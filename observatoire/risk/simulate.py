"""A simulated coastal city of Marseille's size, whose true intensity is known.

Nothing in it is real: coast, divisions and events are drawn from a seed. Reports of residents and facts of a municipal
day-log follow an inhomogeneous background × season × weekday × hour, a weekly shock common to the city, and outbreaks
of some weeks in small places; a share of the facts is discovered on patrol, where patrols are and not where needs are.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from observatoire.risk import town
from observatoire.risk.arrays import Dates, Floats, Ints
from observatoire.risk.rhythm import Rhythm, hours, weights

CELL = 50.0  # m: the intensity is constant in a cell and in an hour
REPORTS_A_YEAR, FACTS_A_YEAR = 50_000, 20_000
SHOCK = 0.06  # standard deviation of the week's common factor
OUTBREAKS_A_YEAR = 90  # of each kind of day-log
IN_OUTBREAKS = 0.12  # share of events
DISCOVERED = 0.3  # share of the facts

#: share of each nature, and its rhythm
REPORTS: dict[str, tuple[float, Rhythm]] = {
    "depot-sauvage": (0.38, Rhythm(0.15, 170, 0.75, 10, 3.5)),
    "tag": (0.12, Rhythm(0.05, 120, 0.60, 10, 3.0)),
    "bruit": (0.16, Rhythm(0.45, 200, 1.60, 23, 2.5)),
    "eclairage": (0.12, Rhythm(0.35, 355, 0.90, 19, 2.5)),
    "voirie": (0.14, Rhythm(0.15, 20, 0.55, 9, 3.0)),
    "vehicule-epave": (0.08, Rhythm(0.05, 90, 0.70, 11, 3.5)),
}
FACTS: dict[str, tuple[float, Rhythm]] = {
    "degradation": (0.30, Rhythm(0.10, 190, 1.20, 1, 4.0)),
    "tapage": (0.28, Rhythm(0.40, 200, 1.80, 0, 2.5)),
    "vol-roulotte": (0.18, Rhythm(0.25, 210, 1.10, 15, 4.0)),
    "rixe": (0.10, Rhythm(0.30, 195, 1.90, 1, 2.5)),
    "vente-sauvette": (0.14, Rhythm(0.35, 205, 1.30, 16, 3.0)),
}

type Kind = Literal["reports", "facts"]


@dataclass(frozen=True, eq=False)
class Stream:
    """Events of one nature and origin over one ground: the product of a place and a time.

    Attributes
    ----------
    cells : ndarray of int, shape (n_places,)
        Where it happens: indices of cells.
    place : ndarray, shape (n_places,)
        Expected events of each of them over the whole time.
    begin : int
        Hour at which it begins.
    time : ndarray, shape (n_hours,)
        Share of each hour from there on, sum 1.
    """

    kind: Kind
    nature: str
    origin: str
    cells: Ints
    place: Floats
    begin: int
    time: Floats


@dataclass(frozen=True, eq=False)
class SimulatedCity:
    """What was drawn, and the intensity that it was drawn from.

    Attributes
    ----------
    reports, facts : DataFrame
        `id` (text), `date` (aware, UTC), `x`, `y` (EPSG:2154, m), `nature`, `origin` (reported or discovered),
        `precision`.
    divisions : GeoDataFrame, EPSG:2154
        `id`, `name`, polygon: a partition of the land.
    land : shapely (multi)polygon, EPSG:2154
    corners : ndarray, shape (n_cells, 2), m
        Lower left corners of the cells of `CELL` metres on which the intensity is constant.
    times : ndarray of datetime64, UTC hours
    streams : tuple of Stream
    heard : ndarray, shape (n_cells,)
        How much of what happens in a cell is reported, against the city: 1 everywhere without reporting bias. The
        intensity of reports over it is, up to one factor, that of what happens.
    """

    reports: pd.DataFrame
    facts: pd.DataFrame
    divisions: gpd.GeoDataFrame
    land: Any
    corners: Floats
    times: Dates
    streams: tuple[Stream, ...]
    heard: Floats

    def expected(
        self,
        start: Any,
        end: Any,
        *,
        kind: Kind = "reports",
        nature: str | None = None,
        origin: str | None = None,
    ) -> Floats:
        """Return the expected events of each cell of `corners` in [start, end), naive dates being UTC."""
        edges = np.append(self.times, self.times[-1] + np.timedelta64(1, "h"))
        low, high = (float((_utc(t) - edges[0]) / np.timedelta64(1, "h")) for t in (start, end))
        hour = np.arange(len(self.times))
        part = np.clip(high - hour, 0, 1) - np.clip(low - hour, 0, 1)
        total = np.zeros(len(self.corners))
        for stream in self.streams:
            if stream.kind == kind and nature in (None, stream.nature) and origin in (None, stream.origin):
                seen = part[stream.begin : stream.begin + len(stream.time)]
                total[stream.cells] += stream.place * float(stream.time @ seen)
        return total

    def intensity(self, xy: ArrayLike, start: Any, end: Any, **which: Any) -> Floats:
        """Return the true intensity at each point, events/km² in [start, end); 0 in the sea. Options of `expected`."""
        cell = _lookup(np.asarray(xy, dtype=float), self.corners)
        per_km2 = self.expected(start, end, **which) / (CELL / 1000) ** 2
        return np.where(cell >= 0, per_km2[cell], 0.0)


def simulate(
    *,
    end: str = "2026-01-01",
    years: float = 3.0,
    scale: float = 1.0,
    random_state: int = 0,
    discovery: float = DISCOVERED,
    reporting: float = 0.0,
) -> SimulatedCity:
    """Draw the city.

    Parameters
    ----------
    end : text
        Day on which the data end, excluded, midnight UTC.
    years : float, > 0
    scale : float, > 0
        1 gives about 50 000 reports and 20 000 facts a year.
    random_state : int
        The same options give the same city, to the byte.
    discovery : float, in [0, 1)
        Share of the facts that patrols discover.
    reporting : float, >= 0
        How unevenly residents report: standard deviation, between divisions, of the logarithm of the share of what
        happens that is reported. 0: everybody reports alike. The number of reports stays the same.

    Raises
    ------
    ValueError
        If `years` or `scale` is not positive, or a share is out of its range.
    """
    if not (years > 0 and scale > 0):
        raise ValueError(f"years and scale must be > 0, got {years} and {scale}")
    if not (0 <= discovery < 1 and reporting >= 0):
        raise ValueError(f"discovery must be in [0, 1) and reporting >= 0, got {discovery} and {reporting}")
    ground_rng, place_rng, event_rng = (np.random.default_rng([random_state, k]) for k in range(3))
    last = pd.Timestamp(end, tz="UTC").floor("D")
    times = hours(last - pd.Timedelta(days=round(365.25 * years)), last)
    ground = town.land(ground_rng)
    divisions = town.divisions(ground, ground_rng)
    corners = _corners(ground)
    streams = tuple(_streams(corners, times, years, scale, place_rng, discovery))
    heard = _heard(corners, divisions, reporting, np.random.default_rng([random_state, 3]))
    if reporting:
        streams = _as_reported(streams, heard)
    reports = _draw(streams, "reports", corners, times, event_rng)
    facts = _draw(streams, "facts", corners, times, event_rng)
    return SimulatedCity(reports, facts, divisions, ground, corners, times, streams, heard)


def _heard(corners: Floats, divisions: gpd.GeoDataFrame, reporting: float, rng: np.random.Generator) -> Floats:
    """Return the propensity to report of each cell: that of the division in which its centre lies."""
    if not reporting:
        return np.ones(len(corners))
    share = np.exp(reporting * rng.normal(size=len(divisions)))
    tree = shapely.STRtree(divisions.geometry.to_numpy())
    return np.asarray(share[tree.nearest(shapely.points(corners + CELL / 2))])


def _as_reported(streams: tuple[Stream, ...], heard: Floats) -> tuple[Stream, ...]:
    """Return the streams with what residents report thinned or thickened, nature by nature as many as before."""
    made = list(streams)
    for kind, nature in {(s.kind, s.nature) for s in streams}:
        which = [k for k, s in enumerate(streams) if (s.kind, s.nature, s.origin) == (kind, nature, "reported")]
        before = sum(streams[k].place.sum() for k in which)
        after = sum(float(streams[k].place @ heard[streams[k].cells]) for k in which)
        for k in which:
            made[k] = replace(streams[k], place=streams[k].place * heard[streams[k].cells] * before / after)
    return tuple(made)


def _streams(
    corners: Floats, times: Dates, years: float, scale: float, rng: np.random.Generator, discovery: float
) -> list[Stream]:
    week = np.arange(len(times)) // (24 * 7)
    shock = np.exp(SHOCK * rng.normal(size=int(week.max()) + 1) - SHOCK**2 / 2)[week]
    common, patrol = _field(corners, rng, hot=110), _field(corners, rng, hot=6, spread=(600, 1500), even=0.05)
    everywhere = np.arange(len(corners))
    made: list[Stream] = []
    kinds: tuple[tuple[Kind, dict[str, tuple[float, Rhythm]], int], ...] = (
        ("reports", REPORTS, REPORTS_A_YEAR),
        ("facts", FACTS, FACTS_A_YEAR),
    )
    for kind, natures, a_year in kinds:
        for nature, (share, rhythm) in natures.items():
            events = scale * years * a_year * share
            own = 0.5 * common + 0.5 * _field(corners, rng, hot=60)
            rate = weights(rhythm, times) * shock / len(times)
            discovered = discovery if kind == "facts" else 0.0
            known = events * (1 - discovered)
            made.append(Stream(kind, nature, "reported", everywhere, known * (1 - IN_OUTBREAKS) * own, 0, rate))
            n_outbreaks = max(1, round(OUTBREAKS_A_YEAR * years * share))
            made += _outbreaks(kind, nature, known * IN_OUTBREAKS, n_outbreaks, own, corners, rate, rng)
            if discovered:
                seen = own * patrol
                made.append(
                    Stream(kind, nature, "discovered", everywhere, events * discovered * seen / seen.sum(), 0, rate)
                )
    return made


def _outbreaks(
    kind: Kind,
    nature: str,
    events: float,
    n: int,
    field: Floats,
    corners: Floats,
    rate: Floats,
    rng: np.random.Generator,
) -> list[Stream]:
    """Return outbreaks of three to fifteen weeks in places of 60 to 160 m, more often where the background is high."""
    made = []
    centres = corners[rng.choice(len(corners), size=n, p=field / field.sum())] + CELL / 2
    sizes = rng.gamma(1.5, size=n)
    for centre, size in zip(centres, events * sizes / sizes.sum(), strict=True):
        cells, near = _bump(corners, centre, float(rng.uniform(60, 160)))
        begin, length = int(rng.integers(0, len(rate))), int(rng.uniform(3, 15) * 168)
        time = rate[begin : begin + length]
        made.append(Stream(kind, nature, "reported", cells, size * near, begin, time / time.sum()))
    return made


def _field(
    corners: Floats, rng: np.random.Generator, *, hot: int, spread: tuple[float, float] = (70, 500), even: float = 0.12
) -> Floats:
    """Return a distribution over cells: thin everywhere, denser towards the centre, dense in `hot` places; sum 1."""
    offset = corners - town.CENTRE
    centre = np.exp(-0.5 * (offset**2).sum(axis=1) / 3500.0**2) + 0.02
    made = even / len(corners) + (0.35 - even) * centre / centre.sum()
    seats = corners[rng.choice(len(corners), size=hot, p=centre / centre.sum())]
    sizes = rng.pareto(1.6, size=hot) + 0.2
    for seat, size in zip(seats, 0.65 * sizes / sizes.sum(), strict=True):
        cells, near = _bump(corners, seat + CELL / 2, float(rng.uniform(*spread)))
        made[cells] += size * near
    return np.asarray(made / made.sum())


def _bump(corners: Floats, centre: Floats, sigma: float) -> tuple[Ints, Floats]:
    """Return the cells within four standard deviations of a Gaussian bump, and its share in each, sum 1."""
    low, high = np.searchsorted(
        corners[:, 1], centre[1] - CELL / 2 + np.array([-4, 4]) * sigma
    )  # sorted from the south
    offset = corners[low:high] + CELL / 2 - centre
    near = np.exp(-0.5 * (offset[:, 0] ** 2 + offset[:, 1] ** 2) / sigma**2) * (np.abs(offset[:, 0]) < 4 * sigma)
    cells = np.nonzero(near)[0]
    return low + cells, near[cells] / near.sum()


def _draw(
    streams: tuple[Stream, ...], kind: Kind, corners: Floats, times: Dates, rng: np.random.Generator
) -> pd.DataFrame:
    chosen = [stream for stream in streams if stream.kind == kind]
    sizes = rng.poisson([stream.place.sum() for stream in chosen])
    place = np.concatenate([s.cells[_pick(s.place, int(n), rng)] for s, n in zip(chosen, sizes, strict=True)])
    hour = np.concatenate([s.begin + _pick(s.time, int(n), rng) for s, n in zip(chosen, sizes, strict=True)])
    second = hour * 3600 + rng.integers(0, 3600, size=len(hour))
    xy = np.round(corners[place] + rng.uniform(0, CELL - 0.1, size=(len(place), 2)), 1)
    order = np.argsort(second, kind="stable")
    letter = kind[0].upper()
    frame = pd.DataFrame(
        {
            "id": [f"{letter}{n:07d}" for n in range(1, len(order) + 1)],
            "date": pd.DatetimeIndex(times[0] + second[order].astype("timedelta64[s]")).tz_localize("UTC"),
            "x": xy[order, 0],
            "y": xy[order, 1],
            "nature": np.repeat([s.nature for s in chosen], sizes)[order],
            "origin": np.repeat([s.origin for s in chosen], sizes)[order],
        }
    )
    return frame.assign(precision="second")


def _pick(weights: Floats, n: int, rng: np.random.Generator) -> Ints:
    run = np.cumsum(weights)
    return np.asarray(np.searchsorted(run, rng.random(n) * run[-1], side="right"), dtype=np.int64)


def _corners(ground: Any) -> Floats:
    west, south, east, north = ground.bounds
    x, y = np.meshgrid(
        np.arange(west // CELL, east // CELL + 1) * CELL, np.arange(south // CELL, north // CELL + 1) * CELL
    )
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + CELL, y.ravel() + CELL)
    shapely.prepare(ground)
    return np.asarray(np.column_stack([x.ravel(), y.ravel()])[shapely.covers(ground, squares)])


def _lookup(xy: Floats, corners: Floats) -> Ints:
    """Return the cell of each point, -1 outside."""
    keys = np.floor(corners / CELL).astype(np.int64) @ np.array([1_000_000, 1])
    wanted = np.floor(xy / CELL).astype(np.int64) @ np.array([1_000_000, 1])
    order = np.argsort(keys)
    at = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[at] == wanted, at, -1)


def _utc(when: Any) -> np.datetime64:
    moment = pd.Timestamp(when)
    return np.datetime64(moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment, "us")
