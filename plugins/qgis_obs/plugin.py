"""The plugin: puts the provider into Processing, and on a desktop its docks, its menu and its browser entry."""

from __future__ import annotations

from .core.session import Session


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
        self.desktop = None

    def initProcessing(self) -> None:
        """Add the provider; `qgis_process` calls this and nothing else."""

    def initGui(self) -> None:
        """Add provider, docks and menu."""
        self.initProcessing()

    def unload(self) -> None:
        """Take everything out again."""
