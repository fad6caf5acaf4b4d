"""Sensitive places of the simulated city: each stands beside a segment."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from observatoire.risk import town
from observatoire.risk.arrays import Floats
from observatoire.risk.simulate import CELL, SimulatedCity
from observatoire.town.streets import Streets

BESIDE = 12.0  # m from the middle of the segment


@dataclass(frozen=True)
class Kind:
    """How many places of a kind there are, and which.

    Attributes
    ----------
    n, least : int
        At full size; in the smallest city.
    capacity : float
        Mean.
    hours : (text, text) or None
        Wall times, of classes or of opening.
    spread : float, m
        From the centre.
    """

    n: int
    least: int
    capacity: float
    hours: tuple[str, str] | None
    word: str
    spread: float


KINDS: dict[str, Kind] = {
    "ecole": Kind(60, 4, 240, ("08:30", "16:30"), "École", 5_000),
    "college-lycee": Kind(18, 1, 700, ("08:00", "17:00"), "Collège", 5_000),
    "creche": Kind(24, 1, 45, ("07:30", "18:30"), "Crèche", 4_000),
    "hopital": Kind(3, 1, 600, None, "Hôpital", 3_500),
    "ehpad": Kind(14, 2, 90, None, "Résidence", 5_000),
    "centre-de-secours": Kind(5, 1, 40, None, "Secours", 4_000),
    "gare": Kind(2, 1, 8_000, ("05:00", "23:59"), "Gare", 1_800),
    "stade": Kind(2, 1, 20_000, None, "Stade", 3_500),
    "place": Kind(8, 3, 5_000, None, "Place", 1_200),
    "bar": Kind(70, 8, 60, ("17:00", "02:00"), "Bar", 2_500),
}


@dataclass(frozen=True)
class Place:
    """One place, beside the middle of a segment."""

    code: str
    kind: str
    name: str
    capacity: int
    hours: tuple[str, str] | None
    x: float
    y: float
    segment: int


class Places(tuple[Place, ...]):
    """All places."""

    def of(self, *kinds: str) -> list[int]:
        """Return the segments beside which places of these kinds stand."""
        return [place.segment for place in self if place.kind in kinds]

    def at(self, *kinds: str) -> Floats:
        """Return where places of these kinds stand, shape (n, 2), m."""
        return np.array([(p.x, p.y) for p in self if p.kind in kinds], dtype=np.float64).reshape(-1, 2)


def places(city: SimulatedCity, grid: Streets, rng: np.random.Generator, *, scale: float = 1.0) -> Places:
    """Draw the places.

    Bars stand where the true intensity of noise disturbances is high: the two are consistent.
    """
    free = np.ones(len(grid.segments), dtype=bool)
    away = np.hypot(*(grid.middles - town.CENTRE).T)
    noisy = _noise_at(city, grid.middles)
    made: list[Place] = []
    for name, kind in KINDS.items():
        weight = np.exp(-0.5 * (away / kind.spread) ** 2) * free * (noisy if name == "bar" else 1.0)
        wanted = min(max(kind.least, round(kind.n * scale)), int((weight > 0).sum()))
        chosen = rng.choice(len(weight), size=wanted, replace=False, p=weight / weight.sum())
        free[chosen] = False
        made += [_place(grid, int(k), name, kind, rank, rng) for rank, k in enumerate(chosen, start=1)]
    return Places(made)


def _place(grid: Streets, segment: int, name: str, kind: Kind, rank: int, rng: np.random.Generator) -> Place:
    start, end = grid.ends[segment]
    along = grid.nodes[end] - grid.nodes[start]
    beside = np.array([-along[1], along[0]]) / np.hypot(*along) * BESIDE * (1 if rng.random() < 0.5 else -1)
    x, y = (float(c) for c in np.round(grid.middles[segment] + beside, 1))
    tail = grid.names[segment].split(" ", 1)[1]
    capacity = int(max(10, rng.normal(kind.capacity, 0.25 * kind.capacity)))
    return Place(f"{name[:3].upper()}{rank:03d}", name, f"{kind.word} {tail}", capacity, kind.hours, x, y, segment)


def _noise_at(city: SimulatedCity, xy: Floats) -> Floats:
    """Return the expected noise disturbances of the cell nearest to each point, over the whole time."""
    total = np.zeros(len(city.corners))
    for stream in city.streams:
        if stream.nature == "tapage" and stream.origin == "reported":
            total[stream.cells] += stream.place
    _, nearest = KDTree(city.corners + CELL / 2).query(xy)
    return np.asarray(total[nearest] + 1e-9)
