"""Proposed dates: no conflict left, the best against exhaustive search; else the constraints that forbid it."""

import os
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from observatoire.layers.works_rules import works_rules
from observatoire.works.agenda import Agenda
from observatoire.works.clashes import find_clashes
from observatoire.works.errors import BadWork
from observatoire.works.joint import joint_trenches
from observatoire.works.model import Closure, Detour, Event, Work
from observatoire.works.resolve import Impossible, Plan, resolve
from observatoire.works.scene import Scene
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

CASES = 60 if os.environ.get("OBS_PROVE") == "full" else 12
PARIS = ZoneInfo("Europe/Paris")
X, Y = 892_000.0, 6_247_000.0
DAYTIME = ((time(8), time(17)),)


def days(first: str, number: int, **more: object) -> Schedule:
    start = datetime.fromisoformat(first).replace(tzinfo=PARIS)
    return Schedule(start, start + timedelta(days=number), "Europe/Paris", **({"windows": DAYTIME} | more))


def work(name: str, x: float, schedule: Schedule, **more: object) -> Work:
    return Work(name, "gaz", shapely.box(X + x, Y, X + x + 20, Y + 10), schedule, **more)


def event(name: str, x: float, first: str, number: int = 1) -> Event:
    return Event(name, "concert", shapely.box(X + x, Y, X + x + 20, Y + 10), days(first, number))


def conflicts(works: list[Work], scene: Scene) -> int:
    return sum(f.severity != "info" for f in find_clashes(works, scene, works_rules()).findings)


def test_works_move_by_the_fewest_days_out_of_the_way_of_an_event() -> None:
    scene = Scene(agenda=Agenda.of_events([event("fete", 0, "2026-05-06")]))

    plan = resolve([work("a", 0, days("2026-05-04", 4))], scene, works_rules())

    assert isinstance(plan, Plan)
    assert plan.moves == {"a": -2}  # 2 to 5 May; later would be 7 May, three days
    assert conflicts(list(plan.works), scene) == 0


def test_dates_bound_the_move() -> None:
    scene = Scene(agenda=Agenda.of_events([event("fete", 0, "2026-05-06")]))
    bound = work("a", 0, days("2026-05-04", 4), earliest=date(2026, 5, 4), deadline=date(2026, 5, 20))

    plan = resolve([bound], scene, works_rules())

    assert isinstance(plan, Plan)
    assert plan.moves == {"a": 3}


def test_where_no_date_is_left_the_constraints_that_forbid_it_are_a_minimal_set() -> None:
    scene = Scene(agenda=Agenda.of_events([event("fete", 0, "2026-05-06"), event("loin", 500, "2026-05-06")]))
    bound = work("a", 0, days("2026-05-04", 4), earliest=date(2026, 5, 4), deadline=date(2026, 5, 8))

    refusal = resolve([bound], scene, works_rules())

    assert isinstance(refusal, Impossible)
    assert refusal.constraints == ("clash:event:a:fete", "deadline:a", "earliest:a")
    for freed in (replace(bound, earliest=None), replace(bound, deadline=None)):
        assert isinstance(resolve([freed], scene, works_rules()), Plan)
    assert isinstance(resolve([bound], Scene(), works_rules()), Plan)


def test_a_conflict_of_three_is_learned_from_the_clash_search() -> None:
    """A detour is closed by other works that move too: only the full search sees it."""
    a = work(
        "a", 0, days("2026-05-04", 3), detour=Detour(("s1",)), earliest=date(2026, 5, 4), deadline=date(2026, 5, 6)
    )
    b = work("b", 900, days("2026-05-05", 2), closure=Closure("chaussee-fermee", ("s1",)), earliest=date(2026, 5, 4))

    plan = resolve([a, b], Scene(), works_rules(), farthest=10)

    assert isinstance(plan, Plan)
    assert plan.moves == {"a": 0, "b": 2}
    refusal = resolve([a, replace(b, deadline=date(2026, 5, 6))], Scene(), works_rules(), farthest=10)
    assert isinstance(refusal, Impossible)
    # a fills its three days, b has the same three: freeing any one of the four dates would do
    assert refusal.constraints == (
        "clash:detour-closed:a:b", "deadline:a", "deadline:b", "earliest:a", "earliest:b",
    )  # fmt: skip


def test_moves_are_the_best_of_all_combinations() -> None:
    """Three works, one or two events, ±4 days: 729 combinations each, all tried."""
    rng = np.random.default_rng(11)
    solved = 0
    for _ in range(CASES):
        works = [
            work(n, float(rng.integers(0, 30)), days(f"2026-05-{rng.integers(10, 16)}", int(rng.integers(1, 4))),
                 deadline=date(2026, 5, int(rng.integers(17, 22))), earliest=date(2026, 5, int(rng.integers(8, 11))))
            for n in "abc"
        ]  # fmt: skip
        events = [event(f"e{i}", float(rng.integers(0, 60)), f"2026-05-{rng.integers(10, 18)}") for i in range(2)]
        scene = Scene(agenda=Agenda.of_events(events))
        at = {w.id: {d: w.moved(d) for d in range(-4, 5)} for w in works}

        answer = resolve(works, scene, works_rules(), farthest=4)

        # the judge: pairs are tried by the clash search, combinations one by one
        alone = {
            (w.id, d): conflicts([at[w.id][d]], scene) == 0 and within(at[w.id][d]) for w in works for d in at[w.id]
        }
        apart = {
            (p, q, d, e): conflicts([at[p][d], at[q][e]], Scene()) == 0
            for p, q in (("a", "b"), ("a", "c"), ("b", "c"))
            for d in at[p] for e in at[q] if alone[p, d] and alone[q, e]
        }  # fmt: skip
        good = [
            abs(a) + abs(b) + abs(c)
            for a, b, c in product(range(-4, 5), repeat=3)
            if apart.get(("a", "b", a, b)) and apart.get(("a", "c", a, c)) and apart.get(("b", "c", b, c))
        ]
        assert isinstance(answer, Plan) == bool(good)
        if isinstance(answer, Plan):
            solved += 1
            assert sum(map(abs, answer.moves.values())) == min(good)
            assert conflicts(list(answer.works), scene) == 0
            assert all(within(w) for w in answer.works)
    assert solved > CASES / 3


def within(moved: Work) -> bool:
    last = (moved.schedule.end - timedelta(seconds=1)).astimezone(PARIS).date()
    return bool(
        moved.earliest and moved.deadline and moved.earliest <= moved.schedule.local_start and last <= moved.deadline
    )


def test_the_same_question_has_the_same_answer() -> None:
    works = [work(n, x, days("2026-05-04", 3)) for n, x in (("a", 0), ("b", 5), ("c", 10))]

    forth, back = resolve(works, Scene(), works_rules()), resolve(works[::-1], Scene(), works_rules())

    assert isinstance(forth, Plan)
    assert isinstance(back, Plan)
    assert forth.moves == back.moves
    assert sum(map(abs, forth.moves.values())) == 6  # one stays, one goes 3 days ahead, one 3 days behind


def test_a_silly_bound_is_refused() -> None:
    with pytest.raises(BadWork, match=r"^farthest: "):
        resolve([], Scene(), works_rules(), farthest=10_000)


def test_trenches_near_in_space_and_time_are_proposed_as_one() -> None:
    water = work("eau", 0, days("2026-05-04", 10), trench=True)
    gas = work("gaz", 30, days("2026-06-01", 6), trench=True, earliest=date(2026, 5, 1))
    far = work("loin", 500, days("2026-05-04", 6), trench=True)
    late = work("tard", 0, days("2026-11-04", 6), trench=True)
    bound = work("fixe", 10, days("2026-06-20", 6), trench=True, earliest=date(2026, 6, 20))
    surface = work("banc", 0, days("2026-05-04", 6))

    (joint,) = joint_trenches([water, gas, far, late, surface])

    assert joint.works == ("eau", "gaz")
    assert (joint.days_apart, joint.days_together, joint.saved_days) == (16, 10, 6)
    assert water.moved(joint.moves["eau"]).schedule.local_start == joint.start
    assert gas.moved(joint.moves["gaz"]).schedule.local_start == joint.start
    assert joint_trenches([replace(water, deadline=date(2026, 5, 20)), bound]) == ()
