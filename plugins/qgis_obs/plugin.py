"""The plugin: puts the provider into Processing, and on a desktop its docks, its menu and its browser entry."""

from __future__ import annotations

from qgis.core import QgsApplication

from .core.session import Session
from .processing.provider import Provider


class Plugin:
    """What QGIS loads.

    Parameters
    ----------
    iface : QgisInterface or None
        The desktop; None in `qgis_process`.
    """

    def __init__(self, iface) -> None:
        self.iface = iface
        self.session = Session(headless=iface is None)
        self.provider: Provider | None = None
        self.desktop = None

    def initProcessing(self) -> None:
        """Add the provider; `qgis_process` calls this and nothing else."""
        self.provider = Provider(self.session)
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Add provider, docks, menu and browser entry; servers are asked in the background only."""
        from .gui.desktop import Desktop  # widgets are loaded where there is a desktop

        self.initProcessing()
        self.desktop = Desktop(self.iface, self.session)
        self.session.servers_changed.connect(self.servers_changed)
        self.provider.renew()

    def servers_changed(self) -> None:
        """Show the algorithms of other connections: what is on disk now, what the server says later."""
        self.provider.refreshAlgorithms()
        self.provider.renew()

    def unload(self) -> None:
        """Take everything out again."""
        if self.desktop is not None:
            self.session.close()
            self.session.servers_changed.disconnect(self.servers_changed)
            self.desktop.remove()
        QgsApplication.processingRegistry().removeProvider(self.provider)
