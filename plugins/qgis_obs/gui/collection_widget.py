"""A box for the id of a collection: those of the server to choose from, or any other typed."""

from __future__ import annotations

from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QComboBox

from ..core.processes import words
from .native import native_wrapper


class CollectionWidgetWrapper(WidgetWrapper):
    """Named in the metadata of a parameter; QGIS makes it. Models and batches keep QGIS's own."""

    def __new__(cls, parameter: Any, dialog: Any, *arguments: Any, **named: Any) -> Any:
        """Return a wrapper: this one in a form, else QGIS's own."""
        return native_wrapper(parameter, dialog) or super().__new__(cls)

    def createWidget(self) -> QComboBox:
        """Return the box; its choices come later, from the server."""
        box = QComboBox()
        box.setEditable(True)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(20)
        algorithm = self.parameterDefinition().algorithm()
        client = algorithm.session.client(algorithm.server, timeout_s=10)
        read = lambda _task: client.get_json("collections")  # noqa: E731
        algorithm.session.background("collections", read, self._fill, lambda _error: None)
        return box

    def _fill(self, said: Any) -> None:
        if sip.isdeleted(self.widget):  # the form was closed meanwhile
            return
        typed = self.value()
        for each in said.get("collections", []) if isinstance(said, dict) else []:
            if isinstance(each, dict) and each.get("id"):
                self.widget.addItem(f"{words(each.get('title'), each['id'])} ({each['id']})", each["id"])
        self.setValue(typed)

    def setValue(self, value: Any) -> None:
        """Show an id."""
        index = self.widget.findData(value)
        if index >= 0:
            self.widget.setCurrentIndex(index)
        else:
            self.widget.setEditText("" if value is None else str(value))

    def value(self) -> str | None:
        """Return the id that was chosen or typed."""
        text = self.widget.currentText().strip()
        index = self.widget.findText(text)
        return self.widget.itemData(index) if index >= 0 else text or None
