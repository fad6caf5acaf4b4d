"""A worksite drawn on a map in metres, sent in degrees; findings that zoom and explain; a date accepted."""

import threading

import pytest
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsProject
from qgis_obs.core import servers, worksite
from qgis_obs.core.session import Session
from qgis_obs.gui.draw_tool import DrawTool
from qgis_obs.gui.works_dock import WorksDock

DESCRIPTION = {
    "id": "works-clash",
    "inputs": {"candidate": {"schema": {"type": "object"}}},
    "outputs": {"report": {"schema": {"type": "object"}}},
    "jobControlOptions": ["sync-execute"],
}
#: A value map as the server's QML writes it.
QML = """<!DOCTYPE qgis><qgis version="3.22.0" styleCategories="AllStyleCategories"><fieldConfiguration>
<field name="nature"><editWidget type="ValueMap"><config><Option type="Map"><Option type="List" name="map">
<Option type="Map"><Option type="QString" name="Water" value="eau"/></Option>
<Option type="Map"><Option type="QString" name="Gas" value="gaz"/></Option>
</Option></Option></config></editWidget></field>
<field name="emprise"><editWidget type="ValueMap"><config><Option type="Map"><Option type="List" name="map">
<Option type="Map"><Option type="QString" name="Pavement" value="trottoir"/></Option>
</Option></Option></config></editWidget></field></fieldConfiguration></qgis>"""
#: 80 m square near the Vieux-Port of Marseille, EPSG:2154, and its south-west corner in degrees by IGN's own formulae
#: (Circé: 5.3737 E, 43.2960 N within 1e-3).
SQUARE = QgsGeometry.fromWkt(
    "POLYGON((892640 6247400, 892720 6247400, 892720 6247480, 892640 6247480, 892640 6247400))"
)
REPORT = {
    "type": "FeatureCollection",
    "features": [],
    "findings": [
        {"id": "1", "rule": "noise", "severity": "warning", "title": {"fr": "Bruit", "en": "Noise"}, "subject": "P001",
         "reason": {"fr": "la nuit", "en": "at night <near> residents"}},
        {"id": "2", "rule": "same-place", "severity": "blocking", "title": {"fr": "Même lieu", "en": "Same place"},
         "subject": "P001", "reason": {"fr": "r", "en": "r"}, "evidence": ["CH-2"],
         "links": [{"collection": "chantiers", "reference": "CH-2", "href": "/collections/chantiers/items/2"}]},
    ],
    "proposals": [{"subject": "P001", "status": "moved", "days": 4, "left": 0, "debut": "2026-12-11T07:30:00+01:00",
                   "fin": "2026-12-12T17:00:00+01:00", "reason": {"fr": "libre", "en": "free"}}],
    "risk": [{"subject": "P001", "expected": 1.25, "lower": 0, "upper": 3, "usual": 0.5}],
    "not_checked": [{"rule": "school", "why": {"fr": "inconnu", "en": "unknown"}}],
}  # fmt: skip


@pytest.fixture
def dock(fake, server, qgis_iface, qgis_new_project):
    servers.save(server)
    fake.get("/styles/chantiers", QML.encode(), **{"Content-Type": "application/vnd.qgis.qml"})
    fake.get("/processes/works-clash", DESCRIPTION)
    fake.runs("works-clash", REPORT)
    qgis_iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:2154"))
    return WorksDock(qgis_iface, Session(headless=False))


@pytest.fixture
def searched(dock, wait):
    dock.prepare()
    wait(lambda: not dock.busy)
    dock.drawn(SQUARE)
    dock.search()
    wait(lambda: not dock.busy)
    return dock


def test_the_words_of_the_form_are_the_servers(dock, wait):
    dock.prepare()
    wait(lambda: not dock.busy)

    assert [dock.form.nature.itemText(n) for n in range(dock.form.nature.count())] == ["Water", "Gas"]
    assert dock.form.nature.itemData(1) == "gaz"


def test_a_footprint_drawn_in_metres_is_sent_in_degrees(searched, fake):
    sent = fake.sent("works-clash")["inputs"]["candidate"]

    for lon, lat in (position for ring in sent["geometry"]["coordinates"] for position in ring):
        assert lon == pytest.approx(5.374, abs=5e-3)
        assert lat == pytest.approx(43.296, abs=5e-3)
    assert sent["properties"]["nature"] == "eau"
    assert sent["properties"]["emprise"] == "trottoir"
    assert sent["properties"]["reference"] == "P001"


def test_findings_are_listed_the_most_severe_first(searched):
    rows = [searched.tree.topLevelItem(n) for n in range(searched.tree.topLevelItemCount())]

    assert [(row.text(0), row.text(1)) for row in rows] == [("Same place", "Blocking"), ("Noise", "Warning")]
    said = searched.why.toPlainText()
    assert "P001: 2026-12-11T07:30 to 2026-12-12T17:00 (+4 days) leaves 0 conflicts. free" in said
    assert "1.2 reports expected under the footprint [0.0; 3.0], usually 0.5" in said
    assert "Not looked at: school (unknown)" in said


def test_a_finding_explains_and_zooms_to_its_evidence(searched, fake, wait):
    far = {"type": "Polygon", "coordinates": [[[5.5, 43.3], [5.51, 43.3], [5.51, 43.31], [5.5, 43.3]]]}
    fake.get("/collections/chantiers/items/2", {"type": "Feature", "geometry": far, "properties": {}})

    searched.tree.topLevelItem(0).setSelected(True)
    wait(lambda: not searched.busy)

    assert "CH-2" in searched.why.toPlainText()
    shown = searched.iface.mapCanvas().extent()
    assert shown.contains(worksite_point(5.505, 43.303))


def test_the_evidence_of_the_last_finding_chosen_is_shown(dock, fake, wait):
    """That of the one before comes later, and is not heard."""
    squares = {
        number: {"type": "Polygon", "coordinates": [[[x, 43.3], [x + 0.01, 43.3], [x + 0.01, 43.31], [x, 43.3]]]}
        for number, x in ((1, 5.5), (2, 5.7))
    }
    links = [
        {"collection": "chantiers", "reference": "CH", "href": f"/collections/chantiers/items/{n}"} for n in (1, 2)
    ]
    findings = [{**REPORT["findings"][1], "id": str(n), "subject": f"P{n}", "links": [links[n - 1]]} for n in (1, 2)]
    fake.runs("works-clash", {**REPORT, "findings": findings})
    asked, go_on = threading.Event(), threading.Event()

    def late(_body):
        asked.set()
        go_on.wait(20)
        return 200, {}, {"type": "Feature", "geometry": squares[1], "properties": {}}

    fake.answers["GET", "/collections/chantiers/items/1"] = late
    fake.get("/collections/chantiers/items/2", {"type": "Feature", "geometry": squares[2], "properties": {}})
    dock.prepare()
    wait(lambda: not dock.busy)
    dock.drawn(SQUARE)
    dock.search()
    wait(lambda: not dock.busy)

    dock.tree.setCurrentItem(dock.tree.topLevelItem(0))
    wait(asked.is_set)
    dock.tree.setCurrentItem(dock.tree.topLevelItem(1))
    wait(lambda: not dock.busy)
    go_on.set()
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)

    shown = dock.iface.mapCanvas().extent()
    assert shown.contains(worksite_point(5.705, 43.303))
    assert not shown.contains(worksite_point(5.505, 43.303))


def test_evidence_that_cannot_be_read_zooms_to_the_worksite(searched, wait):
    searched.tree.topLevelItem(0).setSelected(True)
    wait(lambda: not searched.busy)

    assert searched.iface.mapCanvas().extent().contains(QgsPointXY(892680, 6247440))


def test_text_of_the_server_is_no_markup(searched):
    searched.tree.topLevelItem(1).setSelected(True)

    assert "at night <near> residents" in searched.why.toPlainText()


def test_accepted_dates_are_those_of_the_worksite_in_its_layer(searched):
    assert searched.accept.isEnabled()

    searched.accept_dates()

    (kept,) = worksite.drafts(QgsProject.instance()).getFeatures()
    assert kept["reference"] == "P001"
    assert searched.form.start.dateTime().toUTC().toString("yyyy-MM-ddTHH:mm") == "2026-12-11T06:30"
    assert not searched.accept.isEnabled()


def test_dates_that_leave_a_conflict_cannot_be_accepted(dock, fake, wait):
    fake.runs("works-clash", {**REPORT, "proposals": [{**REPORT["proposals"][0], "left": 1}]})
    dock.prepare()
    wait(lambda: not dock.busy)
    dock.drawn(SQUARE)
    dock.search()
    wait(lambda: not dock.busy)

    assert not dock.accept.isEnabled()


def test_without_a_footprint_nothing_is_sent(dock, fake, wait):
    told = []
    dock.session.problem.connect(told.append)

    dock.search()

    assert "geometry: draw or pick an area" in dock.state.text()
    assert told
    assert not [asked for asked in fake.asked if asked[0] == "POST"]


def test_an_area_that_crosses_itself_is_refused(dock):
    told = []
    dock.session.problem.connect(told.append)

    dock.drawn(QgsGeometry.fromWkt("POLYGON((0 0, 100 100, 100 0, 0 100, 0 0))"))

    assert "crosses itself" in str(told[0])


def test_an_area_as_wide_as_a_city_is_refused(dock):
    told = []
    dock.session.problem.connect(told.append)

    dock.drawn(QgsGeometry.fromWkt("POLYGON((890000 6240000, 940000 6240000, 940000 6290000, 890000 6240000))"))

    assert "wider than a worksite" in str(told[0])


def test_a_picked_work_is_sent_with_all_that_it_says():
    layer = worksite.make_drafts(QML)
    said = {"reference": "CH-1", "nature": "eau", "regle": "FREQ=DAILY", "heure_debut": "08:00", "tranchee": True}
    worksite.put(layer, QgsGeometry.fromWkt("POLYGON((5 43, 5.1 43, 5.1 43.1, 5 43))"), said)

    assert worksite.picked(layer, next(layer.getFeatures())) == said


def test_a_worksite_of_the_same_reference_is_replaced():
    layer = worksite.make_drafts(QML)
    area = QgsGeometry.fromWkt("POLYGON((5 43, 5.1 43, 5.1 43.1, 5 43))")
    for nature in ("eau", "gaz"):
        worksite.put(layer, area, {"reference": "CH-1", "nature": nature})

    assert [f["nature"] for f in layer.getFeatures()] == ["gaz"]


def test_two_corners_are_no_area(qgis_iface):
    tool = DrawTool(qgis_iface.mapCanvas())
    drawn = []
    tool.drawn.connect(drawn.append)
    for x, y in ((0, 0), (1, 0)):
        tool.corner(QgsPointXY(x, y))
    tool.close()
    assert drawn == []

    tool.corner(QgsPointXY(1, 1))
    tool.close()
    assert drawn[0].area() == pytest.approx(0.5)


def worksite_point(lon, lat):
    from qgis.core import QgsCoordinateTransform

    crs = QgsCoordinateReferenceSystem
    return QgsCoordinateTransform(crs("EPSG:4326"), crs("EPSG:2154"), QgsProject.instance()).transform(lon, lat)
