"""Days that a recurrence rule gives: the daily and longer part of RFC 5545 § 3.3.10, on whole arrays of days."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from observatoire.risk.arrays import Bools, Ints
from observatoire.works.errors import BadWork

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST")
LARGEST = 1000


@dataclass(frozen=True)
class Recurrence:
    """A checked rule. Days are read on the wall calendar of the schedule's zone.

    Attributes
    ----------
    by_day : tuple of (int, int)
        Ordinal (0 for each) and weekday, Monday 0.
    until : date or None
        Last day on which an occurrence may begin.
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def days(self, start: date, last: date) -> Ints:
        """Return the days of the rule from `start` (DTSTART) to `last`, both included, in days since 1970.

        `start` itself is a day of the rule only where the rule gives it.
        """
        first = (start - date(1970, 1, 1)).days
        final = (last - date(1970, 1, 1)).days
        period_start = first - 366 if self.by_set_pos else first  # a position counts from the start of its period
        calendar = _Calendar(np.arange(period_start, final + (367 if self.by_set_pos else 1)))
        period = self._period(calendar, first)
        chosen = self._matches(calendar, start) & (period % self.interval == 0) & (period >= 0)
        if self.by_set_pos:
            chosen = _positions(chosen, period, self.by_set_pos)
        days: Ints = calendar.day[chosen]
        days = days[days >= first]
        if self.count is not None:
            days = days[: self.count]
        until = final if self.until is None else min(final, (self.until - date(1970, 1, 1)).days)
        return days[days <= until]

    def _period(self, calendar: "_Calendar", first: int) -> Ints:
        """Return how many days, weeks, months or years each day lies after that of `first`."""
        origin = _Calendar(np.array([first]))
        if self.freq == "DAILY":
            return calendar.day - first
        if self.freq == "WEEKLY":
            week = (calendar.day + 3 - self.week_start) // 7  # 1970-01-01 was a Thursday
            return week - (first + 3 - self.week_start) // 7
        counted, before = (calendar.months, origin.months) if self.freq == "MONTHLY" else (calendar.year, origin.year)
        return counted - int(before[0])

    def _matches(self, calendar: "_Calendar", start: date) -> Bools:
        month, month_day, weekday = self.by_month, self.by_month_day, self.by_day
        if not (month_day or weekday):
            if self.freq == "YEARLY":
                month, month_day = month or (start.month,), (start.day,)
            elif self.freq == "MONTHLY":
                month_day = (start.day,)
            elif self.freq == "WEEKLY":
                weekday = ((0, start.weekday()),)
        fits = np.ones(len(calendar.day), dtype=bool)
        if month:
            fits &= np.isin(calendar.month, month)
        if month_day:
            fits &= np.isin(calendar.month_day, month_day) | np.isin(calendar.month_day_left, month_day)
        if weekday:
            fits &= self._weekdays(calendar, weekday)
        return fits

    def _weekdays(self, calendar: "_Calendar", chosen: tuple[tuple[int, int], ...]) -> Bools:
        whole_year = self.freq == "YEARLY" and not self.by_month
        place, left = (
            (calendar.year_day, calendar.year_day_left) if whole_year else (calendar.month_day, calendar.month_day_left)
        )
        fits = np.zeros(len(calendar.day), dtype=bool)
        for nth, weekday in chosen:
            same = calendar.weekday == weekday
            if nth > 0:
                same &= (place - 1) // 7 + 1 == nth
            elif nth < 0:
                same &= -((-left - 1) // 7 + 1) == nth
            fits |= same
        return fits


class _Calendar:
    """The parts of the date of each day."""

    def __init__(self, day: Ints) -> None:
        dates = day.astype("datetime64[D]")
        months, years = dates.astype("datetime64[M]"), dates.astype("datetime64[Y]")
        self.day: Ints = day
        self.weekday = (day + 3) % 7
        self.months: Ints = months.astype(np.int64)
        self.year: Ints = years.astype(np.int64) + 1970
        self.month = self.months % 12 + 1
        self.month_day = (dates - months).astype(np.int64) + 1
        self.month_day_left = -((months + np.timedelta64(1, "M")).astype("datetime64[D]") - dates).astype(np.int64)
        self.year_day = (dates - years).astype(np.int64) + 1
        self.year_day_left = -((years + np.timedelta64(1, "Y")).astype("datetime64[D]") - dates).astype(np.int64)


def _positions(chosen: Bools, period: Ints, wanted: tuple[int, ...]) -> Bools:
    """Keep the days at the wanted positions of their period."""
    index = np.flatnonzero(chosen)
    _, start, count = np.unique(period[index], return_index=True, return_counts=True)
    place = np.arange(len(index)) - np.repeat(start, count) + 1
    left = place - np.repeat(count, count) - 1
    kept = np.zeros(len(chosen), dtype=bool)
    kept[index[np.isin(place, wanted) | np.isin(left, wanted)]] = True
    return kept


@lru_cache(maxsize=4096)
def recurrence(rule: str) -> Recurrence:
    """Read a rule, such as `FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR`.

    Raises
    ------
    BadWork
        Field `rule`: an unknown part, a frequency under a day, a value out of range, COUNT and UNTIL together.
    """
    parts: dict[str, str] = {}
    for text in rule.strip().removeprefix("RRULE:").rstrip(";").split(";"):
        name, sign, value = text.partition("=")
        name = name.strip().upper()
        if name not in PARTS or not sign or name in parts:
            raise BadWork("rule", f"{name or text!r} is not a part that is read once; expected {', '.join(PARTS)}")
        parts[name] = value.strip().upper()
    freq = parts.get("FREQ", "")
    if freq not in FREQUENCIES:
        raise BadWork("rule", f"FREQ={freq}; expected one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadWork("rule", "COUNT and UNTIL exclude each other")
    week_start = parts.get("WKST", "MO")
    if week_start not in DAYS:
        raise BadWork("rule", f"WKST={week_start}; expected one of {', '.join(DAYS)}")
    return Recurrence(
        freq=freq,
        interval=_numbers(parts, "INTERVAL", 1, LARGEST, default=(1,))[0],
        count=_numbers(parts, "COUNT", 1, 100_000)[0] if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        by_day=_by_day(parts.get("BYDAY", ""), freq),
        by_month_day=_numbers(parts, "BYMONTHDAY", -31, 31) if freq != "WEEKLY" else _none(parts, "BYMONTHDAY"),
        by_month=_numbers(parts, "BYMONTH", 1, 12),
        by_set_pos=_set_positions(parts),
        week_start=DAYS.index(week_start),
    )


def _numbers(parts: dict[str, str], name: str, low: int, high: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    if name not in parts:
        return default
    texts = parts[name].split(",")
    if not all(re.fullmatch(r"[+-]?\d{1,6}", text) for text in texts):
        raise BadWork("rule", f"{name}={parts[name]}; expected whole numbers")
    values = tuple(int(text) for text in texts)
    if not all(low <= v <= high and v for v in values):
        raise BadWork("rule", f"{name}={parts[name]}; expected {low} to {high}, not 0")
    return values


def _none(parts: dict[str, str], name: str) -> tuple[int, ...]:
    if name in parts:
        raise BadWork("rule", f"{name} has no meaning with FREQ={parts['FREQ']}")
    return ()


def _set_positions(parts: dict[str, str]) -> tuple[int, ...]:
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY", "BYMONTH"} & parts.keys():
        raise BadWork("rule", "BYSETPOS needs another BY… part")
    return _numbers(parts, "BYSETPOS", -366, 366)


def _by_day(text: str, freq: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(",") if text else []:
        match = re.fullmatch(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", part)
        if match is None or (match[1] is not None and int(match[1]) == 0):
            raise BadWork("rule", f"BYDAY={text}; expected days such as MO, or 1MO and -1FR within a month")
        if match[1] and freq not in ("MONTHLY", "YEARLY"):
            raise BadWork("rule", f"BYDAY={part}: a position needs FREQ=MONTHLY or YEARLY")
        found.append((int(match[1] or 0), DAYS.index(match[2])))
    return tuple(found)


def _until(text: str) -> date:
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(T\d{6}Z?)?", text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else date.fromisoformat("")
    except ValueError:
        raise BadWork("rule", f"UNTIL={text}; expected a day, YYYYMMDD") from None
