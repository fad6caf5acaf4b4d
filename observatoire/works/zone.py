"""Wall time and UTC, for whole arrays: what a clock shows when it is put forward or back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from observatoire.risk.arrays import Ints
from observatoire.works.errors import BadWork

FIRST, LAST = 1990, 2101  # years that are tabulated; instants outside keep the nearest offset


@dataclass(frozen=True, eq=False)
class Zone:
    """The changes of one time zone.

    Attributes
    ----------
    changes : ndarray of int64, shape (n,), s UTC
        Instants at which the offset changes.
    offsets : ndarray of int64, shape (n + 1,), s
        Offset from UTC before, between and after them.
    """

    name: str
    changes: Ints
    offsets: Ints

    def wall(self, instants: Ints) -> Ints:
        """Return what the clock shows, as seconds since 1970-01-01T00:00 on that clock."""
        return instants + self.offsets[np.searchsorted(self.changes, instants, side="right")]

    def instants(self, wall: Ints) -> Ints:
        """Return the instants at which the clock shows `wall`.

        RFC 5545 § 3.3.5: an hour shown twice means the first time; an hour that is jumped over is read with the
        offset before the jump (02:30 on the last Sunday of March is 03:30 summer time).
        """
        switch = self.changes + np.maximum(self.offsets[:-1], self.offsets[1:])
        return wall - self.offsets[np.searchsorted(switch, wall, side="right")]


@lru_cache(maxsize=32)
def zone(name: str) -> Zone:
    """Return the zone of an IANA name.

    Raises
    ------
    BadWork
        If there is none of that name.
    """
    try:
        info = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadWork("zone", f"no time zone is named {name!r}; expected an IANA name, such as Europe/Paris") from None
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (FIRST, LAST))
    changes, offsets, before = [], [_offset(info, start)], start
    for after in range(start + 86_400, end, 86_400):
        if _offset(info, after) != offsets[-1]:
            changes.append(_change(info, before, after))
            offsets.append(_offset(info, after))
        before = after
    return Zone(name, np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64))


def _offset(info: ZoneInfo, instant: int) -> int:
    found = datetime.fromtimestamp(instant, info).utcoffset() or timedelta()
    return int(found.total_seconds())


def _change(info: ZoneInfo, before: int, after: int) -> int:
    """Return the first second of the new offset, by halving."""
    old = _offset(info, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(info, middle) == old else (before, middle)
    return after
