"""GML geometries, as GDAL writes and reads them."""

import json
import subprocess
from pathlib import Path

import pytest
import shapely
from lxml import etree
from shapely.geometry import mapping

from etl.connectors.features import flipped
from etl.connectors.gml import geometry

pytestmark = pytest.mark.unit

WKT = [
    "POINT (1 2)",
    "LINESTRING (0 0, 1 1, 2 0)",
    "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
    "MULTIPOINT ((1 2), (3 4))",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
]


@pytest.mark.parametrize("form", ["GML2", "GML3", "GML3.2"])
def test_geometries_are_read_as_gdal_writes_them(tmp_path: Path, form: str) -> None:
    source = tmp_path / "in.geojson"
    shapes = [{"type": "Feature", "properties": {}, "geometry": mapping(shapely.from_wkt(wkt))} for wkt in WKT]
    source.write_text(json.dumps({"type": "FeatureCollection", "features": shapes}))
    target = tmp_path / "out.gml"
    subprocess.run(
        ["ogr2ogr", "-f", "GML", "-dsco", f"FORMAT={form}", "-nlt", "GEOMETRY", str(target), str(source)], check=True
    )

    nodes = etree.parse(target).iter("{*}geometryProperty")
    found = [geometry(node[0]) for node in nodes]
    if form != "GML2":  # written with a URN of EPSG:4326: latitude first
        found = [flipped(shape) for shape in found]

    assert [shapely.normalize(shape) for shape in found] == [shapely.normalize(shapely.from_wkt(wkt)) for wkt in WKT]


@pytest.mark.parametrize(
    "text",
    [
        "<Point><pos>1</pos></Point>",
        "<Point><pos>a b</pos></Point>",
        "<Point/>",
        "<Polygon/>",
        "<LineString><posList srsDimension='3'>1 2 3 4</posList></LineString>",
        "<Curve><segments><Arc><posList>0 0 1 1 2 0</posList></Arc></segments></Curve>",
        "<Solid/>",
    ],
)
def test_what_is_no_simple_geometry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        geometry(etree.fromstring(text))


def test_heights_are_left_out() -> None:
    line = "<LineString srsDimension='3'><posList>0 0 9 1 1 9</posList></LineString>"

    assert geometry(etree.fromstring(line)).wkt == "LINESTRING (0 0, 1 1)"
