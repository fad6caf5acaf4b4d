"""Problems in the message bar: a sentence, a button for the details; both also stand in the log."""

from __future__ import annotations

from typing import Any

from qgis.core import Qgis, QgsMessageOutput
from qgis.PyQt.QtWidgets import QPushButton

from ..core.errors import Cancelled, PluginError, TooManyRequests
from ..core.log import TAG
from ..core.texts import tr

#: A short problem goes away by itself; one with details stays until it is read.
SHOWN_S = 10


def show_problem(iface: Any, error: PluginError) -> None:
    """Show a problem; what the user stopped is none."""
    if isinstance(error, Cancelled):
        return
    bar = iface.messageBar()
    level = Qgis.MessageLevel.Warning if isinstance(error, TooManyRequests) else Qgis.MessageLevel.Critical
    item = bar.createMessage(TAG, str(error))
    if error.details:
        button = QPushButton(tr("Details"))
        button.setObjectName("details")
        button.clicked.connect(lambda: show_details(error))
        item.layout().addWidget(button)
    bar.pushWidget(item, level, 0 if error.details else SHOWN_S)


def show_details(error: PluginError) -> None:
    """Show all that is known of a problem, to be copied."""
    output = QgsMessageOutput.createMessageOutput()
    output.setTitle(TAG)
    output.setMessage(f"{error}\n\n{error.details}", QgsMessageOutput.MessageType.MessageText)
    output.showMessage(False)
