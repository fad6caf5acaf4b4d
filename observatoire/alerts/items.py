"""What the rules look at, as arrays."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from observatoire.risk.arrays import Dates, Floats, Ints


@dataclass(frozen=True, eq=False)
class Items:
    """Dated points of one collection, in any order.

    Attributes
    ----------
    id : ndarray of int, shape (n,)
    xy : ndarray, shape (n, 2), m
        CRS of the store.
    wall : ndarray of datetime64[us], shape (n,)
        Local wall time: days and hours of a rule are those of the city's clock.
    code : ndarray of object, shape (n,)
        What the item is (`nature`).
    division : ndarray of int, shape (n,)
        Index of its division; -1 outside all.
    as_of : aware datetime
        Until when these data are known, in the zone of the city.
    """

    id: Ints
    xy: Floats
    wall: Dates
    code: NDArray[Any]
    division: Ints
    as_of: datetime

    def __len__(self) -> int:
        return len(self.id)

    @property
    def end(self) -> np.datetime64:
        """Return `as_of` as wall time."""
        return np.datetime64(self.as_of.replace(tzinfo=None), "us")

    def take(self, keep: Any) -> "Items":
        """Return the items of a mask or of indices."""
        return Items(
            self.id[keep], self.xy[keep], self.wall[keep], self.code[keep], self.division[keep], self.as_of
        )  # fmt: skip

    def of(self, codes: frozenset[str] | None, hours: tuple[time, time] | None) -> "Items":
        """Return the items of some kinds (all where None) that happened in some hours of the day.

        Hours are half open; an end at or before the start is of the next day (22:00 to 06:00).
        """
        keep = np.ones(len(self), dtype=bool)
        if codes is not None:
            keep &= np.isin(self.code, list(codes))
        if hours is not None:
            minute = (self.wall - self.wall.astype("datetime64[D]")).astype("timedelta64[m]").astype(int)
            first, last = (60 * t.hour + t.minute for t in hours)
            keep &= (minute >= first) & (minute < last) if first < last else (minute >= first) | (minute < last)
        return self.take(keep)

    def within(self, window: timedelta) -> "Items":
        """Return the items of the `window` that ends at `as_of`: (as_of - window, as_of]."""
        return self.take((self.wall > self.end - np.timedelta64(window)) & (self.wall <= self.end))


@dataclass(frozen=True)
class Lasting:
    """Something that lasts: an outage without an end, a sensor's last word, a source's last load.

    Attributes
    ----------
    subject : str
        Its name: a circuit, a sensor, a source.
    since : aware datetime
        When it began, or was last heard of.
    """

    subject: str
    since: datetime
    id: int | None = None
    place: tuple[float, float] | None = None
    division: str | None = None
