"""Ways around closed segments of the simulated city: where planted closures lengthen each other's ways."""

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra

from observatoire.risk.arrays import Bools, Floats
from observatoire.town.places import Places
from observatoire.town.streets import Streets

TOGETHER = 700.0  # m between the middles of two closures that lengthen one way


class Ways:
    """Shortest ways by length with some segments closed; cars keep off pedestrian streets."""

    def __init__(self, grid: Streets) -> None:
        self.grid = grid
        self.cars: Bools = np.asarray(grid.segments["kind"] != "pietonne", dtype=bool)
        self.everyone: Bools = np.ones(len(grid.segments), dtype=bool)

    def around(self, segment: int) -> list[int]:
        """Return the segments of the shortest way by car from one end of a segment to the other without it; or none."""
        start, end = self.grid.ends[segment].tolist()
        return self._way(start, end, self.cars, [segment])

    def to_hospitals(self, seats: Places, closed: Iterable[int] = ()) -> dict[int, float]:
        """Return the way to each hospital from the nearest fire station, m, by the node of the hospital."""
        stations, hospitals = (self._nodes(seats, kind) for kind in ("centre-de-secours", "hopital"))
        far = dijkstra(self._graph(self.everyone, closed), indices=stations).min(axis=0)
        return {node: float(far[node]) for node in hospitals}

    def lengthening(self, seats: Places, allowed: set[int], least: float) -> Iterator[tuple[int, int]]:
        """Yield pairs of segments which, closed together, make the way to a hospital longer by `least` m or more."""
        usual = self.to_hospitals(seats)
        stations = self._nodes(seats, "centre-de-secours")
        for node, before in usual.items():
            reach = dijkstra(self._graph(self.everyone, ()), indices=stations)[:, node]
            start = stations[int(np.argmin(reach))]
            direct = self._way(start, node, self.everyone, [])
            second = {k for first in direct for k in self._way(start, node, self.everyone, [first])}
            for one, two in combinations(sorted((second | set(direct)) & allowed), 2):
                near = np.hypot(*(self.grid.middles[one] - self.grid.middles[two])) <= TOGETHER
                if near and least <= self.to_hospitals(seats, (one, two))[node] - before < np.inf:
                    yield one, two

    def _nodes(self, seats: Places, kind: str) -> list[int]:
        """Return the end of its segment nearest to each place of a kind."""
        found = []
        for place in seats:
            if place.kind == kind:
                ends = self.grid.ends[place.segment]
                far = np.hypot(*(self.grid.nodes[ends] - (place.x, place.y)).T)
                found.append(int(ends[int(np.argmin(far))]))
        return found

    def _graph(self, passable: Bools, closed: Iterable[int]) -> csr_matrix:
        kept = passable.copy()
        kept[list(closed)] = False
        start, end = self.grid.ends[kept].T
        lengths: Floats = self.grid.lengths[kept]
        n = len(self.grid.nodes)
        both = (np.r_[start, end], np.r_[end, start])
        return coo_matrix((np.r_[lengths, lengths], both), shape=(n, n)).tocsr()

    def _way(self, start: int, end: int, passable: Bools, closed: list[int]) -> list[int]:
        far, before = dijkstra(self._graph(passable, closed), indices=start, return_predecessors=True)
        if not np.isfinite(far[end]):
            return []
        path = [end]
        while path[-1] != start:
            path.append(int(before[path[-1]]))
        return self.grid.along(path[::-1])
