"""The instants of many things at once, and which of them meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from observatoire.risk.arrays import Ints
from observatoire.works.intervals import Intervals, expand

SPAN = 1 << 40  # s: 34 000 years, so that (item, instant) is one ordered int64


@dataclass(frozen=True, eq=False)
class Timetable:
    """One set of instants for each of n things, side by side.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Item i owns the intervals offsets[i] to offsets[i + 1].
    starts, ends : ndarray of int64, s
        As in `Intervals`, item after item.
    """

    offsets: Ints
    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, items: Sequence[Intervals]) -> Self:
        """Return the timetable of several sets."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(
            np.cumsum([0, *(len(i) for i in items)], dtype=np.int64),
            np.concatenate([empty, *(i.starts for i in items)]),
            np.concatenate([empty, *(i.ends for i in items)]),
        )

    @classmethod
    def of_spans(cls, starts: Ints, ends: Ints) -> Self:
        """Return the timetable of things that each last one interval [starts[i], ends[i]), with starts < ends."""
        return cls(np.arange(len(starts) + 1), np.asarray(starts, dtype=np.int64), np.asarray(ends, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, item: int) -> Intervals:
        mine = slice(self.offsets[item], self.offsets[item + 1])
        return Intervals(self.starts[mine], self.ends[mine])

    @cached_property
    def owner(self) -> Ints:
        """Item of each interval."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def _keys(self) -> tuple[Ints, Ints]:
        return self.owner * SPAN + self.starts, self.owner * SPAN + self.ends

    @cached_property
    def first(self) -> Ints:
        """First instant of each item; a very late one where it has none."""
        filled = np.append(self.starts, SPAN - 1)[np.minimum(self.offsets[:-1], len(self.starts))]
        return np.where(np.diff(self.offsets) > 0, filled, SPAN - 1)

    @cached_property
    def last(self) -> Ints:
        """End of each item; 0 where it has none."""
        return np.where(np.diff(self.offsets) > 0, np.append(self.ends, 0)[self.offsets[1:] - 1], 0)

    def widened(self, before: int, after: int) -> Self:
        """Return the same with `before` and `after` seconds added around each interval."""
        if not (before or after):
            return self
        return type(self).of([self[i].widened(before, after) for i in range(len(self))])

    def meetings(self, other: Self, mine: Ints, theirs: Ints) -> tuple[Ints, Ints, Ints]:
        """Return every common interval of the pairs (mine[k], theirs[k]).

        Parameters
        ----------
        mine, theirs : ndarray of int64, shape (n_pairs,)
            Items of this timetable and of `other`.

        Returns
        -------
        pair, start, end : ndarray of int64
            Index k of the pair, and the instants [start, end) that both hold; ordered by pair, then time.
        """
        near = (self.first[mine] < other.last[theirs]) & (other.first[theirs] < self.last[mine])
        pair = np.flatnonzero(near)
        row, interval = expand(self.offsets[mine[pair]], self.offsets[mine[pair] + 1])
        pair = pair[row]
        base = theirs[pair] * SPAN
        starts, ends = other._keys
        low = np.searchsorted(ends, base + self.starts[interval], side="right")
        high = np.searchsorted(starts, base + self.ends[interval], side="left")
        piece, found = expand(low, high)
        begin = np.maximum(self.starts[interval[piece]], other.starts[found])
        return pair[piece], begin, np.minimum(self.ends[interval[piece]], other.ends[found])
