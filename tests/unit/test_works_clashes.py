"""Clashes with known answers: all found, none invented; plain loops as the judge."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from observatoire.errors import BadSettings
from observatoire.layers.works_rules import works_rules
from observatoire.works.agenda import Agenda
from observatoire.works.clashes import find_clashes
from observatoire.works.errors import BadWork
from observatoire.works.model import Closure, Detour, Event, Work
from observatoire.works.network import Network
from observatoire.works.rules import Rules
from observatoire.works.scene import Lamps, Places, RiskCells, Scene
from observatoire.works.schedule import Schedule
from observatoire.works.timetable import Timetable

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
X, Y = 892_000.0, 6_247_000.0


def box(x: float, y: float = 0, width: float = 20, height: float = 10) -> shapely.Polygon:
    return shapely.box(X + x, Y + y, X + x + width, Y + y + height)


def days(first: str, last: str, *windows: tuple[time, time], **more: object) -> Schedule:
    start = datetime.fromisoformat(first).replace(tzinfo=PARIS)
    end = datetime.fromisoformat(last).replace(tzinfo=PARIS) + timedelta(days=1)
    return Schedule(start, end, "Europe/Paris", windows=windows, **more)


DAYTIME = (time(8), time(17))
MAY = days("2026-05-04", "2026-05-08", DAYTIME)


def work(name: str, x: float = 0, schedule: Schedule = MAY, **more: object) -> Work:
    return Work(name, "eau", box(x), schedule, **more)


def found(works: list[Work], scene: Scene, rules: Rules | None = None) -> list[tuple[str, str, str, tuple[str, ...]]]:
    report = find_clashes(works, scene, rules or works_rules())
    return [(f.rule, f.severity, f.subject, f.evidence) for f in report.findings]


def test_two_works_at_one_place_and_time_clash_and_the_reason_says_when() -> None:
    a, b = work("a"), work("b", 10, days("2026-05-08", "2026-05-12", DAYTIME))

    report = find_clashes([a], Scene(works=[b]), works_rules())

    (finding,) = report.findings
    assert (finding.rule, finding.severity, finding.subject, finding.evidence) == (
        "works-same-place",
        "blocking",
        "a",
        ("b",),
    )
    assert finding.intervals.iso() == [("2026-05-08T06:00:00Z", "2026-05-08T15:00:00Z")]
    assert finding.reason.fr == "a et b occupent le même endroit pendant 9 h, dès le 08/05/2026 à 08:00."
    assert finding.reason.en == "a and b hold the same place for 9 h, from 2026-05-08 08:00."


@pytest.mark.parametrize(
    "other",
    [
        work("b", 21),
        work("b", 0, days("2026-05-09", "2026-05-12", DAYTIME)),
        work("b", 0, days("2026-05-04", "2026-05-08", (time(17), time(8)))),
        replace(work("b"), status="annule"),
        replace(work("b"), status="termine"),
    ],
    ids=["other place", "other days", "the hours between", "cancelled", "finished"],
)
def test_nothing_is_invented(other: Work) -> None:
    assert found([work("a")], Scene(works=[other])) == []


def test_a_candidate_replaces_its_own_earlier_version_and_pairs_are_said_once() -> None:
    a, b = work("a"), work("b")

    assert found([a], Scene(works=[work("a", 5)])) == []
    assert found([a, b], Scene(works=[a, b])) == [("works-same-place", "blocking", "a", ("b",))]


def test_an_event_clashes_from_its_setting_up() -> None:
    evening = Event("fete", "concert", box(10), days("2026-05-06", "2026-05-06", (time(18, 30), time(23))))
    late = Event("tard", "concert", box(10), days("2026-05-07", "2026-05-07", (time(19), time(23))))
    scene = Scene(agenda=Agenda.of_events([evening, late]))

    assert found([work("a")], scene) == [("event", "warning", "a", ("fete",))]
    assert found([work("a", closure=Closure("chaussee-fermee"))], scene) == [("event", "blocking", "a", ("fete",))]


def test_school_bus_and_waste_clash_with_what_closes_their_way() -> None:
    monday = days("2026-05-04", "2026-05-04").instants
    agenda = Agenda.of_columns(
        ["school", "line", "stop", "round", "market"],
        ["school-entry", "bus-line", "bus-stop", "waste-round", "marche"],
        [box(40), shapely.LineString([(X, Y + 5), (X + 900, Y + 5)]), shapely.Point(X + 3, Y + 3), box(-5), box(25)],
        Timetable.of([monday] * 5),
    )

    closed = found([work("a", closure=Closure("chaussee-fermee"))], Scene(agenda=agenda))
    parked = found([work("a", closure=Closure("stationnement"))], Scene(agenda=agenda))

    assert {r for r, *_ in closed} == {"school-entry", "bus-line", "bus-stop", "waste-round", "market"}
    assert {r for r, *_ in parked} == {"bus-stop", "market"}


def test_search_finds_what_plain_loops_find() -> None:
    rng = np.random.default_rng(7)
    base = datetime(2026, 1, 1, tzinfo=PARIS)

    def schedule() -> Schedule:
        start = base + timedelta(hours=int(rng.integers(0, 2000)))
        windows = [(), (DAYTIME,), ((time(22), time(6)),)][rng.integers(3)]
        return Schedule(start, start + timedelta(hours=int(rng.integers(1, 400))), "Europe/Paris", windows=windows)

    works = [Work(f"w{i:03}", "gaz", box(*rng.uniform(0, 400, 2)), schedule()) for i in range(120)]
    events = [Event(f"e{i:03}", "concert", box(*rng.uniform(0, 400, 2)), schedule()) for i in range(150)]
    rules = Rules(rules=[r for r in works_rules().rules if r.id in ("works-same-place", "event")])

    report = find_clashes(works, Scene(agenda=Agenda.of_events(events)), rules)

    expected = {}
    for i, a in enumerate(works):
        for b in works[i + 1 :]:
            both = a.schedule.instants.intersection(b.schedule.instants)
            if a.footprint.distance(b.footprint) <= 0 and both.total():
                expected["works-same-place", a.id, b.id] = both
        for e in events:
            both = a.schedule.instants.intersection(e.schedule.instants.widened(7200, 7200))
            if a.footprint.distance(e.footprint) <= 30 and both.total():
                expected["event", a.id, e.id] = both
    assert {(f.rule, f.subject, *f.evidence): f.intervals for f in report.findings} == expected
    assert len(expected) > 100


def grid_network() -> Network:
    """Return streets of a 4 × 4 chessboard, 100 m a side; segment `h01` goes east from column 0, row 1."""
    ids, u, v = [], [], []
    for row in range(4):
        for col in range(4):
            if col < 3:
                ids.append(f"h{col}{row}"), u.append(row * 4 + col), v.append(row * 4 + col + 1)
            if row < 3:
                ids.append(f"v{col}{row}"), u.append(row * 4 + col), v.append(row * 4 + col + 4)
    names = np.array(ids, dtype=object)
    step_free = np.array([i != "v11" for i in ids])
    stops = {"centre-de-secours": {"cs": 0}, "hopital": {"hop": 3}}
    return Network(names, np.array(u), np.array(v), np.full(len(ids), 100.0), {"step-free": step_free}, stops)


def test_a_lone_closure_makes_a_short_way_round_and_two_cut_a_corner_off() -> None:
    network = grid_network()
    north = work("north", closure=Closure("chaussee-fermee", ("v00",)))
    east = work("east", 100, days("2026-05-07", "2026-05-12", DAYTIME), closure=Closure("chaussee-fermee", ("h00",)))

    alone = found([north], Scene(network=network))
    both = find_clashes([north], Scene(works=[east], network=network), works_rules())

    # 100 m become 300 m round the block: 200 m more is under 600 m, but a step-free walker minds 150 m.
    assert alone == [("step-free", "warning", "north", ("segment:v00",))]
    cut = {f.rule: f for f in both.findings if f.rule in ("long-detour", "emergency")}
    assert {f.severity for f in cut.values()} == {"blocking"}
    assert cut["emergency"].evidence == ("east", "hopital:hop")
    assert cut["emergency"].intervals == north.schedule.instants.intersection(east.schedule.instants)
    assert "no way left" in cut["emergency"].reason.en


def test_emergency_way_is_lengthened_by_what_the_graph_says() -> None:
    """From corner to corner 300 m; without the southern street, 500 m by the next row: 200 m more than usual."""
    network = grid_network()
    south = work("south", closure=Closure("chaussee-fermee", ("h10",)))
    rule = next(r for r in works_rules().rules if r.id == "emergency")
    rules = Rules(rules=[rule.model_copy(update={"longer_m": 150.0})])

    (finding,) = find_clashes([south], Scene(network=network), rules).findings

    assert finding.figures["before_m"] == 300
    assert finding.figures["after_m"] == 500
    assert found([south], Scene(network=network), Rules(rules=[rule])) == []


def test_detours_meet_each_other_and_other_works() -> None:
    a = work("a", detour=Detour(("s1", "s2")))
    b = work("b", 500, days("2026-05-08", "2026-05-09", DAYTIME), detour=Detour(("s2",)))
    c = work("c", 900, closure=Closure("chaussee-fermee", ("s1",)))

    assert found([a], Scene(works=[b, c])) == [
        ("detour-closed", "blocking", "a", ("c",)),
        ("detours-together", "warning", "a", ("b",)),
    ]
    assert found([c], Scene(works=[a])) == [("detour-closed", "blocking", "c", ("a",))]


def test_noise_counts_people_and_hours_of_the_night_only() -> None:
    places = Places(
        np.array(["r1", "r2", "school"], dtype=object),
        np.array(["residents", "residents", "ecole"], dtype=object),
        np.array([box(30), box(300), box(60)], dtype=object), np.array([35.0, 500.0, np.nan]),
    )  # fmt: skip
    night = work("night", schedule=days("2026-05-04", "2026-05-05", (time(20), time(1))), noise="fort")
    day = work("day", noise="fort")
    quiet = work("quiet", schedule=night.schedule, noise="faible")

    report = find_clashes([night], Scene(places=places), works_rules())

    (finding,) = report.findings
    assert (finding.rule, finding.evidence) == ("night-noise", ("r1",))
    assert finding.figures["people"] == 35
    assert finding.figures["hours"] == 3 + 2  # 22–01, then 22–24: the schedule ends at midnight
    assert found([day], Scene(places=places)) == [("school-noise", "info", "day", ("school",))]
    assert found([quiet], Scene(places=places)) == []


def test_street_bears_days_once_and_a_new_pavement_is_left_alone() -> None:
    a = work("a", schedule=days("2026-01-01", "2026-02-28"), street="rue")
    b = work("b", 500, schedule=days("2026-02-15", "2026-04-10"), street="rue", trench=True)
    apart = work("apart", 900, schedule=days("2026-02-15", "2026-04-10"), street="avenue", trench=True)

    report = find_clashes([b], Scene(works=[a], renewed={"rue": date(2023, 5, 1)}), works_rules())

    by_rule = {f.rule: f for f in report.findings}
    assert by_rule.keys() == {"tired-street", "new-pavement"}
    assert "refaite le 01/05/2023 : pas de tranchée avant le 01/05/2026" in by_rule["new-pavement"].reason.fr
    assert "renewed on 2023-05-01: no trench before 2026-05-01" in by_rule["new-pavement"].reason.en
    assert by_rule["tired-street"].figures["days"] == 100  # 1 January to 10 April, both included, each day once
    assert found([apart], Scene(works=[a], renewed={"rue": date(2023, 5, 1)})) == []
    assert "new-pavement" not in {r for r, *_ in found([b], Scene(renewed={"rue": date(2023, 2, 1)}))}


def test_risk_is_shared_by_area_and_time() -> None:
    """A 1 ha cell of which the place takes a quarter, for half of the horizon: an eighth of its counts."""
    cells = RiskCells(
        np.array(["cell"], dtype=object), np.array([box(0, 0, 100, 100)], dtype=object),
        np.array([16.0]), np.array([8.0]), np.array([24.0]), np.array([8.0]),
        datetime(2026, 5, 4, tzinfo=PARIS), datetime(2026, 5, 8, tzinfo=PARIS),
    )  # fmt: skip
    rule = next(r for r in works_rules().rules if r.id == "more-incidents").model_copy(update={"distance": 0.5})
    quarter = Work("a", "gaz", box(0.5, 0.5, 49, 49), days("2026-05-06", "2026-05-09"))

    (finding,) = find_clashes([quarter], Scene(risk=cells), Rules(rules=[rule])).findings

    assert finding.figures["expected"] == pytest.approx(2, rel=0.01)
    assert finding.figures["lower"] == pytest.approx(1, rel=0.01)
    assert finding.figures["upper"] == pytest.approx(3, rel=0.01)
    assert finding.figures["usual"] == pytest.approx(1, rel=0.01)
    later = replace(quarter, schedule=days("2026-06-06", "2026-06-09"))
    assert find_clashes([later], Scene(risk=cells), Rules(rules=[rule])).findings == ()


def test_lamps_are_taken_away_at_night_only() -> None:
    lamps = Lamps(np.array(["l1", "l2"], dtype=object), shapely.points([[X + 5, Y + 5], [X + 500, Y]]))

    assert found([work("a", lighting_cut=True)], Scene(lamps=lamps)) == []
    assert found([work("a", schedule=days("2026-05-04", "2026-05-04"), lighting_cut=True)], Scene(lamps=lamps)) == [
        ("lighting-out", "warning", "a", ("l1",))
    ]


def test_what_is_unknown_is_said() -> None:
    report = find_clashes([work("a")], Scene(), works_rules())

    assert report.findings == ()
    assert set(report.not_checked) == {
        "event", "market", "school-entry", "bus-line", "bus-stop", "waste-round", "long-detour", "emergency",
        "step-free",
        "night-noise", "school-noise", "hospital-noise", "new-pavement", "more-incidents", "lighting-out",
    }  # fmt: skip


def test_order_of_the_input_changes_nothing_and_ids_survive_other_dates() -> None:
    works = [work(n, x) for n, x in (("a", 0), ("b", 5), ("c", 12))]
    forth = [f.as_json() for f in find_clashes(works, Scene(), works_rules()).findings]
    back = [f.as_json() for f in find_clashes(works[::-1], Scene(), works_rules()).findings]
    later = find_clashes([w.moved(7) for w in works], Scene(), works_rules()).findings

    assert forth == back
    assert [f["id"] for f in forth] == [f.id for f in later]
    assert len({f["id"] for f in forth}) == 3


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("footprint", lambda: Work("a", "eau", shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)]), MAY)),
        ("footprint", lambda: Work("a", "eau", shapely.Polygon(), MAY)),
        ("footprint", lambda: Work("a", "eau", shapely.Polygon([(X, Y), (X + 9, Y), (X, Y)]), MAY)),
        ("footprint", lambda: Work("a", "eau", shapely.box(5.3, 43.2, 5.4, 43.3), MAY)),
        ("footprint", lambda: Work("a", "eau", shapely.Point(np.inf, 0), MAY)),
        ("footprint", lambda: Work("a", "eau", None, MAY)),
        ("kind", lambda: Work("a", "tunnel", box(0), MAY)),
        ("noise", lambda: Work("a", "eau", box(0), MAY, noise="loud")),
        ("status", lambda: Work("a", "eau", box(0), MAY, status="?")),
        ("closure", lambda: Closure("all")),
        ("detour", lambda: Detour(())),
        ("deadline", lambda: Work("a", "eau", box(0), MAY, earliest=date(2026, 5, 4), deadline=date(2026, 5, 1))),
        ("id", lambda: Work("", "eau", box(0), MAY)),
        ("kind", lambda: Event("a", "rave", box(0), MAY)),
        ("attendance", lambda: Event("a", "concert", box(0), MAY, attendance=-1)),
        ("id", lambda: find_clashes([work("a"), work("a")], Scene(), works_rules())),
    ],
)
def test_bad_works_are_refused_by_field(field: str, make) -> None:
    with pytest.raises(BadWork, match=f"^{field}: ") as refused:
        make()

    assert refused.value.field == field


def test_a_footprint_that_crosses_itself_is_refused_with_the_place() -> None:
    with pytest.raises(BadWork, match=r"footprint: is not a valid geometry: Self-intersection\["):
        Work("a", "eau", shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)]), MAY)


SAID = "title: {fr: a, en: a}, reason: {fr: a, en: a}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {id: a, kind: overlap}", "title"),
        (f"- {{id: a, kind: magic, {SAID}}}", "magic"),
        ("- {id: a, kind: moratorium, years: 3, title: {fr: a, en: a}, reason: {fr: '{who}', en: a}}", "who"),
        (
            "- {id: a, kind: noise, noises: [loud], places: [r], distance: 5, windows: [['21:00', '06:00']], "
            + SAID
            + "}",
            "loud",
        ),
        (f"- {{id: a, kind: works-days, limit: 3, colour: red, {SAID}}}", "colour"),
        (
            f"- {{id: a, kind: works-days, limit: 3, {SAID}}}\n- {{id: a, kind: works-days, limit: 3, {SAID}}}",
            "share an id",
        ),
        ("[", "YAML"),
    ],
)
def test_a_bad_rule_is_refused_by_name(text: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(BadSettings, match=expected):
        works_rules(file)
