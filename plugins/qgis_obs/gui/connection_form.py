"""One connection: name, address, authentication, and a test before it is kept."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication
from qgis.gui import QgsAuthConfigSelect
from qgis.PyQt.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout

from ..core import servers
from ..core.errors import PluginError
from ..core.probe import Found, probe
from ..core.session import Session
from ..core.texts import tr


def hint(methods: list[str]) -> str:
    """Return where a key belongs, by the kinds of authentication that this QGIS has."""
    said = [tr("A key or an account belongs into an authentication of QGIS; the connection only names it.")]
    if "APIHeader" in methods:
        said.append(tr("A key: API Header, X-API-Key and the key."))
    else:
        said.append(
            tr("A key: Basic, any user name, the key as password. This QGIS has no API Header: it came with QGIS 3.24.")
        )
    if "OAuth2" in methods:
        said.append(tr("An account of the city's own login: OAuth2."))
    return " ".join(said)


class ConnectionForm(QDialog):
    """Changes a connection, or makes a new one.

    Parameters
    ----------
    session : Session
        Tests in the background.
    server : Server or None
        None: a new one.
    """

    def __init__(self, session: Session, server: servers.Server | None = None, parent: Any = None) -> None:
        super().__init__(parent)
        self.session, self.server = session, server
        self.setWindowTitle(tr("Connection"))
        self.resize(560, 0)
        self.name, self.url = QLineEdit(), QLineEdit()
        self.url.setPlaceholderText("https://observatoire.ville.example/api")
        self.auth = QgsAuthConfigSelect()
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.test = QPushButton(tr("Test"))
        self.test.clicked.connect(self.try_it)
        if server is not None:
            self.name.setText(server.name)
            self.url.setText(server.url)
            self.auth.setConfigId(server.authcfg)
        form = QFormLayout()
        form.addRow(tr("Name"), self.name)
        form.addRow(tr("Address of the API"), self.url)
        form.addRow(tr("Authentication"), self.auth)
        form.addRow(self.test)
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        self.buttons.accepted.connect(self.keep)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        self.hint = QLabel(hint(QgsApplication.authManager().authMethodsKeys()))
        self.hint.setWordWrap(True)
        layout.addWidget(self.said)
        layout.addWidget(self.hint)
        layout.addWidget(self.buttons)

    def typed(self) -> servers.Server:
        """Return the connection as it stands in the form; raises `BadUrl`."""
        url = servers.checked_url(self.url.text())
        name = self.name.text().strip() or servers.origin(url).partition("//")[2]
        taken = [each.id for each in self.session.servers()]
        id_ = self.server.id if self.server else servers.new_id(name, taken)
        return servers.Server(id_, name, url, self.auth.configId())

    def try_it(self) -> None:
        """Ask the server who it is; the answer stands beside the button."""
        try:
            server = self.typed()
        except PluginError as error:
            self.say(str(error))
            return
        self.say(tr("Asking…"))
        self.test.setEnabled(False)
        client = self.session.client(server, timeout_s=10)
        self.session.background(tr("Test of a connection"), lambda _task: probe(client), self._found, self._failed)

    def say(self, text: str) -> None:
        """Show what came of it, whole."""
        self.said.setText(text)
        self.said.setMinimumHeight(self.said.heightForWidth(self.said.width()))
        self.adjustSize()

    def _found(self, found: Found) -> None:
        self.test.setEnabled(True)
        self.say(found.sentence())

    def _failed(self, error: PluginError) -> None:
        self.test.setEnabled(True)
        self.say(str(error))
        self.said.setToolTip(error.details)

    def keep(self) -> None:
        """Keep the connection and close; with a wrong address the form stays open and says so."""
        try:
            server = self.typed()
        except PluginError as error:
            self.say(str(error))
            return
        servers.save(server)
        self.server = server
        self.session.servers_changed.emit()
        self.accept()
