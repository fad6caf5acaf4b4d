"""Styles of QGIS (QML) as a server gives them."""

from __future__ import annotations

from qgis.core import QgsFeedback, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from .errors import Cancelled, PluginError
from .http import Client

MEDIA_TYPE = "application/vnd.qgis.qml"


def fetch(client: Client, address: str, feedback: QgsFeedback | None = None) -> str:
    """Return the style at an address; empty where there is none to be had for QGIS: a result is shown all the same."""
    try:
        answer = client.get(address, accept=MEDIA_TYPE, feedback=feedback)
    except Cancelled:
        raise
    except PluginError:
        return ""
    return answer.body.decode("utf-8", "replace") if answer.media_type == MEDIA_TYPE else ""


def wear(layer: QgsVectorLayer, qml: str) -> str:
    """Style a layer; return what was wrong with the style, empty where nothing was."""
    document = QDomDocument()
    read, *_ = document.setContent(qml)
    done, said = layer.importNamedStyle(document) if read else (False, "XML")
    return "" if done else str(said)
