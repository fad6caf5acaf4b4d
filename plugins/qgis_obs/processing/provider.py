"""Provider `obs`: the processes of all connections as algorithms."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..core import descriptions
from ..core.processes import Process
from ..core.servers import Server
from ..core.session import Session
from ..core.texts import tr
from .algorithm import RemoteAlgorithm

ICON = Path(__file__).parent.parent / "resources" / "icon.svg"


class Provider(QgsProcessingProvider):
    """Algorithms `obs:<process>` of the server in use, `obs:<connection>.<process>` of the others.

    On a desktop it takes what is on disk, and is renewed in the background; without one it asks the server in use where
    nothing fresh is on disk.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def id(self) -> str:
        """Return `obs`."""
        return "obs"

    def name(self) -> str:
        """Return its name in the toolbox."""
        return tr("Observatory")

    def longName(self) -> str:
        """Return what it is."""
        return tr("Observatory and servers of OGC API - Processes")

    def icon(self) -> QIcon:
        """Return the plugin's sign."""
        return QIcon(str(ICON))

    def loadAlgorithms(self) -> None:
        """Make the algorithms; QGIS calls it at its start."""
        for number, server in enumerate(self.session.servers()):
            prefix = f"{server.id}." if number else ""
            for process in self._processes(server, first=not number):
                self.addAlgorithm(RemoteAlgorithm(self.session, server, process, prefix))

    def _processes(self, server: Server, *, first: bool) -> tuple[Process, ...]:
        if self.session.headless and first:
            return descriptions.at_start(self.session.client(server))
        return descriptions.kept(server).processes

    def renew(self) -> None:
        """Read the descriptions of all servers anew, in the background; show what changed."""
        for server in self.session.servers():
            client = self.session.client(server, timeout_s=10)
            self.session.background(
                tr("Processes of {server}", server=server.name),
                lambda _task, client=client: descriptions.renew(client),
                lambda changed: self.refreshAlgorithms() if changed else None,
            )
