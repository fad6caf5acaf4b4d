"""What the calendar says of a period: season, weekdays, public holidays, school holidays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

from observatoire.risk.arrays import Dates, Floats, Ints
from observatoire.works.errors import BadWork
from observatoire.works.schedule import public_holidays

ZONES = ("A", "B", "C")
YEAR = 365.2425  # days
EPOCH = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")  # Sunday is what is left
FEATURES = ("season_cos", "season_sin", "half_season_cos", "half_season_sin", *WEEKDAYS, "holiday", "school_holiday")


@dataclass(frozen=True)
class Calendar:
    """The calendar of a place.

    Attributes
    ----------
    country : str
        Whose public holidays: ISO 3166 code, or code and subdivision, of the library `holidays` (`FR`, `FR-57`).
    school_zone : A, B or C, optional
        Whose school holidays, in France.

    Raises
    ------
    ValueError
        If no holidays are known under that country, or there is no such zone.
    """

    country: str = "FR"
    school_zone: str | None = None

    def __post_init__(self) -> None:
        if self.school_zone is not None and self.school_zone not in ZONES:
            raise ValueError(f"school_zone: expected one of {', '.join(ZONES)}, got {self.school_zone!r}")
        if self.school_zone is not None and not self.country.startswith("FR"):
            raise ValueError(f"school_zone: known for France only, got country {self.country!r}")
        _festive(self.country, 2000, 2000)

    def days(self, first: date, n: int) -> Floats:
        """Return the features of `n` days, shape (n, n_features): `FEATURES`, in their order.

        School holidays of a year that is not published yet are NaN: not known.
        """
        day = (first - EPOCH).days + np.arange(n)
        angle = 2 * np.pi * (day % YEAR) / YEAR
        season = [f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]
        weekday = (day + 3) % 7  # 1 January 1970 was a Thursday
        last = first + timedelta(days=n)
        festive = np.isin(day, _festive(self.country, first.year, last.year)).astype(float)
        school = np.zeros(n) if self.school_zone is None else _school(self.school_zone, first, n)
        return np.column_stack([*season, *(weekday == k for k in range(6)), festive, school]).astype(float)

    def periods(self, starts: Dates, period: float) -> Floats:
        """Return the mean of each period's days, weighted by how much of each lies in it.

        Parameters
        ----------
        starts : ndarray of datetime64, shape (n_periods,)
            Wall time.
        period : float, days

        Returns
        -------
        ndarray, shape (n_periods, n_features)
        """
        if len(starts) == 0:
            return np.empty((0, len(FEATURES)))
        at = (np.asarray(starts).astype("datetime64[us]").astype(np.int64)) / 86_400e6
        first = int(np.floor(at.min()))
        n = int(np.ceil(at.max() + period)) - first + 1
        run = np.concatenate([np.zeros((1, len(FEATURES))), np.cumsum(self.days(EPOCH + timedelta(first), n), axis=0)])
        sums = [_between(run, at - first), _between(run, at - first + period)]
        return np.asarray((sums[1] - sums[0]) / period)


def _between(run: Floats, at: Floats) -> Floats:
    """Return cumulated daily values at moments in days, linear within a day."""
    whole = np.floor(at).astype(np.int64)
    following = np.minimum(whole + 1, len(run) - 1)
    return np.asarray(run[whole] + (at - whole)[:, None] * (run[following] - run[whole]))


def _festive(country: str, first_year: int, last_year: int) -> Ints:
    try:
        return public_holidays(country, first_year, last_year)
    except BadWork:
        raise ValueError(f"country: no public holidays are known for {country!r}; expected a code such as FR") from None


def _school(zone: str, first: date, n: int) -> Floats:
    days: Iterable[date] = (first + timedelta(k) for k in range(n))
    off = {year: _holidays(zone, year) for year in range(first.year, (first + timedelta(n)).year + 1)}
    return np.array([np.nan if off[day.year] is None else float(day in (off[day.year] or ())) for day in days])


@lru_cache(maxsize=256)
def _holidays(zone: str, year: int) -> frozenset[date] | None:
    """Return the days without school of a zone; None where the library does not know all of the year.

    Of the last year that it knows, only the part up to the summer may be published: a year without days in December is
    not whole.
    """
    try:
        days = frozenset(SchoolHolidayDates().holidays_for_year_and_zone(year, zone))
    except UnsupportedYearException:
        return None
    return days if any(day.month == 12 for day in days) else None
