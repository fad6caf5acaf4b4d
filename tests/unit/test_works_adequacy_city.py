"""Needs of the demo city's events, whose truth is known, on events that were held out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from observatoire.risk.simulate import simulate
from observatoire.town.events import NEEDS as OF_TOWN
from observatoire.town.events import Event, events, true_need
from observatoire.town.places import places
from observatoire.town.streets import streets
from observatoire.works.adequacy import NEEDS, PastEvents

pytestmark = pytest.mark.unit

HELD_OUT = 0.3


@pytest.fixture(scope="module")
def past() -> list[Event]:
    """Two years of events that the city's simulator draws, oldest first."""
    city = simulate(end="2026-11-23", years=0.1, scale=0.1, random_state=0)
    rngs = [np.random.default_rng([0, k]) for k in range(3)]
    grid = streets(city.land, rngs[0], coarser=2.8)
    drawn = events(grid, places(city, grid, rngs[1], scale=0.1), pd.Timestamp("2026-11-23"), rngs[2], but=[])
    return sorted((e for e in drawn if e.needed is not None), key=lambda e: e.schedule.start)


def row(event: Event, attendance: float) -> dict[str, Any]:
    local, centre = event.schedule.start.tz_convert("Europe/Paris"), event.footprint.centroid
    needed = event.needed or {}
    return {
        "id": event.reference, "kind": event.kind, "attendance": attendance, "hour": local.hour + local.minute / 60,
        "month": local.month, "x": centre.x, "y": centre.y, "incidents": event.incidents,
    } | {ours: needed[theirs] for ours, theirs in zip(NEEDS, OF_TOWN, strict=True)}  # fmt: skip


def test_the_demo_citys_needs_are_foreseen_better_than_by_the_same_as_last_time(past: list[Event]) -> None:
    """Mean absolute error of ln(1 + need) against the simulator's expectation, only the expected attendance known."""
    first = int(len(past) * (1 - HELD_OUT))
    known = PastEvents(pd.DataFrame([row(e, float(e.attendance or 0)) for e in past[:first]]))
    ours, last_time = [], []
    for k in range(first, len(past)):
        event = past[k]
        before = next(e for e in reversed(past[:k]) if e.kind == event.kind)
        truth = true_need(event.kind, float(event.attendance or 0), night=event.night)
        expected = known.expect(row(event, float(event.expected)))["expected"]
        for need, of_town in zip(NEEDS, OF_TOWN, strict=True):
            ours.append(abs(np.log1p(expected[need]) - np.log1p(truth[of_town])))
            last_time.append(abs(np.log1p((before.needed or {})[of_town]) - np.log1p(truth[of_town])))

    assert len(ours) >= 200
    assert np.mean(ours) < 0.6 * np.mean(last_time)
