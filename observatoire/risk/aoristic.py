"""Events that happened at some time between two: how much of each falls in a shift of the day."""

import re
from dataclasses import dataclass

import numpy as np

from observatoire.risk.arrays import Dates, Floats

DAY = 86_400_000_000  # µs
HOUR = 3_600_000_000


@dataclass(frozen=True)
class Shift:
    """Hours of the day, wall time, from `start` up to `end`, which may lie on the next day.

    >>> Shift.parse("21-05")
    Shift(start=21, end=5)
    >>> Shift.parse("21-05").hours
    8
    """

    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Shift":
        """Return a shift written `21-05`.

        Raises
        ------
        ValueError
            If it is not two different hours from 0 to 24.
        """
        found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text.strip())
        if not found or max(int(found[1]), int(found[2])) > 24 or int(found[1]) % 24 == int(found[2]) % 24:
            raise ValueError(f"shift: expected two different hours such as 21-05, got {text!r}")
        return cls(int(found[1]) % 24, int(found[2]) % 24)

    @property
    def hours(self) -> int:
        """Length, h."""
        return (self.end - self.start) % 24


def aoristic(start: Dates, until: Dates, shift: Shift) -> Floats:
    """Return the share of each event's interval that lies in a shift: its aoristic weight.

    Parameters
    ----------
    start, until : ndarray of datetime64, shape (n_events,)
        Wall time. `until` may equal `start` (the moment is known), or be NaT (the same).

    Returns
    -------
    ndarray, shape (n_events,), 0 to 1
        The weights of shifts that part the day sum to 1.

    Raises
    ------
    ValueError
        If an event ends before it starts.

    References
    ----------
    .. [1] Ratcliffe (2000), Aoristic analysis, Int. J. Geographical Information Science 14, 669–679.

    Examples
    --------
    Between 20:00 and 24:00, the night from 21 on is three quarters.

    >>> day = np.array(["2024-05-01T20", "2024-05-02T00"], dtype="datetime64[us]")
    >>> aoristic(day[:1], day[1:], Shift(21, 5))
    array([0.75])
    """
    begin = np.asarray(start).astype("datetime64[us]")
    end = np.asarray(until).astype("datetime64[us]")
    end = np.where(np.isnat(end), begin, end)
    if (end < begin).any():
        raise ValueError(f"until: {int((end < begin).sum())} events end before they start")
    a, b = begin.astype(np.int64), end.astype(np.int64)
    inside = ((a - shift.start * HOUR) % DAY < shift.hours * HOUR).astype(float)
    length = b - a
    covered = (_before(b, shift) - _before(a, shift)) / np.maximum(length, 1)
    return np.asarray(np.where(length > 0, covered, inside))


def _before(at: "np.ndarray[tuple[int], np.dtype[np.int64]]", shift: Shift) -> Floats:
    """Return how much time of the shift lies before each moment, µs, up to a constant."""
    since = at - shift.start * HOUR
    days, rest = np.divmod(since, DAY)
    length = shift.hours * HOUR
    return np.asarray(days * length + np.minimum(rest, length), dtype=float)
