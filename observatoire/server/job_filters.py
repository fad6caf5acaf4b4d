"""Which jobs are listed: the parameters of `GET /jobs` (OGC 18-062r2, 12.3)."""

import math
from collections.abc import Iterable

from observatoire.errors import BadInput
from observatoire.jobs.desk import Wanted
from observatoire.jobs.model import STATUSES
from observatoire.server.parameters import read_datetime, read_limit, read_offset
from observatoire.server.reading import PAGE, once, only

MOST, DEFAULT = 1000, 10
FILTERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit", "offset")
LISTS = ("type", "processID", "status")


def read_filters(given: Iterable[tuple[str, str]]) -> Wanted | None:
    """Return what is asked for; None where no job can be it (a `type` that is none of ours).

    Lists are given once with commas, or once a value.

    Raises
    ------
    BadInput
        If a parameter is unknown or its value cannot be used; the text names it.
    """
    pairs = list(given)
    lists = {name: [part for n, text in pairs if n == name for part in text.split(",")] for name in LISTS}
    words = once([pair for pair in pairs if pair[0] not in LISTS])
    once([(f"{name}.{k}", text) for name, texts in lists.items() for k, text in enumerate(texts)])  # without NUL
    only([name for name, _ in pairs], (*PAGE, *FILTERS))
    for status in lists["status"]:
        if status not in STATUSES:
            raise BadInput(f"status: expected {', '.join(STATUSES)}")
    if lists["type"] and "process" not in lists["type"]:
        return None
    wanted = Wanted(
        processes=tuple(lists["processID"]),
        statuses=tuple(lists["status"]),
        interval=read_datetime(words["datetime"]) if "datetime" in words else None,
        min_duration=_seconds(words, "minDuration"),
        max_duration=_seconds(words, "maxDuration"),
        limit=read_limit(words["limit"], MOST) if "limit" in words else DEFAULT,
        offset=read_offset(words["offset"]) if "offset" in words else 0,
    )
    if None not in (wanted.min_duration, wanted.max_duration) and wanted.min_duration > wanted.max_duration:  # type: ignore[operator]
        raise BadInput("minDuration: expected at most maxDuration")
    return wanted


def _seconds(words: dict[str, str], name: str) -> float | None:
    if name not in words:
        return None
    try:
        value = float(words[name])
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1e9:
        raise BadInput(f"{name}: expected a number of seconds, 0 to 1000000000")
    return value
