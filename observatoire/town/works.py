"""Street works of the simulated city. Those of the background never clash: what clashes was planted."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from observatoire.risk import town
from observatoire.town.events import Event
from observatoire.town.places import Places
from observatoire.town.rounds import BusLine, WasteRound
from observatoire.town.schedule import WEEKNIGHTS, Schedule, moment, overlap, whole, windows
from observatoire.town.streets import Streets

BACK_DAYS, AHEAD_DAYS = 365, 90
NUMBER = 240  # at full size
FROM_CORNER = 15.0  # m: footprints begin that far from a crossing
APART = 25.0  # m: between background works and whatever they must not clash with
FROM_SCHOOL = 120.0  # m: between a background closure and a school
JOINT, JOINT_DAYS = 150.0, 60  # m and days: two background trenches are further apart in one or the other
MORATORIUM_DAYS = 5 * 365  # a background trench never opens a pavement younger than that

#: nature: share, contracting authority, what it takes, trench, noise
KINDS: dict[str, tuple[float, str, str, bool, str]] = {
    "eau": (0.16, "regie-eaux", "chaussee-reduite", True, "fort"),
    "assainissement": (0.12, "metropole", "chaussee-fermee", True, "fort"),
    "electricite": (0.14, "reseau-electrique", "trottoir", True, "moyen"),
    "gaz": (0.10, "reseau-gaz", "chaussee-reduite", True, "fort"),
    "telecom": (0.12, "operateur-telecom", "trottoir", True, "moyen"),
    "chauffage": (0.04, "metropole", "chaussee-reduite", True, "fort"),
    "chaussee": (0.10, "metropole", "chaussee-fermee", False, "tres-fort"),
    "eclairage-public": (0.05, "ville", "trottoir", False, "faible"),
    "espaces-verts": (0.05, "ville", "stationnement", False, "moyen"),
    "echafaudage": (0.09, "prive", "trottoir", False, "faible"),
    "grue": (0.03, "prive", "chaussee-fermee", False, "moyen"),
}
WORDS = {
    "eau": "Renouvellement de conduite d'eau",
    "assainissement": "Réfection d'égout",
    "electricite": "Pose de câble électrique",
    "gaz": "Renouvellement de conduite de gaz",
    "telecom": "Tirage de fibre",
    "chauffage": "Extension du réseau de chaleur",
    "chaussee": "Réfection de chaussée",
    "eclairage-public": "Rénovation de l'éclairage",
    "espaces-verts": "Élagage",
    "echafaudage": "Échafaudage",
    "grue": "Levage par grue",
}


@dataclass(frozen=True, eq=False)
class Works:
    """One site.

    Attributes
    ----------
    segment : int
        Row of the street graph.
    footprint : shapely polygon, EPSG:2154
    not_before, deadline : Timestamp, naive local days
        Between which it may be shifted.
    """

    reference: str
    kind: str
    segment: int
    footprint: Any
    schedule: Schedule
    takes: str
    authority: str
    trench: bool
    noise: str
    not_before: pd.Timestamp
    deadline: pd.Timestamp
    detour: bool = False
    dark: bool = False

    def title(self, street: str) -> str:
        """Return the title of the act."""
        return f"{WORDS[self.kind]}, {street}"

    def status(self, end: pd.Timestamp) -> str:
        """Return where it stands on the naive local day `end`."""
        if self.schedule.end <= moment(end):
            return "termine"
        if self.schedule.start <= moment(end):
            return "en-cours"
        return "autorise" if self.schedule.start <= moment(end) + pd.Timedelta(days=30) else "projete"


def site(
    grid: Streets,
    reference: str,
    kind: str,
    segment: int,
    schedule: Schedule,
    *,
    part: tuple[float, float] = (0.0, 1.0),
    takes: str | None = None,
    dark: bool = False,
    noise: str | None = None,
    deadline_days: int = 60,
) -> Works:
    """Return works on a part of a segment; what is not said is the habit of their kind."""
    _, authority, habit, trench, loud = KINDS[kind]
    taken = takes or habit
    first, last = (t.tz_convert("Europe/Paris").tz_localize(None).normalize() for t in (schedule.start, schedule.end))
    return Works(
        reference, kind, segment, footprint(grid, segment, taken, part), schedule, taken, authority, trench,
        noise or loud, first - pd.Timedelta(days=14), last + pd.Timedelta(days=deadline_days),
        detour=taken == "chaussee-fermee", dark=dark,
    )  # fmt: skip


def footprint(grid: Streets, segment: int, takes: str, part: tuple[float, float] = (0.0, 1.0)) -> Any:
    """Return the footprint on a part of a segment, away from its crossings: as wide as what it takes."""
    start, end = grid.nodes[grid.ends[segment]]
    along = (end - start) / np.hypot(*(end - start))
    usable = float(grid.lengths[segment]) - 2 * FROM_CORNER
    first, last = (start + along * (FROM_CORNER + usable * p) for p in part)
    half = {"chaussee-fermee": 4.0, "chaussee-reduite": 2.5}.get(takes, 1.5)
    aside = np.array([-along[1], along[0]]) * (0.0 if takes == "chaussee-fermee" else 3.0)
    return shapely.LineString([first + aside, last + aside]).buffer(half, cap_style="flat")


class Neighbours:
    """What background works must not meet."""

    def __init__(
        self,
        places: Places,
        events: list[Event],
        lines: tuple[BusLine, ...],
        rounds: tuple[WasteRound, ...],
        planted: list[Works],
    ) -> None:
        self.fixed = [(e.footprint, e.schedule) for e in events] + [(w.footprint, w.schedule) for w in planted]
        self.trenches = [w for w in planted if w.trench]
        self.schools = shapely.MultiPoint(places.at("ecole", "college-lycee", "creche"))
        self.paths = shapely.MultiLineString([path.line for path in [x.path for x in lines] + [x.path for x in rounds]])
        shapely.prepare(self.paths)

    def admit(self, works: Works) -> bool:
        """Tell whether works clash with nothing, and keep them if so."""
        if works.takes == "chaussee-fermee" and (
            shapely.dwithin(works.footprint, self.paths, APART)
            or shapely.dwithin(works.footprint, self.schools, FROM_SCHOOL)
        ):
            return False
        for shape, schedule in self.fixed:
            if overlap(works.schedule, schedule) and shapely.dwithin(works.footprint, shape, APART):
                return False
        slack = pd.Timedelta(days=JOINT_DAYS)
        for other in self.trenches if works.trench else ():
            near_in_time = (
                works.schedule.start - slack < other.schedule.end and other.schedule.start < works.schedule.end + slack
            )
            if near_in_time and shapely.dwithin(works.footprint, other.footprint, JOINT):
                return False
        self.fixed.append((works.footprint, works.schedule))
        if works.trench:
            self.trenches.append(works)
        return True


def background(
    grid: Streets, near: Neighbours, end: pd.Timestamp, rng: np.random.Generator, *, n: int, but: set[int]
) -> list[Works]:
    """Draw works of a year and of the next `AHEAD_DAYS` days that clash with nothing.

    Parameters
    ----------
    end : Timestamp
        Naive local day.
    but : set of int
        Segments that are taken.
    """
    away = np.hypot(*(grid.middles - town.CENTRE).T)
    free = [k for k in range(len(away)) if k not in but and grid.lengths[k] > 4 * FROM_CORNER]
    weight = np.exp(-0.5 * (away[free] / 3_500) ** 2) + 0.01
    order = rng.choice(free, size=len(free), replace=False, p=weight / weight.sum())
    kinds = rng.choice(list(KINDS), size=len(order), p=[k[0] for k in KINDS.values()])
    made: list[Works] = []
    for segment, kind in zip(order.tolist(), kinds.tolist(), strict=True):
        if len(made) == n:
            break
        day = end + pd.Timedelta(days=int(rng.integers(-BACK_DAYS, AHEAD_DAYS)))
        schedule = _schedule(kind, day, rng)
        low = float(rng.uniform(0, 0.4))
        part = (low, low + float(rng.uniform(0.3, 0.6)))
        works = site(grid, "", kind, segment, schedule, part=part, takes=_habit(kind, rng))
        if near.admit(works):
            made.append(works)
    made.sort(key=lambda works: works.schedule.start)
    return [replace(w, reference=f"CH-{w.schedule.start.year}-{k:04d}") for k, w in enumerate(made, start=1)]


def _habit(kind: str, rng: np.random.Generator) -> str:
    return KINDS[kind][2] if rng.random() < 0.8 else "stationnement"


def _schedule(kind: str, day: pd.Timestamp, rng: np.random.Generator) -> Schedule:
    days = int(np.clip(np.round(12 * np.exp(rng.normal(0, 0.8))), 2, 120))
    if kind == "echafaudage":
        return whole(day, days)
    monday = day - pd.Timedelta(days=day.day_of_week)
    if kind in ("chaussee", "eclairage-public") and rng.random() < 0.4:
        return windows(monday, max(2, min(days, 12)), "21:00", "05:00", rule=WEEKNIGHTS)
    made = windows(monday, days, "07:30", "17:00")
    year = monday.year
    closed = [f"{year}-12-24", f"{year}-12-31"]
    inside = tuple(d for d in closed if monday <= pd.Timestamp(d) < monday + pd.Timedelta(days=days))
    return replace(made, exceptions=inside)
