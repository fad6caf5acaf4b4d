"""The first layers of a project show their city in its own CRS, whatever QGIS would make of the first of them."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgsLayerTreeMapCanvasBridge
from qgis_obs.core.catalogue import Described, described
from qgis_obs.core.timespan import announce
from qgis_obs.gui.canvas import Arrival, whole

CITY, FAR = (5.23, 43.185, 5.5, 43.38), (5.4, 43.3, 5.6, 43.4)


def said(crs="EPSG:2154", extent=CITY):
    return Described("c", "C", 1, True, False, False, crs, extent)


def page(box):
    return described("c", {"title": "C", "extent": {"spatial": {"bbox": [box]}}}, {"features": []}).extent


@pytest.fixture
def bridge(qgis_iface, qgis_new_project, monkeypatch):
    """QGIS's own link between the list of layers and the map, which the stub of the desktop lacks."""
    made = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), qgis_iface.mapCanvas())
    monkeypatch.setattr(qgis_iface, "layerTreeCanvasBridge", lambda: made, raising=False)
    qgis_iface.mapCanvas().setExtent(QgsRectangle(0, 0, 1, 1))
    yield made
    made.deleteLater()


def add(title, wait, bridge):
    layer = QgsVectorLayer("Point?crs=EPSG:4326", title, "memory")
    QgsProject.instance().addMapLayer(layer)
    canvas = bridge.mapCanvas()
    wait(lambda: layer in canvas.layers())
    return layer


def test_the_extent_is_the_servers_word():
    assert page([5, 43, 6, 44]) == (5, 43, 6, 44)
    assert page([5, 43, 0, 6, 44, 100]) == (5, 43, 6, 44)
    assert page([5, 43, 6]) == page(["5", "43", "6", "44"]) == page(None) == ()
    assert described("c", {"extent": None}, {"features": []}).extent == ()
    both = whole([said(), said(extent=()), said(extent=FAR)])
    assert (both.xMinimum(), both.yMaximum()) == (5.23, 43.4)


def test_the_time_of_all_layers_is_told_before_the_first_of_them(qgis_new_project):
    """As a layer that spans it and is gone again: the temporal controller reads no items to know it."""
    project, added = QgsProject.instance(), []
    project.layerWasAdded.connect(lambda layer: added.append(layer.temporalProperties().fixedTemporalRange()))
    reports = described("c", {"extent": {"temporal": {"interval": [["2024-01-01T00:00:00Z", None]]}}}, {"features": []})
    works = Described("d", "D", 1, True, False, False, "", (), ("2025-03-01T00:00:00Z", "2027-01-01T00:00:00Z"))

    announce(project, [reports, works, said()])
    announce(project, [said()])

    assert [(span.begin().toString("yyyy-MM-dd"), span.end().toString("yyyy-MM-dd")) for span in added] == [
        ("2024-01-01", "2027-01-01")
    ]
    assert project.mapLayers() == {}


def test_the_first_layers_show_the_city_in_its_own_crs(qgis_iface, bridge, wait):
    arrival = Arrival(qgis_iface, QgsProject.instance(), [said(), said(extent=())])
    frozen = qgis_iface.mapCanvas().isFrozen()
    add("first", wait, bridge)
    arrival.over()
    wait(bridge.autoSetupOnFirstLayer)

    canvas = qgis_iface.mapCanvas()
    assert frozen
    assert not canvas.isFrozen()
    assert QgsProject.instance().crs().authid() == "EPSG:2154"


def test_a_project_that_has_layers_keeps_its_window_and_crs(qgis_iface, bridge, wait):
    add("before", wait, bridge)
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    window = qgis_iface.mapCanvas().extent()

    arrival = Arrival(qgis_iface, QgsProject.instance(), [said()])
    add("ours", wait, bridge)
    arrival.over()
    wait(lambda: not qgis_iface.mapCanvas().isFrozen())

    assert QgsProject.instance().crs().authid() == "EPSG:3857"
    assert qgis_iface.mapCanvas().extent() == window


def test_without_an_extent_qgis_sets_up_its_map_itself(qgis_iface, bridge, wait):
    Arrival(qgis_iface, QgsProject.instance(), [said(extent=())])

    assert bridge.autoSetupOnFirstLayer()
    qgis_iface.mapCanvas().freeze(False)


def test_the_window_is_the_city(qgis_iface, bridge, wait):
    canvas = qgis_iface.mapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:2154"))

    Arrival(qgis_iface, QgsProject.instance(), [said()]).over()
    wait(lambda: not canvas.isFrozen())

    assert canvas.extent().contains(QgsPointXY(892680, 6247440))  # the Vieux-Port
    assert canvas.extent().width() < 100_000
