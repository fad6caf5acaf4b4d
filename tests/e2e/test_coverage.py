"""Forecast cells as rasters, held against the items that they are made of."""

import io
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer
from rio_cogeo.cogeo import cog_validate

from observatoire.layers.catalog import catalog

pytestmark = pytest.mark.e2e

COVERAGE = "/api/collections/risque/coverage"


def _cells(observatory: Any) -> list[dict[str, Any]]:
    answer = observatory.get(
        "/api/collections/risque/items", "planner", limit=10_000, crs="http://www.opengis.net/def/crs/EPSG/0/2154"
    )
    features: list[dict[str, Any]] = answer.json()["features"]
    newest = max(f["properties"]["as_of"] for f in features)
    return [f for f in features if f["properties"]["as_of"] == newest]


@pytest.fixture(scope="module")
def tiff(observatory: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("coverage") / "risque.tif"
    answer = observatory.get(COVERAGE, "planner")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
    path.write_bytes(answer.content)
    return path


def test_a_pixel_is_a_cell_of_the_newest_forecast(observatory: Any, tiff: Path) -> None:
    cells = _cells(observatory)
    with rasterio.open(tiff) as file:
        assert file.crs.to_epsg() == 2154
        numbers = [name for name, own in catalog()["risque"].properties.items() if own.type in ("number", "integer")]
        assert ["id", *file.descriptions] == numbers
        assert file.tags()["target"] == "signalements"
        centres = [np.mean(np.array(f["geometry"]["coordinates"][0])[:4], axis=0) for f in cells]
        for value, cell in zip(file.sample(centres), cells, strict=True):
            expected = [cell["properties"][name] for name in file.descriptions]
            assert value == pytest.approx([np.nan if v is None else v for v in expected], rel=1e-6, nan_ok=True)
        known = np.isfinite(file.read(1)).sum()
    assert known == sum(cell["properties"]["expected"] is not None for cell in cells) > 100


def test_the_file_is_cloud_optimized(tiff: Path) -> None:
    valid, errors, _ = cog_validate(tiff)

    assert (valid, errors) == (True, [])


def test_gdal_opens_it_by_its_address_piece_by_piece(observatory: Any) -> None:
    """What QGIS does with a link; the key goes as the password of Basic authentication."""
    environment = os.environ | {
        "GDAL_HTTP_USERPWD": f"planner:{observatory.keys['planner']}", "GDAL_HTTP_AUTH": "BASIC",
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    }  # fmt: skip
    done = subprocess.run(
        ["gdalinfo", f"/vsicurl/{observatory.url}{COVERAGE}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "LAYOUT=COG" in done.stdout, done.stderr
    assert 'ID["EPSG",2154]' in done.stdout


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)), ("bytes=5-", 206, slice(5, None)), ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999999", 206, slice(None)), ("bytes=0-1,4-5", 200, slice(None)), ("lines=1-2", 200, slice(None)),
        ("bytes=-", 200, slice(None)), ("bytes=99999999-", 416, slice(0, 0)), ("bytes=9-3", 416, slice(0, 0)),
    ],
)  # fmt: skip
def test_ranges_are_those_of_the_file(observatory: Any, tiff: Path, asked: str, status: int, part: slice) -> None:
    answer = httpx.get(
        observatory.url + COVERAGE, headers={"Range": asked, "X-API-Key": observatory.keys["planner"]}, timeout=60
    )

    assert answer.status_code == status
    assert answer.content == tiff.read_bytes()[part]


def test_pictures_have_the_colours_of_the_legend_where_the_cells_are(observatory: Any) -> None:
    """The pixel in which the centre of a cell falls has the colour of its class in the layer file, at zoom 13."""
    zoom, layer = 13, catalog()["risque"]
    to = Transformer.from_crs(2154, 3857, always_xy=True)
    world, side = 20_037_508.342789244, 2 * 20_037_508.342789244 / 2**zoom
    pictures: dict[tuple[int, int], Any] = {}
    checked = 0
    for cell in _cells(observatory)[::7]:
        x, y = to.transform(*np.mean(np.array(cell["geometry"]["coordinates"][0])[:4], axis=0))
        column, row = int((x + world) // side), int((world - y) // side)
        if (row, column) not in pictures:
            path = f"/api/collections/risque/map/tiles/WebMercatorQuad/{zoom}/{row}/{column}"
            answer = observatory.get(path, "planner")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "image/png"
            pictures[row, column] = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
        u = int((x + world - column * side) / side * 256)
        v = int((world - y - row * side) / side * 256)
        probability = cell["properties"]["probability"]
        red, green, blue, alpha = pictures[row, column][v, u]
        if probability is None:
            assert alpha == 0
            continue
        expected = max((c for c in layer.style.classes if c.least <= probability), key=lambda c: c.least).color
        assert (f"#{red:02x}{green:02x}{blue:02x}", alpha > 100) == (expected, True)
        checked += 1
    assert checked > 20


def test_rasters_are_for_those_who_may_see_the_cells(observatory: Any) -> None:
    picture = "/api/collections/risque/map/tiles/WebMercatorQuad/9/187/263"
    for path in (COVERAGE, picture):
        assert observatory.get(path).status_code == 404
        assert observatory.get(path, "citizen").status_code == 404
        assert observatory.get(path, "coordination").status_code == 200


def test_what_is_no_raster_is_said(observatory: Any) -> None:
    get = observatory.get
    assert get("/api/collections/signalements/coverage").status_code == 404
    assert get("/api/collections/risque/map/tiles/WebMercatorQuad/9/0/0", "planner").status_code == 204
    assert get("/api/collections/risque/map/tiles/WebMercatorQuad/9/512/0", "planner").status_code == 404
    for asked, named in (
        ({"f": "png"}, "f"), ({"nope": "1"}, "nope"), ({"crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}, "crs"),
    ):  # fmt: skip
        answer = get(COVERAGE, "planner", **asked)
        assert answer.status_code == 400
        assert named in answer.json()["detail"]
    empty = get(COVERAGE, "planner", target="faits")
    assert (empty.status_code, "no item" in empty.json()["detail"]) == (404, True)
