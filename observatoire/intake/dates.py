"""Instants: ISO 8601 and dd/mm/yyyy, to the second, the minute, the day or the month, stored as UTC."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from observatoire.intake.source import Rejected

EARLIEST = 1900
AHEAD = timedelta(days=2)  # a clock that is off, or the other side of the date line; more is a wrong year
_UNITS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(hours=25),  # the day on which clocks are put back
    "month": timedelta(days=31, hours=1),
}

_OFFSET = r"(?: ?(?P<offset>Z|z|[+-][0-9]{2}(?::?[0-9]{2})?))?"
_TIME = r"(?:[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,][0-9]{1,9})?)?" + _OFFSET + ")?"
_ISO = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})(?:-(?P<d>[0-9]{2})" + _TIME + ")?")
_FRENCH = re.compile(r"(?P<d>[0-9]{1,2})/(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})" + _TIME)


def parse_instant(text: str, zone: ZoneInfo, field: str = "date") -> tuple[datetime, str]:
    """Return the instant that `text` says, in UTC, and how precisely it says it.

    Parameters
    ----------
    text : str
        `2024-03-31`, `2024-03-31T14:05[:07][Z|+02:00]` (or a space for the T), `31/03/2024[ 14:05[:07]]`, `2024-03`.
        Fractions of a second are left out.
    zone : ZoneInfo
        Where a time without offset is read. A day or a month begins at its local midnight. A time that occurs twice
        (clocks put back) is the first of the two.

    Returns
    -------
    datetime, str
        Aware, UTC; precision `second`, `minute`, `day` or `month`.

    Raises
    ------
    Rejected
        `bad-date`: not of that form, not in the calendar, or before 1900; `nonexistent-time`: in the hour that clocks
        skip.

    Examples
    --------
    >>> instant, precision = parse_instant("31/03/2024", ZoneInfo("Europe/Paris"))
    >>> instant.isoformat(), precision
    ('2024-03-30T23:00:00+00:00', 'day')
    """
    try:
        return _parse(text, zone)
    except LookupError:
        raise Rejected("nonexistent-time", field, text) from None
    except (ValueError, OverflowError):
        raise Rejected("bad-date", field, text) from None


def parse_end(text: str, zone: ZoneInfo, field: str = "until") -> datetime:
    """Return the end of what `text` says, in UTC: of a day or a month the local midnight after it, else the instant.

    Raises
    ------
    Rejected
        As `parse_instant`.

    Examples
    --------
    >>> parse_end("31/03/2024", ZoneInfo("Europe/Paris")).isoformat()
    '2024-03-31T22:00:00+00:00'
    """
    instant, precision = parse_instant(text, zone, field)
    if precision not in {"day", "month"}:
        return instant
    day = instant.astimezone(zone).date()
    following = (
        day + timedelta(days=1) if precision == "day" else (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    )
    return datetime.combine(following, time(), zone).astimezone(UTC)


def span_precision(span: timedelta) -> str:
    """Return how precisely an interval says when something happened: the smallest unit that covers it.

    Examples
    --------
    >>> span_precision(timedelta(minutes=40)), span_precision(timedelta(hours=9)), span_precision(timedelta(days=3))
    ('hour', 'day', 'month')
    """
    for unit, longest in _UNITS.items():
        if span <= longest:
            return unit
    return "year"


@lru_cache(maxsize=16_384)
def _parse(text: str, zone: ZoneInfo) -> tuple[datetime, str]:
    found = _ISO.fullmatch(text) or _FRENCH.fullmatch(text)
    if found is None or int(found["y"]) < EARLIEST:
        raise ValueError
    hour, minute, second = (int(found[part] or 0) for part in "HMS")
    local = datetime(int(found["y"]), int(found["m"]), int(found["d"] or 1), hour, minute, second)  # noqa: DTZ001 - set below
    if found["offset"]:
        instant = datetime.fromisoformat(local.isoformat() + found["offset"].upper()).astimezone(UTC)
    else:
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if found["H"] and instant.astimezone(zone).replace(tzinfo=None) != local:
            raise LookupError
    if found["H"] is None:
        return instant, "day" if found["d"] else "month"
    return instant, "second" if found["S"] else "minute"
