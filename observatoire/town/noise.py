"""Noise at fixed sensors: sums of energies of traffic, bars, works and events, and the indicators of the directive."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from observatoire.risk import town
from observatoire.risk.arrays import Floats
from observatoire.risk.rhythm import ZONE
from observatoire.town.events import Event
from observatoire.town.places import Places
from observatoire.town.planted import SILENT_DAYS, SILENT_SENSOR
from observatoire.town.schedule import spans
from observatoire.town.streets import Streets
from observatoire.town.works import Works

SENSORS = 9  # at full size
SPREAD = 1.2  # dB: standard deviation of an hour about its expectation
BAR_REACH, WORKS_REACH, EVENT_REACH = 150.0, 80.0, 250.0  # m
BAR_DB, WORKS_DB, EVENT_DB = 60.0, 70.0, 72.0  # dB(A) of one bar, of a site, of an event of 1 000 people
LOUD = {"faible": -10.0, "moyen": 0.0, "fort": 6.0, "tres-fort": 12.0}
DAY, EVENING, NIGHT = range(6, 18), range(18, 22), (22, 23, 0, 1, 2, 3, 4, 5)
#: dB of traffic at each local hour, against the whole day: morning and evening peaks, quiet nights.
TRAFFIC = (
    -8.0, -9.5, -10.5, -10.5, -9.0, -5.0, -1.5, 1.0, 1.5, 0.5, 0.0, 0.0,
    0.5, 0.0, 0.0, 0.5, 1.0, 1.5, 1.5, 0.5, -1.0, -2.5, -4.0, -6.0,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sensor:
    """One sensor and its hours.

    Attributes
    ----------
    expected, laeq : ndarray, shape (n_hours,), dB(A)
        The truth, and what was measured; NaN once it is silent.
    """

    code: str
    x: float
    y: float
    expected: Floats
    laeq: Floats


@dataclass(frozen=True, eq=False)
class Noise:
    """All sensors over the same UTC hours (`times`, naive)."""

    times: pd.DatetimeIndex
    sensors: tuple[Sensor, ...]


def mean_level(levels: Floats) -> float:
    """Return the equivalent level of hours of equal length: the level of the mean energy, dB(A).

    Examples
    --------
    Twice the energy in half of the time is the same: 60 and silence give 57.

    >>> round(mean_level(np.array([60.0, -100.0])), 1)
    57.0
    """
    return float(10 * np.log10(np.mean(10 ** (np.asarray(levels) / 10))))


def lden(day: float, evening: float, night: float) -> float:
    """Return the day-evening-night level, dB(A): 12, 4 and 8 hours, the evening 5 dB and the night 10 dB dearer.

    References
    ----------
    .. [1] Directive 2002/49/EC, annex I, 1; periods of France: arrêté of 4 April 2006, article 2 (06–18, 18–22, 22–06).

    Examples
    --------
    >>> round(lden(60.0, 55.0, 50.0), 1)
    60.0
    """
    energy = 12 * 10 ** (day / 10) + 4 * 10 ** ((evening + 5) / 10) + 8 * 10 ** ((night + 10) / 10)
    return float(10 * np.log10(energy / 24))


def noise(
    grid: Streets,
    places: Places,
    works: list[Works],
    events: list[Event],
    end: pd.Timestamp,
    rng: np.random.Generator,
    *,
    n: int = SENSORS,
    days: int = 365,
) -> Noise:
    """Measure the hours of the `days` days before `end` (UTC, naive hours)."""
    last = end.tz_convert("UTC").tz_localize(None)
    times = pd.date_range(last - pd.Timedelta(days=days), last, freq="h", inclusive="left")
    local = times.tz_localize("UTC").tz_convert(ZONE)
    made = []
    for k, (x, y) in enumerate(_seats(grid, places, n, rng), start=1):
        expected = _expected(np.array([x, y]), places, works, events, times, local)
        measured = np.round(expected + rng.normal(0, SPREAD, len(times)), 1)
        code = f"B{k:02d}"
        if code == SILENT_SENSOR:
            measured[times >= last - pd.Timedelta(days=SILENT_DAYS)] = np.nan
        made.append(Sensor(code, x, y, expected, measured))
    return Noise(times, tuple(made))


def daily(times: pd.DatetimeIndex, laeq: Floats) -> pd.DataFrame:
    """Return the indicators of each local day from 06:00 that has all its hours: `date` (UTC), `laeq`, `lden`, `ln`."""
    local = times.tz_localize("UTC").tz_convert(ZONE)
    wall = local.tz_localize(None) - pd.Timedelta(hours=6)
    rows = []
    for _, at in pd.Series(range(len(times)), index=wall.normalize()).groupby(level=0):
        index = at.to_numpy()
        hours, levels = local.hour[index], laeq[index]
        if len(index) < 23 or np.isnan(levels).any():  # 23 hours on the day that clocks are put forward
            continue
        parts = [mean_level(levels[np.isin(hours, list(part))]) for part in (DAY, EVENING, NIGHT)]
        rows.append(
            {
                "date": times[index[0]].tz_localize("UTC"),
                "laeq": round(mean_level(levels), 1),
                "lden": round(lden(*parts), 1),
                "ln": round(parts[2], 1),
            }
        )
    return pd.DataFrame(rows, columns=["date", "laeq", "lden", "ln"])


def _seats(grid: Streets, places: Places, n: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return where sensors stand: among bars, at squares, on main roads, in quiet streets, in turn."""
    bars, squares = places.at("bar"), places.at("place")
    crowd = (np.hypot(*(bars[:, None] - bars[None]).transpose(2, 0, 1)) < BAR_REACH).sum(axis=1)
    main = grid.middles[(grid.segments["kind"] == "axe").to_numpy()]
    main = main[np.argsort(np.hypot(*(main - town.CENTRE).T), kind="stable")[: max(4, len(main) // 6)]]
    quiet = grid.middles[rng.permutation(len(grid.middles))]
    pools = [bars[np.argsort(-crowd, kind="stable")][::3], squares, rng.permutation(main), quiet]
    return [(float(x), float(y)) for x, y in np.round([pools[k % 4][k // 4 % len(pools[k % 4])] for k in range(n)], 1)]


def _expected(
    at: Floats,
    places: Places,
    works: list[Works],
    events: list[Event],
    times: pd.DatetimeIndex,
    local: pd.DatetimeIndex,
) -> Floats:
    hour = local.hour.to_numpy()
    away = float(np.hypot(*(at - town.CENTRE))) / 1_000
    weekend = np.where(local.day_of_week.to_numpy() >= 5, -1.5, 0.0)
    energy = 10 ** ((66.0 - 1.3 * min(away, 8.0) + np.array(TRAFFIC)[hour] + weekend) / 10)
    bars = int((np.hypot(*(places.at("bar") - at).T) < BAR_REACH).sum())
    if bars:
        evening = (local - pd.Timedelta(hours=6)).day_of_week.to_numpy()  # the small hours are of the evening before
        open_ = np.isin(hour, [20, 21, 22, 23, 0, 1])
        energy += np.where(open_, bars * 10 ** ((BAR_DB + np.where(evening >= 3, 4.0, -2.0)) / 10), 0.0)
    point = shapely.Point(at)
    for site in works:
        if shapely.dwithin(site.footprint, point, WORKS_REACH):
            for start, stop in spans(site.schedule):
                energy += _share(times, start, stop) * 10 ** ((WORKS_DB + LOUD[site.noise]) / 10)
    for event in events:
        if event.status != "annule" and shapely.dwithin(event.footprint, point, EVENT_REACH):
            people = (event.attendance or event.expected) / 1_000
            level = 10 ** ((EVENT_DB - (12 if event.kind == "marche" else 0)) / 10) * people
            for start, stop in spans(event.schedule):
                energy += _share(times, start, stop) * level
    return np.asarray(10 * np.log10(energy))


def _share(times: pd.DatetimeIndex, start: pd.Timestamp, stop: pd.Timestamp) -> Floats:
    """Return the share of each hour that lies in [start, stop)."""
    low, high = ((t.tz_convert("UTC").tz_localize(None) - times[0]) / pd.Timedelta(hours=1) for t in (start, stop))
    share = np.zeros(len(times))
    first, last = max(0, int(np.floor(low))), min(len(times), int(np.ceil(high)))
    if first < last:
        hour = np.arange(first, last)
        share[first:last] = np.clip(high - hour, 0, 1) - np.clip(low - hour, 0, 1)
    return share
