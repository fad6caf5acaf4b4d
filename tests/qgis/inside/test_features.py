"""GeoJSON and tables as fields and features: every number as it was said, unknown stays unknown."""

import pytest
from qgis.core import QgsWkbTypes
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QVariant
from qgis_obs.core.errors import PluginError
from qgis_obs.core.features import Table, is_table, of_geojson, rows_of

THIRD = 0.1 + 0.2  # 0.30000000000000004: a double whose last digit is easily lost


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def feature(geometry=None, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def rows(table):
    return [dict(zip(table.fields.names(), each.attributes(), strict=True)) for each in table.layer("t").getFeatures()]


def test_numbers_come_out_to_the_last_digit():
    point = {"type": "Point", "coordinates": [5.123456789012345, 43.98765432109876]}
    table = of_geojson(collection(feature(point, n=2**53 + 1, x=THIRD)), "out")

    read = next(table.layer("t").getFeatures())

    assert read.attributes() == [2**53 + 1, THIRD]
    assert (read.geometry().asPoint().x(), read.geometry().asPoint().y()) == tuple(point["coordinates"])


def test_types_fit_every_row_not_the_first():
    table = of_geojson(collection(feature(a=None, b=1, c=1), feature(a=1, b=0.5, c="x"), feature(d=True)), "out")

    kinds = [QVariant.LongLong, QVariant.Double, QVariant.String, QVariant.Bool]
    assert [table.fields.field(name).type() for name in "abcd"] == kinds
    # a field of text takes the JSON of what is no text
    assert [row["c"] for row in rows(table)][:2] == ["1", "x"]


def test_dates_and_instants_are_dates_and_instants_in_utc():
    table = of_geojson(collection(feature(d="2026-03-01", t="2026-03-01T01:30:00+01:00")), "out")

    row = rows(table)[0]
    assert row["d"] == QDate(2026, 3, 1)
    assert row["t"] == QDateTime(QDate(2026, 3, 1), row["t"].time().fromString("00:30:00"), Qt.TimeSpec.UTC)


def test_unknown_stays_unknown_and_places_unknown_are_no_point():
    table = of_geojson(collection(feature({"type": "Point", "coordinates": [1, 2]}, n=1), feature(None, n=None)), "out")

    first, second = table.layer("t").getFeatures()
    assert first.hasGeometry()
    assert not second.hasGeometry()
    assert second.attribute("n") != 0


def test_polygons_and_multipolygons_share_a_layer():
    ring = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    table = of_geojson(
        collection(
            feature({"type": "Polygon", "coordinates": ring}), feature({"type": "MultiPolygon", "coordinates": [ring]})
        ),
        "out",
    )

    assert table.wkb_type == QgsWkbTypes.Type.MultiPolygon
    assert table.layer("t").featureCount() == 2


def test_an_id_becomes_a_field_where_there_is_none():
    assert rows(of_geojson(collection({**feature(n=1), "id": "C1"}), "out")) == [{"id": "C1", "n": 1}]


@pytest.mark.parametrize("said", [{"type": "Topology"}, "text", {"type": "FeatureCollection"}, None])
def test_what_is_no_geojson_is_refused_by_name(said):
    with pytest.raises(PluginError, match="out"):
        of_geojson(said, "out")


def test_an_empty_collection_is_an_empty_layer():
    assert of_geojson(collection(), "out").layer("t").featureCount() == 0


def test_rows_are_a_list_of_objects_or_the_only_one_of_an_object():
    assert rows_of([{"a": 1}]) == [{"a": 1}]
    assert rows_of({"total": 3, "rows": [{"a": 1}]}) == [{"a": 1}]
    assert rows_of({"a": [{"x": 1}], "b": [{"x": 1}]}) is None
    assert rows_of([1, 2]) is None
    assert is_table({"properties": {"rows": {"type": "array", "items": {"type": "object"}}, "total": {}}})


def test_what_is_nested_in_a_row_is_kept_as_json():
    assert rows(Table([{"evidence": {"a": [1]}}])) == [{"evidence": '{"a": [1]}'}]
