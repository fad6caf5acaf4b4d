"""The street graph: what is left of ways when segments are closed."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from observatoire.risk.arrays import Bools, Floats, Ints
from observatoire.works.graph import Graph

KEPT = 64  # answers of `distances`; each is a number for every source and junction
KEPT_WAYS = 4_096  # answers of `nearest`; each is some numbers and the segments of a way
WIDER = 4.0  # by how much a search that found nothing is widened, at most three times

#: Sources, targets, mode, and the closures that were met.
type Asked = tuple[tuple[int, ...], tuple[int, ...], str, frozenset[int]]


@dataclass(frozen=True, eq=False)
class Network:
    """Segments between junctions, passed both ways.

    Attributes
    ----------
    id : ndarray of object, shape (n_edges,)
        Ids of segments, unique.
    u, v : ndarray of int64, shape (n_edges,)
        Junctions, from 0.
    length : ndarray, shape (n_edges,), m, > 0
    modes : mapping of str to ndarray of bool, shape (n_edges,)
        Segments that each mode may pass; a mode that is not named passes all.
    stops : mapping of str to mapping of str to int
        Junctions of places, by kind and id, such as `{"hopital": {"h1": 12}}`.
    """

    id: NDArray[Any]
    u: Ints
    v: Ints
    length: Floats
    modes: Mapping[str, Bools]
    stops: Mapping[str, Mapping[str, int]]

    def __post_init__(self) -> None:
        if not len(self.id) == len(self.u) == len(self.v) == len(self.length):
            raise ValueError("id, u, v and length must have one length")
        if len(set(self.id.tolist())) != len(self.id):
            raise ValueError("ids of segments must be unique")
        if not (self.length > 0).all():
            raise ValueError("length must be > 0 m")

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of each segment, by id."""
        return {name: row for row, name in enumerate(self.id.tolist())}

    @cached_property
    def graph(self) -> Graph:
        """Lengths between junctions."""
        return Graph(self.u, self.v, self.length, self.modes)

    def rows(self, edges: Iterable[str]) -> Ints:
        """Return the rows of segments; those that are not of the graph are left out."""
        return np.array(sorted({self.index[e] for e in edges if e in self.index}), dtype=np.int64)

    def closed_by(self, edges: tuple[str, ...]) -> frozenset[int]:
        """Return the rows of segments that works close; kept, for works are tried at many dates."""
        if edges not in self._closed:
            self._closed[edges] = frozenset(self.rows(edges).tolist())
        return self._closed[edges]

    def distances(self, sources: Sequence[int], mode: str, closed: Ints) -> Floats:
        """Return the shortest ways by `mode` with some segments closed.

        Parameters
        ----------
        closed : ndarray of int64
            Rows of segments.

        Returns
        -------
        ndarray, shape (n_sources, n_junctions), m
            inf where there is no way; read-only: the last ones asked for are kept.
        """
        key = (tuple(sources), mode, closed.tobytes())
        if key not in self._known:
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            graph = self.graph.matrix(mode, closed.tolist())
            self._known[key] = np.atleast_2d(dijkstra(graph, indices=np.asarray(sources)))
            self._known[key].setflags(write=False)
        return self._known[key]

    def nearest(
        self, sources: tuple[int, ...], targets: tuple[int, ...], mode: str, closed: Set[int], around: float = np.inf
    ) -> tuple[float, ...]:
        """Return how far targets are from the nearest source, with some segments closed.

        A closure counts only where it lies on the way: a shortest way on which nothing is closed stays the shortest.
        So ways are looked for with the closures alone that were met so far, until none is met; what is known of these
        few serves every other set of closures that meets the same ones.

        Parameters
        ----------
        sources, targets : tuple of int
            Junctions.
        closed : set of int
            Rows of segments.
        around : float, m
            How far to look first; further where a target is not found.

        Returns
        -------
        tuple of float, m
            One for each target; inf where there is no way.
        """
        met: frozenset[int] = frozenset()
        while True:
            key = (sources, targets, mode, met)
            if key not in self._ways:
                while len(self._ways) >= KEPT_WAYS:
                    del self._ways[next(iter(self._ways))]
                self._ways[key] = self._nearest(sources, targets, mode, met, around)
            far, used = self._ways[key]
            more = used & closed
            if more <= met:
                return far
            met |= more

    def _nearest(
        self, sources: tuple[int, ...], targets: tuple[int, ...], mode: str, closed: Set[int], around: float
    ) -> tuple[tuple[float, ...], frozenset[int]]:
        """Return how far targets are, and the segments of the ways there, with those that are parallel to them."""
        graph = self.graph.matrix(mode, closed)
        for limit in (around, around * WIDER, around * WIDER**2, np.inf):
            far, before, _ = dijkstra(
                graph, indices=np.asarray(sources), limit=limit, min_only=True, return_predecessors=True
            )
            if np.isfinite(far[list(targets)]).all() or np.isinf(limit):
                break
        used: set[int] = set()
        for target in targets:
            here = target
            while (there := int(before[here])) >= 0:
                used.update(self.graph.between(here, there))
                here = there
        return tuple(far[list(targets)].tolist()), frozenset(used)

    def way(self, source: int, target: int, mode: str, closed: Ints) -> tuple[str, ...] | None:
        """Return the segments of a shortest way with some segments closed, in order; None where there is none.

        Parameters
        ----------
        source, target : int
            Junctions.
        closed : ndarray of int64
            Rows of segments.
        """
        far = self.distances([target], mode, closed)[0]
        if not np.isfinite(far[source]):
            return None
        passable = np.array(self.graph.passable(mode))
        passable[closed] = False
        here, found = source, []
        while here != target:
            rows = self._at[here][passable[self._at[here]]]
            beyond = np.where(self.u[rows] == here, self.v[rows], self.u[rows])
            best = int(np.argmin(self.length[rows] + far[beyond]))
            found.append(str(self.id[rows[best]]))
            here = int(beyond[best])
        return tuple(found)

    @cached_property
    def _known(self) -> dict[tuple[tuple[int, ...], str, bytes], Floats]:
        """Distances by what was asked: works that are tried at many dates close the same segments each time."""
        return {}

    @cached_property
    def _ways(self) -> dict[Asked, tuple[tuple[float, ...], frozenset[int]]]:
        """How far targets are and what is passed, by what was asked and the closures that were met."""
        return {}

    @cached_property
    def _closed(self) -> dict[tuple[str, ...], frozenset[int]]:
        """Rows of segments, by their ids."""
        return {}

    @cached_property
    def _at(self) -> list[Ints]:
        """Rows of the segments that meet at each junction."""
        ends, rows = np.concatenate([self.u, self.v]), np.tile(np.arange(len(self.id)), 2)
        order = np.argsort(ends, kind="stable")
        return np.split(rows[order], np.cumsum(np.bincount(ends, minlength=self.graph.n_junctions))[:-1])
