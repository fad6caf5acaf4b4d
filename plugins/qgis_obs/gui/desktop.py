"""What the plugin adds to the desktop: menu, docks, browser entry, message bar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from ..core.session import Session
from ..core.texts import tr
from .browser import BrowserProvider
from .connections import Connections
from .dock import Dock
from .docks import make_docks
from .jobs_dock import JobsDock
from .messages import show_problem

ICON = Path(__file__).parent.parent / "resources" / "icon.svg"


class Desktop:
    """Added at once, taken out whole.

    Parameters
    ----------
    iface : QgisInterface
        The desktop.
    session : Session
        Whose problems are shown.
    """

    def __init__(self, iface: Any, session: Session) -> None:
        self.iface, self.session = iface, session
        self.menu = tr("Observatory")
        self.docks: list[Dock] = [*make_docks(iface, session), JobsDock(iface, session)]
        for dock in self.docks:
            iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            dock.hide()
        self.connections = QAction(QIcon(str(ICON)), tr("Servers…"), iface.mainWindow())
        self.connections.setObjectName("obs-servers")
        self.connections.triggered.connect(self.choose_server)
        self.actions = [self.connections, *(dock.toggleViewAction() for dock in self.docks)]
        for action in self.actions:
            iface.addPluginToWebMenu(self.menu, action)
        iface.addToolBarIcon(self.connections)
        self.browser = BrowserProvider(session)
        QgsApplication.dataItemProviderRegistry().addProvider(self.browser)
        session.problem.connect(self.show)
        session.servers_changed.connect(self.browser.refresh)

    def show(self, error: Any) -> None:
        """Show a problem in the message bar."""
        show_problem(self.iface, error)

    def choose_server(self) -> None:
        """Open the connections."""
        Connections(self.session, self.iface.mainWindow()).exec()

    def remove(self) -> None:
        """Take everything out again."""
        self.session.problem.disconnect(self.show)
        self.session.servers_changed.disconnect(self.browser.refresh)
        QgsApplication.dataItemProviderRegistry().removeProvider(self.browser)
        for action in self.actions:
            self.iface.removePluginWebMenu(self.menu, action)
        self.iface.removeToolBarIcon(self.connections)
        for dock in self.docks:
            dock.cancel()
            self.iface.removeDockWidget(dock)
            dock.deleteLater()
