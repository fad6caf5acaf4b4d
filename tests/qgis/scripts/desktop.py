"""A planner's morning on a real desktop; `qgis.bin --code` runs it. Writes screenshots, `facts.json`, then ends QGIS.

Environment: DESKTOP_OUT (folder), DESKTOP_URL (API), DESKTOP_KEY (a planner's), DESKTOP_PLUGINS (address of
plugins.xml, empty where the plugin is on QGIS's path), DESKTOP_WEEKS (periods to play), DESKTOP_WORK (a reference).
"""

import json
import os
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
)
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

OUT = Path(os.environ["DESKTOP_OUT"])
URL, KEY = os.environ["DESKTOP_URL"], os.environ["DESKTOP_KEY"]
WEEKS = int(os.environ.get("DESKTOP_WEEKS", "2"))
LONGEST_S = 700
facts = {"problems": [], "held_ms": {}, "used_ms": {}, "seconds": {}}
clock = {"last": time.monotonic(), "used": time.thread_time(), "step": "start"}


def tick():
    """Measure how long the window was held, and how long its thread worked: a busy machine adds to the first only."""
    now, used = time.monotonic(), time.thread_time()
    for name, span in (("held_ms", now - clock["last"] - 0.01), ("used_ms", used - clock["used"])):
        facts[name][clock["step"]] = max(round(1000 * span), facts[name].get(clock["step"], 0))
    clock["last"], clock["used"] = now, used


def step(name):
    """Name what goes on."""
    clock["step"] = name
    facts["seconds"][name] = round(time.monotonic() - began, 1)


def shot(name):
    """Save what the screen shows."""
    iface.mainWindow().repaint()
    QApplication.processEvents()
    QApplication.primaryScreen().grabWindow(0).save(str(OUT / f"{name}.png"))
    clock["last"], clock["used"] = time.monotonic(), time.thread_time()  # the picture is ours, not a planner's


def authenticate():
    """Keep the key where QGIS keeps secrets; return the id of the authentication."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("only for this test", True)
    header = "APIHeader" in manager.authMethodsKeys()
    config = QgsAuthMethodConfig("APIHeader" if header else "Basic")
    config.setId("desktop")
    config.setName("Observatoire")
    for name, value in ({"X-API-Key": KEY} if header else {"username": "key", "password": KEY}).items():
        config.setConfig(name, value)
    manager.storeAuthenticationConfig(config)
    return config.id()


def install():
    """Install the plugin with QGIS's own installer, from the address that the server's plugins.xml names."""
    from xml.dom.minidom import parseString

    import pyplugin_installer
    from qgis.core import QgsBlockingNetworkRequest
    from qgis.PyQt.QtCore import QUrl
    from qgis.PyQt.QtNetwork import QNetworkRequest

    def fetch(address):
        request = QgsBlockingNetworkRequest()
        request.get(QNetworkRequest(QUrl(address)))
        return bytes(request.reply().content())

    listed = parseString(fetch(os.environ["DESKTOP_PLUGINS"]).decode())
    address = listed.getElementsByTagName("download_url")[0].firstChild.data.strip()
    path = OUT / "qgis_obs.zip"
    path.write_bytes(fetch(address))
    pyplugin_installer.instance().installFromZipFile(str(path))
    facts["installed_from"] = address


def scenario():
    """Go through the morning; each `yield` waits until what it gives is true."""
    step("install")
    if os.environ.get("DESKTOP_PLUGINS"):
        install()
    if "qgis_obs" not in qgis.utils.plugins:
        qgis.utils.loadPlugin("qgis_obs")
        qgis.utils.startPlugin("qgis_obs")
    plugin = qgis.utils.plugins["qgis_obs"]
    plugin.session.problem.connect(lambda error: facts["problems"].append(f"{error} {error.details}"))
    docks = {dock.objectName(): dock for dock in plugin.desktop.docks}
    facts["docks"] = [dock.windowTitle() for dock in plugin.desktop.docks]
    facts["language"] = QgsApplication.locale()
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis_obs.core import layers, risk_layers, servers, worksite
    from qgis_obs.gui.draw_tool import DrawTool

    authentication = authenticate()  # making QGIS's store of secrets takes seconds
    yield 1
    step("connect")
    servers.save(servers.Server("desktop", "Petit-Port", URL, authentication))
    plugin.session.servers_changed.emit()
    catalogue = docks["obs-catalogue"]
    catalogue.show()
    yield lambda: catalogue.catalogue.records and not catalogue.busy
    facts["themes"] = [catalogue.tree.topLevelItem(n).text(0) for n in range(catalogue.tree.topLevelItemCount())]
    facts["presets"] = [title for _, title in catalogue.catalogue.presets]
    catalogue.tree.topLevelItem(0).child(0).setSelected(True)

    step("preset")
    ready = []
    catalogue.opened.connect(lambda: ready.append(1))
    catalogue.open_preset("planner")
    yield lambda: ready
    catalogue.open([r for r in catalogue.catalogue.records if r.id in ("chantiers", "divisions")][:1])
    yield lambda: len(ready) == 2
    yield 4
    facts["layers"] = sorted(layer.name() for layer in QgsProject.instance().mapLayers().values())
    facts["groups"] = [group.name() for group in QgsProject.instance().layerTreeRoot().findGroups()]
    facts["crs"] = QgsProject.instance().crs().authid()
    shot("1-preset")

    step("weeks")
    catalogue.hide()
    risk = docks["obs-risk"]
    risk.show()
    risk.count.setValue(WEEKS)
    shown = []
    risk.shown.connect(shown.append)
    risk.show_weeks()
    yield lambda: shown and not risk.busy
    played = shown[0]
    facts["weeks"] = {
        "features": played.featureCount(),
        "legend": [rule.label() for rule in played.renderer().rootRule().descendants()],
        "frames": iface.mapCanvas().temporalController().totalFrameCount(),
        "badge": risk.badge.text(),
        "name": played.name(),
    }
    for layer in QgsProject.instance().mapLayers().values():
        if layer.id() != played.id() and layers.rank_of(layer) == 1:
            QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(False)
    controller = iface.mapCanvas().temporalController()
    for frame in range(WEEKS):
        controller.setCurrentFrameNumber(frame)
        yield 2
        shot(f"2-week-{frame + 1}")

    step("forecast of an area, from the toolbox")
    yield lambda: QgsApplication.processingRegistry().algorithmById("obs:risk-forecast") is not None
    context, feedback, over = QgsProcessingContext(), QgsProcessingFeedback(), []
    canvas = iface.mapCanvas()
    drawn = []
    tool = DrawTool(canvas)
    tool.drawn.connect(drawn.append)
    canvas.setMapTool(tool)
    centre = canvas.extent().center()
    for x, y in ((-3000, -3000), (3000, -3000), (3000, 3000), (-3000, 3000)):
        tool.corner(QgsPointXY(centre.x() + x, centre.y() + y))
    shot("3-drawing")
    tool.close()
    box = drawn[0].boundingBox()
    area = (
        f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [{QgsProject.instance().crs().authid()}]"
    )
    algorithm = QgsApplication.processingRegistry().algorithmById("obs:risk-forecast")
    into = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance())
    wanted = {"bbox": area, "forecast": into}
    run = QgsProcessingAlgRunnerTask(algorithm, wanted, context, feedback)
    run.executed.connect(lambda good, found: over.append((good, found)))
    QgsApplication.taskManager().addTask(run)
    yield lambda: over
    good, found = over[0]
    facts["area"] = {"good": good, "log": feedback.textLog()[-800:]}
    if good:
        handleAlgorithmResults(algorithm, context, feedback)  # as the toolbox does
        layer = QgsProject.instance().mapLayer(found["forecast"])
        facts["area"]["cells"] = layer.featureCount()
        facts["area"]["classes"] = [item.label() for item in layer.renderer().legendSymbolItems()]
        yield 2
        shot("4-area")
        QgsProject.instance().removeMapLayer(layer.id())

    step("works")
    risk.hide()
    works = docks["obs-works"]
    works.show()
    yield lambda: works.form.nature.count() and not works.busy
    city = layers.of_collection(QgsProject.instance(), "chantiers")
    planned = next(f for f in city.getFeatures() if f["reference"] == os.environ.get("DESKTOP_WORK", "CH-P01"))
    middle = planned.geometry().centroid().asPoint()
    to_map = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance().crs(), QgsProject.instance()
    )
    centre = to_map.transform(middle)
    works.begin_drawing()
    for x, y in ((-40, -40), (40, -40), (40, 40), (-40, 40)):
        works.tool.corner(QgsPointXY(centre.x() + x, centre.y() + y))
    works.tool.close()
    box = works.footprint.boundingBox()
    facts["drawn"] = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    works.form.show_dates("2026-12-07T07:30:00+01:00", "2026-12-09T17:00:00+01:00")
    works.form.weekdays.setChecked(True)
    works.form.taken.setCurrentIndex(works.form.taken.findData("trottoir"))
    found = []
    works.found.connect(lambda: found.append(1))
    works.search()
    yield lambda: found
    facts["findings"] = [
        (works.tree.topLevelItem(n).text(0), works.tree.topLevelItem(n).text(1))
        for n in range(works.tree.topLevelItemCount())
    ]
    if works.tree.topLevelItemCount():
        works.tree.topLevelItem(0).setSelected(True)
    yield lambda: not works.busy
    yield 3
    shot("5-clash")
    facts["acceptable"] = works.accept.isEnabled()
    works.accept_dates()
    drafts = worksite.drafts(QgsProject.instance())
    facts["drafts"] = [(f["reference"], f["debut"], f["fin"]) for f in drafts.getFeatures()]
    yield 1
    shot("6-accepted")

    step("report")  # QGIS draws pages in the thread of the window: it is held page by page
    works.hide()
    report = docks["obs-report"]
    report.show()
    report.atlas.setChecked(True)
    for layer in QgsProject.instance().mapLayers().values():  # a report of the forecast: each page reads its window
        kept = layer.customProperty(risk_layers.KIND) or layer.customProperty(layers.COLLECTION) == "divisions"
        QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(bool(kept))
    written = []
    report.written.connect(lambda path, pages: written.append((path, pages)))
    iface.mapCanvas().zoomToFullExtent()
    yield 2
    report.write(OUT / "report.pdf")
    yield lambda: written
    facts["pages"] = written[0][1]
    shot("7-report")
    facts["kinds"] = sorted({layer.customProperty(risk_layers.KIND) or "" for layer in iface.mapCanvas().layers()})


def end(problem=""):
    """Write what was found, and leave."""
    facts["problem"] = problem
    (OUT / "facts.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    if problem:
        shot("end")
    os._exit(0)


def drive():
    """Go on where what the scenario waits for is true."""
    try:
        if time.monotonic() - began > LONGEST_S:
            end(f"too long in {clock['step']!r}; the docks say {states()}")
        waits = waiting[0]
        if isinstance(waits, (int, float)):
            if time.monotonic() - waiting[1] < waits:
                return
        elif waits is not None and not waits():
            return
        waiting[:] = [next(steps), time.monotonic()]
    except StopIteration:
        end()
    except Exception:
        end(traceback.format_exc())


def states():
    """Return what the docks say."""
    plugin = qgis.utils.plugins.get("qgis_obs")
    return {d.objectName(): d.state.text() for d in plugin.desktop.docks if hasattr(d, "state")} if plugin else {}


began = time.monotonic()
steps = scenario()
waiting = [2, time.monotonic()]
window = iface.mainWindow()
window.setWindowState(Qt.WindowState.WindowNoState)
window.setGeometry(0, 0, 1400, 900)
pulse, timer = QTimer(), QTimer()
pulse.timeout.connect(tick)
pulse.start(10)
timer.timeout.connect(drive)
timer.start(100)
