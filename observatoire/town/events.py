"""Events of the simulated city, and the means that they need: the truth that `event-adequacy` looks for is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from observatoire.town.places import Places
from observatoire.town.schedule import Schedule, meet, moment, overlap
from observatoire.town.streets import Streets

A_YEAR, MARKETS = 180, 8  # at full size
AHEAD_DAYS, BACK_DAYS = 75, 730
SPREAD = 0.15  # standard deviation of the logarithm of what is needed, about its expectation
PLANNED_SPREAD = 0.30  # of what is planned, about what is needed
AT_NIGHT = 1.4  # factor on officers and lighting for an event that ends after 22:00
CANCELLED = 0.04
APART = 25.0  # m: nearer footprints meet


@dataclass(frozen=True)
class Kind:
    """How often, how many people, when, and what a thousand people need besides a base.

    Attributes
    ----------
    share : float
        Of the events of a year.
    attendance : float
        Median; the logarithm has a standard deviation of 0.6.
    hour, hours : float, h
        Local start and length.
    officers, barriers, lighting, cleaning : (base, per 1 000 people)
        Officers, barriers, lighting towers, hours of cleaning.
    where : str
        Kind of place, or `street`: a path on the street graph.
    """

    share: float
    attendance: float
    hour: float
    hours: float
    officers: tuple[float, float]
    barriers: tuple[float, float]
    lighting: tuple[float, float]
    cleaning: tuple[float, float]
    where: str


KINDS: dict[str, Kind] = {
    "concert": Kind(0.22, 1_800, 20, 4, (2, 4.0), (10, 18), (1, 1.0), (4, 6), "place"),
    "festival": Kind(0.08, 6_000, 18, 6, (6, 4.5), (30, 20), (2, 1.2), (12, 8), "place"),
    "fete-de-quartier": Kind(0.18, 700, 16, 7, (1, 2.5), (6, 12), (1, 0.8), (3, 7), "place"),
    "vide-grenier": Kind(0.14, 900, 8, 9, (1, 1.5), (8, 10), (0, 0.0), (5, 6), "place"),
    "match": Kind(0.14, 15_000, 21, 2, (10, 3.0), (40, 8), (0, 0.1), (10, 3), "stade"),
    "course": Kind(0.08, 2_500, 9, 4, (6, 5.0), (50, 30), (0, 0.0), (6, 3), "street"),
    "manifestation": Kind(0.16, 1_200, 14, 3, (5, 4.0), (10, 8), (0, 0.0), (4, 4), "street"),
}
NEEDS = ("officers", "barriers", "lighting", "cleaning")


@dataclass(frozen=True, eq=False)
class Event:
    """One event.

    Attributes
    ----------
    footprint : shapely polygon, EPSG:2154
    expected, attendance : int or None
        People expected; people counted, where it is past.
    planned, needed : dict of need to amount, or None
        What was planned; what the debriefing found necessary, where it is past.
    status : str
        autorise, declare, passe, annule.
    """

    reference: str
    kind: str
    title: str
    footprint: Any
    schedule: Schedule
    street: str
    status: str
    expected: int
    attendance: int | None = None
    planned: dict[str, float] | None = None
    needed: dict[str, float] | None = None
    incidents: int | None = None

    @property
    def night(self) -> bool:
        """Whether it ends after 22:00, local time."""
        end = self.schedule.end.tz_convert("Europe/Paris")
        return bool(end.hour >= 22 or end.hour < 6)


def true_need(kind: str, attendance: float, *, night: bool) -> dict[str, float]:
    """Return the expected amount of each need: a base and a rate per 1 000 people, more at night.

    Examples
    --------
    >>> true_need("concert", 2_000, night=False)
    {'officers': 10.0, 'barriers': 46.0, 'lighting': 3.0, 'cleaning': 16.0}
    """
    k = KINDS[kind]
    return {
        need: (getattr(k, need)[0] + getattr(k, need)[1] * attendance / 1_000)
        * (AT_NIGHT if night and need in ("officers", "lighting") else 1.0)
        for need in NEEDS
    }


def events(
    grid: Streets,
    places: Places,
    end: pd.Timestamp,
    rng: np.random.Generator,
    *,
    but: list[tuple[Any, Schedule]],
    scale: float = 1.0,
) -> list[Event]:
    """Draw two years of events and those of the next `AHEAD_DAYS` days; no two meet.

    Parameters
    ----------
    end : Timestamp
        Naive local day on which the data end: what is after it is to come.
    but : list of (footprint, schedule)
        What they must not meet either: markets, and what is planted.
    """
    n = max(12, round(A_YEAR * scale * (BACK_DAYS + AHEAD_DAYS) / 365))
    days = np.sort(rng.integers(-BACK_DAYS, AHEAD_DAYS, n))
    kinds = rng.choice(list(KINDS), size=n, p=[k.share for k in KINDS.values()])
    seats = {where: places.of(where) for where in ("place", "stade")}
    made: list[Event] = []
    taken = list(but)
    for k, (day, kind) in enumerate(zip(days.tolist(), kinds.tolist(), strict=True), start=1):
        date = end + pd.Timedelta(days=day)
        event = _event(f"EV-{date.year}-{k:04d}", kind, date, end, grid, seats, rng)
        clashes = (
            overlap(event.schedule, schedule)
            and shapely.dwithin(event.footprint, shape, APART)
            and meet(event.schedule, schedule)
            for shape, schedule in taken
        )
        if not any(clashes):
            made.append(event)
            taken.append((event.footprint, event.schedule))
    return made


def staged(
    reference: str,
    kind: str,
    footprint: Any,
    street: str,
    schedule: Schedule,
    expected: int,
) -> Event:
    """Return an event to come whose plan is what it needs."""
    event = Event(reference, kind, f"{TITLES[kind]}, {street}", footprint, schedule, street, "autorise", expected)
    need = true_need(kind, expected, night=event.night)
    return _with(event, planned={name: _round(name, v) for name, v in need.items()})


TITLES = {
    "concert": "Concert en plein air",
    "festival": "Festival",
    "fete-de-quartier": "Fête de quartier",
    "vide-grenier": "Vide-grenier",
    "match": "Match",
    "course": "Course à pied",
    "manifestation": "Manifestation",
    "marche": "Marché",
}


def _event(
    reference: str,
    kind: str,
    day: pd.Timestamp,
    end: pd.Timestamp,
    grid: Streets,
    seats: dict[str, list[int]],
    rng: np.random.Generator,
) -> Event:
    k = KINDS[kind]
    if k.where == "street":
        footprint, street = _march(grid, rng)
    else:
        seat = seats[k.where][int(rng.integers(len(seats[k.where])))]
        footprint, street = square(grid, seat, 70.0 if k.where == "stade" else 45.0), grid.names[seat]
    start = k.hour + float(rng.integers(-1, 2))
    schedule = Schedule(moment(day, start), moment(day, start + k.hours))
    expected = int(np.round(k.attendance * np.exp(rng.normal(0, 0.6)), -1)) + 20
    past = schedule.end <= moment(end)
    cancelled = rng.random() < CANCELLED
    status = "annule" if cancelled else "passe" if past else "autorise" if rng.random() < 0.7 else "declare"
    title = f"{TITLES[kind]}, {street}"
    event = Event(reference, kind, title, footprint, schedule, street, status, expected)
    attendance = int(expected * np.exp(rng.normal(0, 0.25)))
    need = true_need(kind, attendance, night=event.night)
    needed = {name: _round(name, v * np.exp(rng.normal(0, SPREAD))) for name, v in need.items()}
    planned = {name: _round(name, v * np.exp(rng.normal(0, PLANNED_SPREAD))) for name, v in need.items()}
    if status != "passe":
        return _with(event, planned=planned)
    short = max(0.0, 1 - planned["officers"] / max(needed["officers"], 1))
    incidents = int(rng.poisson(0.15 * attendance / 1_000 * (1 + 2 * short)))
    return _with(event, attendance=attendance, planned=planned, needed=needed, incidents=incidents)


def markets(grid: Streets, places: Places, end: pd.Timestamp, *, scale: float = 1.0) -> list[Event]:
    """Return weekly markets of two years and the next, on the squares in turn."""
    n = max(2, round(MARKETS * scale))
    first = end - pd.Timedelta(days=BACK_DAYS)
    seats = places.of("place")
    made = []
    for k in range(n):
        seat = seats[k % len(seats)]
        day, turn = k % 7, k // len(seats)
        start = first + pd.Timedelta(days=(day - first.day_of_week) % 7)
        last = end + pd.Timedelta(days=365)
        code = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day]
        schedule = Schedule(
            moment(start, 6), moment(last, 14), f"FREQ=WEEKLY;BYDAY={code}", "06:00", "14:00", holidays=False
        )
        footprint = square(grid, seat, 45.0 + 5 * turn)
        title = f"Marché, {grid.names[seat]}"
        made.append(
            Event(f"EV-M{k + 1:02d}", "marche", title, footprint, schedule, grid.names[seat], "autorise", 1_200)
        )
    return made


def square(grid: Streets, segment: int, radius: float) -> Any:
    """Return a round footprint at the middle of a segment."""
    return shapely.Point(grid.middles[segment]).buffer(radius, quad_segs=4)


def _march(grid: Streets, rng: np.random.Generator) -> tuple[Any, str]:
    """Return the footprint of a path of some hundred metres to some kilometres, and the street where it begins."""
    away = np.hypot(*(grid.nodes - grid.nodes.mean(axis=0)).T)
    near = np.argsort(away)[: max(10, len(away) // 4)]
    start, goal = (int(node) for node in rng.choice(near, 2, replace=False))
    path = grid.path(start, goal)[:12]
    return shapely.LineString(grid.nodes[path]).buffer(7.0, quad_segs=2), grid.names[grid.along(path)[0]]


def _round(need: str, value: float) -> float:
    return float(np.round(value, 1)) if need == "cleaning" else float(max(0, round(value)))


def _with(event: Event, **changes: Any) -> Event:
    return Event(**(event.__dict__ | changes))
