"""Events counted as they come, part by part: what is kept grows with cells and periods, not with the rows read."""

from typing import Any

import numpy as np
from scipy import sparse

from observatoire.risk.answers import Situation
from observatoire.risk.arrays import Dates, Floats, Ints, Table
from observatoire.risk.counts import DAY, Counts
from observatoire.risk.spans import WEEK

DENSE = 4  # places of a table an event, up to which it is summed with its empty places: no sort is needed
WAITING = 1_000_000  # entries that wait to be added up: they are sorted once, not at every part
WEEKS_OF_RATE = 8  # over which events a week are said


class Tally:
    """Counts by cell and period, and by day, of events before an origin.

    Parameters
    ----------
    n_cells : int
    end : datetime64 or text
        Origin, wall time: events at or after it are not looked at.
    period : float, days, > 0
    """

    def __init__(self, n_cells: int, *, end: Any, period: float) -> None:
        if not period > 0:
            raise ValueError(f"period must be > 0 days, got {period}")
        self.n_cells = n_cells
        self.end = np.datetime64(end, "us")
        self.period = float(period)
        self.later, self.outside = 0, 0
        self._first = self.end
        self._per_day = np.zeros(0)
        self._last_of_day = np.zeros(0, dtype=np.int64)
        self._table = sparse.csc_array((n_cells, 0), dtype=np.float64)  # column k: k periods back
        self._waiting: list[tuple[Ints, Ints, Floats]] = []

    def add(self, cells: Ints, dates: Dates, weights: Floats | None = None) -> None:
        """Count some events: cells -1 are outside; a weight is how much of an event it is, by default all."""
        stamps = np.asarray(dates).astype("datetime64[us]")
        before = stamps < self.end
        keep = before & (cells >= 0)
        self.later += int((~before).sum())
        self.outside += int((before & (cells < 0)).sum())
        if not keep.any():
            return
        weight = np.ones(int(keep.sum())) if weights is None else np.asarray(weights, dtype=float)[keep]
        self._first = min(self._first, stamps[keep].min())
        back = (self.end - stamps[keep]).astype(np.int64)
        self._count_days(back, weight)
        width = round(self.period * 86_400e6)
        self._waiting.append((cells[keep].astype(np.int64), (back - 1) // width, weight))
        if sum(len(weight) for _, _, weight in self._waiting) > max(WAITING, self._table.nnz):
            self._add_up()

    def counts(self) -> Counts:
        """Return the counts, from the first period that the first event's day does not cut: it would look quiet."""
        self._add_up()
        first_day = self._first.astype("datetime64[D]").astype("datetime64[us]")
        n_periods = int((self.end - first_day).astype(np.int64) // round(self.period * 86_400e6))
        table = self._widened(n_periods)[:, :n_periods][:, ::-1].tocsc()
        table.sort_indices()
        return Counts(table, self.end, self.period)

    def situation(self, as_of: np.datetime64) -> tuple[Situation, int, np.datetime64 | None]:
        """Return what the data allow at an origin whole days before the end, the events and the last one's date."""
        gone, rest = divmod((self.end - np.datetime64(as_of, "us")).astype(np.int64), DAY.astype(np.int64))
        if rest or gone < 0:
            raise ValueError(f"as_of must lie whole days before {self.end}, got {as_of}")
        known = self._per_day[gone:]
        if not known.any():
            return Situation(0.0, 0.0, self.n_cells, 0.0), 0, None
        last = self.end - np.timedelta64(int(self._last_of_day[gone + int(np.flatnonzero(known)[0])]), "us")
        per_week = float(known[: WEEK * WEEKS_OF_RATE].sum()) / WEEKS_OF_RATE
        span, since = (float((as_of - moment) / DAY) for moment in (self._first, last))
        return Situation(span, per_week, self.n_cells, since), round(float(known.sum())), last

    def _count_days(self, back: Ints, weight: Floats) -> None:
        """Add up the days before the end, and keep how long before it, µs, the last event of each lies."""
        day = (back - 1) // DAY.astype(np.int64)
        n = max(int(day.max()) + 1, len(self._per_day))
        kept = len(self._per_day)
        self._per_day = np.pad(self._per_day, (0, n - kept)) + np.bincount(day, weight, minlength=n)
        latest = np.pad(self._last_of_day, (0, n - kept), constant_values=np.iinfo(np.int64).max)
        np.minimum.at(latest, day, back)
        self._last_of_day = latest

    def _add_up(self) -> None:
        if not self._waiting:
            return
        cell, ago, weight = (np.concatenate(part) for part in zip(*self._waiting, strict=True))
        self._waiting = []
        width = max(int(ago.max()) + 1, self._table.shape[1])
        new = added_up(cell, ago, weight, (self.n_cells, width))
        self._table = self._widened(width) + new if self._table.nnz else new

    def _widened(self, width: int) -> Table:
        table, more = self._table, width - self._table.shape[1]
        if more <= 0:
            return table
        ends = np.concatenate([table.indptr, np.full(more, table.indptr[-1], dtype=table.indptr.dtype)])
        return sparse.csc_array((table.data, table.indices, ends), shape=(self.n_cells, width))


def added_up(row: Ints, column: Ints, weight: Floats, shape: tuple[int, int]) -> Table:
    """Return the table of the sums of weights by row and column; an empty place is not kept, whatever its weight."""
    n_rows, n_columns = shape
    if n_rows * n_columns > DENSE * len(weight):
        where = row.astype(np.int32), column.astype(np.int32)
        return sparse.coo_array((weight, where), shape=shape).tocsc()
    sums = np.bincount(column * n_rows + row, weight, minlength=n_rows * n_columns)
    at = np.flatnonzero(sums)
    starts = np.searchsorted(at, np.arange(n_columns + 1) * n_rows)
    return sparse.csc_array((sums[at], (at % n_rows).astype(np.int32), starts.astype(np.int32)), shape=shape)
