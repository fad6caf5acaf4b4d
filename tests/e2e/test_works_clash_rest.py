"""`works-clash` on the served small city, for the rules of ways, nights, days, lamps and forecasts: an oracle of each.

`test_works_clash.py` has the rules of place and time. Together they judge every rule of `layers/works-rules.yml`.
"""

import sys
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from observatoire.layers.works_rules import works_rules

pytestmark = pytest.mark.e2e


def beside(name: str) -> Any:
    """Return a module of this folder, which is no package; the same for every file."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    if name not in sys.modules:
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


plain, rest, asked = (beside(name) for name in ("works_oracle", "works_oracle_rest", "works_asked"))
JUDGED_ELSEWHERE = {
    "works-same-place", "works-side-by-side", "event", "market", "school-entry", "bus-line", "bus-stop", "waste-round",
    "new-pavement",
}  # fmt: skip
COLLECTIONS = (
    "chantiers", "evenements", "lieux-sensibles", "troncons", "lignes-bus", "arrets-bus", "collectes", "eclairage",
)  # fmt: skip
METRES = "http://www.opengis.net/def/crs/EPSG/0/2154"


@pytest.fixture(scope="module")
def items(observatory: Any) -> dict[str, list[dict[str, Any]]]:
    """What the server serves to a planner, in metres."""
    return {
        name: plain.as_items(
            observatory.get(f"/api/collections/{name}/items", "planner", limit=10_000, crs=METRES, f="json").json()
        )
        for name in COLLECTIONS
    }


@pytest.fixture(scope="module")
def city(items: Any) -> Any:
    works = plain.City(items).works
    past = [w for w in items["chantiers"] if w["statut"] == "termine"]
    for work in past:
        work["spans"] = plain.spans(work)
    return rest.Rest(items, works, past)


@pytest.fixture(scope="module")
def report(observatory: Any) -> dict[str, Any]:
    return asked.once(observatory, asked.EVERYTHING)  # type: ignore[no-any-return]


def judged(report: dict[str, Any]) -> set[tuple[str, frozenset[str]]]:
    return {
        (f["rule"], frozenset((f["subject"], *f["evidence"])))
        for f in report["findings"]
        if f["rule"] not in JUDGED_ELSEWHERE | {"more-incidents"}
    }


def test_ways_nights_days_and_lamps_are_those_of_plain_loops(report: dict[str, Any], city: Any) -> None:
    """All found, none invented: the rule, the works and every piece of evidence."""
    assert report["not_checked"] == []
    assert judged(report) == set(city.clashes())


def test_every_rule_has_a_clash_that_was_planted(report: dict[str, Any]) -> None:
    """But the one of forecasts: the next week of the small city is as usual, and its figures are judged below."""
    found = {f["rule"] for f in report["findings"]}

    assert {rule.id for rule in works_rules().rules} - found == {"bus-stop", "more-incidents"}


def test_hours_and_people_of_a_noise_are_counted_minute_by_minute(report: dict[str, Any], city: Any) -> None:
    works = {w["reference"]: w for w in city.works}
    hours = {name: rule[3:5] for name, rule in rest.NOISE.items()} | {"lighting-out": (rest.DARK, range(7))}
    told = [f for f in report["findings"] if f["rule"] in hours]

    assert len(told) >= 4
    for finding in told:
        minutes = city._held(works[finding["subject"]], *hours[finding["rule"]])
        assert finding["figures"]["hours"] == pytest.approx(minutes / 60, abs=0.01)


def test_incidents_are_cells_shared_by_area_and_time_against_a_plain_count(
    report: dict[str, Any], city: Any, observatory: Any
) -> None:
    """Expected, its interval and what is usual, for every work; none is over 1.5 times the usual, and none is said."""
    forecast = report["risk"][0]["forecast"]
    cells = plain.as_items(
        observatory.get("/api/collections/risque/items", "planner", limit=10_000, crs=METRES, f="json").json()
    )
    cells = [c for c in cells if all(c[name] == forecast[name] for name in ("target", "debut", "fin"))]
    reports = plain.as_items(
        observatory.get("/api/collections/signalements/items", "planner", limit=10_000, crs=METRES, f="json").json()
    )
    start, end = (datetime.fromisoformat(forecast[name]) for name in ("debut", "fin"))
    made = datetime.fromisoformat(forecast["as_of"])
    year = [r for r in reports if r["origin"] == "reported" and 0 < (made - moment(r)).total_seconds() <= 364 * 86_400]
    xy = np.array([r["geometry"].coords[0] for r in year])
    for cell in cells:
        west, south, east, north = cell["geometry"].bounds
        inside = (xy[:, 0] >= west) & (xy[:, 0] < east) & (xy[:, 1] >= south) & (xy[:, 1] < north)
        cell["usual"] = int(inside.sum()) * ((end - start).days / 364)

    works = {w["reference"]: w for w in city.works}
    told = {r["subject"]: r for r in report["risk"]}
    assert told.keys() == works.keys()
    over = set()
    for name, work in works.items():
        expected = rest.incidents(work, cells, start, end)
        assert told[name]["share"] == pytest.approx(expected["share"], abs=1e-3)
        if expected["share"]:
            for figure in ("expected", "lower", "upper", "usual"):
                assert told[name][figure] == pytest.approx(expected[figure], abs=2e-3), (name, figure)
            if expected["expected"] >= max(0.5, 1.5 * expected["usual"]):
                over.add(name)
    assert any(r["share"] for r in told.values())
    assert {f["subject"] for f in report["findings"] if f["rule"] == "more-incidents"} == over


def moment(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["date"])


def test_once_all_proposals_are_followed_no_oracle_finds_a_conflict_of_what_was_moved(
    report: dict[str, Any], items: Any
) -> None:
    """Every rule that blocked, on the new dates, by plain loops: no finding names a work that was moved."""
    assert all(p["left"] == 0 for p in report["proposals"] if p["status"] != "impossible")
    moved = {p["subject"]: p for p in report["proposals"] if p["status"] == "moved"}
    works = [dict(w) for w in items["chantiers"]]
    for work in works:
        if proposal := moved.get(work["reference"]):
            work |= {name: proposal[name] for name in ("debut", "fin")}
    after = plain.City(items | {"chantiers": works, "evenements": [dict(e) for e in items["evenements"]]})
    ways = rest.Rest(after.items, after.works, [])

    blocking = {(f["rule"]) for f in report["findings"] if f["severity"] == "blocking"} - {"event", "market"}
    left = [*after.clashes(), *ways._detours_closed(), *(c for w in ways.closing for c in ways._ways(w))]
    assert {"works-same-place", "new-pavement", "detour-closed"} <= blocking
    assert len(moved) >= 3
    assert not [
        named for rule, named in left if rule in blocking - {"long-detour", "step-free"} and named & moved.keys()
    ]


def test_once_conflicts_are_warnings_too_no_rule_has_one_left(observatory: Any, items: Any, city: Any) -> None:
    """Every rule but those that inform and the one of forecasts, on the new dates, by both oracles."""
    report = asked.once(observatory, asked.EVERYTHING | {"conflicts": "warning"})
    free = {p["subject"]: p for p in report["proposals"] if p["status"] != "impossible"}
    works = [dict(w) for w in items["chantiers"]]
    for work in works:
        if (proposal := free.get(work["reference"])) and proposal["status"] == "moved":
            work |= {name: proposal[name] for name in ("debut", "fin")}
    after = plain.City(items | {"chantiers": works, "evenements": [dict(e) for e in items["evenements"]]})
    ways = rest.Rest(after.items, after.works, city.past)

    conflicts = {rule.id for rule in works_rules().rules if rule.severity != "info"}
    left = [named for rule, named in (*after.clashes(), *ways.clashes()) if rule in conflicts]

    assert all(p["left"] == 0 for p in free.values())
    assert sum(p["status"] == "moved" for p in free.values()) >= 5
    assert not [named for named in left if named & free.keys()]


def test_works_that_a_conflict_joins_are_moved_together(report: dict[str, Any]) -> None:
    """Of the two on one spot one stays and one goes behind it: no plan of the two is fewer days."""
    by_work = {p["subject"]: p for p in report["proposals"]}
    one, two = by_work["CH-P01"], by_work["CH-P02"]

    assert (one["together"], two["together"]) == (["CH-P02"], ["CH-P01"])
    assert {one["status"], two["status"]} == {"stays", "moved"}
    assert by_work["CH-P16"]["together"] == ["CH-P17"]


def test_a_joint_site_begins_on_a_day_of_work_and_clashes_with_nothing_else(
    report: dict[str, Any], observatory: Any, items: Any
) -> None:
    joint = next(j for j in report["joint"] if j["works"] == ["CH-P10", "CH-P11"])
    works = {w["reference"]: w for w in items["chantiers"]}
    start = datetime.fromisoformat(joint["start"])

    assert start.weekday() < 5
    assert joint["saved_days"] == joint["days_apart"] - joint["days_together"] > 0
    for name, days in joint["moves"].items():
        begun = datetime.fromisoformat(works[name]["debut"]).astimezone(rest.PARIS).date()
        assert (start.date() - begun).days == days
        assert works[name]["au_plus_tot"] <= joint["start"] <= works[name]["echeance"]
