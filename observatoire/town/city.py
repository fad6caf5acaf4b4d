"""The whole simulated city: `observatoire.risk.simulate`, and all that stands and happens in it besides."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observatoire.risk.simulate import SimulatedCity, simulate
from observatoire.town.events import Event, events, markets
from observatoire.town.found import found_later
from observatoire.town.lights import NUMBER as LIGHTS
from observatoire.town.lights import Lights, lights
from observatoire.town.more import more_facts, more_reports
from observatoire.town.noise import SENSORS, Noise, noise
from observatoire.town.places import Places, places
from observatoire.town.planted import Planted, plant
from observatoire.town.rounds import LINES, ROUNDS, BusLine, Stop, WasteRound, bus_lines, stops, waste_rounds
from observatoire.town.schedule import moment
from observatoire.town.streets import Streets, streets
from observatoire.town.video import CAMERAS, video
from observatoire.town.works import MORATORIUM_DAYS, NUMBER, Neighbours, Works, background

COARSEST = 3.0  # how much further apart crossings are in the smallest city


@dataclass(frozen=True, eq=False)
class Town:
    """The city and its parts.

    Attributes
    ----------
    base : SimulatedCity
        Ground, divisions, and the true intensity that `base.reports` and `base.facts` were drawn from.
    reports, facts : DataFrame
        Those of `base`, and after them what outages and the planted surge add (numbers from 9 000 001). Facts have
        `until` where only an interval is known.
    end : Timestamp
        Naive local day on which the data end.
    resurfaced : dict of segment to Timestamp
        Day of the last resurfacing, where it is known.
    video : DataFrame
    """

    base: SimulatedCity
    reports: pd.DataFrame
    facts: pd.DataFrame
    end: pd.Timestamp
    streets: Streets
    places: Places
    lines: tuple[BusLine, ...]
    stops: tuple[Stop, ...]
    rounds: tuple[WasteRound, ...]
    events: tuple[Event, ...]
    works: tuple[Works, ...]
    resurfaced: dict[int, pd.Timestamp]
    lights: Lights
    noise: Noise
    video: pd.DataFrame
    planted: Planted


def town(
    *,
    end: str = "2026-01-01",
    years: float = 3.0,
    scale: float = 1.0,
    random_state: int = 0,
    discovery: float = 0.3,
    reporting: float = 0.0,
) -> Town:
    """Draw the city and all its parts.

    Parameters
    ----------
    end, years, scale, random_state, discovery, reporting
        Those of `observatoire.risk.simulate.simulate`. `scale` also makes the other parts fewer.

    Raises
    ------
    ValueError
        As `simulate`.
    """
    base = simulate(
        end=end, years=years, scale=scale, random_state=random_state, discovery=discovery, reporting=reporting
    )
    day = pd.Timestamp(end).normalize()
    last = pd.Timestamp(end, tz="UTC").floor("D")
    part = min(1.0, scale)
    rngs = [np.random.default_rng([random_state, 100 + k]) for k in range(10)]
    grid = streets(base.land, rngs[0], coarser=1 + (COARSEST - 1) * (1 - part))
    seats = places(base, grid, rngs[1], scale=part)
    lines = bus_lines(grid, rngs[2], n=max(2, round(LINES * part)))
    rounds = waste_rounds(grid, rngs[3], n=max(3, round(ROUNDS * part)))
    regular = markets(grid, seats, day, scale=part)
    planted = plant(grid, seats, regular[0], lines, rounds, day)
    fixed = regular + planted.events
    but = [(e.footprint, e.schedule) for e in fixed] + [(w.footprint, w.schedule) for w in planted.works]
    happening = fixed + events(grid, seats, day, rngs[4], but=but, scale=part)
    near = Neighbours(seats, happening, lines, rounds, planted.works)
    taken = {w.segment for w in planted.works}
    sites = planted.works + background(grid, near, day, rngs[5], n=max(30, round(NUMBER * part)), but=taken)
    lamps = lights(grid, last, rngs[6], n=max(300, round(LIGHTS * part)))
    levels = noise(
        grid, seats, sites, happening, last, rngs[7], n=max(3, round(SENSORS * part)), days=365 if part > 0.5 else 60
    )
    reports, facts = more_reports(lamps, planted.surge, last, rngs[8]), more_facts(base, lamps, last, rngs[8])
    return Town(
        base,
        pd.concat([base.reports, reports], ignore_index=True),
        found_later(pd.concat([base.facts, facts], ignore_index=True), last, rngs[9]),
        day, grid, seats, lines, stops(lines, grid, rngs[2]), rounds, tuple(happening), tuple(sites),
        _resurfaced(grid, sites, planted, day, rngs[5]), lamps, levels,
        video(base, seats, last, rngs[8], cameras=max(8, round(CAMERAS * part))), planted,
    )  # fmt: skip


def _resurfaced(
    grid: Streets, sites: list[Works], planted: Planted, end: pd.Timestamp, rng: np.random.Generator
) -> dict[int, pd.Timestamp]:
    """Return when pavements were made anew, never within `MORATORIUM_DAYS` before a trench but where it was planted."""
    opened = {w.segment: w.schedule.start for w in sites if w.trench}
    made = dict(planted.resurfaced)
    for segment in np.flatnonzero(rng.random(len(grid.segments)) < 0.4).tolist():
        day = end - pd.Timedelta(days=int(rng.integers(30, 15 * 365)))
        if segment in opened and moment(day) > opened[segment] - pd.Timedelta(days=MORATORIUM_DAYS):
            continue
        made.setdefault(segment, day)
    return made
