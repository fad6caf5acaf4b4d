"""Dialogs and docks of the desktop, with a server that answers, refuses, or hangs."""

import threading

import pytest
from qgis.core import QgsApplication, QgsGeometry, QgsProject
from qgis.PyQt.QtWidgets import QPushButton
from qgis_obs.core import job_list, servers
from qgis_obs.core.errors import Cancelled, PluginError
from qgis_obs.core.jobs import Job
from qgis_obs.core.servers import Server
from qgis_obs.core.session import Session
from qgis_obs.gui.browser import Root, ServerItem
from qgis_obs.gui.connection_form import ConnectionForm, hint
from qgis_obs.gui.connections import Connections
from qgis_obs.gui.jobs_dock import JobsDock
from qgis_obs.gui.messages import show_problem


@pytest.fixture
def session():
    return Session(headless=False)


def landing(fake):
    fake.get("/", {"title": "Port-Calme", "links": []})
    fake.get("/collections", {"collections": [{"id": "a"}, {"id": "b"}]})
    fake.get("/processes", {"processes": [{"id": "echo"}]})


def test_the_test_button_says_who_answers_and_what_there_is(session, fake, held):
    landing(fake)
    form = ConnectionForm(session)
    form.url.setText(f"{fake.url}/")

    longest = held(form.try_it, form.test.isEnabled)

    assert "Port-Calme" in form.said.text()
    assert "2 collections, 1 processes" in form.said.text()
    assert longest < 0.1


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [(b"<html>", 200, "expected JSON"), ({"detail": "no"}, 401, "401"), ({"hello": 1}, 200, "no landing page")],
)
def test_the_test_button_says_what_is_wrong(session, fake, wait, said, status, words):
    fake.get("/", said, status, **({"Content-Type": "text/html"} if said == b"<html>" else {}))
    form = ConnectionForm(session)
    form.url.setText(fake.url)

    form.try_it()
    wait(form.test.isEnabled)

    assert words in form.said.text()


def test_a_wrong_address_keeps_the_form_open(session):
    form = ConnectionForm(session)
    form.url.setText("ftp://x")

    form.try_it()
    form.keep()

    assert "http://" in form.said.text()
    assert not form.result()
    assert servers.servers() == []


def test_the_form_says_where_a_key_belongs_in_this_very_qgis(session):
    """QGIS 3.22 has no API Header; the form of a newer one does not speak of Basic."""
    older, newer = hint(["Basic", "OAuth2"]), hint(["APIHeader", "Basic"])

    assert "Basic, any user name, the key as password" in older
    assert "QGIS 3.24" in older
    assert "OAuth2" in older
    assert "API Header, X-API-Key" in newer
    assert "Basic" not in newer
    assert "OAuth2" not in newer
    assert ConnectionForm(session).hint.text() == hint(QgsApplication.authManager().authMethodsKeys())


def test_connections_are_added_chosen_and_removed(session, fake):
    told = []
    session.servers_changed.connect(lambda: told.append(1))
    for name in ("Marseille", "Port-Calme"):
        form = ConnectionForm(session)
        form.name.setText(name)
        form.url.setText(fake.url)
        form.keep()
    dialog = Connections(session)
    dialog.list.setCurrentRow(1)
    assert dialog.chosen().name == "Port-Calme"

    dialog.use()
    assert servers.active().id == "port-calme"
    dialog.remove()

    assert [server.id for server in servers.servers()] == ["marseille"]
    assert len(told) == 4


def test_the_browser_shows_collections_of_features_and_says_what_fails(session, fake):
    items = [{"rel": "items", "href": "x"}]
    fake.get(
        "/collections",
        {
            "collections": [
                {"id": "signalements", "title": "Signalements", "links": items},
                {"id": "risque-raster", "links": [{"rel": "coverage", "href": "x"}]},
                {"id": "catalogue", "itemType": "record", "links": items},
            ]
        },
    )
    servers.save(Server("a", "A", fake.url))
    root = Root(session, None)
    item = root.createChildren()[0]

    children = item.createChildren()

    assert [child.name() for child in children] == ["Signalements"]
    assert children[0].uri() == f"url='{fake.url}' typename='signalements' pagingEnabled='true' pageSize='10000'"
    assert children[0].providerKey() == "OAPIF"
    fake.get("/collections", {}, 500)
    failing = ServerItem(session, root, servers.active())
    assert failing.createChildren()[0].name().startswith("500")
    elsewhere = ServerItem(session, root, Server("b", "B", fake.url, "cfg1234"))
    assert "cfg1234" in elsewhere.createChildren()[0].name()


def described(fake):
    fake.get(
        "/processes/p",
        {
            "id": "p",
            "outputs": {
                "out": {"title": "Cells", "schema": {"type": "object", "contentMediaType": "application/geo+json"}}
            },
        },
    )


def test_a_job_of_yesterday_gives_its_layer_today(session, fake, wait, qgis_iface):
    described(fake)
    point = {"type": "Feature", "properties": {"n": 0.1 + 0.2}, "geometry": {"type": "Point", "coordinates": [5, 43]}}
    fake.get("/jobs/1/results", {"type": "FeatureCollection", "features": [point]})
    servers.save(Server("fake", "Fake", fake.url))
    job_list.remember(Job(f"{fake.url}/jobs/1", "p", "fake", "Forecast", "successful", 100))
    dock = JobsDock(qgis_iface, session)
    dock.list.topLevelItem(0).setSelected(True)

    dock.take()
    wait(lambda: QgsProject.instance().mapLayersByName("Cells"))

    layer = QgsProject.instance().mapLayersByName("Cells")[0]
    assert next(layer.getFeatures())["n"] == 0.1 + 0.2
    QgsProject.instance().removeAllMapLayers()


def test_jobs_are_renewed_stopped_and_removed(session, fake, wait, qgis_iface):
    servers.save(Server("fake", "Fake", fake.url))
    job_list.remember(Job(f"{fake.url}/jobs/1", "p", "fake", "Forecast", "running"))
    fake.get("/jobs/1", {"status": "running", "progress": 60, "message": "past periods scored"})
    fake.answers["DELETE", "/jobs/1"] = (200, {}, {"status": "dismissed"})
    dock = JobsDock(qgis_iface, session)

    dock.refresh()
    wait(lambda: dock.list.topLevelItem(0).text(2) == "60")
    dock.list.topLevelItem(0).setSelected(True)
    dock.dismiss()
    wait(lambda: job_list.jobs()[0].status == "dismissed" and not dock.busy)
    dock.list.topLevelItem(0).setSelected(True)
    dock.forget()

    assert job_list.jobs() == []
    assert dock.list.topLevelItemCount() == 0


def test_a_job_of_a_server_that_was_removed_is_renewed_without_its_key(session, fake, wait, qgis_iface):
    job_list.remember(Job(f"{fake.url}/api/jobs/1", "p", "gone", "Forecast", "running"))
    fake.get("/api/jobs/1", {"status": "successful", "progress": 100})
    dock = JobsDock(qgis_iface, session)

    dock.refresh()
    wait(lambda: job_list.jobs()[0].status == "successful")

    assert fake.asked[-1][1] == "/api/jobs/1"
    assert "Authorization" not in fake.asked[-1][2]
    job = job_list.jobs()[0]
    assert dock._client(job).server == Server("gone", "gone", f"{fake.url}/api")


def test_a_list_of_jobs_goes_on_after_its_task_was_stopped_elsewhere(session, fake, wait, qgis_iface):
    """QGIS's own list of tasks can stop any of them."""
    job_list.remember(Job(f"{fake.url}/jobs/1", "p", "gone", "Forecast", "running"))
    asked = threading.Event()
    go_on = threading.Event()

    def late(_body):
        asked.set()
        go_on.wait(10)
        return 200, {}, {"status": "running"}

    fake.answers["GET", "/jobs/1"] = late
    dock = JobsDock(qgis_iface, session)
    dock.refresh()
    wait(asked.is_set)
    QgsApplication.taskManager().cancelAll()
    go_on.set()
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    fake.get("/jobs/1", {"status": "successful", "progress": 100})

    dock.refresh()

    wait(lambda: job_list.jobs()[0].status == "successful")


def test_a_problem_stands_in_the_message_bar_with_its_details(qgis_iface):
    bar = qgis_iface.messageBar()
    bar.clearWidgets()

    show_problem(qgis_iface, Cancelled())
    assert bar.currentItem() is None
    show_problem(qgis_iface, PluginError("It failed.", "http://x\n500"))

    assert bar.currentItem().text() == "It failed."
    assert bar.currentItem().findChild(QPushButton, "details") is not None
    bar.clearWidgets()


def test_an_area_is_drawn_selected_or_typed(qgis_iface, monkeypatch):
    from qgis.core import QgsFeature, QgsVectorLayer
    from qgis_obs.core.processes import read_process
    from qgis_obs.gui import area_widget
    from qgis_obs.processing.parameters import parameter_of

    monkeypatch.setattr(area_widget, "iface", qgis_iface)
    given = read_process({"id": "p", "inputs": {"area": {"schema": {"format": "geojson-geometry"}}}}).inputs[0]
    parameter = parameter_of(given, "area")
    assert parameter.metadata()["widget_wrapper"]["class"] == "qgis_obs.gui.area_widget.AreaWidgetWrapper"
    wrapper = area_widget.AreaWidgetWrapper(parameter, None)

    wrapper.draw()
    for x, y in ((0, 0), (1, 0), (1, 1)):
        wrapper.tool.corner(QgsGeometry.fromWkt(f"POINT({x} {y})").asPoint())
    wrapper.tool.close()
    assert wrapper.value().startswith("CRS=")
    assert "Polygon ((0 0, 1 0, 1 1, 0 0))" in wrapper.value()

    layer = QgsVectorLayer("Point?crs=EPSG:2154", "l", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("POINT(700000 6600000)"))
    layer.dataProvider().addFeature(feature)
    layer.selectAll()
    monkeypatch.setattr(qgis_iface, "activeLayer", lambda: layer)
    wrapper.take_selected()
    assert wrapper.value() == "CRS=EPSG:2154;Point (700000 6600000)"


def test_the_plugin_comes_and_goes(qgis_iface, monkeypatch, fake):
    import qgis_obs

    for name in ("addPluginToWebMenu", "removePluginWebMenu", "removeToolBarIcon", "removeDockWidget", "addDockWidget"):
        monkeypatch.setattr(qgis_iface, name, lambda *_: None, raising=False)
    servers.save(Server("fake", "Fake", fake.url))
    plugin = qgis_obs.classFactory(qgis_iface)

    plugin.initGui()
    assert QgsApplication.processingRegistry().providerById("obs") is not None
    assert "obs-jobs" in [dock.objectName() for dock in plugin.desktop.docks]
    plugin.unload()

    assert QgsApplication.processingRegistry().providerById("obs") is None


def test_what_comes_after_the_plugin_went_is_not_heard(session, wait):
    """Its docks are gone: an answer to them would be a traceback."""
    heard, ended = [], threading.Event()
    session.background("Work", lambda _task: ended.set(), heard.append, heard.append)
    ended.wait(10)

    session.close()
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)

    assert heard == []


def test_an_address_of_the_environment_that_is_none_does_not_keep_the_plugin_away(session, monkeypatch):
    monkeypatch.setenv("OBS_URL", "observatoire")

    assert session.servers() == []
    assert Connections(session).list.count() == 0
