"""Events in GeoParquet partitions: the same forecast as from a CSV, counted batch by batch."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from observatoire.errors import BadInput, ObsError, SourceUnavailable
from observatoire.forecasts import partitions
from observatoire.forecasts.files import forecast_files
from observatoire.forecasts.partitions import Partitions

pytestmark = pytest.mark.unit

AS_OF = "2024-06-03"
CRS = "EPSG:2154"


def events(n: int = 1500) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(0)
    date = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(-5, 400, n) * 24 + rng.integers(0, 24, n), unit="h")
    lon, lat = 5.37 + np.where(rng.random(n) < 0.5, 0.01, rng.uniform(0, 0.06, n)), 43.28 + rng.uniform(0, 0.05, n)
    frame = pd.DataFrame({"id": np.arange(n), "date": date.tz_localize("UTC"), "category": rng.choice(["a", "b"], n)})
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs="OGC:CRS84")


def written(frame: gpd.GeoDataFrame, folder: Path, *, parts: int = 3) -> Path:
    folder.mkdir()
    for k in range(parts):
        frame.iloc[k::parts].to_parquet(folder / f"part-{k}.parquet", index=False)
    return folder


def run(path: Path, tmp_path: Path, **options: Any) -> tuple[dict[str, Any], pd.DataFrame]:
    out = tmp_path / f"{path.stem}-{len(list(tmp_path.iterdir()))}.out.parquet"
    summary = forecast_files(path, **({"as_of": AS_OF, "out": out, "crs": CRS, "cell": 500.0} | options))
    return summary, gpd.read_parquet(out).drop(columns="geometry")


@pytest.mark.parametrize("options", [{}, {"origins": 2, "step": "10d", "category": "a", "tz": "Europe/Paris"}])
def test_partitions_give_what_a_csv_gives(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambert-93 in the partitions, degrees in the CSV; read in pieces of a hundred rows."""
    monkeypatch.setattr(partitions, "ROWS", 100)
    frame = events()
    table = frame.drop(columns="geometry").assign(lon=frame.geometry.x, lat=frame.geometry.y)
    table.to_csv(tmp_path / "events.csv", index=False)

    ours = run(written(frame.to_crs(CRS), tmp_path / "parts"), tmp_path, **options)
    theirs = run(tmp_path / "events.csv", tmp_path, **options)

    assert ours[0] == theirs[0]
    assert ours[0]["read"] == ours[0]["used"] + ours[0]["later"] + sum(ours[0]["refused"].values()) == len(frame)
    pd.testing.assert_frame_equal(ours[1], theirs[1], check_exact=True)


def test_no_batch_holds_more_rows_than_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "ROWS", 64)

    sizes = [len(batch.dates) for batch in Partitions(written(events(1000), tmp_path / "parts"), CRS)]

    assert sum(sizes) == 1000
    assert max(sizes) <= 64


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    frame = events(900).drop(columns="geometry").assign(lon=5.4, lat=43.3)
    frame.loc[0, "date"] = pd.NaT
    frame.loc[1, ["lon", "lat"]] = np.nan
    frame.loc[2, "lon"] = 500.0
    frame.loc[3, "lat"] = np.nan
    frame.to_parquet(tmp_path / "events.parquet", index=False)

    source = Partitions(tmp_path / "events.parquet", CRS)
    used = sum(len(batch.dates) for batch in source)

    assert +source.refused == {"bad-date": 1, "no-coordinates": 1, "bad-coordinates": 2}
    assert (source.read, used) == (900, 896)


def test_days_without_a_time_are_told(tmp_path: Path) -> None:
    frame = events()
    frame["date"] = frame["date"].dt.date

    summary, _ = run(written(frame, tmp_path / "parts"), tmp_path)

    assert summary["days_only"] == summary["used"] > 1000


@pytest.mark.parametrize(
    ("frame", "options", "said"),
    [
        (events(50), {"crs": None}, "crs: events in Parquet need"),
        (events(50), {"crs": "EPSG:1"}, "no coordinate reference system"),
        (events(50), {"cell": 0.0}, "cell must be > 0"),
        (events(50).rename(columns={"date": "when"}), {}, "no column 'date'"),
        (events(50).drop(columns="category"), {"category": "a"}, "no column 'category'"),
        (events(50).assign(date="2024-01-01"), {}, "expected dates or times"),
        (events(50).to_crs(CRS).set_geometry(events(50).to_crs(CRS).buffer(1)), {}, "expected points"),
        (events(50).set_crs(None, allow_override=True), {}, "CRS of its points is unknown"),
        (pd.DataFrame(events(50)).drop(columns="geometry"), {}, "no column 'lon'"),
        (events(50), {"mapping": {"where": "x"}}, "unknown property 'where'"),
        (events(0), {}, "no row can be used"),
        (events(50), {"as_of": "2001-01-01"}, "none lies before"),
    ],
)
def test_a_bad_file_is_a_clear_error(tmp_path: Path, frame: Any, options: dict[str, Any], said: str) -> None:
    frame.to_parquet(tmp_path / "events.parquet", index=False)

    with pytest.raises(BadInput, match=said):
        run(tmp_path / "events.parquet", tmp_path, **options)


def test_what_is_no_parquet_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_text("id,date\n")
    (tmp_path / "empty").mkdir()

    for name, error, said in (
        ("broken.parquet", BadInput, "cannot be read as Parquet"),
        ("empty", BadInput, "holds no Parquet file"),
        ("nowhere.parquet", SourceUnavailable, "no file nowhere"),
    ):
        with pytest.raises(ObsError, match=said) as caught:
            run(tmp_path / name, tmp_path)
        assert type(caught.value) is error


def test_an_unknown_crs_of_points_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    events(50).to_parquet(path, index=False)
    table = pq.read_table(path)
    about = {b"geo": table.schema.metadata[b"geo"].replace(b'"crs": {', b'"crs": {"type": "none"}, "was": {')}
    pq.write_table(table.replace_schema_metadata(about), path)

    with pytest.raises(BadInput, match="CRS of the file's points is not known"):
        run(path, tmp_path)
