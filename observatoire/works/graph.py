"""Lengths between junctions, as a sparse matrix, by mode and by what is closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from observatoire.risk.arrays import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Graph:
    """Segments between junctions, several of which may join the same two.

    Attributes
    ----------
    u, v : ndarray of int64, shape (n_edges,)
        Junctions, from 0.
    length : ndarray, shape (n_edges,), m, > 0
    modes : mapping of str to ndarray of bool, shape (n_edges,)
        Segments that each mode may pass; a mode that is not named passes all.
    """

    u: Ints
    v: Ints
    length: Floats
    modes: Mapping[str, Bools]

    @cached_property
    def n_junctions(self) -> int:
        return int(max(self.u.max(), self.v.max())) + 1 if len(self.u) else 0

    def passable(self, mode: str) -> Bools:
        """Return which segments a mode may pass."""
        found = self.modes.get(mode)
        return np.ones(len(self.u), dtype=bool) if found is None else found

    def matrix(self, mode: str, closed: Iterable[int]) -> Any:
        """Return the lengths between junctions without the segments of some rows, m; inf is no way.

        Of parallel segments it is the shortest that is open.
        """
        pair, place, columns, starts = self._pattern
        gone = set(closed)
        weight = self._open(mode)
        if gone:
            weight, passable = weight.copy(), self.passable(mode)
            for touched in set(pair[list(gone)].tolist()):
                left = [e for e in self._segments[touched] if e not in gone and passable[e]]
                weight[touched] = self.length[left].min(initial=np.inf)
        return scipy.sparse.csr_array((weight[place], columns, starts), shape=(self.n_junctions, self.n_junctions))

    def between(self, one: int, other: int) -> list[int]:
        """Return the rows of the segments that join two junctions."""
        return self._segments[self._pairs[min(one, other), max(one, other)]]

    def _open(self, mode: str) -> Floats:
        """Return the length of each pair of junctions with nothing closed, m."""
        if mode not in self._weights:
            pair, passable = self._pattern[0], self.passable(mode)
            weight = np.full(len(self._segments), np.inf)
            np.minimum.at(weight, pair[passable], self.length[passable])
            self._weights[mode] = weight
        return self._weights[mode]

    @cached_property
    def _weights(self) -> dict[str, Floats]:
        """Length of each pair of junctions, by mode."""
        return {}

    @cached_property
    def _segments(self) -> list[list[int]]:
        """Rows of the segments of each pair of junctions."""
        pair = self._pattern[0]
        found: list[list[int]] = [[] for _ in range(int(pair.max(initial=-1)) + 1)]
        for row, joined in enumerate(pair.tolist()):
            found[joined].append(row)
        return found

    @cached_property
    def _pairs(self) -> dict[tuple[int, int], int]:
        """Number of each pair of junctions, the lower first."""
        low, high = np.minimum(self.u, self.v).tolist(), np.maximum(self.u, self.v).tolist()
        return dict(zip(zip(low, high, strict=True), self._pattern[0].tolist(), strict=True))

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
