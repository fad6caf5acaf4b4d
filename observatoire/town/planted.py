"""What is planted in the simulated city, and the answer that a screen or a process must find.

The table of `docs/collections.md` says the same in words. References are constants; places and days follow from the
city's options, `end` being the naive local day on which the data end.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observatoire.risk.arrays import Floats
from observatoire.town.events import Event, square, staged
from observatoire.town.picker import AMID, Picker
from observatoire.town.places import Places
from observatoire.town.rounds import BusLine, WasteRound
from observatoire.town.schedule import WEEKNIGHTS, Schedule, moment, whole, windows
from observatoire.town.streets import Streets
from observatoire.town.works import Works, site

EVERY_DAY = "FREQ=DAILY"


@dataclass(frozen=True)
class Situation:
    """One planted situation.

    Attributes
    ----------
    name : str
    collections : tuple of str
        Where it is.
    references : tuple of str
        What takes part in it: `reference`, `code`, `circuit` or `capteur` of items, or the name of a source.
    clash : bool
        Whether `works-clash` must find it; False for a surge, an outage, a late source, and for what looks like a clash
        and is none.
    says : str
        The answer.
    """

    name: str
    collections: tuple[str, ...]
    references: tuple[str, ...]
    clash: bool
    says: str


SITUATIONS: tuple[Situation, ...] = (
    Situation(
        "two-works-one-street", ("chantiers",), ("CH-P01", "CH-P02"), True,
        "two footprints on one segment overlap, on the same working days",
    ),
    Situation(
        "day-and-night", ("chantiers",), ("CH-P03", "CH-P04"), False,
        "same footprint and dates, but 07:30–17:00 against 21:00–05:00: they never meet",
    ),
    Situation(
        "works-on-a-market", ("chantiers", "evenements"), ("CH-P05", "EV-M01"), True,
        "works on the square of a weekly market, on market days",
    ),
    Situation(
        "works-at-a-festival", ("chantiers", "evenements"), ("CH-P06", "EV-P01"), True,
        "a closed carriageway under a festival",
    ),
    Situation(
        "closed-at-school-time", ("chantiers", "lieux-sensibles"), ("CH-P07",), True,
        "the segment of a school is closed from 07:30 to 17:00 on school days",
    ),
    Situation(
        "bus-line-cut", ("chantiers", "lignes-bus"), ("CH-P08", "L1"), True,
        "a segment of line L1 is closed during its service",
    ),
    Situation(
        "round-blocked", ("chantiers", "collectes"), ("CH-P09", "TC01"), True,
        "night works close a segment of round TC01 until 06:30; the round begins at 05:00",
    ),
    Situation(
        "joint-trench", ("chantiers",), ("CH-P10", "CH-P11"), False,
        "two trenches on one segment, three weeks apart: one would do",
    ),
    Situation(
        "fresh-pavement", ("chantiers", "troncons"), ("CH-P12",), True,
        "a trench in a pavement resurfaced 240 days before the works begin",
    ),
    Situation(
        "loud-night-by-a-hospital", ("chantiers", "lieux-sensibles"), ("CH-P13",), True,
        "very noisy night works, lighting cut, beside a hospital",
    ),
    Situation(
        "lamps-off-at-night", ("chantiers", "eclairage"), ("CH-P04",), True,
        "night works on the public lighting, with the lamps of the street off",
    ),
    Situation(
        "detours-meet", ("chantiers", "troncons"), ("CH-P14", "CH-P15"), True,
        "two closed carriageways whose detours, the shortest ways around, share a street in the same weeks",
    ),
    Situation(
        "detour-into-works", ("chantiers", "troncons"), ("CH-P16", "CH-P17"), True,
        "the detour around one closed carriageway uses the street that the other closes",
    ),
    Situation(
        "hospital-further", ("chantiers", "lieux-sensibles"), ("CH-P18", "CH-P19"), True,
        "two closed carriageways: together they put 500 m more between the fire station and a hospital",
    ),
    Situation(
        "hundred-days", ("chantiers",), ("CH-P20",), True,
        "a scaffolding of 100 days in one street",
    ),
    Situation(
        "surge", ("signalements",), ("R9000001",), False,
        "60 reports of fly-tipping within 120 m over the last five days",
    ),
    Situation(
        "lights-out", ("eclairage", "pannes-eclairage"), ("CI001",), False,
        "circuit CI001 has been out for 12 days, with eight reports of street lighting",
    ),
    Situation("late-sensor", ("mesures-bruit",), ("B03",), False, "sensor B03 has been silent for nine days"),
    Situation(
        "late-source", ("videoprotection",), ("videoprotection",), False,
        "operators' events stopped four days before the others; the city's file allows them two days",
    ),
)  # fmt: skip

SURGE_REPORTS, SURGE_RADIUS, SURGE_DAYS = 60, 120.0, 5
OUTAGE_DAYS, OUTAGE_REPORTS = 12, 8
SILENT_SENSOR, SILENT_DAYS = "B03", 9
LATE_SOURCE, LATE_DAYS = "videoprotection", 4
RESURFACED_DAYS = 240


@dataclass(frozen=True, eq=False)
class Planted:
    """Where and when: works and events, the segments that they take, the place of the surge.

    Attributes
    ----------
    resurfaced : dict of segment to Timestamp
        Day of the last resurfacing.
    surge : ndarray, shape (2,), m, EPSG:2154
    """

    works: list[Works]
    events: list[Event]
    resurfaced: dict[int, pd.Timestamp]
    surge: Floats


def plant(
    grid: Streets,
    places: Places,
    market: Event,
    lines: tuple[BusLine, ...],
    rounds: tuple[WasteRound, ...],
    end: pd.Timestamp,
) -> Planted:
    """Return what is planted; nothing is drawn: the same city has the same situations.

    Parameters
    ----------
    market : Event
        On whose square the works of `works-on-a-market` lie.
    end : Timestamp
        Naive local day on which the data end.
    """
    monday = end + pd.Timedelta(days=(7 - end.day_of_week) % 7 + 7)  # the second Monday to come
    pick = Picker(grid, places, lines, rounds)
    day = windows(monday, 12, "07:30", "17:00")
    later = windows(monday + pd.Timedelta(days=4), 12, "07:30", "17:00")
    night = windows(monday, 12, "21:00", "05:00", rule=WEEKNIGHTS)
    two, both, joint, fresh, feast = (pick.free() for _ in range(5))
    market_seat = int(np.argmin(np.hypot(*(grid.middles - np.array(market.footprint.centroid.coords[0])).T)))
    school, hospital = pick.off_paths(places.of("ecole")), pick.of(places.of("hopital"))
    cut, blocked = pick.only_on(lines[0].path), pick.only_on(rounds[0].path)
    party = monday + pd.Timedelta(days=5)
    festival = staged(
        "EV-P01", "festival", square(grid, feast, 45.0), grid.names[feast],
        Schedule(moment(party, 17), moment(party, 23)), 6_500,
    )  # fmt: skip
    works = [
        site(grid, "CH-P01", "eau", two, day, part=(0.1, 0.6)),
        site(grid, "CH-P02", "gaz", two, later, part=(0.4, 0.9)),
        site(grid, "CH-P03", "telecom", both, day, part=(0.2, 0.8)),
        site(grid, "CH-P04", "eclairage-public", both, night, part=(0.2, 0.8), dark=True),
        site(grid, "CH-P05", "eau", market_seat, _daily(monday, 9), part=(0.35, 0.65)),
        site(grid, "CH-P06", "assainissement", feast, _daily(monday, 9, "08:00", "20:00"), part=(0.3, 0.7)),
        site(grid, "CH-P07", "assainissement", school, windows(monday, 19, "07:30", "17:00"), part=(0.2, 0.8)),
        site(grid, "CH-P08", "chaussee", cut, day, part=(0.2, 0.8)),
        site(
            grid, "CH-P09", "chaussee", blocked,
            windows(monday, 12, "21:30", "06:30", rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,SU"), part=(0.2, 0.8),
        ),
        site(grid, "CH-P10", "eau", joint, day, part=(0.0, 0.35)),
        site(
            grid, "CH-P11", "telecom", joint, windows(monday + pd.Timedelta(days=33), 8, "07:30", "17:00"),
            part=(0.5, 0.9), takes="chaussee-reduite",
        ),
        site(grid, "CH-P12", "gaz", fresh, day, part=(0.2, 0.7)),
        site(
            grid, "CH-P13", "chaussee", hospital, night, part=(0.2, 0.8),
            takes="chaussee-reduite", dark=True, noise="tres-fort",
        ),
    ]  # fmt: skip
    surge = grid.middles[pick.free()]
    works += _in_each_others_way(pick, places, monday)
    works.append(site(grid, "CH-P20", "echafaudage", pick.free(), whole(monday, 100), takes="stationnement"))
    resurfaced = {fresh: monday - pd.Timedelta(days=RESURFACED_DAYS)}
    return Planted(works, [festival], resurfaced, surge)


def _in_each_others_way(pick: Picker, seats: Places, monday: pd.Timestamp) -> list[Works]:
    """Return three pairs of closures, weeks after all others: what each does to ways is done by these alone."""
    pairs = (pick.detours_meet(), pick.detour_closed(), pick.hospital_further(seats))
    works = []
    for k, (weeks, pair) in enumerate(zip((2, 5, 7), pairs, strict=True)):
        days = windows(monday + pd.Timedelta(weeks=weeks), 12, "07:30", "17:00")
        for n, segment in enumerate(pair, start=14 + 2 * k):
            works.append(site(pick.grid, f"CH-P{n}", "chaussee", segment, days, part=AMID))
    return works


def _daily(first: pd.Timestamp, days: int, opens: str = "07:00", closes: str = "17:00") -> Schedule:
    return windows(first, days, opens, closes, rule=EVERY_DAY, holidays=True)
