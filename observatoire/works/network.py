"""The street graph: what is left of ways when segments are closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from observatoire.risk.arrays import Bools, Floats, Ints

KEPT = 64  # answers; each is a number for every source and junction


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
    def n_junctions(self) -> int:
        return int(max(self.u.max(), self.v.max())) + 1 if len(self.id) else 0

    def rows(self, edges: Iterable[str]) -> Ints:
        """Return the rows of segments; those that are not of the graph are left out."""
        return np.array(sorted({self.index[e] for e in edges if e in self.index}), dtype=np.int64)

    def distances(self, sources: Sequence[int], mode: str, closed: Ints, limit: float = np.inf) -> Floats:
        """Return the shortest ways by `mode` with some segments closed.

        Parameters
        ----------
        closed : ndarray of int64
            Rows of segments.
        limit : float, m
            Ways that are longer are not looked for, and are inf.

        Returns
        -------
        ndarray, shape (n_sources, n_junctions), m
            inf where there is no way; read-only: the last ones asked for are kept.
        """
        key = (tuple(sources), mode, closed.tobytes(), limit)
        if key not in self._known:
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = self._distances(sources, mode, closed, limit)
            self._known[key].setflags(write=False)
        return self._known[key]

    def _distances(self, sources: Sequence[int], mode: str, closed: Ints, limit: float) -> Floats:
        passable = np.array(self.modes.get(mode, np.ones(len(self.id), dtype=bool)))
        passable[closed] = False
        pair, place, columns, starts = self._pattern
        weight = np.full(int(pair.max(initial=-1)) + 1, np.inf)
        np.minimum.at(weight, pair[passable], self.length[passable])  # parallel segments: the shortest that is open
        shape = (self.n_junctions, self.n_junctions)
        graph = scipy.sparse.csr_array((weight[place], columns, starts), shape=shape)  # inf is no way
        return np.atleast_2d(dijkstra(graph, directed=True, indices=np.asarray(sources), limit=limit))

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
        passable = np.array(self.modes.get(mode, np.ones(len(self.id), dtype=bool)))
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
    def _known(self) -> dict[tuple[tuple[int, ...], str, bytes, float], Floats]:
        """Distances by what was asked: works that are tried at many dates close the same segments each time."""
        return {}

    @cached_property
    def _at(self) -> list[Ints]:
        """Rows of the segments that meet at each junction."""
        ends, rows = np.concatenate([self.u, self.v]), np.tile(np.arange(len(self.id)), 2)
        order = np.argsort(ends, kind="stable")
        return np.split(rows[order], np.cumsum(np.bincount(ends, minlength=self.n_junctions))[:-1])

    @cached_property
    def _pattern(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Pair of junctions of each segment; pair, column and row starts of each entry of the matrix, both ways."""
        low, high = np.minimum(self.u, self.v), np.maximum(self.u, self.v)
        keys, pair = np.unique(low * self.n_junctions + high, return_inverse=True)
        row = np.append(keys // self.n_junctions, keys % self.n_junctions)
        column = np.append(keys % self.n_junctions, keys // self.n_junctions)
        order = np.lexsort((column, row))
        starts = np.searchsorted(row[order], np.arange(self.n_junctions + 1))
        return pair, np.tile(np.arange(len(keys)), 2)[order], column[order], starts
