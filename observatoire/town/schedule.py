"""When street works, events and rounds take place: the fields that `chantiers`, `evenements` and `collectes` share."""

from dataclasses import dataclass

import pandas as pd

from observatoire.risk.rhythm import ZONE

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
WEEKNIGHTS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"


@dataclass(frozen=True)
class Schedule:
    """From `start` to `end`, excluded; without a rule without a break, else on its days from `opens` to `closes`.

    Attributes
    ----------
    start, end : Timestamp, aware, UTC
    rule : str or None
        RRULE of RFC 5545 §3.3.10, of whole days; the first is the local day of `start`.
    opens, closes : str or None
        Wall time of the city, `HH:MM`; a window that closes before it opens ends on the next day.
    holidays : bool
        Whether it takes place on public holidays too.
    exceptions : tuple of str
        ISO days on which it does not take place.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    rule: str | None = None
    opens: str | None = None
    closes: str | None = None
    holidays: bool = True
    exceptions: tuple[str, ...] = ()

    @property
    def by_night(self) -> bool:
        """Whether it takes place between 22:00 and 06:00 (the night of directive 2002/49/EC as France applies it)."""
        if self.opens is None or self.closes is None:
            return True
        return self.closes < self.opens or self.closes > "22:00" or self.opens < "06:00"


def moment(day: pd.Timestamp, hours: float = 0.0) -> pd.Timestamp:
    """Return the wall time `hours` after the local midnight of a naive day, in UTC."""
    wall = day.normalize() + pd.Timedelta(hours=hours)
    local = wall.tz_localize(ZONE, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC")


def windows(
    first: pd.Timestamp, days: int, opens: str, closes: str, *, rule: str = WEEKDAYS, holidays: bool = False
) -> Schedule:
    """Return a schedule of windows over `days` days from a naive day on."""
    start, end = _hours(opens), _hours(closes)
    last = first + pd.Timedelta(days=days - 1)
    return Schedule(
        moment(first, start), moment(last, end + (24 if end <= start else 0)), rule, opens, closes, holidays
    )


def whole(first: pd.Timestamp, days: int, opens: str = "08:00", closes: str = "18:00") -> Schedule:
    """Return a schedule without a break."""
    last = first + pd.Timedelta(days=days - 1)
    return Schedule(moment(first, _hours(opens)), moment(last, _hours(closes)))


def spans(
    schedule: Schedule, within: tuple[pd.Timestamp, pd.Timestamp] | None = None
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return when it takes place, UTC, for rules of `FREQ=DAILY` or `FREQ=WEEKLY;BYDAY=…`.

    Only the days that may touch `within` are looked at, where it is given. Public holidays are not taken out: it may be
    shorter than that, never longer.
    """
    if schedule.rule is None or schedule.opens is None or schedule.closes is None:
        return [(schedule.start, schedule.end)]
    low, high = within or (schedule.start, schedule.end)
    low, high = max(schedule.start, low - pd.Timedelta(days=2)), min(schedule.end, high + pd.Timedelta(days=1))
    first, last = (t.tz_convert(ZONE).tz_localize(None).normalize() for t in (low, high))
    codes = schedule.rule.partition("BYDAY=")[2].split(",")
    days = [
        day
        for day in pd.date_range(first, last)
        if (codes == [""] or day.day_name()[:2].upper() in codes) and f"{day:%Y-%m-%d}" not in schedule.exceptions
    ]
    start, end = _hours(schedule.opens), _hours(schedule.closes)
    made = [(moment(day, start), moment(day, end + (24 if end <= start else 0))) for day in days]
    return [(a, b) for a, b in made if a >= schedule.start and b <= schedule.end]


def overlap(one: Schedule, other: Schedule) -> bool:
    """Tell whether the whole periods overlap, whatever the rules."""
    return bool(one.start < other.end and other.start < one.end)


def meet(one: Schedule, other: Schedule) -> bool:
    """Tell whether the two ever take place at once."""
    if not overlap(one, other):
        return False
    if one.rule is None and other.rule is None:
        return True
    both = max(one.start, other.start), min(one.end, other.end)
    others = spans(other, both)
    return any(a < d and c < b for a, b in spans(one, both) for c, d in others)


def _hours(wall: str) -> float:
    hour, minute = wall.split(":")
    return int(hour) + int(minute) / 60
