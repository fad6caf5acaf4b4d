"""What events are sorted by when a forecast is judged: nature, district, hour."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from observatoire.risk.arrays import Bools, Dates, Ints

#: Shifts of a municipal police day, local hours; the last one goes over midnight.
SHIFTS = (("05-13", 5, 13), ("13-21", 13, 21), ("21-05", 21, 29))


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of events and of cells; None where they are not known.

    Attributes
    ----------
    nature : ndarray of object, shape (n_events,), optional
    timed : ndarray of bool, shape (n_events,), optional
        Whether the hour is known: a date alone has none, and its midnight is not one.
    district : ndarray of int, shape (n_cells,), optional
        Index of each cell's district in `districts`; -1: none.
    districts : tuple of str
    """

    nature: NDArray[np.object_] | None = None
    timed: Bools | None = None
    district: Ints | None = None
    districts: tuple[str, ...] = field(default=())


def shift(dates: Dates) -> NDArray[np.object_]:
    """Return the shift of each wall time.

    >>> shift(np.array(["2024-01-01T04:59", "2024-01-01T05:00", "2024-01-01T23:00"], dtype="datetime64[us]")).tolist()
    ['21-05', '05-13', '21-05']
    """
    hour = (dates.astype("datetime64[h]") - dates.astype("datetime64[D]")).astype(int)
    names = np.empty(len(dates), dtype=object)
    for name, first, last in SHIFTS:
        names[((hour - first) % 24) < last - first] = name
    return names
