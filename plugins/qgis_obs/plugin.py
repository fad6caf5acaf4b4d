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
        self.provider = None

    def initProcessing(self) -> None:
        """Add the provider; `qgis_process` calls this and nothing else."""
        self.provider = Provider(self.session)
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Add provider, docks and menu."""
        self.initProcessing()

    def unload(self) -> None:
        """Take everything out again."""
        QgsApplication.processingRegistry().removeProvider(self.provider)
