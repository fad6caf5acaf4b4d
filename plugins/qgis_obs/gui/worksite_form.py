"""The form of a worksite: what it is, when, and what it takes of the street."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt, QTime
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QDateTimeEdit, QFormLayout, QLineEdit, QWidget

from ..core import worksite
from ..core.texts import tr


class WorksiteForm(QWidget):
    """Fields of a worksite; the words for codes are those of the server's style."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.reference = QLineEdit(), QLineEdit()
        self.nature, self.taken, self.noise = QComboBox(), QComboBox(), QComboBox()
        today = QDateTime.currentDateTime()
        self.start, self.end = (_moment(today.addDays(days), hour) for days, hour in ((7, 7), (12, 17)))
        self.trench = QCheckBox(tr("Trench"))
        rows = QFormLayout(self)
        for label, widget in (
            (tr("Reference"), self.reference),
            (tr("Title"), self.title),
            (tr("Kind of works"), self.nature),
            (tr("What is taken"), self.taken),
            (tr("From"), self.start),
            (tr("To"), self.end),
            (tr("Noise"), self.noise),
            ("", self.trench),
        ):
            rows.addRow(label, widget)

    def offer(self, layer: QgsVectorLayer) -> None:
        """Offer the codes that a layer of worksites knows."""
        for box, field in ((self.nature, "nature"), (self.taken, "emprise"), (self.noise, "bruit")):
            kept = box.currentData()
            box.clear()
            if field == "bruit":
                box.addItem("–", "")
            for label, code in worksite.choices(layer, field):
                box.addItem(label, code)
            box.setCurrentIndex(max(box.findData(kept), 0))

    def said(self) -> dict[str, Any]:
        """Return what the form says, by the names of the collection; times with the offset of this computer's zone."""
        return {
            "reference": self.reference.text().strip(),
            "titre": self.title.text().strip(),
            "nature": self.nature.currentData() or "",
            "emprise": self.taken.currentData() or "",
            "debut": _sent(self.start),
            "fin": _sent(self.end),
            "bruit": self.noise.currentData() or "",
            "tranchee": True if self.trench.isChecked() else None,
        }

    def show_said(self, said: Mapping[str, Any]) -> None:
        """Show what a worksite says."""
        self.reference.setText(str(said.get("reference") or ""))
        self.title.setText(str(said.get("titre") or ""))
        for box, name in ((self.nature, "nature"), (self.taken, "emprise"), (self.noise, "bruit")):
            box.setCurrentIndex(max(box.findData(said.get(name) or ""), 0))
        self.show_dates(str(said.get("debut") or ""), str(said.get("fin") or ""))
        self.trench.setChecked(str(said.get("tranchee")).lower() in ("true", "1"))

    def show_dates(self, start: str, end: str) -> None:
        """Show when it is."""
        for box, text in ((self.start, start), (self.end, end)):
            found = QDateTime.fromString(text, Qt.DateFormat.ISODate)
            if found.isValid():
                box.setDateTime(found.toLocalTime())


def _moment(day: QDateTime, hour: int) -> QDateTimeEdit:
    box = QDateTimeEdit(QDateTime(day.date(), QTime(hour, 0)))
    box.setCalendarPopup(True)
    box.setDisplayFormat("yyyy-MM-dd HH:mm")
    return box


def _sent(box: QDateTimeEdit) -> str:
    seconds = box.dateTime().toSecsSinceEpoch()
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
