"""Every bad input is a clear error or an abstention: through the file command and through the processes."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from observatoire.errors import BadInput
from observatoire.forecasts.files import forecast_files
from observatoire.layers.catalog import layer_of
from processes.inputs import check_nature
from processes.risk_evaluation import RiskEvaluation
from processes.risk_forecast import RiskForecast

pytestmark = pytest.mark.unit

AS_OF = "2024-06-03"


def events(n: int, weeks: int, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    date = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(1, 7 * weeks + 1, n), unit="D")
    frame = pd.DataFrame(
        {
            "id": [f"e{k}" for k in range(n)],
            "date": date.strftime("%Y-%m-%d"),
            "lon": 5.37 + rng.uniform(0, 0.06, n),
            "lat": 43.28 + rng.uniform(0, 0.05, n),
        }
    )
    return frame.assign(**columns)


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (events(0, 40), {}, "events"),
        (events(900, 40), {"as_of": "2024-13-01"}, "as_of"),
        (events(900, 40), {"crs": "EPSG:4326"}, "not projected"),
        (events(900, 40), {"crs": "EPSG:2272"}, "expected metres"),
        (events(900, 40), {"crs": "EPSG:1"}, "no coordinate reference system"),
        (events(900, 40), {"cell": 0.0}, "cell must be > 0"),
        (events(900, 40), {"cell": float("nan")}, "cell"),
        (events(900, 40, lon=np.nan), {}, "no row can be used"),
        (events(900, 40), {"category": "tag"}, "no column 'category'"),
        (events(900, 40), {"horizon": "soon"}, "whole number of days"),
        (events(900, 40), {"horizon": "400d"}, "1 to 366 days"),
        (events(900, 40), {"tz": "Mars/Olympus"}, "no time zone"),
        (events(900, 40), {"as_of": "2020-01-01"}, "none lies before"),
    ],
)
def test_a_bad_input_of_a_file_is_a_clear_error(
    tmp_path: Path, frame: pd.DataFrame, options: dict[str, Any], said: str
) -> None:
    path = tmp_path / "events.csv"
    frame.to_csv(path, index=False)

    with pytest.raises(BadInput, match=said):
        forecast_files(path, **({"as_of": AS_OF, "out": tmp_path / "o.parquet", "crs": "EPSG:2154"} | options))


@pytest.mark.parametrize(
    ("frame", "options", "code"),
    [
        (events(1, 1), {}, "short-history"),
        (events(900, 40, lon=5.4, lat=43.3), {}, "few-cells"),
        (events(900, 40), {"cell": 20_000.0}, "few-cells"),
        (events(900, 40), {"as_of": "2030-01-01"}, "stale-data"),
        (events(900, 9), {}, "short-history"),
        (events(900, 11), {"horizon": "28d"}, "few-origins"),
        (events(100, 40), {}, "few-events"),
    ],
)
def test_too_little_of_a_file_is_an_abstention(
    tmp_path: Path, frame: pd.DataFrame, options: dict[str, Any], code: str
) -> None:
    path = tmp_path / "events.csv"
    frame.to_csv(path, index=False)

    found = forecast_files(path, **({"as_of": AS_OF, "out": tmp_path / "o.parquet", "crs": "EPSG:2154"} | options))

    assert found["card"]["code"] == code
    assert gpd.read_parquet(tmp_path / "o.parquet")["expected"].isna().all()


@pytest.mark.parametrize("process", [RiskForecast, RiskEvaluation])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cell": 1.0}, "inputs.cell"),
        ({"cell": "wide"}, "inputs.cell"),
        ({"horizon_days": 0}, "inputs.horizon_days"),
        ({"horizon_days": 7.5}, "inputs.horizon_days"),
        ({"as_of": 3}, "inputs.as_of"),
        ({"as_of": None}, "got null"),
        ({"elsewhere": 1}, "no such input"),
    ],
)
def test_a_bad_input_of_a_process_is_named(process: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        process.check(given)


@pytest.mark.parametrize(
    "given",
    [{"origins": 0}, {"origins": 105}, {"natures": []}, {"natures": ["x" * 61]}, {"step_days": 0}, {"cell": 6000.0}],
)
def test_an_evaluation_is_bounded(given: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=rf"inputs\.{next(iter(given))}"):
        RiskEvaluation.check(given)


def test_an_unknown_nature_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadInput, match=r"expected one of .*tag"):
        check_nature(layer_of("signalements"), "public", "ovni")
