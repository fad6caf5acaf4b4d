"""The connections: a list, the one in use first and in bold."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
)

from ..core import descriptions, servers
from ..core.session import Session
from ..core.texts import tr
from .connection_form import ConnectionForm


class Connections(QDialog):
    """Adds, changes, removes connections, and chooses the one in use."""

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setWindowTitle(tr("Servers"))
        self.resize(560, 320)
        self.list = QListWidget()
        self.list.itemDoubleClicked.connect(lambda _item: self.change())
        layout = QVBoxLayout(self)
        layout.addWidget(self.list)
        row = QHBoxLayout()
        for text, slot in (
            (tr("New…"), self.add), (tr("Change…"), self.change), (tr("Use"), self.use), (tr("Remove"), self.remove),
        ):  # fmt: skip
            button = QPushButton(text)
            button.clicked.connect(slot)
            row.addWidget(button)
        layout.addLayout(row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.fill()

    def fill(self) -> None:
        """Show the connections as they are."""
        self.list.clear()
        for number, server in enumerate(self.session.servers()):
            item = QListWidgetItem(f"{server.name}\n{server.url}")
            item.setData(Qt.ItemDataRole.UserRole, server)
            font = item.font()
            font.setBold(not number)
            item.setFont(font)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def chosen(self) -> servers.Server | None:
        """Return the connection under the cursor."""
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else None

    def add(self) -> None:
        """Make a new connection."""
        self._form(None)

    def change(self) -> None:
        """Change the chosen one; that of the environment becomes one that is kept."""
        server = self.chosen()
        if server is not None:
            self._form(None if server.id == servers.ENVIRONMENT else server, server)

    def use(self) -> None:
        """Make the chosen one that in use."""
        server = self.chosen()
        if server is not None:
            servers.activate(server.id)
            self._changed()

    def remove(self) -> None:
        """Forget the chosen one, and what was kept of it; its jobs stay in the list."""
        server = self.chosen()
        if server is not None:
            descriptions.forget(server)
            servers.remove(server.id)
            self._changed()

    def _form(self, server: servers.Server | None, shown: servers.Server | None = None) -> None:
        form = ConnectionForm(self.session, server, self)
        if server is None and shown is not None:
            form.name.setText(shown.name)
            form.url.setText(shown.url)
        if form.exec():
            self.fill()

    def _changed(self) -> None:
        self.session.servers_changed.emit()
        self.fill()
