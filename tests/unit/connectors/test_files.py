"""Spreadsheets, GeoParquet, archives, a watched folder, rasters: what is in them, and what they do when broken."""

import os
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from etl.connectors import excel, folder, geofile, geoparquet, geotiff
from etl.connectors.zonal import BLOCK, zonal
from observatoire.errors import BadInput, BadSource, ObsError
from observatoire.intake.options import Options
from observatoire.intake.source import NotModified, Rejected, Table

pytestmark = pytest.mark.unit


def rows(table: Table) -> list[Any]:
    return [r.row for r in table.records]


def workbook(path: Path, cells: list[list[Any]], *, merge: str | None = None, more: str | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Faits"
    for row in cells:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if more:
        book.create_sheet(more)
    book.save(path)
    return path


def test_cells_are_the_text_of_a_csv_file(tmp_path: Path) -> None:
    moment = datetime(2026, 3, 1, 14, 5)  # noqa: DTZ001 - spreadsheets know no zone
    cells = [
        ["num", "le", "jour", "heure", "n", "x", "oui"],
        [12, moment, date(2026, 3, 2), clock(8, 30), 3.0, 0.25, True],
        [None] * 7,
        ["007", None, None, None, None, None, False],
    ]
    table = excel.read(workbook(tmp_path / "a.xlsx", cells), Options())

    records = list(table.records)
    assert [r.line for r in records] == [2, 4]
    assert list(records[0].row.values()) == [  # type: ignore[union-attr]
        "12", "2026-03-01T14:05:00", "2026-03-02", "08:30:00", "3", "0.25", "true",
    ]  # fmt: skip
    assert records[1].row["num"] == "007"  # type: ignore[call-overload]


def test_a_merged_header_of_two_rows_is_joined(tmp_path: Path) -> None:
    cells = [["Export du 1er mars"], ["Numéro", "Lieu", None, "Nature"], [None, "x", "y", None], [1, 2, 3, "tag"]]
    path = workbook(tmp_path / "a.xlsx", cells, merge="B2:C2")

    table = excel.read(path, Options(request={"header": "2-3"}))

    assert table.columns == ("Numéro", "Lieu x", "Lieu y", "Nature")
    assert rows(table) == [dict(zip(table.columns, ["1", "2", "3", "tag"], strict=True))]


def test_one_sheet_of_several_is_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["num"], [1]], more="Autre")

    with pytest.raises(BadInput, match="Faits, Autre"):
        excel.read(path, Options())
    assert rows(excel.read(path, Options(layer="Faits"))) == [{"num": "1"}]
    with pytest.raises(BadSource, match="no header"):
        excel.read(path, Options(layer="Autre"))


def test_ods_is_read_as_xlsx_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"num": [1, 2], "le": pd.to_datetime(["2026-03-01 14:05", "2026-03-02 00:00"]), "t": ["é", ""]}
    )
    for name in ("a.ods", "a.xlsx"):
        frame.to_excel(str(tmp_path / name), index=False)  # pandas takes a Path for xlsx, whatever its name

    found = [rows(excel.read(tmp_path / name, Options())) for name in ("a.ods", "a.xlsx")]

    assert found[0] == found[1]
    assert found[0][0] == {"num": "1", "le": "2026-03-01T14:05:00", "t": "é"}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut", b"not a workbook", b"\xd0\xcf\x11\xe0" + bytes(600)])
def test_a_broken_spreadsheet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)

    with pytest.raises(BadSource):
        excel.read(tmp_path / "a.xlsx", Options())


def test_a_cell_beyond_the_header_refuses_its_row(tmp_path: Path) -> None:
    found = rows(excel.read(workbook(tmp_path / "a.xlsx", [["num"], [1], [2, "Mme Martin"]]), Options()))

    assert found[0] == {"num": "1"}
    assert isinstance(found[1], Rejected)
    assert str(found[1]) == "row: unknown-column"


@pytest.mark.parametrize("reader", [excel.read, geofile.read])
def test_a_zip_bomb_is_not_opened(tmp_path: Path, reader: Any) -> None:
    bomb = tmp_path / "a.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", bytes(100_000_000))

    with pytest.raises(BadSource, match="no bomb"):
        reader(bomb, Options())


def test_one_shapefile_of_several_in_a_zip_is_chosen(tmp_path: Path) -> None:
    for n, name in enumerate(("rues", "places")):
        frame = gpd.GeoDataFrame({"num": [n]}, geometry=[shapely.Point(n, n)], crs=2154)
        frame.to_file(tmp_path / f"{name}.shp")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in (*tmp_path.glob("rues.*"), *tmp_path.glob("places.*")):
            archive.write(part, f"livraison/{part.name}")

    with pytest.raises(BadInput, match="places, rues"):
        geofile.read(tmp_path / "a.zip", Options())
    table = geofile.read(tmp_path / "a.zip", Options(layer="places"))
    assert table.crs == "EPSG:2154"
    assert rows(table) == [{"num": "1"}]


def test_a_file_that_leads_gdal_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "a.geojson").write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="other"><SrcDataSource>{tmp_path}/other.csv</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )

    with pytest.raises(BadSource):
        geofile.read(tmp_path / "a.geojson", Options())


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    places = gpd.points_from_xy(np.arange(2_500.0), np.zeros(2_500))
    frame = gpd.GeoDataFrame({"num": range(2_500), "t": ["é"] * 2_500}, geometry=places, crs=2154)
    path: Path = tmp_path / "a.parquet"
    frame.to_parquet(path, row_group_size=700, write_covering_bbox=True)
    return path


def test_geoparquet_is_read_whole_over_its_row_groups(parquet: Path) -> None:
    table = geoparquet.read(parquet, Options())

    records = list(table.records)
    assert table.columns == ("num", "t")
    assert table.crs == "EPSG:2154"
    assert [r.row["num"] for r in records] == [str(n) for n in range(2_500)]  # type: ignore[call-overload]
    assert records[2_499].geometry == shapely.Point(2_499, 0)


def test_parquet_without_geometry_is_a_table(tmp_path: Path) -> None:
    pd.DataFrame({"num": [1], "le": pd.to_datetime(["2026-01-01T10:00:00Z"]), "x": [None]}).to_parquet(tmp_path / "a")

    assert rows(geoparquet.read(tmp_path / "a", Options())) == [
        {"num": "1", "le": "2026-01-01T10:00:00+00:00", "x": ""}
    ]


def test_a_cut_parquet_is_refused_at_every_length(parquet: Path) -> None:
    content = parquet.read_bytes()

    for length in range(0, len(content), len(content) // 40):
        parquet.write_bytes(content[:length])
        with pytest.raises(BadSource):
            rows(geoparquet.read(parquet, Options()))


def test_a_spoilt_parquet_never_crashes(parquet: Path) -> None:
    content, rng = parquet.read_bytes(), np.random.default_rng(1)

    for _ in range(60):
        spoilt = bytearray(content)
        for at in rng.integers(0, len(content), 8):
            spoilt[at] = int(rng.integers(256))
        parquet.write_bytes(bytes(spoilt))
        try:
            rows(geoparquet.read(parquet, Options()))
        except ObsError:
            continue


def old(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_folder_gives_each_file_once_and_a_changed_one_again(tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.csv").write_text(f"num\n{n}\n")
        old(tmp_path / f"{n}.csv", 1_000 - n)
    (tmp_path / "3.csv").write_text("num\n3")  # being written
    (tmp_path / "4.csv.part").write_text("num\n4\n")
    old(tmp_path / "4.csv.part", 900)
    options = Options(request={"connector": "csv"})

    table = folder.fetch(str(tmp_path), options)
    assert [r["num"] for r in rows(table)] == ["0", "1", "2"]
    assert table.cursor is not None
    since = options.model_copy(update={"since": table.cursor()})
    with pytest.raises(NotModified):
        folder.fetch(str(tmp_path), since)

    (tmp_path / "1.csv").write_text("num\n1\n11\n")
    old(tmp_path / "1.csv", 5_000)  # older than all: a cursor of dates would miss it
    assert [r["num"] for r in rows(folder.fetch(str(tmp_path), since))] == ["1", "11"]
    assert len(list(tmp_path.iterdir())) == 5


def test_a_file_of_a_folder_that_cannot_be_read_is_refused_alone(tmp_path: Path) -> None:
    for name, content in (("a.csv", b""), ("b.csv", b"num\n1\n"), ("c.csv", b"num\n\xff\n"), ("d.csv", b"num\n2\n")):
        (tmp_path / name).write_bytes(content)
        old(tmp_path / name, 900 - ord(name[0]))

    found = rows(folder.fetch(str(tmp_path), Options(request={"connector": "csv"})))

    assert [str(r) if isinstance(r, Rejected) else r["num"] for r in found] == [
        "file: unreadable-file", "1", "file: unreadable-file", "2",
    ]  # fmt: skip


def test_a_file_with_other_columns_stops_the_folder(tmp_path: Path) -> None:
    for name, content in (("a.csv", "num\n1\n"), ("b.csv", "num,nom\n1,x\n")):
        (tmp_path / name).write_text(content)
        old(tmp_path / name, 900 - ord(name[0]))

    with pytest.raises(BadSource, match="other columns"):
        rows(folder.fetch(str(tmp_path), Options(request={"connector": "csv"})))


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """1 500 × 1 300 pixels of 10 m, of which some hold nothing; larger than one block."""
    rng = np.random.default_rng(7)
    values = rng.normal(50, 10, (1_300, 1_500)).astype("float32")
    values[rng.random(values.shape) < 0.05] = -9_999
    values[5, 5] = np.nan
    path = tmp_path / "noise.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=1_500, height=1_300, count=1, dtype="float32", nodata=-9_999, crs="EPSG:2154",
        transform=from_origin(890_000, 6_250_000, 10, 10), tiled=True,
    ) as out:  # fmt: skip
        out.write(values, 1)
    return path


def test_zonal_statistics_are_those_of_the_pixels_whose_centres_lie_inside(raster: Path) -> None:
    """Against every pixel looked at one by one (shapely)."""
    rng = np.random.default_rng(3)
    zones = [
        shapely.Point(890_000 + x, 6_250_000 - y).buffer(r)
        for x, y, r in rng.uniform((0, 0, 20), (15_000, 13_000, 900), (12, 3))
    ]
    zones += [shapely.box(889_000, 6_236_000, 906_000, 6_251_000), shapely.box(0, 0, 1, 1), shapely.Polygon()]
    with rasterio.open(raster) as source:
        assert source.width > BLOCK
        found = list(zonal(source, zones))
        values = source.read(1).astype(float)
    x, y = np.meshgrid(890_005 + 10 * np.arange(1_500), 6_249_995 - 10 * np.arange(1_300))

    for zone, got in zip(zones, found, strict=True):
        shapely.prepare(zone)
        inside = values[shapely.contains_xy(zone, x, y) & (values != -9_999) & ~np.isnan(values)]
        assert got.count == inside.size
        if not inside.size:
            assert got.mean is None
            continue
        assert got.mean == pytest.approx(inside.mean(), rel=1e-9)
        assert got.sum == pytest.approx(inside.sum(), rel=1e-9)
        assert (got.minimum, got.maximum) == (inside.min(), inside.max())
        assert got.deviation == pytest.approx(inside.std(), rel=1e-9)
        if zone.bounds[0] > 890_000:
            assert 0 < got.coverage <= 1.5


def test_a_raster_gives_a_row_per_zone(raster: Path, tmp_path: Path) -> None:
    zones = gpd.GeoDataFrame(
        {"code": ["a", "b"]},
        geometry=[shapely.box(891_000, 6_248_000, 892_000, 6_249_000), shapely.box(0, 0, 10, 10)],
        crs=2154,
    ).to_crs(4326)
    zones.to_file(tmp_path / "zones.gpkg")
    request = {"zones": str(tmp_path / "zones.gpkg"), "key": "code"}

    table = geotiff.read(raster, Options(request=request))
    a, b = rows(table)

    assert table.crs == "EPSG:4326"
    assert float(a["mean"]) == pytest.approx(50, abs=0.5)
    assert 9_000 < int(a["count"]) < 10_100
    assert (b["count"], b["mean"]) == ("0", "")
    raster.write_bytes(raster.read_bytes()[:200])
    with pytest.raises(BadSource):
        rows(geotiff.read(raster, Options(request=request)))
