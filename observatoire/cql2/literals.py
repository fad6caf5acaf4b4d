"""Dates, times, numbers and texts as they stand in a filter, checked."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.cql2.errors import FilterError, quoted
from observatoire.cql2.fragment import Fragment, bind

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6}0*)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
#: Integers up to here are exact as floats, so that `1.0` means the integer 1.
_EXACT = 2**53
#: More decimal digits than any number of the store can have.
_DIGITS = 400
_LARGEST = 10**_DIGITS
MICROSECOND = timedelta(microseconds=1)


def read_text(value: str) -> str:
    """Return a text, or refuse one that PostgreSQL cannot hold."""
    if "\0" in value:
        raise FilterError("a text holds the character NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise FilterError("a text holds half of a surrogate pair, it is not Unicode") from None
    return value


def read_number(value: float) -> int | float:
    """Return a number; an integer where it is integral and exact."""
    if isinstance(value, int):
        if abs(value) >= _LARGEST:
            raise FilterError(f"a number has more than {_DIGITS} digits")
        return value
    if not math.isfinite(value):
        raise FilterError("a number is too large")
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def read_date(value: Any) -> date:
    """Read `2026-07-14`."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise FilterError(f"expected a date like 2026-07-14, found {_shown(value)}")


def read_timestamp(value: Any) -> datetime:
    """Read `2026-07-14T21:30:00Z`, with up to six decimals of a second, in UTC or with an offset."""
    if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise FilterError(f"expected a time like 2026-07-14T21:30:00Z, found {_shown(value)}")


def read_instant(value: str) -> date | datetime:
    """Read a bound of an interval: a date or a time."""
    return read_date(value) if len(value) <= len("2026-07-14") else read_timestamp(value)


def day_start(day: date, zone: ZoneInfo) -> Fragment:
    """Return the first instant of a day in a zone. (A midnight that the clock skips is that skip.)"""
    return bind(datetime.combine(day, time(), zone), "timestamptz")


def next_day_start(day: date, zone: ZoneInfo) -> Fragment:
    """Return the first instant after a day; of the last day that there is, infinity."""
    if day == date.max:
        return bind("infinity", "timestamptz")
    return day_start(day + timedelta(days=1), zone)


def day_end(day: date, zone: ZoneInfo) -> Fragment:
    """Return the last microsecond of a day, which is exact in PostgreSQL; of the last day that there is, infinity."""
    if day == date.max:
        return bind("infinity", "timestamptz")
    after = datetime.combine(day + timedelta(days=1), time(), zone)
    return bind(after.astimezone(UTC) - MICROSECOND, "timestamptz")


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day that a zone's calendar shows at an instant; beyond Python's calendar, its first or last day."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return date.max if instant.year > 1 else date.min


def _shown(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else "something else"
