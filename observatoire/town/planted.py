"""What is planted in the simulated city, and the answer that a screen or a process must find.

The table of `docs/collections.md` says the same in words. References are constants; places and days follow from the
city's options, `end` being the naive local day on which the data end.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observatoire.risk import town
from observatoire.risk.arrays import Floats
from observatoire.town.events import Event, square, staged
from observatoire.town.places import Places
from observatoire.town.rounds import BusLine, Path, WasteRound
from observatoire.town.schedule import WEEKNIGHTS, Schedule, moment, windows
from observatoire.town.streets import Streets
from observatoire.town.works import Works, site

BETWEEN = 250.0  # m: at least that between two planted situations
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
    pick = _Picker(grid, places, lines, rounds)
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
        site(grid, "CH-P04", "eclairage-public", both, night, part=(0.2, 0.8)),
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
    resurfaced = {fresh: monday - pd.Timedelta(days=RESURFACED_DAYS)}
    return Planted(works, [festival], resurfaced, grid.middles[pick.free()])


def _daily(first: pd.Timestamp, days: int, opens: str = "07:00", closes: str = "17:00") -> Schedule:
    return windows(first, days, opens, closes, rule=EVERY_DAY, holidays=True)


class _Picker:
    """Chooses segments near the centre, long enough, apart from one another and from what would add a second clash."""

    def __init__(
        self, grid: Streets, places: Places, lines: tuple[BusLine, ...], rounds: tuple[WasteRound, ...]
    ) -> None:
        self.grid = grid
        self.near = np.argsort(np.hypot(*(grid.middles - town.CENTRE).T), kind="stable").tolist()
        self.taken: list[int] = []
        self.paths = [line.path for line in lines] + [round_.path for round_ in rounds]
        on_paths = {node for path in self.paths for node in path.nodes}
        self.quiet = [k for k in self.near if not on_paths & set(grid.ends[k].tolist())]
        self.seats = np.array([(p.x, p.y) for p in places if p.kind != "bar"])

    def free(self) -> int:
        """Return a segment off bus lines and rounds, away from sensitive places."""
        return self._far(self.quiet)

    def off_paths(self, segments: list[int]) -> int:
        """Return one of these, off bus lines and rounds where there is such a one."""
        return self.of([k for k in segments if k in set(self.quiet)] or segments)

    def only_on(self, path: Path) -> int:
        """Return a segment of a path that no other path uses, away from sensitive places."""
        others = {segment for other in self.paths if other is not path for segment in other.segments}
        return self._far([k for k in path.segments if k not in others] or list(path.segments))

    def _far(self, segments: list[int]) -> int:
        far = [k for k in segments if np.hypot(*(self.seats - self.grid.middles[k]).T).min() > BETWEEN]
        return self.of(far or segments)

    def of(self, allowed: list[int]) -> int:
        """Return the first of these segments, from the centre, that is long enough and apart from those taken."""
        known = set(allowed)
        for least in (BETWEEN, 0.0):
            for k in self.near:
                if k in known and k not in self.taken and self.grid.lengths[k] >= 120 and self._apart(k) >= least:
                    self.taken.append(k)
                    return int(k)
        return int(allowed[0])

    def _apart(self, segment: int) -> float:
        others = self.grid.middles[self.taken]
        if len(others) == 0:
            return float("inf")
        return float(np.hypot(*(others - self.grid.middles[segment]).T).min())
