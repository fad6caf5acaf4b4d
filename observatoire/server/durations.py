"""Durations of ISO 8601 as clients write them: `P7D`, `PT6H`, `P1Y2M`, `P2W`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

_FORM = re.compile(
    r"P(?=[0-9T])(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,7})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Duration:
    """A duration: months of the calendar, and days and times of fixed length.

    Attributes
    ----------
    months : int
        Years count as twelve.
    rest : timedelta
        Weeks, days, hours, minutes, seconds.
    """

    months: int
    rest: timedelta

    @classmethod
    def read(cls, text: str) -> "Duration":
        """Return the duration that a text says; ValueError if it is none.

        Examples
        --------
        >>> Duration.read("P1Y2MT6H")
        Duration(months=14, rest=datetime.timedelta(seconds=21600))
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("not a duration of ISO 8601")
        part = {name: float(said or 0) for name, said in found.groupdict().items()}
        months = int(12 * part.pop("years") + part.pop("months"))
        return cls(months, timedelta(**part))

    def after(self, moment: datetime) -> datetime:
        """Return the moment that lies this long after another; ValueError or OverflowError beyond year 9999."""
        return _shifted(moment, self.months) + self.rest

    def before(self, moment: datetime) -> datetime:
        """Return the moment that lies this long before another; ValueError or OverflowError before year 1."""
        return _shifted(moment, -self.months) - self.rest


def _shifted(moment: datetime, months: int) -> datetime:
    """Return the same day some months on; the last of the month where it has no such day, as PostgreSQL does.

    Examples
    --------
    >>> _shifted(datetime(2026, 1, 31), 1), _shifted(datetime(2026, 3, 31), -13)
    (datetime.datetime(2026, 2, 28, 0, 0), datetime.datetime(2025, 2, 28, 0, 0))
    """
    year, month = divmod(12 * moment.year + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError("beyond the years 1 to 9999")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
