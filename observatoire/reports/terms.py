"""On what terms reports are taken: the city, its secret, its limits."""

from dataclasses import dataclass

from observatoire.cities import City
from observatoire.reports.secret import Secret, secret
from observatoire.settings import Settings


@dataclass(frozen=True)
class Terms:
    """What every door has in common.

    Attributes
    ----------
    photo_bytes : int
        Longest photo.
    per_hour : int
        Most reports and voices of one network prefix in an hour; 0: no limit.
    """

    city: City
    secret: Secret
    photo_bytes: int
    per_hour: int


def terms(settings: Settings, city: City) -> Terms:
    """Return the terms of this installation."""
    return Terms(city, secret(settings.var), settings.photo_bytes, settings.reports_per_hour)


def longest_body(photo_bytes: int) -> int:
    """Return the longest body that may hold a report, bytes: its photo as base64 and its fields."""
    return photo_bytes * 4 // 3 + 100_000
