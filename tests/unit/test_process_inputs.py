"""Types of inputs that several processes share."""

from contextlib import suppress
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter, ValidationError

from processes.inputs import CRS84, Box, interval

pytestmark = pytest.mark.unit
PARIS = ZoneInfo("Europe/Paris")
BOX: TypeAdapter[tuple[float, float, float, float]] = TypeAdapter(Box, config=ConfigDict(strict=True))


def test_a_date_is_a_whole_local_day() -> None:
    start, end = interval("2024-03-31", PARIS)  # clocks go forward: 23 hours

    assert start is not None
    assert end is not None
    assert (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() == 23 * 3600


def test_both_ends_of_an_interval_are_included() -> None:
    start, end = interval("2024-05-01T00:00:00Z/2024-05-01T00:00:01Z", PARIS)

    assert start is not None
    assert end is not None
    assert (end - start).total_seconds() == pytest.approx(1, abs=1e-5)
    assert (end - start).total_seconds() > 1


@pytest.mark.parametrize("text", ["2024-05-01/..", "2024-05-01/"])
def test_an_end_may_be_open(text: str) -> None:
    start, end = interval(text, PARIS)

    assert start is not None
    assert start.isoformat() == "2024-05-01T00:00:00+02:00"
    assert end is None


@pytest.mark.parametrize(
    "text", ["", "..", "../..", "/", "2024", "2024-13-01", "31/02/2024", "2024-05-02/2024-05-01", "a/b"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        interval(text, UTC)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_intervals(text: str) -> None:
    with suppress(ValueError):
        start, end = interval(text, UTC)
        assert start is None or end is None or start < end


def test_a_box_may_be_an_array_or_the_object_of_the_standard() -> None:
    corners = (5.2, 43.1, 5.6, 43.5)

    assert BOX.validate_python(list(corners)) == corners
    assert BOX.validate_python({"bbox": list(corners), "crs": CRS84[0]}) == corners


@pytest.mark.parametrize(
    "box",
    [
        [5.6, 43.1, 5.2, 43.5],
        [5.2, 43.5, 5.6, 43.1],
        [5.2, 43.1, 5.6],
        [-181, 0, 0, 1],
        [0, 0, 1, 91],
        {"bbox": [0, 0, 1, 1], "crs": "EPSG:2154"},
        {"box": [0, 0, 1, 1]},
        {"crs": CRS84[0]},
        "0,0,1,1",
        ["5.2", 43.1, 5.6, 43.5],
        [False, 0, True, 1],
    ],
)
def test_what_is_no_box_is_refused(box: object) -> None:
    with pytest.raises(ValidationError):
        BOX.validate_python(box)
