"""Works moved together: the most freed, by the fewest days, every combination tried; one site of several trenches."""

import os
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations, product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from observatoire.layers.works_rules import works_rules
from observatoire.works.agenda import Agenda
from observatoire.works.clashes import find_clashes
from observatoire.works.finding import Finding, severe
from observatoire.works.groups import groups
from observatoire.works.intervals import Intervals
from observatoire.works.involved import find_involving
from observatoire.works.joint import joint_trenches, settled
from observatoire.works.model import Closure, Event, Work
from observatoire.works.network import Network
from observatoire.works.resolve import Plan, arrange, resolve
from observatoire.works.scene import Scene
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

CASES = 60 if os.environ.get("OBS_PROVE") == "full" else 10
PARIS = ZoneInfo("Europe/Paris")
X, Y = 892_000.0, 6_247_000.0
DAYTIME = ((time(8), time(17)),)
WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def days(first: str, number: int, **more: object) -> Schedule:
    start = datetime.fromisoformat(first).replace(tzinfo=PARIS)
    return Schedule(start, start + timedelta(days=number), "Europe/Paris", **({"windows": DAYTIME} | more))


def work(name: str, x: float, schedule: Schedule, **more: object) -> Work:
    return Work(name, "gaz", shapely.box(X + x, Y, X + x + 20, Y + 10), schedule, **more)


def event(name: str, x: float, first: str, number: int = 1) -> Event:
    return Event(name, "concert", shapely.box(X + x, Y, X + x + 20, Y + 10), days(first, number))


def conflicts(works: list[Work], scene: Scene) -> list[Finding]:
    return [f for f in find_clashes(works, scene, works_rules()).findings if severe(f, "warning")]


def in_time(at: Work) -> bool:
    last = (at.schedule.end - timedelta(seconds=1)).astimezone(PARIS).date()
    return bool(at.earliest and at.deadline and at.earliest <= at.schedule.local_start and last <= at.deadline)


def best_of_all(works: list[Work], scene: Scene, farthest: int) -> tuple[int, int]:
    """Return the fewest works with a conflict and the fewest days in all, of all combinations; those with one stay."""
    dates = range(-farthest, farthest + 1)
    at = {(w.id, d): w.moved(d) for w in works for d in dates}
    bad = {key for key, moved in at.items() if conflicts([moved], scene) or not in_time(moved)}
    pairs = {
        (a.id, d, b.id, e)
        for a, b in combinations(works, 2) for d, e in product(dates, repeat=2)
        if conflicts([at[a.id, d], at[b.id, e]], Scene())
    }  # fmt: skip
    tried = []
    for moves in product(dates, repeat=len(works)):
        dated = [(w.id, d) for w, d in zip(works, moves, strict=True)]
        wrong = {key for key in dated if key in bad}
        wrong |= {key for a, b in combinations(dated, 2) if (*a, *b) in pairs for key in (a, b)}
        if not any(d for _, d in wrong):
            tried.append((len(wrong), sum(map(abs, moves))))
    return min(tried)


def test_as_many_works_as_can_be_are_freed_by_the_fewest_days_of_all_combinations() -> None:
    """Three works on one or two places, two events, dates so tight that some cannot be freed."""
    rng = np.random.default_rng(23)
    left = moved = 0
    for _ in range(CASES):
        works = [
            work(n, float(rng.integers(0, 45)), days(f"2026-05-{rng.integers(11, 15)}", int(rng.integers(1, 4))),
                 earliest=date(2026, 5, int(rng.integers(9, 12))), deadline=date(2026, 5, int(rng.integers(14, 18))))
            for n in "abc"
        ]  # fmt: skip
        events = [event(f"e{i}", float(rng.integers(0, 60)), f"2026-05-{rng.integers(10, 18)}") for i in range(2)]
        scene = Scene(works=works, agenda=Agenda.of_events(events))

        found = arrange(works, scene, works_rules(), farthest=3)

        assert (len(found.left), sum(map(abs, found.moves.values()))) == best_of_all(
            works, Scene(agenda=scene.agenda), 3
        )
        after = replace(scene, works=list(found.works))
        for finding in conflicts(list(found.works), after):
            assert {finding.subject, *finding.evidence} & {w.id for w in works} <= found.left.keys()
        assert all(why.constraints for why in found.left.values())
        whole = resolve(works, scene, works_rules(), farthest=3)
        assert isinstance(whole, Plan) == (not found.left)
        left, moved = left + len(found.left), moved + sum(d != 0 for d in found.moves.values())
    assert left >= CASES / 3
    assert moved >= CASES / 3


def test_one_that_cannot_be_freed_says_why_and_the_others_make_way() -> None:
    """The gas is pinned to the day of the festival; the water, on the same spot, goes round it."""
    gas = work("gaz", 0, days("2026-05-12", 2), earliest=date(2026, 5, 12), deadline=date(2026, 5, 13))
    water = work("eau", 5, days("2026-05-13", 2))
    scene = Scene(works=[gas, water], agenda=Agenda.of_events([event("fete", 0, "2026-05-12")]))

    found = arrange([gas, water], scene, works_rules(), farthest=10)

    assert found.moves == {"eau": 1, "gaz": 0}
    assert found.left.keys() == {"gaz"}
    assert found.left["gaz"].constraints == ("clash:event:fete:gaz", "deadline:gaz", "earliest:gaz")
    assert "échéance (gaz)" in found.left["gaz"].reason.fr
    assert "Works and an event (fete gaz)" in found.left["gaz"].reason.en


def test_together_costs_fewer_days_than_one_after_the_other() -> None:
    """a, in the middle of b and c, moved alone goes 4 days; moved together, b and c part by one day each."""
    a = work("a", 0, days("2026-05-11", 2))
    b = work("b", 0, days("2026-05-10", 2))
    c = work("c", 0, days("2026-05-12", 2))
    scene = Scene(works=[a, b, c])

    together = arrange([a, b, c], scene, works_rules(), farthest=10)
    alone = resolve([a], scene, works_rules(), farthest=10)

    assert together.moves == {"a": 0, "b": -1, "c": 1}
    assert isinstance(alone, Plan)
    assert abs(alone.moves["a"]) == 3
    assert not conflicts(list(together.works), Scene())


def test_works_are_not_moved_beside_others_that_would_then_have_a_conflict() -> None:
    """Only the closed carriageway minds works beside it: the trench on the pavement must not come to it either."""
    closed = work("b-ferme", 40, days("2026-05-12", 3), closure=Closure("chaussee-fermee"))
    trench = work("a-trottoir", 0, days("2026-05-10", 2))
    scene = Scene(works=[closed, trench], agenda=Agenda.of_events([event("fete", 0, "2026-05-10")]))

    found = arrange([trench], scene, works_rules(), farthest=10)

    assert found.moves == {"a-trottoir": -2}  # two days later would be beside the closed carriageway
    assert not find_involving(list(found.works), scene, works_rules()).findings


def test_works_do_not_begin_on_a_day_off() -> None:
    """Friday's event is cleared on Saturday; the works begin on Monday, for they do not work on Saturdays."""
    friday = work("a", 0, days("2026-05-15", 5, rule=WEEKDAYS), earliest=date(2026, 5, 15))
    scene = Scene(works=[friday], agenda=Agenda.of_events([event("fete", 0, "2026-05-15")]))

    found = arrange([friday], scene, works_rules())

    assert found.moves == {"a": 3}


def test_a_way_that_two_closures_cut_together_is_said_of_both() -> None:
    """Two parallel streets: whichever of the two works is moved, the other is no longer cut off."""
    network = Network(
        np.array(["s1", "s2"], dtype=object), np.array([0, 0]), np.array([1, 1]), np.array([100.0, 100.0]), {}, {},
    )  # fmt: skip
    one = work("one", 0, days("2026-05-11", 3), closure=Closure("chaussee-fermee", ("s1",)))
    two = work("two", 200, days("2026-05-13", 3), closure=Closure("chaussee-fermee", ("s2",)))
    scene = Scene(works=[one, two], network=network)

    named = {(f.rule, f.subject) for f in find_involving([one], scene, works_rules()).findings}
    found = arrange([one, two], scene, works_rules(), farthest=5)

    assert named == {(rule, subject) for rule in ("long-detour", "step-free") for subject in ("one", "two")}
    assert sum(map(abs, found.moves.values())) == 1  # they share 13 May alone
    assert not conflicts(list(found.works), replace(scene, works=list(found.works)))


def test_groups_are_the_works_that_conflicts_join_and_are_cut_where_they_are_large() -> None:
    works = [work(n, 0, days("2026-05-11", 1)) for n in "abcdef"]
    found = [
        Finding("r", "warning", works_rules().rules[0].title, a, (b,), Intervals.of([]))
        for a, b in (("a", "c"), ("c", "e"), ("b", "elsewhere"), ("d", "f"))
    ]

    assert [[w.id for w in g] for g in groups(works, found)] == [["a", "c", "e"], ["b"], ["d", "f"]]
    assert [[w.id for w in g] for g in groups(works, found, most=2)] == [["a", "c"], ["b"], ["d", "f"], ["e"]]
    with pytest.raises(ValueError, match="at least 1"):
        groups(works, found, most=0)


def test_one_site_begins_on_the_nearest_day_of_work_without_a_conflict() -> None:
    """Planned a fortnight apart on one spot, the middle lies on a Saturday, and the Monday is that of an event."""
    water = work("eau", 0, days("2026-05-18", 5, rule=WEEKDAYS), trench=True)
    gas = work("gaz", 30, days("2026-05-28", 5, rule=WEEKDAYS), trench=True)
    scene = Scene(works=[water, gas], agenda=Agenda.of_events([event("fete", 0, "2026-05-23", 3)]))

    (proposed,) = joint_trenches([water, gas])
    joint = settled(proposed, [water, gas], scene, works_rules(), "warning")

    assert proposed.start == date(2026, 5, 23)
    assert joint is not None
    assert joint.start == date(2026, 5, 26)  # the next working day; before, five days of work meet the event
    moved = [w.moved(joint.moves[w.id]) for w in (water, gas)]
    left = find_involving(moved, scene, works_rules()).findings
    assert all({f.subject, *f.evidence} == {"eau", "gaz"} for f in left)  # each other, within one site


def test_one_site_that_no_day_leaves_without_a_conflict_is_not_proposed() -> None:
    water = work("eau", 0, days("2026-05-18", 3), trench=True, deadline=date(2026, 5, 24), earliest=date(2026, 5, 18))
    gas = work("gaz", 30, days("2026-05-22", 3), trench=True)
    fair = event("foire", 0, "2026-05-15", 12)
    (proposed,) = joint_trenches([water, gas])

    free = settled(proposed, [water, gas], Scene(works=[water, gas]), works_rules(), "warning")
    held = settled(
        proposed, [water, gas], Scene(works=[water, gas], agenda=Agenda.of_events([fair])), works_rules(), "warning"
    )

    assert free is not None
    assert free.start == proposed.start
    assert held is None
