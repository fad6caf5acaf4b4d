"""Forecasts in the temporal controller, and the difference of two, from a server that answers what is known."""

import json

import pytest
from qgis.core import QgsFeatureRequest, QgsProject, QgsVectorLayerTemporalContext
from qgis_obs.core import legend, risk_layers, servers, weeks
from qgis_obs.core.session import Session
from qgis_obs.gui.risk_dock import RiskDock

SQUARE = {"type": "Polygon", "coordinates": [[[5.3, 43.2], [5.4, 43.2], [5.4, 43.3], [5.3, 43.3], [5.3, 43.2]]]}
DESCRIPTION = {
    "id": "risk-forecast",
    "inputs": {"target": {"schema": {"type": "string"}}},
    "outputs": {"forecast": {"schema": {"type": "object"}}},
    "jobControlOptions": ["sync-execute"],
}
#: 0.1 + 0.2: a number that only survives where all its digits do.
EXPECTED = 0.30000000000000004
PERIODS = {None: "2026-11-23", "2026-11-16": "2026-11-16", "2026-11-09": "2026-11-09"}
ENDS = {"2026-11-23": "2026-11-30", "2026-11-16": "2026-11-23", "2026-11-09": "2026-11-16"}


def answer(day, expected=EXPECTED, said="model"):
    start, end = f"{day}T00:00:00+01:00", f"{ENDS[day]}T00:00:00+01:00"
    numbers = {"expected": expected, "lower": 0, "upper": 2, "probability": 0.26, "rank": 1}
    silent = dict.fromkeys(numbers)
    features = [
        {"geometry": SQUARE, "properties": {"cell_id": "A", "answer": said, **numbers}},
        {"geometry": SQUARE, "properties": {"cell_id": "B", "answer": "abstains", **silent}},
    ]
    card = {
        "start": start, "end": end, "target": "signalements", "badge": "good",
        "gain": {"relative": 0.1, "lower": 0.05, "upper": 0.15}, "words": {"fr": "phrase", "en": "sentence"},
    }  # fmt: skip
    return {"type": "FeatureCollection", "features": features, "forecast": card}


@pytest.fixture
def dock(fake, server, qgis_iface, qgis_new_project):
    servers.save(server)
    fake.get("/processes/risk-forecast", DESCRIPTION)
    fake.runs("risk-forecast", None)
    fake.answers["POST", "/processes/risk-forecast/execution"] = lambda body: (
        200, {}, answer(PERIODS[json.loads(body)["inputs"].get("as_of")]),
    )  # fmt: skip
    return RiskDock(qgis_iface, Session(headless=False))


def shown(dock, wait):
    layers = []
    dock.shown.connect(layers.append)
    wait(lambda: layers)
    return layers[0]


def test_weeks_become_one_layer_whose_frames_hold_one_week_each(dock, wait):
    dock.count.setValue(3)
    dock.show_weeks()

    layer = shown(dock, wait)

    assert layer.featureCount() == 6
    context = QgsVectorLayerTemporalContext()
    context.setLayer(layer)
    for made in ("2026-11-09", "2026-11-16", "2026-11-23"):
        one = weeks.forecast(answer(made))
        frame = layer.temporalProperties().createFilterString(context, risk_layers.frame(one))
        found = list(layer.getFeatures(QgsFeatureRequest().setFilterExpression(frame)))
        assert {f["period"][:10] for f in found} == {made}
        assert len(found) == 2
    assert layer.id() in QgsProject.instance().mapLayers()


def test_numbers_are_the_servers_to_the_last_digit_and_unknown_is_null(dock, wait):
    dock.count.setValue(1)
    dock.show_weeks()

    found = {f["cell_id"]: f for f in shown(dock, wait).getFeatures()}

    assert found["A"]["expected"] == EXPECTED
    assert found["B"]["expected"] in (None,) or found["B"]["expected"].isNull()


def test_the_legend_has_the_answers_that_occur_and_the_badge_says_the_skill(dock, wait):
    dock.count.setValue(1)
    dock.show_weeks()

    layer = shown(dock, wait)

    labels = [rule.label() for rule in layer.renderer().rootRule().children()]
    assert layer.name() == "Forecasts, skill: good"
    assert labels[0] == "Model: better than the simple count · skill: good, +10 % [+5; +15] over the count"
    assert labels[1:] == ["No forecast: nothing does better than a flat map"]
    assert "skill: good, +10 % [+5; +15] over the count" in dock.badge.text()
    assert "sentence" in dock.badge.text()
    assert "not the nuisance itself" in dock.badge.text()
    assert "answer" in layer.mapTipTemplate()
    assert "skill" in layer.mapTipTemplate()


def test_every_class_of_the_legend_draws_the_cells_of_its_range():
    """A class holds its lower bound; what has no value lies in none."""
    one = weeks.forecast(answer("2026-11-23"))
    layer = risk_layers.weeks_layer("risk", [one], legend.USUAL)
    drawn = {}
    for parent in layer.renderer().rootRule().children():
        for rule in parent.children() or [parent]:
            wanted = " AND ".join(f"({r.filterExpression()})" for r in {parent, rule})
            for feature in layer.getFeatures(QgsFeatureRequest().setFilterExpression(wanted)):
                drawn.setdefault(feature["cell_id"], []).append(rule.label())

    assert drawn == {"A": ["15 – 30 %"], "B": ["No forecast: nothing does better than a flat map"]}


def test_a_difference_is_shown_with_what_is_sure_of_it(dock, fake, wait):
    fake.answers["POST", "/processes/risk-forecast/execution"] = lambda body: (
        200, {}, answer("2026-11-09", 1.5) if json.loads(body)["inputs"].get("as_of") else answer("2026-11-23", 4.0),
    )  # fmt: skip
    dock.show_difference()

    layer = shown(dock, wait)

    found = {f["cell_id"]: f for f in layer.getFeatures()}
    assert found["A"]["difference"] == 2.5
    assert "2026-11-09 → 2026-11-23: +2.5 expected in all; 0 cells" in dock.state.text()
    assert "1 unknown" in dock.state.text()


def test_a_scenario_of_another_length_is_refused_in_words(dock, fake, wait):
    def other(body):
        said = answer("2026-11-23")
        if json.loads(body)["inputs"].get("as_of"):
            said["forecast"]["end"] = "2026-12-21T00:00:00+01:00"
        return 200, {}, said

    fake.answers["POST", "/processes/risk-forecast/execution"] = other
    dock.show_difference()
    wait(lambda: not dock.busy)

    assert "expected periods of one length" in dock.state.text()


def test_a_process_that_is_not_there_is_said(dock, fake, wait):
    del fake.answers["GET", "/processes/risk-forecast"]
    dock.show_weeks()
    wait(lambda: not dock.busy)

    assert "404" in dock.state.text()
