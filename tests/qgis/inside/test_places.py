"""Places leave in degrees. By definition the origin of Lambert-93, 3° E and 46.5° N, is 700 000 m, 6 600 000 m."""

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsVectorLayer,
)
from qgis_obs.core.errors import BadValue
from qgis_obs.core.places import features_out, geometry_out, rectangle_out

CONTEXT = QgsCoordinateTransformContext()
ORIGIN = pytest.approx([3.0, 46.5], abs=1e-9)


@pytest.mark.parametrize("text", ["CRS=EPSG:2154;POINT(700000 6600000)", "POINT(700000 6600000) [EPSG:2154]"])
def test_lambert_93_goes_out_as_degrees_however_its_crs_is_said(text):
    """QGIS itself takes the second form and forgets its CRS."""
    assert geometry_out(text, "area", CONTEXT)["coordinates"] == ORIGIN


@pytest.mark.parametrize("text", ["POINT(700000 6600000)", '{"type": "Point", "coordinates": [700000, 6600000]}'])
def test_metres_without_a_crs_are_refused(text):
    with pytest.raises(BadValue, match=r"^area: 700000(\.0)?, 6600000"):
        geometry_out(text, "area", CONTEXT)


def test_a_rectangle_in_metres_goes_out_as_degrees():
    corners = rectangle_out("699000,701000,6599000,6601000 [EPSG:2154]", "bbox", CONTEXT)

    west, south, east, north = corners
    assert west < 3 < east
    assert south < 46.5 < north
    assert (west + east) / 2 == pytest.approx(3, abs=1e-6)  # the grid is symmetric about its central meridian
    assert north - south == pytest.approx(2000 / 111_150, rel=2e-2)  # a degree of latitude here


@pytest.mark.parametrize("text", ["699000,701000,6599000,6601000", "1,2,3", "a,b,c,d", "1,2,3,4 [EPSG:0]"])
def test_a_rectangle_that_says_too_little_is_refused(text):
    with pytest.raises(BadValue, match=r"^bbox: "):
        rectangle_out(text, "bbox", CONTEXT)


@pytest.mark.parametrize("text", ["CRS=EPSG:2154;POINT(3 46.5)", "CRS=EPSG:2154;POINT(1e12 1e12)"])
def test_degrees_said_to_be_metres_are_refused(text):
    """3 m, 46.5 m in Lambert-93 are a place in the Gulf of Guinea: the projection is not meant for it."""
    with pytest.raises(BadValue, match=r"area: .*EPSG:2154"):
        geometry_out(text, "area", CONTEXT)


def test_degrees_come_out_to_the_last_digit():
    found = geometry_out("POINT(5.123456789012345 43.98765432109876)", "area", CONTEXT)

    assert found["coordinates"] == [5.123456789012345, 43.98765432109876]


@pytest.mark.parametrize(
    "text", ["POINT EMPTY", "POINT(1", "", '{"type": "Point"}', "{", "CRS=EPSG:99999999;POINT(1 2)"]
)
def test_what_is_no_geometry_is_refused(text):
    with pytest.raises(BadValue, match=r"^area: "):
        geometry_out(text, "area", CONTEXT)


def test_a_layer_goes_out_in_degrees_with_its_attributes():
    layer = QgsVectorLayer("Point?field=name:string&field=n:integer", "l", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:2154"))
    feature = QgsFeature(layer.fields())
    feature.setAttributes(["é", None])
    feature.setGeometry(QgsGeometry.fromWkt("POINT(700000 6600000)"))
    bare = QgsFeature(layer.fields())
    layer.dataProvider().addFeatures([feature, bare])

    found = features_out(layer, "sites", CONTEXT)

    assert found["features"][0]["geometry"]["coordinates"] == ORIGIN
    assert found["features"][0]["properties"] == {"name": "é", "n": None}
    assert found["features"][1]["geometry"] is None
