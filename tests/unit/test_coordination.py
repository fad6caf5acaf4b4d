"""From items of collections to works, events and hours; streets under a footprint; what is usual, with its interval."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
from scipy.stats import gamma, poisson

from observatoire.coordination.adequacy import read_event
from observatoire.coordination.calendar import schedule_of, service
from observatoire.coordination.candidate import read_candidate
from observatoire.coordination.expected import _usual
from observatoire.coordination.items import each, named, work_of
from observatoire.coordination.streets import Streets
from observatoire.errors import BadInput
from observatoire.works.clashes import find_clashes
from observatoire.works.joint import joint_trenches
from observatoire.works.model import Closure, Work
from observatoire.works.network import Network
from observatoire.works.rules import Rules
from observatoire.works.scene import RiskCells, Scene
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.unit

ZONE, PARIS = "Europe/Paris", ZoneInfo("Europe/Paris")
X, Y = 892_000.0, 6_247_000.0
START = datetime(2026, 12, 21, 7, 30, tzinfo=PARIS)
ROW = {
    "reference": "CH-1", "nature": "eau", "emprise": "chaussee-fermee", "statut": "projete", "troncon": "T1",
    "debut": START.astimezone(UTC), "fin": datetime(2027, 1, 8, 17, tzinfo=PARIS).astimezone(UTC),
    "regle": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "heure_debut": "07:30", "heure_fin": "17:00", "feries": False,
    "exceptions": "2026-12-24,2026-12-31", "geometry": shapely.box(X, Y, X + 10, Y + 4),
}  # fmt: skip


def test_the_calendar_of_an_item_is_read_as_the_collection_says() -> None:
    """Three weeks from 21 December: 15 weekdays, less 25 December and 1 January, less two days of exception."""
    held = schedule_of(ROW, ZONE).instants

    assert len(held) == 15 - 2 - 2
    assert held.total() == 11 * 9.5 * 3600
    assert schedule_of(ROW | {"regle": None}, ZONE).instants.total() == (ROW["fin"] - ROW["debut"]).total_seconds()


def test_hours_of_service_go_on_over_more_than_a_schedule_may_last() -> None:
    start = datetime(2020, 1, 1, tzinfo=PARIS)

    held = service((start, start + timedelta(days=5_000)), ZONE, "05:30", "23:30")

    assert len(held) == 5_000
    assert held.total() == 5_000 * 18 * 3600


def test_an_item_that_cannot_be_works_is_said_and_the_others_are_kept() -> None:
    wrong = ROW | {"reference": "CH-2", "fin": ROW["debut"] - timedelta(days=1)}

    works, refused = each("chantiers", [ROW, wrong], work_of, ZONE)

    assert [w.id for w in works] == ["CH-1"]
    assert works[0].closure == Closure("chaussee-fermee", ("T1",))
    assert [(u.reference, u.reason.partition(":")[0]) for u in refused] == [("CH-2", "end")]


def test_footprints_of_one_act_are_told_apart() -> None:
    rows = named([{"reference": "A", "id": 1}, {"reference": "A", "id": 2}, {"reference": "B", "id": 3}])

    assert [row["reference"] for row in rows] == ["A/1", "A/2", "B"]


def streets() -> Streets:
    """A square of 100 m whose side T1, from (0, 0) to (100, 0), is closed: around it, T2, T3, T4."""
    corners = [(X, Y), (X + 100, Y), (X + 100, Y + 100), (X, Y + 100)]
    ends = [(0, 1), (1, 2), (2, 3), (3, 0)]
    rows: list[dict[str, Any]] = [
        {"code": f"T{k}", "voie": f"Rue {k}", "geometry": shapely.LineString([corners[a], corners[b]])}
        for k, (a, b) in enumerate(ends, start=1)
    ]
    ids = np.array([row["code"] for row in rows], dtype=object)
    u, v = np.array(ends).T
    return Streets(rows, Network(ids, u, v, np.full(4, 100.0), {}, {}))


def test_a_project_is_put_on_the_street_under_it_and_its_detour_goes_around() -> None:
    project = work_of(ROW | {"troncon": None, "geometry": shapely.box(X + 20, Y - 4, X + 80, Y + 4)}, ZONE)

    placed = streets().detoured(streets().placed(project))

    assert (placed.segment, placed.street, placed.closure.edges) == ("T1", "Rue 1", ("T1",))
    assert placed.detour is not None
    assert set(placed.detour.edges) == {"T2", "T3", "T4"}


def test_where_nothing_is_near_nothing_is_closed_and_nothing_goes_around() -> None:
    project = work_of(ROW | {"troncon": None, "geometry": shapely.box(X + 40, Y + 40, X + 60, Y + 60)}, ZONE)

    placed = streets().detoured(streets().placed(project))

    assert (placed.segment, placed.closure.edges, placed.detour) == (None, (), None)


def test_the_usual_number_is_the_rate_of_the_year_and_its_interval_gamma_poisson() -> None:
    """52 in the cell in 52 weeks, a quarter of it under the works, held two weeks: 0.5 usually."""
    start = datetime(2026, 6, 1, tzinfo=PARIS)
    schedule = Schedule(start, start + timedelta(days=14), ZONE)
    work = Work("w", "eau", shapely.box(X + 50, Y + 50, X + 150, Y + 150), schedule)
    cell = np.array([shapely.box(X, Y, X + 400, Y + 400)], dtype=object)
    one = np.ones(1)
    cells = RiskCells(np.array(["c"], dtype=object), cell, one, one, one, one, start, start + timedelta(days=7))
    area = work.footprint.buffer(50).area / 400**2

    usual, low, high = _usual(work, cells, 50.0)

    assert usual == pytest.approx(2 * area)
    rates = gamma.ppf((np.arange(20_000) + 0.5) / 20_000, 52 * area + 0.5, scale=2 / 52)
    cdf = [float(poisson.cdf(n, rates).mean()) for n in range(6)]
    assert low == next(n for n in range(6) if cdf[n] >= 0.05)
    assert high == next(n for n in range(6) if cdf[n] >= 0.95)


def test_a_street_has_borne_finished_works_too_and_a_new_pavement_is_that_of_its_segment() -> None:
    rules = Rules.model_validate(
        {
            "rules": [
                {"id": "tired", "kind": "works-days", "limit": 20, "title": {"fr": "x", "en": "x"},
                 "reason": {"fr": "{days}", "en": "{days}"}},
                {"id": "new", "kind": "moratorium", "years": 3, "title": {"fr": "x", "en": "x"},
                 "reason": {"fr": "{until}", "en": "{until}"}},
            ]
        }
    )  # fmt: skip
    row = ROW | {"voie": "Rue 1", "tranchee": True}
    before = ROW["debut"] - timedelta(days=60)
    over = work_of(row | {"reference": "CH-0", "statut": "termine", "regle": None, "debut": before,
                          "fin": before + timedelta(days=12)}, ZONE)  # fmt: skip
    work = work_of(row, ZONE)
    renewed = {"T1": date(2025, 1, 1), "T2": date(2026, 6, 1)}

    said = find_clashes([work], Scene(past=[over], renewed=renewed), rules).findings
    elsewhere = find_clashes([work_of(row | {"troncon": "T9"}, ZONE)], Scene(renewed=renewed), rules).findings

    assert [(f.rule, f.reason.en, f.evidence) for f in said] == [
        ("new", "2028-01-01", ("segment:T1",)), ("tired", f"{11 + 13}", ("CH-0",)),
    ]  # fmt: skip
    assert elsewhere == ()


def test_authorised_trenches_may_be_joined_works_under_way_may_not() -> None:
    def trench(name: str, day: int, status: str) -> Work:
        start = datetime(2026, 6, day, 8, tzinfo=PARIS)
        schedule = Schedule(start, start + timedelta(days=5), ZONE)
        return Work(name, "eau", shapely.box(X, Y, X + 10, Y + 4), schedule, trench=True, status=status)

    assert [j.works for j in joint_trenches([trench("a", 1, "autorise"), trench("b", 15, "projete")])] == [("a", "b")]
    assert joint_trenches([trench("a", 1, "en-cours"), trench("b", 15, "projete")]) == ()


def test_a_candidate_in_degrees_stands_where_it_was_drawn() -> None:
    square = {"type": "Polygon", "coordinates": [[[5.37, 43.29], [5.371, 43.29], [5.371, 43.291], [5.37, 43.29]]]}
    properties = {"nature": "gaz", "emprise": "trottoir", "debut": "2026-05-04T08:00:00+02:00",
                  "fin": "2026-05-08T17:00:00+02:00"}  # fmt: skip

    work = read_candidate({"type": "Feature", "geometry": square, "properties": properties}, crs="EPSG:2154", zone=ZONE)

    # half of 0.001° × 0.001° at 43.29° north: 111.1 m × 81.1 m
    assert work.footprint.area == pytest.approx(0.5 * 111.1 * 81.1, rel=0.01)
    with pytest.raises(BadInput, match=r"candidate.properties.nature: is required"):
        read_candidate({"type": "Feature", "geometry": square, "properties": {}}, crs="EPSG:2154", zone=ZONE)


SQUARE = [[[5.3698, 43.2965], [5.3700, 43.2965], [5.3700, 43.2967], [5.3698, 43.2967], [5.3698, 43.2965]]]
BOW = [[[5.3698, 43.2965], [5.3700, 43.2967], [5.3700, 43.2965], [5.3698, 43.2967], [5.3698, 43.2965]]]
FLAT = [[[5.3698, 43.2965], [5.3700, 43.2965], [5.3698, 43.2965], [5.3698, 43.2965]]]
WIDE = [[[5.2, 43.2], [85.2, 43.2], [85.2, 43.4], [5.2, 43.2]]]  # held a worker for 14 minutes
SWAPPED = [[[43.2965, 5.3698], [43.2965, 5.3700], [43.2967, 5.3700], [43.2965, 5.3698]]]
EXTENT = (5.2, 43.15, 5.6, 43.4)
GOOD = {
    "nature": "eau", "emprise": "trottoir", "debut": "2027-05-03T08:00:00+02:00", "fin": "2027-05-07T17:00:00+02:00",
}  # fmt: skip


@pytest.mark.parametrize(
    ("rings", "changed", "says"),
    [
        (BOW, {}, "candidate.geometry: is not a valid geometry: Self-intersection"),
        (FLAT, {}, "candidate.geometry"),
        ([], {}, "candidate.geometry: is empty"),
        (SQUARE, {"fin": "2027-05-01T08:00:00+02:00"}, "candidate.properties.fin: "),
        (SQUARE, {"debut": "2027-05-03T08:00:00"}, "candidate.properties.debut: has no time zone"),
        (SQUARE, {"nature": "metro"}, "candidate.properties.nature: unknown code 'metro'"),
        (SQUARE, {"fin": "2077-05-03T08:00:00+02:00"}, "candidate.properties.fin: "),
        (SQUARE, {"emprise": None}, "candidate.properties.emprise: is required"),
        (SQUARE, {"regle": "FREQ=HOURLY"}, "candidate.properties.regle: "),
        (SQUARE, {"heure_debut": "08:00"}, "candidate.properties.regle: is required beside hours"),
        (SQUARE, {"exceptions": "2027-05-04"}, "candidate.properties.regle: is required beside hours and exceptions"),
        (SQUARE, {"telephone": "0491000000"}, "candidate.properties.telephone: no such property"),
        (WIDE, {}, "candidate.geometry: is wider than 20 km"),
        (SWAPPED, {}, "candidate.geometry: lies outside the city; expected longitude, then latitude"),
        ([[[537, 43], [538, 43], [538, 44], [537, 43]]], {}, "candidate.geometry: a position is out of range"),
    ],
)  # fmt: skip
def test_bad_candidates_are_refused_by_field(rings: Any, changed: dict[str, Any], says: str) -> None:
    geometry = {"type": "Polygon", "coordinates": rings}
    candidate = {"type": "Feature", "geometry": geometry, "properties": GOOD | changed}

    with pytest.raises(BadInput, match=re.escape(says)) as error:
        read_candidate(candidate, crs="EPSG:2154", zone=ZONE, extent=EXTENT)

    assert "0491000000" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"affluence_prevue": None}, "candidate.properties.affluence_prevue: is required"),
        ({"affluence_prevue": -5}, "candidate.properties.affluence_prevue: expected a number"),
        ({"agents_prevus": "dix"}, "candidate.properties.agents_prevus: expected a number"),
        ({"fin": "2026-12-01T00:00:00+01:00"}, "candidate.properties.fin: "),
        ({"nature": "rave"}, "candidate.properties.nature: unknown code 'rave'"),
        ({"organisateur": "x"}, "candidate.properties.organisateur: no such property"),
    ],
)
def test_bad_events_are_refused_by_field(changed: dict[str, Any], says: str) -> None:
    properties = {"nature": "concert", "debut": "2026-12-12T20:00:00+01:00", "fin": "2026-12-12T23:30:00+01:00",
                  "affluence_prevue": 2000}  # fmt: skip
    feature = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [5.39, 43.29]},
        "properties": properties | changed,
    }  # fmt: skip

    with pytest.raises(BadInput, match=re.escape(says)):
        read_event(feature, crs="EPSG:2154", zone=ZONE)
