"""The catalogue dock: themes, search, what is said of a collection, presets, and servers that have none."""

import threading

import pytest
from qgis.core import QgsApplication
from qgis_obs.core import servers
from qgis_obs.core.session import Session
from qgis_obs.gui.catalogue_dock import CatalogueDock

RECORDS = {
    "features": [
        {
            "id": "signalements",
            "properties": {
                "title": "Reports <b>",
                "description": "By residents",
                "license": "https://licence.example/",
                "themes": [{"concepts": [{"id": "information-public", "title": "Inform"}]}],
                "obs:audience": ["public"],
                "obs:checked": "2020-01-01T00:00:00Z",
            },
        },
        {"id": "risque", "properties": {"title": "Forecasts", "obs:audience": ["planner"], "obs:simulated": True}},
    ],
    "links": [],
}
STYLES = {"styles": [{"id": "risque"}, {"id": "planner", "title": "Planner's map"}]}


@pytest.fixture
def dock(fake, server, qgis_iface):
    servers.save(server)
    fake.get("/collections/catalogue/items", RECORDS)
    fake.get("/styles", STYLES)
    return CatalogueDock(qgis_iface, Session(headless=False))


def read(dock, wait):
    dock.read()
    wait(lambda: not dock.busy)


def titles(dock):
    tops = [dock.tree.topLevelItem(n) for n in range(dock.tree.topLevelItemCount())]
    return {top.text(0): [top.child(n).text(0) for n in range(top.childCount())] for top in tops}


def test_collections_are_listed_by_theme_without_holding_the_window(dock, held):
    longest = held(dock.read, lambda: not dock.busy)

    assert titles(dock) == {"Inform": ["Reports <b>"], "Other collections": ["Forecasts"]}
    assert [title for _, title in dock.catalogue.presets] == ["Planner's map"]
    assert dock.load.isEnabled()
    assert longest < 0.1


def test_a_search_narrows_the_list(dock, wait):
    read(dock, wait)

    dock.words.setText("forecasts")

    assert titles(dock) == {"Other collections": ["Forecasts"]}


def test_a_chosen_collection_says_age_licence_and_audience_and_no_markup_of_the_server(dock, wait):
    read(dock, wait)

    dock.tree.topLevelItem(0).child(0).setSelected(True)

    said = dock.about.toPlainText()
    assert "Reports <b>" in said
    assert "Out of date, looked at 2020-01-01" in said
    assert "https://licence.example/" in said
    assert "everybody" in said
    assert dock.add.isEnabled()


def test_a_server_without_a_catalogue_shows_its_collections(dock, fake, wait):
    """Any server of OGC API - Features: what holds no features is left out."""
    del fake.answers["GET", "/collections/catalogue/items"], fake.answers["GET", "/styles"]
    fake.get("/collections", {"collections": [{"id": "a", "title": "A"}, {"id": "b", "itemType": "coverage"}]})

    read(dock, wait)

    assert titles(dock) == {"Other collections": ["A"]}
    assert not dock.load.isEnabled()


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [(401, {"detail": "who?"}, "401"), (500, {"detail": "reference 3f9c"}, "500"), (200, b"<html>", "expected JSON"),
     (200, {"hello": 1}, "features: expected a list")],
)  # fmt: skip
def test_what_goes_wrong_is_said_and_told(dock, fake, wait, status, said, words):
    fake.get("/collections/catalogue/items", said, status)
    told = []
    dock.session.problem.connect(told.append)

    read(dock, wait)

    assert words in dock.state.text()
    assert [words in str(error) for error in told] == [True]


def test_a_server_that_is_silent_can_be_left(dock, fake, wait):
    fake.answers["GET", "/collections/catalogue/items"] = 20
    dock.read()

    dock.cancel()

    assert dock.state.text() == "Stopped."
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 10)


def test_a_collection_that_cannot_be_opened_is_told_and_the_rest_goes_on(dock, fake, wait):
    read(dock, wait)
    told, over = [], []
    dock.session.problem.connect(told.append)
    dock.opened.connect(lambda: over.append(1))

    dock.open(list(dock.catalogue.records))
    wait(lambda: over)

    assert len(told) == 2
    assert all("404" in str(error) for error in told)


def test_without_a_server_a_click_says_what_is_missing(qgis_iface):
    dock = CatalogueDock(qgis_iface, Session(headless=False))
    told = []
    dock.session.problem.connect(told.append)

    dock.refresh.click()

    assert "No server" in dock.state.text()
    assert len(told) == 1


def test_another_server_is_another_catalogue(dock, wait):
    read(dock, wait)

    dock.session.servers_changed.emit()

    assert titles(dock) == {}


def test_the_answer_of_the_server_before_is_not_shown_for_the_one_in_use(dock, fake, wait):
    """It comes after the user chose another server, and is not heard."""
    dock.show()
    held = threading.Event()

    def late(_body):
        held.wait(10)
        return 200, {}, RECORDS

    fake.answers["GET", "/collections/catalogue/items"] = late
    dock.guarded(dock.read)
    fake.get("/other/collections/catalogue/items", {"features": RECORDS["features"][1:], "links": []})
    fake.get("/other/styles", {"styles": []})
    servers.save(servers.Server("other", "Other", f"{fake.url}/other"))
    servers.activate("other")

    dock.session.servers_changed.emit()
    held.set()
    wait(lambda: not dock.busy)
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)

    assert titles(dock) == {"Other collections": ["Forecasts"]}
    assert dock.state.text() == "1 collections."


def test_an_answer_that_comes_as_the_work_is_stopped_is_not_shown(dock, wait):
    """The task may have ended, and its end not yet be told, when the user stops it."""
    ended = threading.Event()
    shown = []
    dock.work("Work", lambda _stop: ended.set(), shown.append)
    ended.wait(10)

    dock.cancel()
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)

    assert shown == []
    assert dock.state.text() == "Stopped."
