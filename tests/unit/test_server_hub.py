"""Events fanned out: to whom may know them, a screen that is slow is told to look, no more screens than are served."""

import pytest

from observatoire.layers.catalog import catalog
from observatoire.server import hub as module
from observatoire.server.hub import LOOK, QUEUED, Hub, TooManyScreens

pytestmark = pytest.mark.unit


@pytest.fixture
def hub() -> Hub:
    return Hub(None, catalog())  # type: ignore[arg-type]  # its listener is not started


def told(screen: module.Screen) -> list[module.Event]:
    return [screen.queue.get_nowait() for _ in range(screen.queue.qsize())]


def test_an_alert_is_told_to_its_audience_without_saying_who_else_hears_it(hub: Hub) -> None:
    desk, planner = hub.enter("coordination"), hub.enter("planner")

    hub.heard("obs_events", '{"kind": "alert", "id": 4, "audience": ["coordination"]}')

    assert told(desk) == [{"kind": "alert", "id": 4}]
    assert told(planner) == []


def test_a_collection_is_told_to_those_who_may_see_it(hub: Hub) -> None:
    screens = {audience: hub.enter(audience) for audience in ("coordination", "roadworks", "citizen")}

    hub.heard("obs_events", '{"kind": "collection", "collection": "faits", "version": 3}')
    hub.heard("obs_events", '{"kind": "collection", "collection": "chantiers", "version": 1}')
    hub.heard("obs_events", '{"kind": "collection", "collection": "unheard-of", "version": 1}')

    heard = {audience: [event["collection"] for event in told(screen)] for audience, screen in screens.items()}
    assert heard == {"coordination": ["faits", "chantiers"], "roadworks": ["chantiers"], "citizen": ["chantiers"]}


@pytest.mark.parametrize("payload", ["{", '{"kind": "secret"}', "[]"])
def test_what_is_not_known_is_told_to_nobody(hub: Hub, payload: str) -> None:
    screen = hub.enter("admin")

    hub.heard("obs_events", payload)

    assert told(screen) == []


def test_after_a_gap_all_are_told_to_look(hub: Hub) -> None:
    screen = hub.enter("citizen")

    hub.heard("", "")

    assert told(screen) == [LOOK]


def test_a_slow_screen_is_told_to_look_and_costs_no_memory(hub: Hub) -> None:
    screen = hub.enter("citizen")

    for version in range(QUEUED + 1):
        hub.heard("obs_events", f'{{"kind": "collection", "collection": "chantiers", "version": {version}}}')

    assert told(screen) == [LOOK]


def test_no_more_screens_than_are_served(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    first, _ = hub.enter("citizen"), hub.enter("citizen")

    with pytest.raises(TooManyScreens):
        hub.enter("citizen")
    hub.leave(first)

    assert hub.enter("citizen")
