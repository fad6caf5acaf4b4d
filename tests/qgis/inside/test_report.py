"""Reports: what stands on the page, and an atlas; the offline pack."""

import re

import pytest
from qgis.core import QgsFeature, QgsFeedback, QgsGeometry, QgsProject, QgsVectorFileWriter, QgsVectorLayer
from qgis_obs.core import layers, legend, pack, report_layout, report_words, risk_layers, weeks
from qgis_obs.core.errors import PluginError
from qgis_obs.core.http import Client
from qgis_obs.core.records import Record
from test_risk_dock import answer

CELL = "POLYGON((5.3 43.2, 5.4 43.2, 5.4 43.3, 5.3 43.3, 5.3 43.2))"


@pytest.fixture
def divisions(qgis_new_project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=nom:string", "Divisions", "memory")
    for west, name in ((5.25, "Ouest"), (5.45, "Est")):
        feature = QgsFeature(layer.fields())
        box = f"{west} 43.1, {west + 0.2} 43.1, {west + 0.2} 43.4, {west} 43.4, {west} 43.1"
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({box}))"))
        feature["nom"] = name
        layer.dataProvider().addFeatures([feature])
    record = Record("divisions", "Divisions", licence="https://licence.example/")
    layers.dress(layer, record, base="http://obs.example/api")
    layers.place(QgsProject.instance(), layer)
    return layer


@pytest.fixture
def cells(divisions):
    layer = risk_layers.weeks_layer("Forecasts", [weeks.forecast(answer("2026-11-23"))], legend.USUAL)
    layers.place(QgsProject.instance(), layer)
    return layer


def test_each_page_says_sources_uncertainty_and_what_reports_are_not(divisions, cells):
    page = report_words.page([cells, divisions], "2026-11-28 12:00")

    assert "http://obs.example/api" in page
    assert "https://licence.example/" in page
    assert "sentence" in page  # of the skill card
    assert "not the nuisance itself" in page
    assert "2026-11-28 12:00" in page


def test_a_cell_counts_where_its_middle_lies_and_silence_is_counted(divisions, cells):
    listed = list(divisions.getFeatures())

    found = report_words.tally(listed, report_words.QgsVectorLayerFeatureSource(cells), QgsFeedback())

    west, east = (found[f.id()] for f in listed)
    assert (west.cells, west.silent, east.cells) == (2, 1, 0)
    assert west.expected == pytest.approx(0.3)
    assert "0.3 in 2 cells, 1 of them without a forecast" in west.words()
    assert "Highest cell: 0.3 [0.0; 2.0]" in west.words()
    assert "No cell of the forecast" in east.words()


def test_of_two_weeks_a_report_shows_and_counts_one(divisions):
    """Both lie on the same cells: drawn over each other their colours would be those of no class."""
    made = [weeks.forecast(answer(day)) for day in ("2026-11-16", "2026-11-23")]
    layer = risk_layers.weeks_layer("Forecasts", made, legend.USUAL)
    period = report_words.last_period(layer)
    listed = list(divisions.getFeatures())

    found = report_words.tally(listed, report_words.QgsVectorLayerFeatureSource(layer), QgsFeedback(), period=period)
    project = QgsProject.instance()
    layout = report_layout.build(project, [layer], title="T", foot="F", extent=divisions.extent(), period=period)

    assert period == risk_layers.frame(made[1])
    assert found[listed[0].id()].cells == 2
    assert "2026-11-23 – 2026-11-29" in found[listed[0].id()].words()
    assert layout.itemById("map").temporalRange() == period


def test_the_atlas_is_one_pdf_with_a_page_a_division(divisions, cells, tmp_path):
    project = QgsProject.instance()
    layout = report_layout.build(project, [cells, divisions], title="T", foot="F", extent=divisions.extent())
    report_layout.by_division(layout, divisions, {1: "one", 2: "two"}, "nom")
    path = tmp_path / "report.pdf"

    pages = report_layout.export(layout, path, QgsFeedback())

    assert pages == 2
    assert len(re.findall(rb"/Type\s*/Page[^s]", path.read_bytes())) == 2
    map_ = layout.itemById("map")
    assert (map_.rect().width(), map_.rect().height()) == (report_layout.MAP[2], report_layout.MAP[3])


def test_a_report_that_cannot_be_written_is_told(divisions, tmp_path):
    layout = report_layout.build(QgsProject.instance(), [divisions], title="T", foot="F", extent=divisions.extent())

    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PluginError, match=r"file/x\.pdf"):
        report_layout.export(layout, tmp_path / "file" / "x.pdf", QgsFeedback())


@pytest.fixture
def offered(fake, server, divisions, tmp_path):
    path = tmp_path / "server.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    QgsVectorFileWriter.writeAsVectorFormatV3(divisions, str(path), QgsProject.instance().transformContext(), options)
    fake.get("/download", path.read_bytes(), **{"Content-Type": pack.GPKG})
    link = {"rel": "enclosure", "type": pack.GPKG, "href": f"{fake.url}/download"}
    return Record("divisions", "Divisions", licence="L", links=(link,))


def test_a_pack_holds_the_items_and_says_where_they_come_from(offered, server, tmp_path):
    path = tmp_path / "pack.gpkg"

    assert pack.write(Client(server), [offered], path, QgsFeedback()) == 1

    kept = QgsVectorLayer(f"{path}|layername=divisions", "", "ogr")
    assert sorted(f["nom"] for f in kept.getFeatures()) == ["Est", "Ouest"]
    (said,) = QgsVectorLayer(f"{path}|layername=sources", "", "ogr").getFeatures()
    assert (said["collection"], said["licence"], said["server"]) == ("divisions", "L", server.url)


def test_a_pack_that_fails_leaves_the_old_file_and_nothing_else(offered, server, fake, tmp_path):
    folder = tmp_path / "packs"
    folder.mkdir()
    path = folder / "pack.gpkg"
    path.write_bytes(b"old")
    fake.get("/download", b"<html>", **{"Content-Type": "text/html"})

    with pytest.raises(PluginError, match="no GeoPackage"):
        pack.write(Client(server), [offered], path, QgsFeedback())

    assert path.read_bytes() == b"old"
    assert [each.name for each in folder.iterdir()] == ["pack.gpkg"]


def test_what_the_server_does_not_offer_is_named(server, tmp_path):
    with pytest.raises(PluginError, match="Bruit"):
        pack.write(Client(server), [Record("bruit", "Bruit")], tmp_path / "x.gpkg", QgsFeedback())
    with pytest.raises(PluginError, match="at least one"):
        pack.write(Client(server), [], tmp_path / "x.gpkg", QgsFeedback())
