"""From a file of events to a file of cells."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from observatoire.errors import BadInput, ObsError
from observatoire.forecasts.files import forecast_files

pytestmark = pytest.mark.unit

AS_OF = "2024-06-03"
COLUMNS = ["as_of", "cell_id", "expected", "lower", "upper", "probability", "rank", "answer", "geometry"]
TO_DEGREES = Transformer.from_crs("EPSG:2154", "OGC:CRS84", always_xy=True)


def rows(weeks: int = 34, per_week: float = 60, *, seed: int = 0) -> pd.DataFrame:
    """Events of 20 × 20 cells of 250 m, most of them in some hot cells, whole days before AS_OF."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.15, size=400)
    n = rng.poisson(per_week * weeks)
    cell = rng.choice(400, size=n, p=rate / rate.sum())
    xy = np.column_stack([cell % 20, cell // 20]) * 250.0 + rng.uniform(5, 245, (n, 2)) + (892_000, 6_246_000)
    lon, lat = TO_DEGREES.transform(xy[:, 0], xy[:, 1])
    date = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(1, 7 * weeks + 1, n), unit="D")
    return pd.DataFrame({"id": [f"e{k}" for k in range(n)], "date": date.strftime("%Y-%m-%d"), "lon": lon, "lat": lat})


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], gpd.GeoDataFrame]]:
    def _run(events: pd.DataFrame, **options: Any) -> tuple[dict[str, Any], gpd.GeoDataFrame]:
        path = tmp_path / "events.csv"
        events.to_csv(path, index=False)
        out = tmp_path / "risk.parquet"
        summary = forecast_files(
            path, **({"as_of": AS_OF, "out": out, "crs": "EPSG:2154", "effort": "quick"} | options)
        )
        return summary, gpd.read_parquet(out)

    return _run


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    path = tmp_path / "cells.csv"
    x, y = np.meshgrid(892_000 + 250 * np.arange(20), 6_246_000 + 250 * np.arange(20))
    pd.DataFrame({"cell_id": [f"m{k}" for k in range(400)], "x_min": x.ravel(), "y_min": y.ravel()}).to_csv(
        path, index=False
    )
    return path


def test_a_file_becomes_cells_with_the_contracts_columns(run: Any, cells: Path) -> None:
    summary, made = run(rows(), cells=cells)

    assert list(made.columns) == COLUMNS
    assert made.crs.to_epsg() == 2154
    assert made["cell_id"].tolist() == [f"m{k}" for k in range(400)]
    assert made.geometry.area.tolist() == [62_500.0] * 400
    assert made["as_of"].unique().tolist() == [pd.Timestamp("2024-06-03T00:00Z")]
    assert made["answer"].unique().tolist() == [summary["origins"][0]["answer"]]
    assert sorted(made["rank"]) == list(range(1, 401))
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_several_origins_end_at_the_last(run: Any, cells: Path) -> None:
    summary, made = run(rows(), cells=cells, origins=3, step="7d")

    assert [one["as_of"][:10] for one in summary["origins"]] == ["2024-05-20", "2024-05-27", "2024-06-03"]
    assert made.groupby("as_of").size().tolist() == [400, 400, 400]


def test_without_cells_and_crs_the_data_give_them(run: Any) -> None:
    events = rows()

    summary, made = run(events, crs=None)

    assert summary["crs"] == "EPSG:32631"  # Marseille lies in UTM zone 31 north
    assert made.crs.to_epsg() == 32631
    points = gpd.GeoSeries.from_xy(events["lon"], events["lat"], crs="OGC:CRS84").to_crs(32631)
    assert points.within(made.geometry.union_all()).mean() > 0.999


def test_every_row_is_accounted_for(run: Any, cells: Path) -> None:
    events = rows()
    good = len(events)
    bad = pd.DataFrame(
        [
            {"id": "a", "date": "2024-02-31", "lon": 5.4, "lat": 43.3},
            {"id": "b", "date": "", "lon": 5.4, "lat": 43.3},
            {"id": "c", "date": "2024-02-01", "lon": np.nan, "lat": 43.3},
            {"id": "d", "date": "2024-02-01", "lon": 43.3, "lat": 543.0},
            {"id": "e0", "date": "2024-02-01", "lon": 5.4, "lat": 43.3},
            {"id": "", "date": "2024-02-01", "lon": 5.4, "lat": 43.3},
            {"id": "f", "date": "2024-02-01", "lon": 43.3, "lat": 5.4},
            {"id": "g", "date": "2024-06-03", "lon": 5.4, "lat": 43.3},
        ]
    )

    summary, _ = run(pd.concat([events, bad]), cells=cells)

    assert summary["refused"] == {
        "no-id": 1,
        "bad-date": 2,
        "no-coordinates": 1,
        "bad-coordinates": 1,
        "duplicate-id": 1,
        "outside-every-cell": 1,
    }
    assert (summary["read"], summary["used"], summary["later"]) == (good + 8, good, 1)
    assert summary["read"] == summary["used"] + summary["later"] + sum(summary["refused"].values())
    assert summary["days_only"] == good


def test_compressed_and_renamed_columns_give_the_same_forecast(run: Any, cells: Path, tmp_path: Path) -> None:
    events = rows()
    _, plain = run(events, cells=cells)
    renamed = events.rename(columns={"id": "num", "date": "créé le", "lon": "x", "lat": "y"}).assign(texte="jamais lu")
    path = tmp_path / "other.csv.gz"
    path.write_bytes(gzip.compress(renamed.to_csv(index=False).encode()))

    forecast_files(
        path,
        as_of=AS_OF,
        out=tmp_path / "again.parquet",
        cells=cells,
        crs="EPSG:2154",
        effort="quick",
        mapping={"id": "num", "date": "créé le", "lon": "x", "lat": "y"},
    )

    assert gpd.read_parquet(tmp_path / "again.parquet").drop(columns="geometry").equals(plain.drop(columns="geometry"))


def test_naive_times_are_read_in_the_zone_and_offsets_are_kept(run: Any, cells: Path) -> None:
    """23:30 UTC on 2 June is 3 June in Paris: at or after the origin there, before it in UTC."""
    events = rows()
    late = events.iloc[:1].assign(id="late", date="2024-06-02T23:30:00Z")
    naive = events.iloc[:1].assign(id="naive", date="2024-06-02T23:30:00")
    both = pd.concat([events, late, naive])

    in_paris, made = run(both, cells=cells, tz="Europe/Paris")
    in_utc, _ = run(both, cells=cells, tz="UTC")

    assert (in_paris["later"], in_utc["later"]) == (1, 0)
    assert made["as_of"].iloc[0] == pd.Timestamp("2024-06-02T22:00Z")


def test_one_category_can_be_forecast(run: Any, cells: Path) -> None:
    events = rows().assign(category=lambda frame: np.where(frame.index % 2, "tag", "bruit"))

    summary, _ = run(events, cells=cells, category="tag")

    assert summary["used"] == (events["category"] == "tag").sum()
    assert summary["refused"] == {"other-category": (events["category"] == "bruit").sum()}


def test_the_file_is_not_touched_by_the_future(run: Any) -> None:
    events = rows()
    future = events.iloc[:50].assign(id=lambda f: "z" + f["id"], date="2024-06-04", lon=lambda f: f["lon"] + 0.5)

    _, without = run(events, origins=2)
    _, with_future = run(pd.concat([events, future]), origins=2)

    assert without.equals(with_future)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (rows().iloc[:1], {"short-history", "few-events", "stale-data"}),
        (rows(weeks=9), {"short-history"}),
        (rows(per_week=3), {"few-events"}),
        (rows().assign(lon=5.4, lat=43.3), {"few-cells"}),
    ],
    ids=["one event", "nine weeks", "three a week", "all at one place"],
)
def test_too_little_is_an_abstention(run: Any, events: pd.DataFrame, code: set[str]) -> None:
    summary, made = run(events)

    assert summary["origins"][0]["answer"] == "abstains"
    assert summary["origins"][0]["code"] in code
    assert made[["expected", "lower", "upper", "probability", "rank"]].isna().all(axis=None)


def test_an_origin_far_after_the_data_is_an_abstention(run: Any, cells: Path) -> None:
    summary, _ = run(rows(), cells=cells, as_of="2031-01-01")

    assert summary["origins"][0]["code"] == "stale-data"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crs": "EPSG:4326"}, "not projected"),
        ({"crs": "EPSG:999999"}, "EPSG:999999"),
        ({"crs": None, "cells": "CELLS"}, "--crs"),
        ({"cells": "CELLS", "cell": 300.0}, "lattice"),
        ({"cell": 0.0}, "cell"),
        ({"cell": 1e-3}, "too many"),
        ({"as_of": "tomorrow"}, "as_of"),
        ({"as_of": "2001-01-01"}, "before the first origin"),
        ({"horizon": "soon"}, "days"),
        ({"step": "1.5d"}, "days"),
        ({"origins": 0}, "origins"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"mapping": {"date": "when"}}, "no column 'when'"),
        ({"mapping": {"day": "date"}}, "unknown property 'day'"),
        ({"category": "tag"}, "no column 'category'"),
    ],
)
def test_bad_options_are_refused_by_name(run: Any, cells: Path, options: dict[str, Any], words: str) -> None:
    options = {name: cells if value == "CELLS" else value for name, value in options.items()}

    with pytest.raises(BadInput, match=words):
        run(rows(), **options)


@pytest.mark.parametrize(
    "content",
    [b"", b"id;date;lon;lat\n1;2024-01-01;5.4;43.3\n", "id,date,lon,lat\né,2024-01-01,5,43\n".encode("latin-1")],
    ids=["empty", "wrong delimiter", "latin-1"],
)
def test_a_file_that_is_not_such_a_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(content)

    with pytest.raises(ObsError, match="events"):
        forecast_files(path, as_of=AS_OF, out=tmp_path / "risk.parquet")
    assert not (tmp_path / "risk.parquet").exists()


def test_no_event_at_all_is_refused(run: Any) -> None:
    with pytest.raises(BadInput, match="no row can be used"):
        run(rows().iloc[:0], crs=None)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ObsError, match=r"no file nowhere\.csv"):
        forecast_files(tmp_path / "nowhere.csv", as_of=AS_OF, out=tmp_path / "risk.parquet")
