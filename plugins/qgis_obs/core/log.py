"""The plugin's page in QGIS's message log."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

TAG = "Observatoire"


def info(text: str) -> None:
    """Log what happened."""
    QgsMessageLog.logMessage(text, TAG, Qgis.MessageLevel.Info, False)


def warn(text: str) -> None:
    """Log what went wrong."""
    QgsMessageLog.logMessage(text, TAG, Qgis.MessageLevel.Warning, False)
