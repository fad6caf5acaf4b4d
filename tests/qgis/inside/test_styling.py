"""Results that wear the style which the description of their process names."""

import processing
import pytest
from processing.gui.Postprocessing import handleAlgorithmResults
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument
from qgis_obs.core.http import Client
from qgis_obs.core.job_layers import load
from qgis_obs.core.jobs import Job

QML = {"Content-Type": "application/vnd.qgis.qml"}
SAID = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5, 43]}, "properties": {"level": level}}
        for level in ("low", "high")
    ],
}
OUTPUT = {"schema": {"type": "object", "contentMediaType": "application/geo+json"}}


def paint(href):
    """Return the description of a process whose output names a style."""
    output = {**OUTPUT, "metadata": [{"role": "about", "href": "/x"}, {"role": "stylesheet", "href": href}]}
    return {"id": "paint", "jobControlOptions": ["sync-execute"], "outputs": {"out": output}}


@pytest.fixture
def style():
    """A QML of QGIS's own: two values of `level`."""
    layer = QgsVectorLayer("Point?crs=EPSG:4326&field=level:string", "painted", "memory")
    symbol = QgsSymbol.defaultSymbol(layer.geometryType())
    kinds = [QgsRendererCategory(value, symbol.clone(), value.title()) for value in ("low", "high")]
    layer.setRenderer(QgsCategorizedSymbolRenderer("level", kinds))
    document = QDomDocument()
    layer.exportNamedStyle(document)
    return document.toString().encode()


def added(algorithm="obs:paint"):
    """Run a process as the toolbox does; return the layer that comes into the project."""
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    into = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance())
    found = processing.run(
        algorithm, {"out": into}, onFinish=handleAlgorithmResults,
        context=context, feedback=feedback,
    )  # fmt: skip
    return QgsProject.instance().mapLayer(found["out"])


def test_a_result_from_the_toolbox_wears_it(loaded, fake, style, qgis_iface):
    loaded(paint(f"{fake.url}/styles/level"))
    fake.runs("paint", SAID)
    fake.get("/styles/level", style, **QML)

    layer = added()

    assert [item.label() for item in layer.renderer().legendSymbolItems()] == ["Low", "High"]
    assert layer.featureCount() == 2


@pytest.mark.parametrize(
    "answer",
    [(404, {}, {"detail": "no such style"}), (200, {}, {"version": 8}), (200, QML, b"<qgis"), (200, QML, b"<other/>")],
    ids=["missing", "no QML", "broken", "of another kind"],
)
def test_without_a_style_for_qgis_the_result_comes_all_the_same(loaded, fake, answer, qgis_iface):
    loaded(paint(f"{fake.url}/styles/level"))
    fake.runs("paint", SAID)
    fake.answers["GET", "/styles/level"] = answer

    layer = added()

    assert layer.featureCount() == 2
    assert isinstance(layer.renderer(), QgsSingleSymbolRenderer)


def test_the_result_of_a_job_wears_it(server, fake, style):
    fake.get("/processes/paint", paint(f"{fake.url}/styles/level"))
    fake.get("/jobs/1/results", SAID)
    fake.get("/styles/level", style, **QML)
    job = Job(f"{fake.url}/jobs/1", "paint", "fake", "Paint", "successful")

    (found,) = load(Client(server), job)
    layer = found.layer()  # held here: its renderer goes with it

    assert [item.label() for item in layer.renderer().legendSymbolItems()] == ["Low", "High"]
