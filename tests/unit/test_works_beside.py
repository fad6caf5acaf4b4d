"""A few works are looked at against what stands beside them alone: the answer is that of the whole city."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from observatoire.layers.works_rules import works_rules
from observatoire.works import beside
from observatoire.works.agenda import Agenda
from observatoire.works.clashes import find_clashes
from observatoire.works.involved import find_involving
from observatoire.works.model import Closure, Detour, Event, Work
from observatoire.works.network import Network
from observatoire.works.scene import Scene
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
SIDE = 6  # junctions each way, 100 m apart


def held(rng: np.random.Generator) -> Schedule:
    start = datetime(2026, 5, 4, 8, tzinfo=PARIS) + timedelta(days=int(rng.integers(0, 40)))
    windows = ((time(8), time(17)),) if rng.random() < 0.5 else ()
    return Schedule(start, start + timedelta(days=int(rng.integers(1, 15))), "Europe/Paris", windows=windows)


def chessboard() -> tuple[Network, list[str]]:
    node = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    u = np.append(node[:, :-1].ravel(), node[:-1].ravel())
    v = np.append(node[:, 1:].ravel(), node[1:].ravel())
    names = [f"s{k}" for k in range(len(u))]
    stops = {"centre-de-secours": {"cs": 0}, "hopital": {"h": SIDE * SIDE - 1}}
    return Network(np.array(names, dtype=object), u, v, np.full(len(u), 100.0), {}, stops), names


def city(seed: int) -> Scene:
    """Return sixty works in a small quarter: crowded, and some far from each other."""
    rng = np.random.default_rng(seed)
    network, names = chessboard()
    works = []
    for k in range(60):
        x, y = rng.uniform(0, 1_500, 2) + np.array([892_000, 6_247_000])
        edges = tuple(rng.choice(names, int(rng.integers(1, 4)), replace=False).tolist())
        closes = rng.random() < 0.6
        works.append(
            Work(
                f"w{k:02}", "eau", shapely.box(x, y, x + 60, y + 10), held(rng),
                Closure("chaussee-fermee", edges) if closes else Closure("trottoir"),
                Detour(tuple(rng.choice(names, 2, replace=False).tolist())) if closes and rng.random() < 0.4 else None,
                street=f"rue {rng.integers(0, 12)}" if rng.random() < 0.8 else None,
                status=str(rng.choice(["projete", "en-cours", "annule"], p=[0.6, 0.3, 0.1])),
            )
        )  # fmt: skip
    events = [
        Event("fete", "concert", works[3].footprint, held(rng)),
        Event("bal", "match", works[9].footprint, held(rng)),
    ]
    return Scene(works=works, agenda=Agenda.of_events(events), network=network, renewed={"rue 1": date(2026, 1, 1)})


@pytest.mark.parametrize("seed", range(4))
def test_a_few_works_have_the_findings_that_the_whole_city_gives_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, rules = city(seed), works_rules()
    few = [replace(scene.works[5], schedule=scene.works[6].schedule), replace(scene.works[20], id="n")]
    few += [w for w in scene.works[30:] if w.status != "annule"][:8]

    cut = find_clashes(few, scene, rules)
    seen = beside.cut(few, scene, rules)
    monkeypatch.setattr(beside, "FEW", np.inf)
    whole = find_clashes(few, scene, rules)

    assert [f.as_json() for f in cut.findings] == [f.as_json() for f in whole.findings]
    assert len({f.rule for f in cut.findings}) >= 4
    assert len(seen.works) < len(scene.works)


@pytest.mark.parametrize("seed", range(4, 7))
def test_clashes_that_name_a_work_are_those_of_all_works_that_name_it(seed: int) -> None:
    """Whatever the work weighs on: told once for all works, and for each alone."""
    scene, rules = city(seed), works_rules()
    of_all = find_clashes(list(scene.works), scene, rules).findings

    for work in scene.works[:12]:
        named = {f.id for f in of_all if work.id in (f.subject, *f.evidence)}
        assert {f.id for f in find_involving([work], scene, rules).findings} == named
