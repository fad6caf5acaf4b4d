"""`aggregate`: counts beside SQL, as its caller may see them."""

from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

pytestmark = pytest.mark.integration

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 5_000.0  # m, EPSG:2154: a square of 20 × 20 cells
BORDER = 892_530.0  # between divisions A and B; off every lattice, so that rounding moves items across
REPORTS, FACTS = 6_000, 400


def expected_rows(frame: pd.DataFrame, period: str) -> list[dict[str, Any]]:
    """Count exact positions with pandas, an implementation that shares nothing with the store."""
    code = np.where(frame["x"] < BORDER, "A", "B").astype(object)
    inside = frame["x"].between(WEST, WEST + SIDE) & frame["y"].between(SOUTH, SOUTH + SIDE)
    code[~inside] = None
    start = frame["date"].dt.tz_convert("Europe/Paris").dt.tz_localize(None).dt.to_period(period).dt.start_time
    table = pd.DataFrame({"division": code, "period": start.dt.strftime("%Y-%m-%d")})
    counts = table.groupby(["division", "period"], dropna=False).size().reset_index(name="count")
    rows = counts.sort_values(["division", "period"], na_position="last").to_dict("records")
    names = {"A": "Division A", "B": "Division B"}
    return [
        {"division": name, "nom": names.get(name)} | {"period": row["period"], "count": row["count"]}
        for row in rows
        for name in [row["division"] if isinstance(row["division"], str) else None]
    ]


@pytest.mark.parametrize(("period", "frequency"), [("month", "M"), ("year", "Y"), ("week", "W-SUN"), ("day", "D")])
def test_counts_are_those_that_pandas_finds(served: Any, period: str, frequency: str) -> None:
    answer = served.execute("aggregate", {"inputs": {"collection": "signalements", "period": period}}, "planner")

    table = answer.json()
    assert table["rows"] == expected_rows(served.reports, frequency)
    assert table["total"] == REPORTS
    assert "note" not in table


def test_the_public_counts_rounded_positions_and_is_told_so(served: Any) -> None:
    answer = served.execute(
        "aggregate", {"inputs": {"collection": "signalements", "period": "none"}}, params={"lang": "fr"}
    )

    table = answer.json()
    with psycopg.connect(served.database) as connection:
        west = connection.execute(
            "SELECT count(*) FROM obs_public.signalements, data.divisions d "
            "WHERE d.code = 'A' AND ST_Intersects(signalements.geom, d.geom)"
        ).fetchone()
    assert west is not None
    assert table["rows"][0] == {"division": "A", "nom": "Division A", "count": west[0]}
    assert table["total"] == REPORTS
    assert "arrondies à 200 m" in table["note"]


def test_time_nature_and_place_narrow_the_count(served: Any) -> None:
    inputs = {
        "collection": "signalements",
        "by": "none",
        "period": "none",
        "datetime": "2023-06-01/2023-06-30",
        "nature": "tag",
        "bbox": [5.0, 43.0, 6.0, 44.0],
    }
    answer = served.execute("aggregate", {"inputs": inputs}, "planner").json()

    local = served.reports["date"].dt.tz_convert("Europe/Paris")
    june = (local.dt.year == 2023) & (local.dt.month == 6) & (served.reports["nature"] == "tag")
    assert answer["rows"] == [{"nature": "tag", "count": int(june.sum())}]
    assert answer["total"] == int(june.sum()) > 0


def test_nothing_is_counted_where_nothing_is(served: Any) -> None:
    inputs = {"collection": "signalements", "by": "none", "period": "none", "bbox": [0, 0, 1, 1]}

    assert served.execute("aggregate", {"inputs": inputs}).json()["rows"] == [{"count": 0}]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "inputs.collection"),
        ({"collection": "signalements", "by": "street"}, "inputs.by"),
        ({"collection": "signalements", "period": "hour"}, "inputs.period"),
        ({"collection": "signalements", "datetime": "june"}, "inputs.datetime"),
        ({"collection": "signalements", "nature": "tapage"}, "inputs.nature"),
        ({"collection": "signalements", "bbox": [1, 2, 3]}, "inputs.bbox"),
        ({"collection": "signalements", "bbox": [6, 43, 5, 44]}, "inputs.bbox"),
        ({"collection": "divisions", "period": "day"}, "inputs.period"),
        ({"collection": "divisions", "nature": "tag"}, "inputs.nature"),
        ({"collection": "divisions", "datetime": "2024-01-01"}, "inputs.datetime"),
        ({"collection": "signalements'; DROP TABLE data.faits --", "x": 1}, "inputs.x"),
    ],
)
def test_a_wrong_input_of_aggregate_is_named(served: Any, inputs: dict[str, Any], field: str) -> None:
    answer = served.execute("aggregate", {"inputs": inputs})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(field)


@pytest.mark.parametrize("collection", ["faits", "risque", "nope", "data.signalements", ""])
def test_a_collection_that_is_not_for_the_caller_does_not_exist(served: Any, collection: str) -> None:
    answer = served.execute("aggregate", {"inputs": {"collection": collection}})

    assert answer.status_code == 404
    assert answer.json()["detail"] == f"no collection {collection!r} in the catalogue"
