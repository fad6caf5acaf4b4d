"""The form of a worksite: what it is, when, and what it takes of the street."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt, QTime
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateTimeEdit,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QTimeEdit,
    QWidget,
)

from ..core import worksite
from ..core.texts import tr

#: A rule of RFC 5545: Monday to Friday.
WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
SHOWN = ("reference", "titre", "nature", "emprise", "debut", "fin", "bruit", "tranchee")


class WorksiteForm(QWidget):
    """Fields of a worksite; the words for codes are those of the server's style."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.reference = QLineEdit(), QLineEdit()
        self.nature, self.taken, self.noise = QComboBox(), QComboBox(), QComboBox()
        today = QDateTime.currentDateTime()
        self.start, self.end = (_moment(today.addDays(days), hour) for days, hour in ((7, 7), (12, 17)))
        self.trench = QCheckBox(tr("Trench"))
        self.weekdays = QCheckBox(tr("Weekdays only, each day"))
        self.opens, self.closes = _hour(7, 30), _hour(17, 0)
        self._kept: dict[str, Any] = {}
        hours = QHBoxLayout()
        for widget in (self.opens, self.closes):
            hours.addWidget(widget)
        for box in (self.nature, self.taken, self.noise):  # long words do not make the dock wider
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
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
        rows.insertRow(6, "", self.weekdays)
        rows.insertRow(7, "", hours)

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
        daily = {"regle": WEEKDAYS, "heure_debut": _clock(self.opens), "heure_fin": _clock(self.closes)}
        return {
            **self._kept,
            **(daily if self.weekdays.isChecked() else {}),
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
        """Show what a worksite says; what the form has no field for is kept, and sent as it is."""
        self._kept = {name: value for name, value in said.items() if name not in SHOWN}
        daily = said.get("regle") == WEEKDAYS
        self.weekdays.setChecked(daily)
        if daily:
            for box, name in ((self.opens, "heure_debut"), (self.closes, "heure_fin")):
                box.setTime(QTime.fromString(str(said.get(name) or "")[:5], "HH:mm"))
                self._kept.pop(name, None)
            self._kept.pop("regle", None)
        self.reference.setText(str(said.get("reference") or ""))
        self.title.setText(str(said.get("titre") or ""))
        for box, name in ((self.nature, "nature"), (self.taken, "emprise"), (self.noise, "bruit")):
            box.setCurrentIndex(max(box.findData(said.get(name) or ""), 0))
        self.show_dates(str(said.get("debut") or ""), str(said.get("fin") or ""))
        self.trench.setChecked(str(said.get("tranchee")).lower() in ("true", "1"))

    def begin(self) -> None:
        """Forget the worksite that was shown, for a new one; what the user chose stays."""
        self._kept = {}
        self.reference.clear()

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


def _hour(hour: int, minute: int) -> QTimeEdit:
    box = QTimeEdit(QTime(hour, minute))
    box.setDisplayFormat("HH:mm")
    return box


def _clock(box: QTimeEdit) -> str:
    return box.time().toString("HH:mm")


def _sent(box: QDateTimeEdit) -> str:
    seconds = box.dateTime().toSecsSinceEpoch()
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
