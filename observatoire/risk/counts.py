"""Events counted by cell and by period, back from an origin."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from observatoire.risk.arrays import Dates, Ints, Table
from observatoire.risk.prefix import prefix

DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of a grid's cells in the periods that end at an origin.

    Attributes
    ----------
    table : scipy.sparse.csc_array, shape (n_cells, n_periods)
        Oldest period first; period j is [end - (n_periods - j) · period, … + period), half open.
    end : numpy.datetime64
        End of the last period, excluded: local wall time.
    period : float, days
    """

    table: Table
    end: np.datetime64
    period: float

    @property
    def n_cells(self) -> int:
        return int(self.table.shape[0])

    @property
    def n_periods(self) -> int:
        return int(self.table.shape[1])

    @property
    def totals(self) -> NDArray[np.float64]:
        """Events of the whole grid, shape (n_periods,)."""
        return np.asarray(self.table.sum(axis=0), dtype=float).ravel()

    @property
    def starts(self) -> Dates:
        """Start of each period, shape (n_periods,)."""
        back = np.arange(self.n_periods, 0, -1) * self.period * 86_400e6
        return np.asarray(self.end - back.astype("timedelta64[us]"))

    @property
    def numbers(self) -> Ints:
        """Number of each period since 1970: the same from all origins that are whole periods apart."""
        return np.asarray(
            np.floor_divide(self.starts.astype("datetime64[us]").astype(np.int64), round(self.period * 86_400e6))
        )

    def past(self, n_periods: int) -> Table:
        """Return the first columns of the table; the same object while the same is asked for again."""
        kept: tuple[int, Table] | None = self.__dict__.get("_past")
        if kept is None or kept[0] != n_periods:
            kept = self.__dict__["_past"] = n_periods, prefix(self.table, n_periods)  # at once: threads may ask, too
        return kept[1]

    def until(self, n_periods: int) -> "Counts":
        """Return the first `n_periods` only: what was known at the end of them."""
        gone = self.n_periods - n_periods
        end = self.end - np.timedelta64(round(gone * self.period * 86_400e6), "us")
        return Counts(self.table[:, :n_periods], end, self.period)


def count(cells: Ints, dates: Dates, n_cells: int, *, end: Any, period: float) -> Counts:
    """Count events by cell and period.

    Parameters
    ----------
    cells : ndarray of int, shape (n_events,)
        Index of the cell of each event; negative ones are outside and not counted.
    dates : ndarray of datetime64, shape (n_events,)
        Local wall time.
    n_cells : int
    end : datetime64 or text
        Origin, local wall time. Events at or after it are not looked at.
    period : float, days, > 0

    Returns
    -------
    Counts
        Begins with the first period that the first event's day does not cut: a partial one would look quiet.
    """
    if not period > 0:
        raise ValueError(f"period must be > 0 days, got {period}")
    end = np.datetime64(end, "us")
    width = round(period * 86_400e6)
    stamps = np.asarray(dates).astype("datetime64[us]")
    keep = (cells >= 0) & (stamps < end)
    back = (end - stamps[keep]).astype(np.int64)
    first_day = stamps[keep].min().astype("datetime64[D]").astype("datetime64[us]") if back.size else end
    n_periods = int((end - first_day).astype(np.int64) // width)
    column = n_periods - 1 - (back - 1) // width
    inside = column >= 0
    ones = np.ones(int(inside.sum()))
    where = cells[keep][inside].astype(np.int32), column[inside].astype(np.int32)
    table = sparse.coo_array((ones, where), shape=(n_cells, n_periods)).tocsc()
    table.sum_duplicates()
    return Counts(table, end, float(period))


def wall_time(dates: Any, tz: str = "UTC") -> Dates:
    """Return dates as naive wall time of `tz`: aware ones are converted, naive ones are taken to be so already.

    >>> wall_time(["2024-07-01T22:30:00Z"], "Europe/Paris")
    array(['2024-07-02T00:30:00.000000'], dtype='datetime64[us]')
    """
    index = pd.DatetimeIndex(
        pd.to_datetime(np.atleast_1d(dates) if isinstance(dates, str) else dates, format="ISO8601")
    )
    if index.tz is not None:
        index = index.tz_convert(tz).tz_localize(None)
    return np.asarray(index.to_numpy().astype("datetime64[us]"))
