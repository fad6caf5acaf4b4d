"""Lengths of time: horizons and steps in whole days, and the periods that counts are made of."""

import re
from dataclasses import dataclass

DAYS = {"d": 1, "w": 7}
LONGEST = 366  # days
WEEK = 7


def days(text: str | float) -> int:
    """Return a length in days: `7d`, `2w`, `P7D`, or a number.

    Raises
    ------
    ValueError
        If it is not a whole number of days from 1 to 366.

    >>> days("2w"), days("P7D"), days(28)
    (14, 7, 28)
    """
    if isinstance(text, str):
        found = re.fullmatch(r"[Pp]?(\d{1,4})([dDwW]?)", text.strip())
        if not found:
            raise ValueError(f"expected a whole number of days such as 7d or 2w, got {text!r}")
        value = int(found[1]) * DAYS[found[2].lower() or "d"]
    else:
        value = int(text)
        if value != text:
            raise ValueError(f"expected a whole number of days, got {text}")
    if not 1 <= value <= LONGEST:
        raise ValueError(f"expected 1 to {LONGEST} days, got {value}")
    return value


@dataclass(frozen=True)
class Horizon:
    """A horizon cut into periods of about a week, so that a month ahead still sees the past by weeks.

    >>> Horizon(30)
    Horizon(days=30)
    >>> Horizon(30).steps, Horizon(30).period, Horizon(7).weeks(52)
    (4, 7.5, 52)
    """

    days: int

    @property
    def steps(self) -> int:
        """Periods in the horizon."""
        return max(1, round(self.days / WEEK))

    @property
    def period(self) -> float:
        """Days in a period."""
        return self.days / self.steps

    def weeks(self, n: float) -> int:
        """Return the periods in n weeks, at least one."""
        return max(1, round(n * WEEK / self.period))
