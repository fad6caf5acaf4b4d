"""`subset=datetime(…)`: the other way to say a time (OGC 20-057, requirement /req/datetime/axis)."""

import re
from collections.abc import Iterable

from observatoire.errors import BadInput

_AXIS = re.compile(r'datetime\((?P<start>"[^"]*"|\*)(?::(?P<end>"[^"]*"|\*))?\)')
_EXPECTED = 'subset: expected datetime("2026-01-01T00:00:00Z"), or datetime("start":"end") with * for an open end'


def as_datetime(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return parameters with `subset` said as `datetime`.

    Raises
    ------
    BadInput
        If it names another axis, cannot be read, or stands beside `datetime`.

    Examples
    --------
    >>> as_datetime([("subset", 'datetime("2026-01-01T00:00:00Z":*)'), ("lang", "fr")])
    [('datetime', '2026-01-01T00:00:00Z/..'), ('lang', 'fr')]
    """
    pairs = list(given)
    names = [name for name, _ in pairs]
    if "subset" not in names:
        return pairs
    if "datetime" in names:
        raise BadInput("subset: expected either subset or datetime, not both")
    return [("datetime", _read(text)) if name == "subset" else (name, text) for name, text in pairs]


def _read(text: str) -> str:
    found = _AXIS.fullmatch(text.strip()) if len(text) <= 200 else None
    if found is None:
        raise BadInput(_EXPECTED)
    start, end = found["start"], found["end"]
    if end is None:
        if start == "*":
            raise BadInput(_EXPECTED)
        return start.strip('"')
    return "/".join(".." if side == "*" else side.strip('"') for side in (start, end))
