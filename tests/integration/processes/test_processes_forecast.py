"""`risk-forecast` beside the library, its bounds, its file of cells."""

import json
from typing import Any

import numpy as np
import psycopg
import pytest

from observatoire.cities import City

pytestmark = pytest.mark.integration


def test_a_forecast_has_a_row_a_cell_and_ranks_them_all(forecast: dict[str, Any]) -> None:
    cells = [feature["properties"] for feature in forecast["features"]]

    assert len(cells) == 400
    assert forecast["forecast"]["answer"] in ("count", "model")
    assert sorted(cell["rank"] for cell in cells) == list(range(1, 401))
    assert all(cell["lower"] <= cell["upper"] and 0 < cell["probability"] < 1 for cell in cells)
    columns = ["as_of", "cell_id", "expected", "lower", "upper", "probability", "rank", "answer", "baseline"]
    assert list(cells[0])[: len(columns)] == columns
    assert {cell["as_of"] for cell in cells} == {"2024-12-30T23:00:00Z"}  # midnight in Paris after the last report


def test_cells_lie_where_the_city_is_and_turn_the_right_way(forecast: dict[str, Any], city: City) -> None:
    ring = np.array(forecast["features"][0]["geometry"]["coordinates"][0])
    west, south, east, north = city.extent

    assert ((ring > (west - 1, south - 1)) & (ring < (east + 1, north + 1))).all()
    x, y = ring.T
    assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() > 0  # counter-clockwise (RFC 7946, 3.1.6)


def test_the_first_cells_are_where_the_reports_are(forecast: dict[str, Any], served: Any) -> None:
    counted = served.reports[served.reports["origin"] == "reported"]
    names = (
        "CRS2154RES250mN" + (counted["y"] // 250 * 250).astype(int).astype(str)
        + "E" + (counted["x"] // 250 * 250).astype(int).astype(str)
    )  # fmt: skip
    busiest = set(names.value_counts().head(40).index)
    first = {f["properties"]["cell_id"] for f in forecast["features"] if f["properties"]["rank"] <= 40}

    assert len(first & busiest) >= 30


def test_a_forecast_is_kept_for_those_who_may_see_it_and_summed_up(forecast: dict[str, Any], served: Any) -> None:
    root = served.base.removesuffix("/api")
    with served.client("roadworks") as client:
        kept = client.get("/collections/risque/items?limit=1000").json()
        card = client.get(f"{root}/pro/forecast.json").json()

    assert len(kept["features"]) == 400
    assert {f["properties"]["cell_id"]: f["properties"]["rank"] for f in kept["features"]} == {
        f["properties"]["cell_id"]: f["properties"]["rank"] for f in forecast["features"]
    }
    assert card["n_cells"] == 400
    assert card["area_km2"] == pytest.approx(25)
    assert card["answer"] == forecast["forecast"]["answer"]
    assert card["words"] == forecast["forecast"]["words"]
    assert card["places"] == dict.fromkeys(("arret-bus", "bar", "ecole", "gare"), 0)  # the city's own, none loaded
    assert card["factors"] == forecast["forecast"]["factors"] == []
    best = sorted((f["properties"]["expected"] for f in forecast["features"]), reverse=True)[:8]  # 2 % of 400
    assert card["top2_area_km2"] == pytest.approx(8 * 0.0625)
    assert card["expected_hits_top2"] == pytest.approx(sum(best))
    total = sum(f["properties"]["expected"] for f in forecast["features"])
    assert card["expected_hits_flat"] == pytest.approx(0.02 * total)


@pytest.mark.parametrize(
    ("audience", "status"), [("public", 401), ("citizen", 404), ("steward", 404), ("planner", 200)]
)
def test_the_summary_has_the_rights_of_forecasts(
    served: Any, forecast: dict[str, Any], audience: str, status: int
) -> None:
    with served.client(audience) as client:
        assert client.get(f"{served.base.removesuffix('/api')}/pro/forecast.json").status_code == status


def test_the_same_forecast_twice_is_the_same_to_the_byte(served: Any, forecast: dict[str, Any]) -> None:
    body = {"inputs": {"horizon_days": 7}}
    once, twice = (served.execute("risk-forecast", body, audience) for audience in ("planner", "coordination"))

    assert once.content == twice.content
    assert json.loads(once.content) == forecast


def test_a_forecast_of_a_part_is_answered_and_not_kept(served: Any, forecast: dict[str, Any]) -> None:
    with psycopg.connect(served.database) as connection:
        before = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()
        answer = served.execute("risk-forecast", {"inputs": {"nature": "tag", "cell": 500}}, "planner").json()
        after = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()

    assert len(answer["features"]) == 100
    assert before == after


@pytest.mark.parametrize(
    ("inputs", "status", "says"),
    [
        ({"as_of": "2999-01-01"}, 400, "as_of"),
        ({"as_of": "yesterday"}, 400, "as_of"),
        ({"horizon_days": 0}, 400, "inputs.horizon_days"),
        ({"horizon_days": 29}, 400, "inputs.horizon_days"),
        ({"cell": 10}, 400, "inputs.cell"),
        ({"nature": "tapage"}, 400, "inputs.nature"),
        ({"bbox": [0, 0, 1, 1]}, 400, "bbox"),
        ({"target": "divisions"}, 400, "target"),
        ({"target": "nope"}, 404, "nope"),
        ({"target": "faits"}, 404, "faits"),
        ({"bbox": {"bbox": [5.2, 43.1, 5.6, 43.5], "crs": "EPSG:2154"}}, 400, "inputs.bbox"),
        ({"bbox": [5.2, "NaN", 5.6, 43.5]}, 400, "inputs.bbox"),
        ({"shift": "night"}, 400, "inputs.shift: shift: expected two different hours"),
        ({"places": ["revenu"]}, 400, "traits of residents are never used"),
        ({"places": ["commerce"]}, 400, "no collection holds 'commerce'"),
    ],
)
def test_a_wrong_input_of_a_forecast_is_named(served: Any, inputs: dict[str, Any], status: int, says: str) -> None:
    answer = served.execute("risk-forecast", {"inputs": inputs}, "roadworks")

    assert answer.status_code == status
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"as_of": "2022-12-31"}, "short-history"),  # no event
        ({"as_of": "2023-01-01T03:00:00+01:00"}, "short-history"),  # one, or two
        ({"as_of": "2023-03-12"}, "short-history"),  # ten weeks less some hours
        ({"as_of": "2023-03-13"}, "few-origins"),  # ten weeks
        ({"as_of": "2026-01-01"}, "stale-data"),
        ({"cell": 5000}, "few-cells"),  # as large as the area
        ({"target": "faits"}, "stale-data"),  # all at one moment and on one line
    ],
)
def test_too_little_to_forecast_from_is_an_abstention(served: Any, inputs: dict[str, Any], code: str) -> None:
    answer = served.execute("risk-forecast", {"inputs": {"as_of": "2024-12-31"} | inputs}, "coordination").json()

    assert (answer["forecast"]["answer"], answer["forecast"]["code"]) == ("abstains", code)
    assert {feature["properties"]["expected"] for feature in answer["features"]} == {None}
    assert answer["forecast"]["factors"] == []


def test_a_forecast_of_hours_with_places_is_answered_and_not_kept(served: Any, forecast: dict[str, Any]) -> None:
    with psycopg.connect(served.database) as connection:
        before = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()
        inputs = {"shift": "05-21", "places": ["ecole", "arret-bus"]}
        answer = served.execute("risk-forecast", {"inputs": inputs}, "planner").json()
        after = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()

    card = answer["forecast"]
    assert (card["shift"], card["places"]) == ("05-21", {"arret-bus": 0, "ecole": 0})
    assert card["n_events"] == pytest.approx(2 / 3 * forecast["forecast"]["n_events"], rel=0.05)
    assert before == after
