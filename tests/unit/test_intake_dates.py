"""Instants: expected values from the calendar, RFC 3339 and the rules of the zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from observatoire.intake.dates import parse_instant
from observatoire.intake.source import Rejected

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2024-07-14", datetime(2024, 7, 13, 22, tzinfo=UTC), "day"),
        ("14/07/2024", datetime(2024, 7, 13, 22, tzinfo=UTC), "day"),
        ("4/7/2024", datetime(2024, 7, 3, 22, tzinfo=UTC), "day"),
        ("2024-01", datetime(2023, 12, 31, 23, tzinfo=UTC), "month"),
        ("2024-01-02 03:04", datetime(2024, 1, 2, 2, 4, tzinfo=UTC), "minute"),
        ("02/01/2024 03:04", datetime(2024, 1, 2, 2, 4, tzinfo=UTC), "minute"),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC), "second"),
        ("2024-01-02T03:04:05.678", datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC), "second"),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), "second"),
        ("2024-01-02T03:04:05-0530", datetime(2024, 1, 2, 8, 34, 5, tzinfo=UTC), "second"),
        ("2024-01-02T03:04+01", datetime(2024, 1, 2, 2, 4, tzinfo=UTC), "minute"),
        ("2024-02-29", datetime(2024, 2, 28, 23, tzinfo=UTC), "day"),
    ],
)
def test_dates_of_each_form_are_read_with_their_precision(text: str, expected: datetime, precision: str) -> None:
    assert parse_instant(text, PARIS) == (expected, precision)


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2024", "2024-02-31", "2023-02-29", "2024-13-01", "13/13/2024", "2024-01-02T25:00", "2024-01-02T10:61",
        "0024-01-02", "1899-12-31", "demain", "2024", "20240102", "2024-1-2", "2024-01-02T03:04+99:00",
        "٢٠٢٤-٠١-٠٢", "2024-01-02T03:04 Europe/Paris", "06 12 34 56 78", "",
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match=r"^le: bad-date") as refusal:
        parse_instant(text, PARIS, "le")

    assert refusal.value.reason == "bad-date"


def test_the_hour_that_clocks_skip_does_not_exist() -> None:
    """France, 31 March 2024: 02:00 becomes 03:00."""
    with pytest.raises(Rejected, match="nonexistent-time"):
        parse_instant("2024-03-31T02:30", PARIS)


def test_the_hour_that_occurs_twice_is_the_first_of_the_two() -> None:
    """France, 27 October 2024: 02:30 is 00:30 UTC (summer time), then 01:30 UTC."""
    assert parse_instant("2024-10-27T02:30", PARIS)[0] == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_a_day_that_has_no_midnight_still_is_a_day() -> None:
    """Asunción, 6 October 2024: clocks go from 23:59:59 to 01:00."""
    instant, precision = parse_instant("2024-10-06", ZoneInfo("America/Asuncion"))

    assert (instant, precision) == (datetime(2024, 10, 6, 4, tzinfo=UTC), "day")
