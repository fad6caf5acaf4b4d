"""The report: what the map shows, as a PDF, one page or one a division, with sources and uncertainty on each page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsDateTimeRange,
    QgsFeedback,
    QgsMapLayer,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QFileDialog, QFormLayout, QLineEdit, QPushButton

from ..core import layers, report_layout, report_words, risk_layers
from ..core.errors import PluginError
from ..core.session import Session
from ..core.texts import tr
from .dock import Dock

DIVISIONS, NAME_FIELD = "divisions", "nom"


class ReportDock(Dock):
    """Title, an atlas or not, a PDF.

    Signals
    -------
    written(str, int)
        Path and number of pages.
    """

    written = pyqtSignal(str, int)

    def __init__(self, iface: Any, session: Session) -> None:
        super().__init__("obs-report", tr("Observatory: report"), iface, session)
        self.title = QLineEdit(tr("Public tranquillity: state of places"))
        self.atlas = QCheckBox(tr("One page a division"))
        self.make = QPushButton(tr("Make the PDF…"))
        form = QFormLayout()
        form.addRow(tr("Title"), self.title)
        form.addRow("", self.atlas)
        self.body.addLayout(form)
        self.body.addWidget(self.make)
        self.body.addStretch(1)
        self.on(self.make.clicked, self.ask)
        self.finish()

    def ask(self) -> None:
        """Ask for a file, and make the report."""
        path, _ = QFileDialog.getSaveFileName(self, tr("Report"), "observatoire.pdf", "PDF (*.pdf)")
        if path:
            self.write(Path(path))

    def write(self, path: Path) -> None:
        """Make the report of what the map shows."""
        shown = self.iface.mapCanvas().layers()
        if not shown:
            self.say(tr("The map shows nothing: add layers from the catalogue first."))
            return
        divisions = layers.of_collection(QgsProject.instance(), DIVISIONS) if self.atlas.isChecked() else None
        if self.atlas.isChecked() and divisions is None:
            self.say(tr("Add the divisions of the city from the catalogue first."))
            return
        cells = next((one for one in shown if one.customProperty(risk_layers.KIND) == "weeks"), None)
        if divisions is None:
            self._print(path, shown, None, {}, self._period(cells))
            return
        self._tally(path, shown, divisions, cells)

    def _period(self, cells: Any) -> QgsDateTimeRange | None:
        """Return the time that the map shows, else the last week of the forecasts, else none."""
        shown = self.iface.mapCanvas().mapSettings()
        if shown.isTemporal():
            return shown.temporalRange()
        return report_words.last_period(cells) if cells is not None else None

    def _tally(self, path: Path, shown: list[QgsMapLayer], divisions: QgsVectorLayer, cells: Any) -> None:
        areas = QgsVectorLayerFeatureSource(divisions)
        forecasts = QgsVectorLayerFeatureSource(cells) if cells is not None else None
        period = self._period(cells)

        def work(stop: QgsFeedback) -> dict[int, str]:
            listed = list(areas.getFeatures())
            if forecasts is None:
                return {feature.id(): "" for feature in listed}
            found = report_words.tally(listed, forecasts, stop, period=period)
            return {id_: tally.words() for id_, tally in found.items()}

        self.work(tr("Summing up by division…"), work, lambda said: self._print(path, shown, divisions, said, period))

    def _print(
        self,
        path: Path,
        shown: list[QgsMapLayer],
        divisions: QgsVectorLayer | None,
        said: dict[int, str],
        period: QgsDateTimeRange | None,
    ) -> None:
        project = QgsProject.instance()
        foot = report_words.page(shown, QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm"))
        layout = report_layout.build(
            project,
            shown,
            title=self.title.text(),
            foot=foot,
            extent=self.iface.mapCanvas().extent(),
            period=period,
        )
        if divisions is not None:
            report_layout.by_division(layout, divisions, said, NAME_FIELD)
        project.layoutManager().addLayout(layout)
        self.say(tr("Drawing…"))
        feedback = QgsFeedback()
        feedback.progressChanged.connect(lambda _: QCoreApplication.processEvents())
        try:
            pages = report_layout.export(layout, path, feedback)
        except PluginError as error:
            self.say(str(error))
            self.session.tell(error)
            return
        self.say(tr("{path}: {count} pages.", path=path, count=pages))
        self.written.emit(str(path), pages)
