"""A seeded street graph on the ground of the simulated city."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay, KDTree

from observatoire.risk import town
from observatoire.risk.arrays import Floats, Ints
from observatoire.town.names import street_names

NEAREST = 95.0  # m between crossings in the centre
FARTHER = 45.0  # m more for each km from the centre
STRAIGHT = np.cos(np.radians(155))  # two segments that meet at 155° or more are one street
MAIN = 2_500.0  # m: a street as long as that is a main road (times `coarser`)
ON_FOOT = 900.0  # m from the centre: there short streets may be pedestrian


@dataclass(frozen=True, eq=False)
class Streets:
    """The graph.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes, 2), m, EPSG:2154
    segments : DataFrame, one row a segment
        `code`, `start`, `end` (nodes), `geometry` (line from start to end), `length` (m), `street` (name), `kind`
        (axe, desserte, pietonne), `way` (double, direct), `width` (m), `speed` (km/h), `step_free` (bool), `residents`.
    """

    nodes: Floats
    segments: pd.DataFrame

    @cached_property
    def graph(self) -> csr_matrix:
        """Lengths of the segments between nodes, both ways, main roads counted shorter: they are preferred."""
        s = self.segments
        cost = self.lengths * np.where(s["kind"] == "axe", 0.6, 1.0)
        start, end = self.ends.T
        n = len(self.nodes)
        return coo_matrix((np.r_[cost, cost], (np.r_[start, end], np.r_[end, start])), shape=(n, n)).tocsr()

    @cached_property
    def _between(self) -> dict[tuple[int, int], int]:
        return {(min(a, b), max(a, b)): k for k, (a, b) in enumerate(self.ends.tolist())}

    def path(self, start: int, end: int) -> list[int]:
        """Return the nodes of the cheapest path."""
        _, before = dijkstra(self.graph, indices=start, return_predecessors=True)
        path = [end]
        while path[-1] != start:
            path.append(int(before[path[-1]]))
        return path[::-1]

    def along(self, path: list[int]) -> list[int]:
        """Return the segments (rows) of a path."""
        return [self._between[min(a, b), max(a, b)] for a, b in pairwise(path)]

    @cached_property
    def lengths(self) -> Floats:
        """Length of each segment, shape (n_segments,), m."""
        return np.asarray(self.segments["length"], dtype=np.float64)

    @cached_property
    def names(self) -> list[str]:
        """Name of each segment's street."""
        return [str(name) for name in self.segments["street"]]

    @cached_property
    def codes(self) -> list[str]:
        """Code of each segment."""
        return [str(code) for code in self.segments["code"]]

    @cached_property
    def ends(self) -> Ints:
        """Nodes of each segment, shape (n_segments, 2)."""
        return np.asarray(self.segments[["start", "end"]], dtype=np.int64)

    @cached_property
    def middles(self) -> Floats:
        """Middle of each segment, shape (n_segments, 2), m."""
        middles: Floats = self.nodes[self.ends].mean(axis=1)
        return middles


def streets(ground: Any, rng: np.random.Generator, *, coarser: float = 1.0) -> Streets:
    """Draw the graph: crossings denser towards the centre, a Gabriel graph between them, the largest connected part.

    Parameters
    ----------
    ground : shapely polygon, EPSG:2154
    coarser : float, > 0
        Factor on the distances between crossings.

    References
    ----------
    .. [1] Gabriel and Sokal (1969), *A new statistical approach to geographic variation analysis*: two points are
       joined where the circle that has them as a diameter holds no third.
    """
    nodes = _crossings(ground, rng, coarser)
    start, end = _joined(nodes)
    lines = shapely.linestrings(np.stack([nodes[start], nodes[end]], axis=1))
    shapely.prepare(ground)
    dry = shapely.covers(ground, lines)
    nodes, start, end = _connected(nodes, start[dry], end[dry])
    return Streets(nodes, _described(nodes, start, end, rng, main=MAIN * coarser))


def _crossings(ground: Any, rng: np.random.Generator, coarser: float) -> Floats:
    west, south, east, north = ground.bounds
    n = round(45_000 / coarser**2)
    offset = np.concatenate([rng.normal(0, 3_000, (n // 3, 2)), rng.normal(0, 900, (n // 6, 2))]) + town.CENTRE
    tried = np.concatenate([offset, rng.uniform((west, south), (east, north), (n // 2, 2))])
    tried = tried[shapely.contains_xy(ground, tried)]
    tried = tried[rng.permutation(len(tried))]
    apart = coarser * (NEAREST + FARTHER * np.hypot(*(tried - town.CENTRE).T) / 1_000)
    tree, free, kept = KDTree(tried), np.ones(len(tried), dtype=bool), []
    for k in range(len(tried)):
        if free[k]:
            kept.append(k)
            free[tree.query_ball_point(tried[k], apart[k])] = False
    return np.asarray(np.round(tried[kept], 1))


def _joined(nodes: Floats) -> tuple[Ints, Ints]:
    corners = Delaunay(nodes).simplices
    pairs = np.unique(np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])), axis=0)
    ends = nodes[pairs]
    radius = np.hypot(*(ends[:, 0] - ends[:, 1]).T) / 2
    nearest, _ = KDTree(nodes).query(ends.mean(axis=1))
    kept = pairs[nearest >= radius - 1e-6]
    return kept[:, 0].astype(np.int64), kept[:, 1].astype(np.int64)


def _connected(nodes: Floats, start: Ints, end: Ints) -> tuple[Floats, Ints, Ints]:
    n = len(nodes)
    _, part = connected_components(coo_matrix((np.ones(len(start)), (start, end)), shape=(n, n)), directed=False)
    largest = np.flatnonzero(part == np.bincount(part).argmax())
    number = np.full(n, -1)
    number[largest] = np.arange(len(largest))
    kept = number[start] >= 0
    return nodes[largest], number[start[kept]], number[end[kept]]


def _described(nodes: Floats, start: Ints, end: Ints, rng: np.random.Generator, *, main: float) -> pd.DataFrame:
    n = len(start)
    length = np.hypot(*(nodes[end] - nodes[start]).T)
    street = _chains(nodes, start, end)
    whole = np.bincount(street, length)
    order = np.argsort(np.argsort(-whole, kind="stable"), kind="stable")
    names = np.array(street_names(len(whole)), dtype=object)[order[street]]
    away = np.hypot(*((nodes[start] + nodes[end]) / 2 - town.CENTRE).T)
    wide = whole[street] >= main
    on_foot = ~wide & (away < ON_FOOT) & (rng.random(n) < 0.25)
    kind = np.select([wide, on_foot], ["axe", "pietonne"], "desserte")
    residents = rng.poisson(length / 100 * (4 + 90 * np.exp(-0.5 * (away / 3_000) ** 2)))
    return pd.DataFrame(
        {
            "code": [f"T{k:05d}" for k in range(1, n + 1)],
            "start": start,
            "end": end,
            "geometry": shapely.linestrings(np.stack([nodes[start], nodes[end]], axis=1)),
            "length": np.round(length, 1),
            "street": names,
            "kind": kind,
            "way": np.where(~wide & (rng.random(n) < 0.3), "direct", "double"),
            "width": np.where(wide, 12.0, np.where(on_foot, 5.0, 6.5)),
            "speed": np.where(wide, 50, np.where(on_foot, 10, 30)),
            "step_free": rng.random(n) < np.where(wide, 0.95, 0.7),
            "residents": residents,
        }
    )


def _chains(nodes: Floats, start: Ints, end: Ints) -> Ints:
    """Return the street of each segment: at a crossing the straightest pairs go on as one."""
    at: list[list[int]] = [[] for _ in nodes]
    for k, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        at[a].append(k)
        at[b].append(k)
    links: list[tuple[int, int]] = []
    for node, meeting in enumerate(at):
        other = np.where(start[meeting] == node, end[meeting], start[meeting])
        away = nodes[other] - nodes[node]
        away /= np.hypot(*away.T)[:, None]
        turn = away @ away.T
        i, j = np.nonzero(np.triu(turn <= STRAIGHT, 1))
        taken: set[int] = set()
        for k in np.argsort(turn[i, j], kind="stable"):
            if not taken & {int(i[k]), int(j[k])}:
                taken |= {int(i[k]), int(j[k])}
                links.append((meeting[i[k]], meeting[j[k]]))
    n = len(start)
    a, b = np.array(links, dtype=np.int64).reshape(-1, 2).T
    _, street = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    return np.asarray(street, dtype=np.int64)
