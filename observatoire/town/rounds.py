"""Bus lines with their stops, and waste rounds: paths on the street graph."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from observatoire.risk import town
from observatoire.risk.arrays import Floats
from observatoire.town.streets import Streets

LINES, ROUNDS = 9, 12  # at full size
BETWEEN_STOPS = 350.0  # m
WASTE = (
    ("residuels", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "05:00", "07:30"),
    ("tri", "FREQ=WEEKLY;BYDAY=TU,TH", "05:30", "07:30"),
    ("verre", "FREQ=WEEKLY;BYDAY=SA", "08:00", "10:00"),
)


@dataclass(frozen=True, eq=False)
class Path:
    """What goes along streets.

    Attributes
    ----------
    nodes, segments : tuple of int
        In order; one segment less than nodes.
    line : shapely line, EPSG:2154
    """

    nodes: tuple[int, ...]
    segments: tuple[int, ...]
    line: Any


@dataclass(frozen=True, eq=False)
class BusLine:
    """A line, both ways; wall times of service, departures an hour."""

    code: str
    path: Path
    opens: str
    closes: str
    an_hour: float


@dataclass(frozen=True, eq=False)
class Stop:
    """The `rank`-th stop of a line, at a crossing."""

    code: str
    line: str
    rank: int
    x: float
    y: float
    street: str
    step_free: bool


@dataclass(frozen=True, eq=False)
class WasteRound:
    """A round, on the days of its rule (RRULE), from `opens` to `closes`."""

    code: str
    kind: str
    rule: str
    opens: str
    closes: str
    path: Path


def bus_lines(grid: Streets, rng: np.random.Generator, *, n: int = LINES) -> tuple[BusLine, ...]:
    """Draw lines that cross the centre from side to side."""
    away = grid.nodes - town.CENTRE
    angle, far = np.arctan2(away[:, 1], away[:, 0]), np.hypot(*away.T)
    edge = far > np.quantile(far, 0.75)
    made = []
    for k in range(n):
        wanted = np.pi * (k / n + rng.uniform(-0.05, 0.05))
        first, last = (_towards(angle, w, edge) for w in (wanted, wanted + np.pi))
        middle = int(np.argmin(np.hypot(*(away - rng.normal(0, 300, 2)).T)))
        path = _path(grid, _simple(grid.path(first, middle) + grid.path(middle, last)[1:]))
        made.append(BusLine(f"L{k + 1}", path, "05:30", "23:30" if k % 3 == 0 else "21:00", float((8, 6, 4)[k % 3])))
    return tuple(made)


def stops(lines: tuple[BusLine, ...], grid: Streets, rng: np.random.Generator) -> tuple[Stop, ...]:
    """Return the stops of the lines, at crossings about `BETWEEN_STOPS` apart."""
    made = []
    for line in lines:
        run, rank = BETWEEN_STOPS, 0
        for node, segment in zip(line.path.nodes, (line.path.segments[0], *line.path.segments), strict=True):
            run += float(grid.lengths[segment])
            if run >= BETWEEN_STOPS:
                run, rank = 0.0, rank + 1
                x, y = (float(c) for c in grid.nodes[node])
                code, step_free = f"{line.code}-{rank:02d}", bool(rng.random() < 0.75)
                made.append(Stop(code, line.code, rank, x, y, grid.names[segment], step_free))
    return tuple(made)


def waste_rounds(grid: Streets, rng: np.random.Generator, *, n: int = ROUNDS) -> tuple[WasteRound, ...]:
    """Draw rounds in the inner city."""
    away = np.hypot(*(grid.nodes - town.CENTRE).T)
    near = np.flatnonzero(away < np.quantile(away, 0.6))
    made = []
    for k in range(n):
        start, end = (int(node) for node in rng.choice(near, 2, replace=False))
        made.append(WasteRound(f"TC{k + 1:02d}", *WASTE[k % len(WASTE)], _path(grid, grid.path(start, end))))
    return tuple(made)


def _path(grid: Streets, nodes: list[int]) -> Path:
    return Path(tuple(nodes), tuple(grid.along(nodes)), shapely.LineString(grid.nodes[nodes]))


def _towards(angle: Floats, wanted: float, edge: Any) -> int:
    turned = np.abs(np.angle(np.exp(1j * (angle - wanted))))
    return int(np.argmin(np.where(edge, turned, np.inf)))


def _simple(nodes: list[int]) -> list[int]:
    """Return a path without the loops that it makes."""
    path: list[int] = []
    for node in nodes:
        if node in path:
            path = path[: path.index(node)]
        path.append(node)
    return path
