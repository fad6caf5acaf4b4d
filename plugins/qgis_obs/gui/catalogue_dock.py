"""The catalogue: what the server has, by theme; one click adds it as it should be."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from qgis.core import QgsFeedback, QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
)

from ..core import catalogue, facts, layers, pack, sourcing
from ..core.errors import PluginError
from ..core.records import Record, by_theme, search
from ..core.session import Session
from ..core.texts import tr
from .canvas import Arrival
from .dock import Dock

#: Colours of the dot before a title: legible on light and dark, and said in words in the tooltip.
DOTS = {"fresh": "#2a9d4a", "ageing": "#d98e04", "old": "#c2362b", "unknown": "#8a8a8a"}
_RECORD = Qt.ItemDataRole.UserRole


class CatalogueDock(Dock):
    """Themes, search, what is known of a collection, presets, an offline pack.

    Signals
    -------
    opened
        All layers that were asked for are in the project, or were told as problems.
    """

    opened = pyqtSignal()

    def __init__(self, iface: Any, session: Session) -> None:
        super().__init__("obs-catalogue", tr("Observatory: catalogue"), iface, session)
        self.catalogue = catalogue.Catalogue((), ())
        self.presets, self.load = QComboBox(), QPushButton(tr("Open preset"))
        self.words, self.refresh = QLineEdit(), QPushButton(tr("Refresh"))
        self.words.setPlaceholderText(tr("Search the catalogue"))
        self.words.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Collection"), tr("Freshness")])
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.presets.setMinimumContentsLength(16)
        self.tree.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.about = QTextBrowser()
        self.about.setOpenExternalLinks(True)
        self.add, self.raster = QPushButton(tr("Add to map")), QPushButton(tr("Add as raster"))
        self.pack = QPushButton(tr("Offline pack…"))
        self._lay_out()
        self._connect()
        self.finish()

    def _lay_out(self) -> None:
        for row in ((self.presets, self.load), (self.words, self.refresh)):
            line = QHBoxLayout()
            line.addWidget(row[0], 1)
            line.addWidget(row[1])
            self.body.addLayout(line)
        self.body.addWidget(self.tree, 3)
        self.body.addWidget(self.about, 2)
        for buttons in ((self.add, self.raster), (self.pack,)):
            line = QHBoxLayout()
            for button in buttons:
                line.addWidget(button)
            self.body.addLayout(line)
        self._enable()

    def _connect(self) -> None:
        self.words.textChanged.connect(lambda _: self.show_records())
        self.tree.itemSelectionChanged.connect(self._selected)
        self.on(self.refresh.clicked, self.read)
        self.on(self.load.clicked, lambda: self.open_preset(self.presets.currentData() or ""))
        self.on(self.tree.itemDoubleClicked, lambda: self.open(self.chosen()))
        self.on(self.add.clicked, lambda: self.open(self.chosen()))
        self.on(self.raster.clicked, lambda: self.open(self.chosen()[:1], as_raster=True))
        self.on(self.pack.clicked, self.ask_pack)
        self.session.servers_changed.connect(self.forget)
        self.visibilityChanged.connect(lambda shown: self.forget() if shown and not self.catalogue.records else None)

    def forget(self) -> None:
        """Read another server's catalogue, where the dock is seen; else when it is. The last one is not heard."""
        self.cancel()
        self.show_catalogue(catalogue.Catalogue((), ()))
        if self.isVisible() and self.session.servers():
            self.guarded(self.read)

    def read(self) -> None:
        """Read the catalogue anew."""
        client, title = self.session.client(), tr("Reading the catalogue…")
        self.work(title, lambda stop: catalogue.read(client, stop), self.show_catalogue)

    def show_catalogue(self, found: catalogue.Catalogue) -> None:
        """Show what was read."""
        self.catalogue = found
        self.presets.clear()
        for id_, title in found.presets:
            self.presets.addItem(title, id_)
        self.load.setEnabled(bool(found.presets))
        self.show_records()
        self.say(tr("{count} collections.", count=len(found.records)))

    def show_records(self) -> None:
        """Show the records that hold the words of the search."""
        now = datetime.now(timezone.utc)
        self.tree.clear()
        for title, records in by_theme(search(self.catalogue.records, self.words.text())):
            theme = QTreeWidgetItem(self.tree, [title or tr("Other collections")])
            theme.setFlags(Qt.ItemFlag.ItemIsEnabled)
            theme.setFirstColumnSpanned(True)
            theme.setToolTip(0, title)
            for record in records:
                level = record.freshness(now)
                item = QTreeWidgetItem(theme, [record.title, "●"])
                item.setForeground(1, QColor(DOTS[level]))
                item.setToolTip(0, "\n".join(filter(None, (record.title, record.description))))
                item.setToolTip(1, facts.freshness(record, now))
                item.setData(0, _RECORD, record.id)
            theme.setExpanded(True)
        self._selected()

    def chosen(self) -> list[Record]:
        """Return the records that are selected."""
        ids = [item.data(0, _RECORD) for item in self.tree.selectedItems()]
        return [record for id_ in ids if (record := self.catalogue.record(id_))]

    def open(self, records: list[Record], *, as_raster: bool = False) -> None:
        """Add collections to the map, the first one undermost."""
        if not records:
            return
        client = self.session.client()

        def work(stop: QgsFeedback) -> list[sourcing.Opened | PluginError]:
            return sourcing.open_all(client, records, as_raster=as_raster, feedback=stop)

        self.work(tr("Opening {count} layers…", count=len(records)), work, self._opened)

    def open_preset(self, id_: str) -> None:
        """Add the collections of a preset."""
        title = dict(self.catalogue.presets).get(id_)
        if title is None:
            self.say(tr("This server has no presets."))
            return
        client, known = self.session.client(), self.catalogue

        def work(stop: QgsFeedback) -> list[sourcing.Opened | PluginError]:
            preset = catalogue.read_preset(client, id_, title, stop)
            records = [known.record(name) or Record(name, name) for name in preset.collections]
            return sourcing.open_all(client, records, moments=preset.moments, feedback=stop)

        self.work(tr("Opening the preset {title}…", title=title), work, self._opened)

    def _opened(self, found: list[sourcing.Opened | PluginError]) -> None:
        problems = [one for one in found if isinstance(one, PluginError)]
        ready = [one for one in found if isinstance(one, sourcing.Opened)]
        for problem in problems:
            self.session.tell(problem)
        counts = [f"{o.record.title} ({o.described.count})" for o in ready if o.described.count is not None]
        arrival = Arrival(self.iface, QgsProject.instance(), [one.described for one in ready])
        self._add_next(ready, tr("Added: {titles}.", titles=", ".join(counts)) if counts else "", arrival)

    def _add_next(self, ready: list[sourcing.Opened], said: str, arrival: Arrival) -> None:
        """Add one layer a turn of the event loop: eight at once would hold the window for a fifth of a second."""
        if sip.isdeleted(self):  # the plugin was taken out meanwhile
            arrival.over()
            return
        if not ready:
            arrival.over()
            self.say(said)
            self.opened.emit()
            return
        one = ready.pop(0)
        wrong = one.dress()
        if wrong:
            self.session.tell(PluginError(tr("Style of {title}: {why}", title=one.record.title, why=wrong)))
        layers.place(QgsProject.instance(), one.layer)
        QTimer.singleShot(0, lambda: self._add_next(ready, said, arrival))

    def ask_pack(self) -> None:
        """Ask for a file, and fetch the selected collections into it."""
        path, _ = QFileDialog.getSaveFileName(self, tr("Offline pack"), "observatoire.gpkg", "GeoPackage (*.gpkg)")
        if path:
            self.make_pack(Path(path), self.chosen())

    def make_pack(self, path: Path, records: list[Record]) -> None:
        """Fetch collections into one GeoPackage with their styles, to work without a network."""
        client = self.session.client()
        self.work(
            tr("Fetching {count} collections…", count=len(records)),
            lambda stop: pack.write(client, records, path, stop),
            lambda done: self.say(tr("{path}: {count} collections.", path=path, count=done)),
        )

    def _selected(self) -> None:
        chosen = self.chosen()
        self.about.setHtml(facts.page(chosen[0], datetime.now(timezone.utc)) if chosen else "")
        self._enable()

    def _enable(self) -> None:
        for button in (self.add, self.raster, self.pack):
            button.setEnabled(bool(self.chosen()))
        self.load.setEnabled(bool(self.catalogue.presets))
