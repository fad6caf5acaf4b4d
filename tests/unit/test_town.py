"""The simulated town: consistent with itself, and what was planted in it is what is found in it."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from dateutil.rrule import rrulestr

from observatoire.risk.simulate import simulate
from observatoire.town import events as event_rules
from observatoire.town import lights as light_rules
from observatoire.town.city import Town, town
from observatoire.town.events import true_need
from observatoire.town.noise import daily, lden, mean_level
from observatoire.town.places import Place
from observatoire.town.planted import SITUATIONS, SURGE_RADIUS
from observatoire.town.schedule import Schedule, meet, spans

pytestmark = pytest.mark.unit
#: Planted clashes that are not of place and time; each has its own test.
OTHERWISE = (
    "fresh-pavement", "loud-night-by-a-hospital", "lamps-off-at-night", "detours-meet", "detour-into-works",
    "hospital-further", "hundred-days",
)  # fmt: skip
OPTIONS = {
    "demo": {"end": "2026-11-23"},
    "small": {"end": "2026-11-23", "scale": 0.095, "years": 2.0, "random_state": 7},
}


@pytest.fixture(scope="module")
def whole() -> Town:
    return town(**OPTIONS["demo"])


@pytest.fixture(scope="module")
def little() -> Town:
    return town(**OPTIONS["small"])


@pytest.fixture(params=["whole", "little"])
def city(request: pytest.FixtureRequest) -> Town:
    drawn: Town = request.getfixturevalue(request.param)
    return drawn


def expanded(schedule: Schedule) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """When a schedule takes place, by dateutil's reading of RFC 5545: the independent judge."""
    if schedule.rule is None:
        return [(schedule.start, schedule.end)]
    first, last = (t.tz_convert("Europe/Paris").tz_localize(None) for t in (schedule.start, schedule.end))
    assert schedule.opens is not None
    assert schedule.closes is not None
    made = []
    for day in rrulestr(schedule.rule, dtstart=first.normalize().to_pydatetime()).between(
        first.normalize().to_pydatetime(), last.to_pydatetime(), inc=True
    ):
        if day.strftime("%Y-%m-%d") in schedule.exceptions:
            continue
        start = pd.Timestamp(f"{day:%Y-%m-%d} {schedule.opens}")
        end = pd.Timestamp(f"{day:%Y-%m-%d} {schedule.closes}")
        end += pd.Timedelta(days=int(end <= start))
        if start >= first and end <= last:
            made.append(tuple(t.tz_localize("Europe/Paris").tz_convert("UTC") for t in (start, end)))
    return made  # type: ignore[return-value]


def at_once(one: Schedule, other: Schedule) -> bool:
    return any(a < d and c < b for a, b in expanded(one) for c, d in expanded(other))


def clashes(city: Town) -> Iterator[tuple[str, str]]:
    """Every pair that shares place (20 m) and time, by brute force; schools, lines and rounds for closures only."""
    things = [(w.reference, w.footprint, w.schedule) for w in city.works]
    things += [(e.reference, e.footprint, e.schedule) for e in city.events]
    shapes = [shape for _, shape, _ in things]
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=20.0).T
    for i, j in near[near[:, 0] < near[:, 1]]:
        if at_once(things[i][2], things[j][2]):
            yield things[i][0], things[j][0]
    first = city.end - pd.Timedelta(days=400)
    for works in (w for w in city.works if w.takes == "chaussee-fermee"):
        for place in city.places:
            if place.kind == "ecole" and shapely.dwithin(works.footprint, shapely.Point(place.x, place.y), 60.0):
                yield works.reference, "school"
        for path in [*city.lines, *city.rounds]:
            rule = getattr(path, "rule", "FREQ=DAILY")
            last = city.end + pd.Timedelta(days=200)
            service = Schedule(first.tz_localize("UTC"), last.tz_localize("UTC"), rule, path.opens, path.closes)
            if shapely.dwithin(works.footprint, path.path.line, 20.0) and at_once(works.schedule, service):
                yield works.reference, path.code


def test_the_clashes_of_the_town_are_those_that_were_planted(city: Town) -> None:
    of_place_and_time = {
        (*refs, "school")[:2] for s in SITUATIONS if s.clash and s.name not in OTHERWISE for refs in [s.references]
    }

    assert set(clashes(city)) == of_place_and_time


def test_what_only_looks_like_a_clash_is_none(city: Town) -> None:
    by_day, by_night = (w for w in city.works if w.reference in ("CH-P03", "CH-P04"))

    assert by_day.footprint.equals(by_night.footprint)
    assert by_day.schedule.start.date() == by_night.schedule.start.date()
    assert not at_once(by_day.schedule, by_night.schedule)


def test_two_trenches_on_one_segment_are_weeks_apart(city: Town) -> None:
    one, other = (w for w in city.works if w.reference in ("CH-P10", "CH-P11"))

    assert one.segment == other.segment
    assert one.trench
    assert other.trench
    assert 14 <= (other.schedule.start - one.schedule.end).days <= 28


def test_one_trench_alone_opens_a_fresh_pavement(city: Town) -> None:
    fresh = {
        w.reference
        for w in city.works
        if w.trench and w.segment in city.resurfaced
        and 0 <= (w.schedule.start.tz_localize(None) - city.resurfaced[w.segment]).days < 5 * 365
    }  # fmt: skip

    assert fresh == {"CH-P12"}


def test_the_loud_night_is_beside_a_hospital(city: Town) -> None:
    (works,) = (w for w in city.works if w.reference == "CH-P13")
    hospitals = shapely.MultiPoint(city.places.at("hopital"))

    assert works.schedule.by_night
    assert works.dark
    assert shapely.distance(works.footprint, hospitals) < 30


def planted(city: Town, *references: str) -> list[int]:
    """Return the segments of works."""
    by_reference = {w.reference: w for w in city.works}
    return [by_reference[name].segment for name in references]


def roads(city: Town, *closed: int, cars: bool = True) -> nx.Graph:
    """Return the streets without some, by length; pedestrian ones only where `cars` is false."""
    s = city.streets.segments
    graph = nx.Graph()
    for k, (a, b) in enumerate(city.streets.ends.tolist()):
        if k not in closed and not (cars and s["kind"].iloc[k] == "pietonne"):
            graph.add_edge(a, b, length=float(s["length"].iloc[k]), segment=k)
    return graph


def around(city: Town, segment: int) -> set[int]:
    """Return the segments of the shortest way by car around one."""
    graph = roads(city, segment)
    path = nx.shortest_path(graph, *city.streets.ends[segment].tolist(), weight="length")
    return {graph[a][b]["segment"] for a, b in pairwise(path)}


def test_the_planted_detours_meet_and_one_runs_into_other_works(city: Town) -> None:
    one, two, sent, closed = planted(city, "CH-P14", "CH-P15", "CH-P16", "CH-P17")

    assert around(city, one) & around(city, two)
    assert two not in around(city, one)
    assert one not in around(city, two)
    assert closed in around(city, sent)


def test_two_planted_closures_put_a_hospital_further_from_the_fire_station(city: Town) -> None:
    def ways(*shut: int) -> dict[int, float]:
        graph = roads(city, *shut, cars=False)
        nodes = {kind: [nearest(city, p) for p in city.places if p.kind == kind]
                 for kind in ("centre-de-secours", "hopital")}  # fmt: skip
        far = nx.multi_source_dijkstra_path_length(graph, set(nodes["centre-de-secours"]), weight="length")
        return {node: far[node] for node in nodes["hopital"]}

    usual, both = ways(), ways(*planted(city, "CH-P18", "CH-P19"))

    assert max(both[node] - usual[node] for node in usual) > 500


def nearest(city: Town, place: Place) -> int:
    ends = city.streets.ends[place.segment].tolist()
    return min(ends, key=lambda node: float(np.hypot(*(city.streets.nodes[node] - (place.x, place.y)))))


def test_night_works_put_out_lamps_that_burn(city: Town) -> None:
    (works,) = (w for w in city.works if w.reference == "CH-P04")
    near = shapely.distance(shapely.points(city.lights.xy), works.footprint) <= 15

    assert works.dark
    assert works.schedule.by_night
    assert set(city.lights.circuit[near]) - set(city.lights.out_since())


def test_the_planted_scaffolding_stands_a_hundred_days(city: Town) -> None:
    (works,) = (w for w in city.works if w.reference == "CH-P20")

    first, last = (t.tz_convert("Europe/Paris").date() for t in (works.schedule.start, works.schedule.end))
    assert works.schedule.rule is None
    assert (last - first).days + 1 == 100


def test_the_surge_stands_out(city: Town) -> None:
    """Sixty within the radius in five days; the base alone would have a handful."""
    reports = city.reports[city.reports["date"] >= pd.Timestamp("2026-11-18", tz="UTC")]
    near = np.hypot(*(reports[["x", "y"]].to_numpy() - city.planted.surge).T) <= SURGE_RADIUS + 0.1
    surge = reports[near & (reports["nature"] == "depot-sauvage")]

    assert "R9000001" in set(surge["id"])
    assert 60 <= len(surge) <= 75


def test_the_first_circuit_is_out_and_reported(city: Town) -> None:
    outage = city.lights.outages.query("circuit == 0 and end.isna()").iloc[0]
    reports = city.reports[(city.reports["nature"] == "eclairage") & (city.reports["date"] >= outage["start"])]
    near = np.hypot(*(reports[["x", "y"]].to_numpy() - outage[["x", "y"]].to_numpy(dtype=float)).T) < 150

    assert (pd.Timestamp("2026-11-23", tz="UTC") - outage["start"]).days == 12
    assert near.sum() >= 8


def test_one_sensor_alone_is_silent_and_late(city: Town) -> None:
    silent = {s.code for s in city.noise.sensors if np.isnan(s.laeq[-9 * 24 :]).all()}

    assert silent == {"B03"}
    assert all(not np.isnan(s.laeq[: -9 * 24]).any() for s in city.noise.sensors)


def test_one_source_stops_before_the_others(city: Town) -> None:
    stopped = city.end.tz_localize("UTC") - pd.Timedelta(days=4)

    assert stopped - pd.Timedelta(days=7) < city.video["date"].max() < stopped  # a small town has few
    assert city.reports["date"].max() > stopped + pd.Timedelta(days=3)


def test_the_same_options_give_the_same_town(little: Town) -> None:
    one, other = little, town(**OPTIONS["small"])

    assert one.reports.equals(other.reports)
    assert one.facts.equals(other.facts)
    assert one.video.equals(other.video)
    assert [w.footprint.wkb for w in one.works] == [w.footprint.wkb for w in other.works]
    assert [e.planned for e in one.events] == [e.planned for e in other.events]
    assert all(
        np.array_equal(a.laeq, b.laeq, equal_nan=True)
        for a, b in zip(one.noise.sensors, other.noise.sensors, strict=True)
    )


def test_the_street_graph_is_one_piece_on_the_land_and_small(city: Town) -> None:
    s = city.streets.segments
    graph = nx.Graph(zip(s["start"], s["end"], strict=True))

    assert len(s) <= 5_000
    assert nx.is_connected(graph)
    assert len(graph) == len(city.streets.nodes)
    assert graph.number_of_edges() == len(s)
    assert shapely.covers(city.base.land.buffer(0.2), s["geometry"].to_numpy()).all()


def test_a_path_is_the_shortest(whole: Town) -> None:
    """Against networkx, on the same costs: main roads count for 0.6."""
    s = whole.streets.segments
    graph = nx.Graph()
    for a, b, length, kind in zip(s["start"], s["end"], s["length"], s["kind"], strict=True):
        graph.add_edge(a, b, cost=length * (0.6 if kind == "axe" else 1.0))

    for a, b in ((0, 900), (17, 1_200)):
        cost = nx.path_weight(graph, whole.streets.path(a, b), "cost")
        assert cost == pytest.approx(nx.shortest_path_length(graph, a, b, "cost"))


def test_spans_are_those_of_the_standard_rules(city: Town) -> None:
    """Against dateutil, summer time included."""
    for thing in [*city.works[:60], *city.events[:10]]:
        assert spans(thing.schedule) == expanded(thing.schedule)


def test_meeting_is_symmetric(city: Town) -> None:
    for one, other in combinations(city.works[:15], 2):
        assert meet(one.schedule, other.schedule) == meet(other.schedule, one.schedule)
        assert meet(one.schedule, other.schedule) == at_once(one.schedule, other.schedule)


def test_a_constant_level_has_an_lden_of_6_4_db_more() -> None:
    """10 lg ((12 + 4·10^0.5 + 8·10) / 24) = 6.395 dB (directive 2002/49/EC, annex I)."""
    assert lden(60.0, 60.0, 60.0) == pytest.approx(66.395, abs=0.001)
    assert mean_level(np.full(8, 60.0)) == pytest.approx(60.0)


def test_a_day_of_indicators_runs_from_six_to_six() -> None:
    """Loud only from 22:00 to 06:00 local time: Ln is that level, and of one day."""
    times = pd.date_range("2026-01-10 05:00", periods=48, freq="h")  # 06:00 in Paris
    local = times.tz_localize("UTC").tz_convert("Europe/Paris").hour
    levels = np.where((local >= 22) | (local < 6), 70.0, 30.0)

    days = daily(times, levels)

    assert days["ln"].tolist() == [70.0, 70.0]
    assert days["lden"].tolist() == pytest.approx([10 * np.log10(8 * 1e8 / 24)] * 2, abs=0.1)


def test_bars_are_heard_at_night(whole: Town) -> None:
    """The first sensor stands among bars, the fourth in a quiet street."""
    local = whole.noise.times.tz_localize("UTC").tz_convert("Europe/Paris")
    late = (local.hour == 23) & (local.day_of_week >= 4)
    early = (local.hour == 4) & (local.day_of_week < 4)
    rise = {s.code: np.median(s.expected[late]) - np.median(s.expected[early]) for s in whole.noise.sensors}

    assert rise["B01"] > rise["B04"] + 3


def test_what_events_needed_scatters_about_the_truth(whole: Town) -> None:
    past = [e for e in whole.events if e.needed is not None and e.attendance is not None]
    logs = [
        np.log(e.needed["barriers"] / true_need(e.kind, e.attendance, night=e.night)["barriers"])  # type: ignore[index,arg-type]
        for e in past
    ]

    assert len(past) > 200
    assert np.mean(logs) == pytest.approx(0.0, abs=0.03)
    assert np.std(logs) == pytest.approx(event_rules.SPREAD, abs=0.03)


def test_darkness_adds_facts_near_its_lights_and_nowhere_else(whole: Town) -> None:
    more = whole.facts[whole.facts["id"].str.startswith("F9")]
    outages = whole.lights.outages

    assert len(more) > 10
    for fact in more.itertuples():
        open_ = outages[(outages["start"] <= fact.date) & ~(outages["end"] < fact.date)]
        lit = whole.lights.xy[np.isin(whole.lights.circuit, open_["circuit"])]
        assert np.hypot(*(lit - (fact.x, fact.y)).T).min() <= light_rules.REACH + 40


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_the_share_that_patrols_discover_is_a_parameter(share: float) -> None:
    facts = simulate(end="2026-01-01", years=0.5, discovery=share).facts

    assert (facts["origin"] == "discovered").mean() == pytest.approx(share, abs=0.02)


def test_uneven_reporting_moves_reports_and_not_what_happens() -> None:
    """Reports over the propensity to report are, cell by cell, proportional to those of a city that reports alike."""
    alike, uneven = (simulate(end="2026-01-01", years=0.5, reporting=r) for r in (0.0, 0.8))
    span = ("2025-08-01", "2025-12-01")

    need = uneven.expected(*span, nature="tag") / uneven.heard

    assert np.unique(uneven.heard).size == 16
    assert np.ptp(np.log(uneven.heard)) > 1
    ratio = need / alike.expected(*span, nature="tag")
    assert ratio == pytest.approx(ratio[0])
    assert len(uneven.reports) == pytest.approx(len(alike.reports), rel=0.03)


@pytest.mark.parametrize("options", [{"discovery": 1.0}, {"reporting": -0.1}])
def test_shares_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="discovery must be"):
        simulate(**options)  # type: ignore[arg-type]


def test_every_situation_names_what_is_in_the_town(city: Town) -> None:
    known = {w.reference for w in city.works} | {e.reference for e in city.events} | set(city.reports["id"])
    known |= {line.code for line in city.lines} | {r.code for r in city.rounds} | {"CI001"}
    known |= {s.code for s in city.noise.sensors} | {"videoprotection"}

    for situation in SITUATIONS:
        assert set(situation.references) <= known, situation.name
        assert re.fullmatch(r"[a-z0-9-]+", situation.name)
