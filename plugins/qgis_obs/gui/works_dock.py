"""Street works: a worksite drawn or picked, what it clashes with and why, a date that leaves no conflict."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.core import QgsFeature, QgsFeedback, QgsGeometry, QgsProject
from qgis.gui import QgsMapToolIdentifyFeature
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QHBoxLayout, QPushButton, QTextBrowser, QTreeWidget, QTreeWidgetItem

from ..core import catalogue, clash, layers, works, worksite
from ..core.errors import BadValue
from ..core.records import Record
from ..core.session import Session
from ..core.shapes import geometries as geometries_of
from ..core.sourcing import Opened, open_record
from ..core.texts import language, tr
from .canvas import flash
from .dock import Dock
from .draw_tool import DrawTool
from .worksite_form import WorksiteForm

COLORS = {"blocking": "#b3261e", "warning": "#b26a00", "info": "#2f6690"}
_NUMBER = Qt.ItemDataRole.UserRole


class WorksDock(Dock):
    """Draw or pick, look for clashes, understand them, accept a date.

    Signals
    -------
    found
        The findings are shown.
    """

    found = pyqtSignal()

    def __init__(self, iface: Any, session: Session) -> None:
        super().__init__("obs-works", tr("Observatory: street works"), iface, session)
        self.footprint = QgsGeometry()  # degrees
        self.report = clash.Clashes((), ())
        self.tool: Any = None
        self.draw, self.pick = QPushButton(tr("Draw")), QPushButton(tr("Pick on the map"))
        self.under = QPushButton(tr("Forecast under the works"))
        self.form = WorksiteForm()
        self.look = QPushButton(tr("Look for clashes"))
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Finding"), tr("Severity")])
        self.tree.setColumnWidth(0, 250)
        self.why = QTextBrowser()
        self.accept = QPushButton(tr("Accept the proposed dates"))
        self.accept.setEnabled(False)
        self._lay_out()
        self.finish()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        for button in (self.draw, self.pick):
            line.addWidget(button)
        self.body.addLayout(line)
        self.body.addWidget(self.under)
        self.body.addWidget(self.form)
        for widget, share in ((self.look, 0), (self.tree, 3), (self.why, 3)):
            self.body.addWidget(widget, share)
        self.foot.addWidget(self.accept)
        self.on(self.draw.clicked, self.begin_drawing)
        self.on(self.pick.clicked, self.begin_picking)
        self.on(self.under.clicked, self.show_risk)
        self.on(self.look.clicked, self.search)
        self.on(self.tree.itemSelectionChanged, self._explain)
        self.on(self.accept.clicked, self.accept_dates)
        self.visibilityChanged.connect(lambda shown: self.guarded(self.prepare) if shown else None)

    def prepare(self) -> None:
        """Read the codes of works from the server, once."""
        if self.form.nature.count() or self.busy or not self.session.servers():
            return
        client = self.session.client()
        read = lambda stop: catalogue.qml(client, works.COLLECTION, stop)  # noqa: E731
        self.work(tr("Reading the codes of street works…"), read, lambda qml: self.form.offer(self._drafts(qml)))

    def begin_drawing(self) -> None:
        """Let the user draw the footprint."""
        self._take(DrawTool(self.iface.mapCanvas()))
        self.tool.drawn.connect(self.drawn)
        self.say(tr("Click the corners of the footprint; the right button closes it."))

    def drawn(self, geometry: QgsGeometry) -> None:
        """Take a footprint that is in the CRS of the map."""
        crs = self.iface.mapCanvas().mapSettings().destinationCrs()
        try:
            self.footprint = worksite.in_degrees(geometry, crs)
            worksite.geojson(self.footprint)
        except clash.BadWork as error:
            self.session.tell(BadValue(str(error)))
            return
        self.form.begin()
        self._keep()
        self.say(tr("Footprint drawn. Say what and when, then look for clashes."))

    def begin_picking(self) -> None:
        """Let the user pick one of the works on the map."""
        layer = self.iface.activeLayer()
        if not worksite.is_works(layer, works.COLLECTION):
            layer = layers.of_collection(QgsProject.instance(), works.COLLECTION)
        if layer is None:
            self.say(tr("Add the street works from the catalogue first."))
            return
        tool = QgsMapToolIdentifyFeature(self.iface.mapCanvas(), layer)
        tool.featureIdentified[QgsFeature].connect(lambda feature: self.picked(layer, feature))
        self._take(tool)
        self.say(tr("Click one of the works."))

    def picked(self, layer: Any, feature: QgsFeature) -> None:
        """Take one of the works."""
        try:
            self.footprint = worksite.in_degrees(feature.geometry(), layer.crs())
        except clash.BadWork as error:
            self.session.tell(BadValue(str(error)))
            return
        self.form.show_said(worksite.picked(layer, feature))
        self.say(tr("{what} chosen.", what=self.form.title.text() or self.form.reference.text()))

    def search(self) -> None:
        """Ask the server what the worksite clashes with."""
        try:
            inputs = works.inputs(self.footprint, self.form.said())
        except clash.BadWork as error:
            self.say(str(error))
            self.session.tell(BadValue(str(error)))
            return
        self._keep()
        client, words = self.session.client(), language()
        self.work(tr("Looking for clashes…"), lambda stop: works.search(client, inputs, words, stop), self.show_report)

    def show_report(self, report: clash.Clashes) -> None:
        """Show the findings, the most severe first."""
        self.report = report
        self.tree.clear()
        names = {"blocking": tr("Blocking"), "warning": tr("Warning"), "info": tr("Information")}
        for number, finding in enumerate(report.findings):
            item = QTreeWidgetItem(self.tree, [finding.title, names.get(finding.severity, finding.severity)])
            item.setForeground(1, QColor(COLORS.get(finding.severity, "#555555")))
            item.setToolTip(0, finding.reason)
            item.setData(0, _NUMBER, number)
        proposal = self._proposal()
        self.accept.setEnabled(proposal is not None and proposal.acceptable)
        self.why.setHtml(works.summary(report))
        self.say(tr("{count} findings.", count=len(report.findings)))
        self.found.emit()

    def accept_dates(self) -> None:
        """Take the proposed dates into the form and into the layer of planned worksites."""
        proposal = self._proposal()
        if proposal is None or not proposal.acceptable:
            return
        self.form.show_dates(proposal.debut, proposal.fin)
        self._keep()
        self.accept.setEnabled(False)
        self.say(tr("Dates accepted: {start} to {end}.", start=proposal.debut[:16], end=proposal.fin[:16]))

    def show_risk(self) -> None:
        """Put the forecast under the works."""
        client = self.session.client()

        def done(opened: Opened) -> None:
            opened.dress()
            layers.place(QgsProject.instance(), opened.layer)
            opened.layer.setOpacity(0.8)

        record = Record("risque", tr("Forecasts by cell"))
        self.work(tr("Opening the forecast…"), lambda stop: self._newest(client, record, stop), done)

    @staticmethod
    def _newest(client: Any, record: Record, stop: QgsFeedback) -> Opened:
        return open_record(client, record, moment=works.newest(client, record.id, stop), feedback=stop)

    def _proposal(self) -> clash.Proposal | None:
        reference = self.form.reference.text().strip()
        listed = self.report.proposals
        return next((p for p in listed if p.subject == reference), listed[0] if len(listed) == 1 else None)

    def _explain(self) -> None:
        """Say why, and show where: the evidence where the server can show it, else the footprint."""
        items = self.tree.selectedItems()
        if not items:
            return
        finding = self.report.findings[items[0].data(0, _NUMBER)]
        self.why.setHtml(works.page(finding))
        if not finding.links:
            self._flash(finding, None)
            return
        client = self.session.client()
        self.work(
            escape(finding.title),
            lambda stop: works.evidence(client, finding, stop),
            lambda shapes: self._flash(finding, shapes),
            passing=True,
        )

    def _flash(self, finding: clash.Finding, shapes: list[dict[str, Any]] | None) -> None:
        own = self.report.footprints.get(finding.subject)
        given = [*(shapes or []), *([own] if own else [])]
        geometries = geometries_of(given) or [self.footprint]
        whole = QgsGeometry.collectGeometry([g for g in geometries if not g.isEmpty()])
        if not whole.isEmpty():
            flash(self.iface.mapCanvas(), whole)

    def _take(self, tool: Any) -> None:
        self.tool = tool
        self.iface.mapCanvas().setMapTool(tool)

    def _drafts(self, qml: str = "") -> Any:
        """Return the layer of planned worksites, made and added where there is none."""
        project = QgsProject.instance()
        layer = worksite.drafts(project)
        if layer is None:
            layer = worksite.make_drafts(qml)
            layers.place(project, layer)
        return layer

    def _keep(self) -> None:
        """Write the worksite of the form into the layer; without a reference it gets one."""
        if self.footprint.isEmpty():
            return
        layer = self._drafts()
        if not self.form.reference.text().strip():
            self.form.reference.setText(f"P{layer.featureCount() + 1:03d}")
        worksite.put(layer, self.footprint, self.form.said())
