"""When works or an event hold their place: dates, daily windows, a rule, exceptions, public holidays."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Literal, Self
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from observatoire.risk.arrays import Ints
from observatoire.works.errors import BadWork
from observatoire.works.intervals import Intervals, expand
from observatoire.works.recurrence import recurrence
from observatoire.works.zone import zone

LONGEST = timedelta(days=3653)  # ten years: longer is a permanent regulation, not works
EPOCH = date(1970, 1, 1)
DAY = 86_400

type Holidays = Literal["keep", "skip", "only"]


@dataclass(frozen=True)
class Schedule:
    """From `start` to `end`, in the daily windows of the days that the rule gives, exceptions taken away.

    A day belongs to the window that begins on it: a window 22:00–06:00 of Saturday ends on Sunday morning, and it is
    Saturday that the rule, the exceptions and the public holidays are about. Days are counted from the local date of
    `start`. Wall times follow RFC 5545 § 3.3.5 on the nights when clocks change (see `Zone.instants`); a window that
    the clock jumps over is empty.

    Attributes
    ----------
    start, end : aware datetime, whole seconds
        `end` is excluded, and at most ten years after `start`.
    zone : str
        IANA name of the zone in which windows and days are read.
    windows : tuple of (time, time)
        Daily windows; an end at or before its start is of the next day; 00:00–00:00 is the whole day. Without
        windows and without rule, exceptions of days or holidays, the place is held without a break.
    rule : str
        RRULE of RFC 5545, daily or longer; every day where empty.
    except_days, extra_days : tuple of date
        Days taken away and added (EXDATE, RDATE).
    except_periods : tuple of (datetime, datetime)
        Instants taken away.
    holidays : {"keep", "skip", "only"}
        What public holidays do: nothing, take their day away, or leave only them.
    country : str
        Whose holidays: ISO 3166 code, or code and subdivision of the library `holidays` (`FR`, `FR-57`).

    Raises
    ------
    BadWork
        Names the field: no zone, an end before its start, over ten years, a rule that cannot be read…
    """

    start: datetime
    end: datetime
    zone: str
    windows: tuple[tuple[time, time], ...] = ()
    rule: str = ""
    except_days: tuple[date, ...] = ()
    extra_days: tuple[date, ...] = ()
    except_periods: tuple[tuple[datetime, datetime], ...] = ()
    holidays: Holidays = "keep"
    country: str = "FR"

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            _check_instant(name, value)
        if self.end <= self.start:
            raise BadWork("end", f"{self.end.isoformat()} is not after the start, {self.start.isoformat()}")
        if self.end - self.start > LONGEST:
            raise BadWork("end", f"{(self.end - self.start).days} days after the start; at most {LONGEST.days} days")
        zone(self.zone)
        if self.rule:
            recurrence(self.rule)
        for begin, stop in self.except_periods:
            _check_instant("except_periods", begin)
            _check_instant("except_periods", stop)
            if stop <= begin:
                raise BadWork("except_periods", f"{stop.isoformat()} is not after {begin.isoformat()}")
        if any(t.tzinfo is not None or t.microsecond for window in self.windows for t in window):
            raise BadWork("windows", "expected wall times without zone, in whole seconds")
        if self.holidays not in ("keep", "skip", "only"):
            raise BadWork("holidays", f"{self.holidays!r}; expected keep, skip or only")
        if self.holidays != "keep":
            public_holidays(self.country, self.start.year, self.end.year)

    @property
    def continuous(self) -> bool:
        """Whether the place is held from start to end without a daily rhythm."""
        by_day = self.windows or self.rule or self.except_days or self.extra_days
        return not by_day and self.holidays == "keep"

    @property
    def local_start(self) -> date:
        """Day of `start` on the local calendar."""
        return self._local(self.start)

    @cached_property
    def instants(self) -> Intervals:
        """When the place is held."""
        span = Intervals.between(self.start, self.end)
        if self.continuous:
            held = span
        else:
            begins, stops = self._occurrences(self.days)
            held = Intervals.merged(begins, stops).intersection(span)
        for begin, stop in self.except_periods:
            held = held.difference(Intervals.between(begin, stop))
        return held

    @cached_property
    def days(self) -> Ints:
        """Days on which a window begins, in days since 1970, on the local calendar."""
        return self._days(self._local(self.start), self._local(self.end - timedelta(seconds=1)))

    @cached_property
    def held_days(self) -> Ints:
        """Local days on which the place is held, if only for a part, in days since 1970."""
        held = self.instants
        if not len(held):
            return np.zeros(0, dtype=np.int64)
        clock = zone(self.zone)
        first, last = clock.wall(held.starts) // DAY, clock.wall(held.ends - 1) // DAY
        return np.unique(expand(first, last + 1)[1])

    def moved(self, days: int) -> Self:
        """Return the same work begun `days` days later (earlier where negative), at the same wall time.

        What happens by windows and days keeps its number of days: where the new dates hold more week-ends, holidays
        or exceptions, the end is later by as much. Exceptions stay where they are: they are dates of the calendar.

        Raises
        ------
        BadWork
            If the rule gives too few days within the two months after.
        """
        if days == 0:
            return self
        start, end = self._wall_moved(self.start, days), self._wall_moved(self.end, days)
        if self.continuous:
            return replace(self, start=start, end=end)
        wanted = len(self.days)
        if wanted == 0:
            return replace(self, start=start, end=end)
        found = self._days(self._local(start), self._local(end) + timedelta(days=62))[:wanted]
        if len(found) < wanted:
            raise BadWork("rule", f"gives {len(found)} of the {wanted} days that the work needs after the move")
        _, stops = self._occurrences(found[-1:])
        wall_end = self._time(self.end)
        last = datetime.fromtimestamp(int(stops.max()), ZoneInfo(self.zone))
        if self._days_cut():
            cut = last.replace(hour=wall_end.hour, minute=wall_end.minute, second=wall_end.second)
            last = cut if cut <= last else cut - timedelta(days=1)
        return replace(self, start=start, end=last)

    def _days_cut(self) -> bool:
        """Say whether `end` cuts the last window short."""
        _, stops = self._occurrences(self.days[-1:])
        return bool(stops.max() > int(self.end.timestamp()))

    def _days(self, first: date, last: date) -> Ints:
        if self.rule:
            days = recurrence(self.rule).days(first, last)
        else:
            days = np.arange((first - EPOCH).days, (last - EPOCH).days + 1)
        if self.extra_days:
            days = np.union1d(days, [(d - EPOCH).days for d in self.extra_days if first <= d <= last])
        if self.except_days:
            days = np.setdiff1d(days, [(d - EPOCH).days for d in self.except_days])
        if self.holidays != "keep":
            festive = np.isin(days, public_holidays(self.country, first.year, last.year))
            days = days[festive if self.holidays == "only" else ~festive]
        return days.astype(np.int64)

    def _occurrences(self, days: Ints) -> tuple[Ints, Ints]:
        """Return begin and end, s UTC, of each window of each day."""
        place = zone(self.zone)
        begins, stops = [], []
        for opens, closes in self.windows or ((time(), time()),):
            begin, stop = _seconds(opens), _seconds(closes)
            begins.append(place.instants(days * DAY + begin))
            stops.append(place.instants(days * DAY + (stop if stop > begin else stop + DAY)))
        return np.concatenate(begins), np.concatenate(stops)

    def _local(self, instant: datetime) -> date:
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def _time(self, instant: datetime) -> time:
        return instant.astimezone(ZoneInfo(self.zone)).time()

    def _wall_moved(self, instant: datetime, days: int) -> datetime:
        wall = instant.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None) + timedelta(days=days)
        seconds = int(wall.replace(tzinfo=UTC).timestamp())
        moved = int(zone(self.zone).instants(np.array([seconds]))[0])
        return datetime.fromtimestamp(moved, ZoneInfo(self.zone))


def _check_instant(name: str, value: datetime) -> None:
    if value.tzinfo is None or value.utcoffset() is None:
        raise BadWork(name, "has no time zone; expected an offset, such as 2026-05-04T08:00:00+02:00")
    if value.microsecond:
        raise BadWork(name, "expected whole seconds")
    if not 1991 <= value.year <= 2099:
        raise BadWork(name, f"the year {value.year} is out of range; expected 1991 to 2099")


def _seconds(wall: time) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second


@lru_cache(maxsize=256)
def public_holidays(country: str, first_year: int, last_year: int) -> Ints:
    """Return the public holidays of a country, in days since 1970.

    Raises
    ------
    BadWork
        Field `country`: no holidays are known under that code.
    """
    code, _, subdivision = country.partition("-")
    try:
        known: Iterable[date] = holidays.country_holidays(
            code, subdiv=subdivision or None, years=range(first_year - 1, last_year + 2)
        )
    except (NotImplementedError, KeyError):
        raise BadWork("country", f"no public holidays are known for {country!r}; expected a code such as FR") from None
    return np.array(sorted((day - EPOCH).days for day in known), dtype=np.int64)
