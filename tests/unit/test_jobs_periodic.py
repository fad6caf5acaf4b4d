"""What is done every night: when the next night is, also where the clock jumps."""

from datetime import UTC, datetime, time, timedelta

import pytest

from observatoire.cities import city, read_city
from observatoire.data import root
from observatoire.jobs.periodic import NOBODY, Periodic, internal_processes, nightly
from observatoire.server.registry import registry

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("now", "at", "expected"),
    [
        ("2026-01-10T12:00:00+00:00", time(3, 30), "2026-01-11T02:30:00+00:00"),  # Paris, winter: UTC+1
        ("2026-07-10T12:00:00+00:00", time(3, 30), "2026-07-11T01:30:00+00:00"),  # summer: UTC+2
        ("2026-01-10T02:29:59+00:00", time(3, 30), "2026-01-10T02:30:00+00:00"),
        ("2026-01-10T02:30:00+00:00", time(3, 30), "2026-01-11T02:30:00+00:00"),
        ("2026-03-28T12:00:00+00:00", time(2, 30), "2026-03-29T01:30:00+00:00"),  # 02:30 is skipped: at 03:30
        ("2026-10-24T12:00:00+00:00", time(2, 30), "2026-10-25T00:30:00+00:00"),  # 02:30 comes twice: the first
        ("2026-10-25T00:30:00+00:00", time(2, 30), "2026-10-26T01:30:00+00:00"),  # and not the second
        ("2026-12-31T23:30:00+00:00", time(3, 30), "2027-01-01T02:30:00+00:00"),
    ],
)
def test_the_next_night_is_at_the_same_local_time(now: str, at: time, expected: str) -> None:
    found = Periodic("x", at).next(datetime.fromisoformat(now), city())

    assert found == datetime.fromisoformat(expected)
    assert found.tzinfo is UTC


def test_what_is_done_every_so_often_is_done_at_whole_multiples() -> None:
    quarter = Periodic("x", time(0), every=timedelta(minutes=15))

    assert quarter.next(datetime.fromisoformat("2026-01-10T12:07:30+00:00"), city()).isoformat() == (
        "2026-01-10T12:15:00+00:00"
    )
    assert quarter.next(datetime.fromisoformat("2026-01-10T12:15:00+00:00"), city()).minute == 30


def test_the_cards_and_then_the_forecasts_of_the_city_are_made_every_night() -> None:
    done = {periodic.name: periodic for periodic in nightly(city())}
    cards, forecast = done["skill-cards"], done["forecast"]

    assert cards.at < forecast.at
    assert [order.inputs for order in cards.orders] == [order.inputs for order in forecast.orders]
    assert [order.inputs["target"] for order in forecast.orders] == [wanted.target for wanted in city().forecasts]
    assert len(forecast.orders) >= 1


def test_what_is_read_from_somewhere_is_loaded_before_the_forecasts() -> None:
    """The quarters of Marseille are a file; its grid is made here, from them."""
    marseille = read_city(root() / "cities" / "marseille.yml")
    done = {periodic.name: periodic for periodic in nightly(marseille)}
    loads, purge, forecast = done["loads"], done["purge"], done["forecast"]

    assert [order.inputs for order in loads.orders] == [{"sources": ["quartiers"]}]
    assert [order.process for order in purge.orders] == ["purge"]
    assert [order.process for order in done["retention"].orders] == ["retention"]
    assert loads.at < forecast.at


def test_every_night_only_what_only_we_run_is_ordered() -> None:
    ordered = {order.process for periodic in nightly(city()) for order in periodic.orders}

    assert ordered <= set(internal_processes())


def test_internal_jobs_are_run_by_no_address_and_shown_to_no_key() -> None:
    assert not set(internal_processes()) & set(registry())
    assert len(NOBODY) != 32  # a digest has 32 bytes
