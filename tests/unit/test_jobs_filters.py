"""Which jobs are listed: what is read from the parameters."""

from datetime import UTC, datetime

import pytest

from observatoire.errors import BadInput
from observatoire.jobs.desk import Wanted
from observatoire.server.job_filters import read_filters
from observatoire.server.query import Interval

pytestmark = pytest.mark.unit


def test_without_parameters_the_first_ten_are_wanted() -> None:
    assert read_filters([]) == Wanted(limit=10, offset=0)


def test_every_filter_of_the_standard_is_read() -> None:
    given = [
        ("type", "process"), ("processID", "echo,aggregate"), ("processID", "hotspots"), ("status", "failed"),
        ("datetime", "2026-01-01T00:00:00Z/.."), ("minDuration", "1.5"), ("maxDuration", "20"), ("limit", "3"),
        ("offset", "6"), ("f", "json"),
    ]  # fmt: skip

    assert read_filters(given) == Wanted(
        processes=("echo", "aggregate", "hotspots"),
        statuses=("failed",),
        interval=Interval(datetime(2026, 1, 1, tzinfo=UTC)),
        min_duration=1.5,
        max_duration=20,
        limit=3,
        offset=6,
    )


def test_a_type_that_no_job_has_asks_for_none() -> None:
    assert read_filters([("type", "service")]) is None


@pytest.mark.parametrize("name", ["status", "limit", "offset", "datetime", "minDuration", "maxDuration", "nope"])
def test_a_value_that_cannot_be_used_is_refused_and_its_parameter_named(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        read_filters([(name, "x y")])


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e400", ""])
def test_a_duration_is_a_finite_number_of_seconds(value: str) -> None:
    with pytest.raises(BadInput, match="minDuration"):
        read_filters([("minDuration", value)])
