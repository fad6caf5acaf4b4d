"""Sets of instants: an exact algebra of half-open intervals [start, end), in whole seconds since 1970, UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np

from observatoire.risk.arrays import Bools, Ints


@dataclass(frozen=True, eq=False)
class Intervals:
    """A set of instants, kept as its maximal intervals.

    Attributes
    ----------
    starts, ends : ndarray of int64, shape (n,), s
        Sorted; each end is strictly before the next start. Equal sets have equal arrays.
    """

    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        """Return the union of any intervals; those that are empty or turned round hold nothing."""
        flat = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        return cls.merged(flat[:, 0], flat[:, 1])

    @classmethod
    def merged(cls, starts: Ints, ends: Ints) -> Self:
        """Return the union of [starts[i], ends[i])."""
        real = starts < ends
        starts, ends = starts[real], ends[real]
        order = np.argsort(starts, kind="stable")
        starts, reach = starts[order], np.maximum.accumulate(ends[order]) if len(order) else ends
        first = np.ones(len(starts), dtype=bool)
        first[1:] = starts[1:] > reach[:-1]
        last = np.append(first[1:], np.ones(min(1, len(first)), dtype=bool))
        return cls(starts[first], reach[last])

    @classmethod
    def between(cls, start: datetime, end: datetime) -> Self:
        """Return one interval between two aware datetimes."""
        return cls.of([(int(start.timestamp()), int(end.timestamp()))])

    def __len__(self) -> int:
        return len(self.starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Intervals):
            return NotImplemented
        return np.array_equal(self.starts, other.starts) and np.array_equal(self.ends, other.ends)

    def __hash__(self) -> int:
        return hash((self.starts.tobytes(), self.ends.tobytes()))

    def union(self, other: Self) -> Self:
        """Return the instants of either.

        >>> Intervals.of([(0, 2)]).union(Intervals.of([(2, 3)])).pairs()
        [(0, 3)]
        """
        return self.merged(np.append(self.starts, other.starts), np.append(self.ends, other.ends))

    def intersection(self, other: Self) -> Self:
        """Return the instants of both.

        >>> Intervals.of([(0, 4), (6, 9)]).intersection(Intervals.of([(3, 7)])).pairs()
        [(3, 4), (6, 7)]
        """
        low = np.searchsorted(other.ends, self.starts, side="right")
        high = np.searchsorted(other.starts, self.ends, side="left")
        mine, theirs = expand(low, high)
        return type(self)(
            np.maximum(self.starts[mine], other.starts[theirs]), np.minimum(self.ends[mine], other.ends[theirs])
        )

    def complement(self, start: int, end: int) -> Self:
        """Return the instants of [start, end) that are not here."""
        if start >= end:
            return self.of([])
        inside = self.intersection(self.of([(start, end)]))
        return self.merged(np.insert(inside.ends, 0, start), np.append(inside.starts, end))

    def difference(self, other: Self) -> Self:
        """Return the instants that are here and not in `other`.

        >>> Intervals.of([(0, 9)]).difference(Intervals.of([(3, 4)])).pairs()
        [(0, 3), (4, 9)]
        """
        if not len(self):
            return self
        return self.intersection(other.complement(int(self.starts[0]), int(self.ends[-1])))

    def shift(self, seconds: int) -> Self:
        """Return the same instants, later by `seconds` (earlier where it is negative)."""
        return type(self)(self.starts + seconds, self.ends + seconds)

    def widened(self, before: int, after: int) -> Self:
        """Return the instants at most `before` seconds ahead of, or `after` seconds behind, one of these (both ≥ 0)."""
        return self.merged(self.starts - before, self.ends + after)

    def total(self) -> int:
        """Return the measure of the set, s."""
        return int((self.ends - self.starts).sum())

    def overlaps(self, other: Self) -> bool:
        """Say whether an instant is in both. Intervals that only touch have none."""
        low = np.searchsorted(other.ends, self.starts, side="right")
        return bool((low < np.searchsorted(other.starts, self.ends, side="left")).any())

    def contains(self, instants: Ints) -> Bools:
        """Say for each instant (s) whether it is in the set."""
        index = np.searchsorted(self.starts, instants, side="right") - 1
        inside = index >= 0
        inside[inside] = instants[inside] < self.ends[index[inside]]
        return inside

    def pairs(self) -> list[tuple[int, int]]:
        """Return the maximal intervals, oldest first, s."""
        return list(zip(self.starts.tolist(), self.ends.tolist(), strict=True))

    def iso(self) -> list[tuple[str, str]]:
        """Return the maximal intervals as RFC 3339, UTC."""
        return [(_iso(a), _iso(b)) for a, b in self.pairs()]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def expand(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Return every (i, j) with low[i] <= j < high[i], ordered by i then j.

    Parameters
    ----------
    low, high : ndarray, shape (n,)
        Half-open ranges; empty where high <= low.
    """
    count = np.maximum(high - low, 0)
    first = np.repeat(np.arange(len(low)), count)
    offset = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, low[first] + offset
