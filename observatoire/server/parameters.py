"""Readers of the parameters of a request for items: text in, a value out, or a `BadInput` that names it."""

import math
import re
from datetime import UTC, date, datetime, timedelta

from observatoire.errors import BadInput
from observatoire.layers.model import Property
from observatoire.server.crs import Bounds, System
from observatoire.server.durations import Duration
from observatoire.server.query import Box, Interval, SortKey, Value

INT64 = 2**63
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def read_limit(text: str, most: int) -> int:
    """Return a page size of at least 1, no more than `most`."""
    if not re.fullmatch(r"[0-9]+", text, re.ASCII) or not text.strip("0"):
        raise BadInput("limit: expected a whole number of at least 1")
    return min(int(text[:19]) if len(text) > 19 else int(text), most)


def read_offset(text: str) -> int:
    """Return how many items are left out."""
    value = _integer(text)
    if value is None or value < 0:
        raise BadInput("offset: expected a whole number of at least 0")
    return value


#: GDAL asks for a boolean as 1 and 0, Python's clients as True and False.
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "1": True, "0": False}


def read_boolean(name: str, text: str) -> bool:
    """Return true or false."""
    if text not in _BOOLEANS:
        raise BadInput(f"{name}: expected true or false")
    return _BOOLEANS[text]


def _integer(text: str) -> int | None:
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -INT64 <= value < INT64 else None


def _number(text: str) -> float | None:
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


# --------------------------------------------------------------------------------------------------------------- place
def read_bbox(text: str, system: System) -> tuple[Box, ...]:
    """Return the boxes of a `bbox`, cut to where the store holds anything.

    Four numbers, or six whose third and sixth (heights) do not matter in two dimensions. In degrees, a west greater
    than the east crosses the antimeridian: two boxes. Nothing is left of a box outside the city: no items.

    Raises
    ------
    BadInput
        If it is not that, a number is not finite, or a minimum is greater than its maximum.
    """
    numbers = [_number(part.strip()) for part in text.split(",")]
    if len(numbers) not in (4, 6) or any(n is None for n in numbers):
        raise BadInput("bbox: expected 4 or 6 finite numbers separated by commas: minimum x, y, maximum x, y")
    values = [n for n in numbers if n is not None]
    if len(values) == 6:
        if values[2] > values[5]:
            raise BadInput("bbox: the minimum height is greater than the maximum")
        values = [values[0], values[1], values[3], values[4]]
    if system.north_first:
        values = [values[1], values[0], values[3], values[2]]
    west, south, east, north = values
    if south > north:
        raise BadInput("bbox: the minimum northing is greater than the maximum")
    if west <= east:
        whole = [(west, south, east, north)]
    elif system.geographic:
        whole = [(west, south, 180.0, north), (-180.0, south, east, north)]
    else:
        raise BadInput("bbox: the minimum easting is greater than the maximum")
    return tuple(Box(cut, system) for box in whole if (cut := _cut(box, system.bounds)) is not None)


def _cut(box: Bounds, bounds: Bounds) -> Bounds | None:
    west, south = max(box[0], bounds[0]), max(box[1], bounds[1])
    east, north = min(box[2], bounds[2]), min(box[3], bounds[3])
    return (west, south, east, north) if west <= east and south <= north else None


def everywhere(boxes: tuple[Box, ...]) -> bool:
    """Tell whether the boxes leave nothing of the store out."""
    return any(box.bounds == box.system.bounds for box in boxes)


# ---------------------------------------------------------------------------------------------------------------- time
def read_datetime(text: str) -> Interval:
    """Return the interval of a `datetime`: an instant, a day (UTC), or two of them with `/`, open by `..` or nothing.

    Intervals are closed; one that ends with a day holds the whole of it. Beyond the standard, one end may be a duration
    of ISO 8601: `2026-03-01/P7D` are seven days, the first of them 1 March, and `P7D/2026-03-07` are the same.

    Raises
    ------
    BadInput
        If it is not that, or ends before it starts.
    """
    first, slash, last = text.partition("/")
    if not slash:
        start, end, whole = _moment(first)
        return Interval(start, end, before_end=whole)
    if first.startswith("P") or last.startswith("P"):
        return _lasting(first, last)
    start_at = None if first in ("", "..") else _moment(first)[0]
    if last in ("", ".."):
        return Interval(start_at)
    _, end, whole = _moment(last)
    if start_at is not None and (start_at >= end if whole else start_at > end):
        raise BadInput("datetime: the interval ends before it starts")
    return Interval(start_at, end, before_end=whole)


def _lasting(first: str, last: str) -> Interval:
    """Return an interval one end of which is a duration: of whole days where the other end is a day."""
    try:
        if last.startswith("P"):
            duration, (start, _, whole) = Duration.read(last), _moment(first)
            end = duration.after(start)
        else:
            duration, (_, end, whole) = Duration.read(first), _moment(last)
            start = duration.before(end)
    except (ValueError, OverflowError):
        raise BadInput(
            "datetime: expected a duration like P7D or PT6H beside an instant or a day, within the years 1 to 9999"
        ) from None
    if whole and start == end:
        raise BadInput("datetime: no time lies in a day and a duration of nothing")
    return Interval(start, end, before_end=whole)


def _moment(text: str) -> tuple[datetime, datetime, bool]:
    """Return the start and end of a day or of an instant, and whether the end itself is out."""
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return (
                (day, day + timedelta(days=1), True)
                if day.year < 9999
                else (day, datetime.max.replace(tzinfo=UTC), False)
            )
        instant = read_instant(text)
    except (ValueError, OverflowError):
        raise BadInput(
            "datetime: expected an instant like 2026-03-01T08:00:00Z, a day like 2026-03-01, or two with / between, "
            "one of which may be a duration like P7D"
        ) from None
    return instant, instant, False


def read_instant(text: str) -> datetime:
    """Return an instant of RFC 3339, UTC, to the microsecond; ValueError if it is none."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("not RFC 3339")
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


# ---------------------------------------------------------------------------------------------------------- properties
def read_value(name: str, text: str, prop: Property) -> Value:
    """Return the value of a property filter, of the property's type.

    Raises
    ------
    BadInput
        If the text is no such value; it names the property and its type.
    """
    value: Value | None
    try:
        if prop.format == "date-time":
            value = read_instant(text)
        elif prop.format == "date":
            value = date.fromisoformat(text).isoformat() if _DAY.fullmatch(text) else None
        elif prop.type == "boolean":
            value = _BOOLEANS.get(text)
        else:
            value = {"integer": _integer, "number": _number, "string": str}[prop.type](text)  # type: ignore[operator]
    except (ValueError, OverflowError):
        value = None
    if value is None:
        raise BadInput(f"{name}: expected {'an' if prop.type == 'integer' else 'a'} {prop.format or prop.type}")
    return value


def known(name: str, parameter: str, fields: dict[str, Property]) -> str:
    """Return `name` if the caller may use it. What does not exist and what may not be seen give the same answer."""
    if name not in fields:
        raise BadInput(f"{parameter}: no property {shown(name)}; expected one of {', '.join(fields)}")
    return name


def read_names(text: str, parameter: str, fields: dict[str, Property]) -> list[str]:
    """Return the properties of a list, each once."""
    return list(dict.fromkeys(known(name, parameter, fields) for name in text.split(",")))


def read_sort(text: str, fields: dict[str, Property]) -> tuple[SortKey, ...]:
    """Return the order of a `sortby` like `-date,nature`; a property named twice counts once."""
    keys: dict[str, SortKey] = {}
    for part in text.split(","):
        # A plus sign that was not escaped arrives as a space.
        sign, name = (part[0], part[1:]) if part[:1] in ("+", "-", " ") else ("+", part)
        keys.setdefault(known(name, "sortby", fields), SortKey(name, descending=sign == "-"))
    return tuple(keys.values())


def shown(name: str) -> str:
    """Return what of a caller's word may stand in a message."""
    return repr(name if len(name) <= 40 else name[:40] + "…")
