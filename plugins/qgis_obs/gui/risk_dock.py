"""Forecasts in time: weeks that play, two dates or a scenario compared, and what the forecast is worth."""

from __future__ import annotations

from datetime import date
from typing import Any

from qgis.core import (
    QgsDateTimeRange,
    QgsFeedback,
    QgsInterval,
    QgsProject,
    QgsTemporalNavigationObject,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QFormLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
)

from ..core import badge, layers, risk, risk_layers, risk_words
from ..core.session import Session
from ..core.texts import tr
from ..core.weeks import MOST, Forecast
from .canvas import map_window
from .dock import Dock


class RiskDock(Dock):
    """Weeks, comparison, badge.

    Signals
    -------
    shown(object)
        A layer of forecasts was added to the project.
    """

    shown = pyqtSignal(object)

    def __init__(self, iface: Any, session: Session) -> None:
        super().__init__("obs-risk", tr("Observatory: forecasts"), iface, session)
        self.target, self.nature = QLineEdit("signalements"), QLineEdit()
        self.nature.setPlaceholderText(tr("all kinds"))
        self.days, self.count = _spin(1, 28, 7), _spin(1, MOST, 4)
        self.window = QCheckBox(tr("Only the map window"))
        self.last, self.other = _day(), _day()
        self.known = QCheckBox(tr("Last one possible"))
        self.known.setChecked(True)
        self.other_nature = QLineEdit()
        self.other_nature.setPlaceholderText(tr("as above"))
        self.play, self.compare = QPushButton(tr("Show the weeks")), QPushButton(tr("Show the difference"))
        self.badge = QLabel()
        self.badge.setObjectName("badge")
        self.badge.setWordWrap(True)
        self.badge.setTextFormat(Qt.TextFormat.RichText)
        self._lay_out()
        self.finish()

    def _lay_out(self) -> None:
        what = QFormLayout()
        what.addRow(tr("Collection"), self.target)
        what.addRow(tr("Kind"), self.nature)
        what.addRow(tr("Days of a period"), self.days)
        what.addRow("", self.window)
        what.addRow(tr("Last period from"), self.known)
        what.addRow("", self.last)
        self.body.addLayout(what)
        weeks, form = QGroupBox(tr("Week by week")), QFormLayout()
        form.addRow(tr("Number of periods"), self.count)
        form.addRow(self.play)
        weeks.setLayout(form)
        self.body.addWidget(weeks)
        difference, form = QGroupBox(tr("Compare with")), QFormLayout()
        form.addRow(tr("Period from"), self.other)
        form.addRow(tr("Kind"), self.other_nature)
        form.addRow(self.compare)
        difference.setLayout(form)
        self.body.addWidget(difference)
        self.body.addWidget(self.badge)
        self.body.addStretch(1)
        self.last.setEnabled(False)
        self.known.toggled.connect(lambda on: self.last.setEnabled(not on))
        self.on(self.play.clicked, self.show_weeks)
        self.on(self.compare.clicked, self.show_difference)

    def question(self) -> risk.Question:
        """Return what the form asks."""
        day = "" if self.known.isChecked() else self.last.date().toString("yyyy-MM-dd")
        bbox = map_window(self.iface.mapCanvas()) if self.window.isChecked() else ()
        nature = self.nature.text().strip()
        return risk.Question(self.target.text().strip(), day, self.days.value(), nature, bbox)

    def show_weeks(self) -> None:
        """Forecast successive periods, each from what was known before it, as frames of time."""
        client, question, count = self.session.client(), self.question(), self.count.value()

        def work(stop: QgsFeedback) -> tuple[QgsVectorLayer, list[Forecast]]:
            newest = None if question.as_of else risk.ask(client, question, stop)
            last = date.fromisoformat((newest.start if newest else question.as_of)[:10])
            earlier = risk.ask_weeks(client, question, last, count, stop, newest=newest)
            name = tr("Forecasts, {skill}", skill=badge.badge_words(earlier[-1].card))
            layer = risk_layers.weeks_layer(name, earlier, risk.classes(client, stop))
            return layers.adopt(layer), earlier

        def done(found: tuple[QgsVectorLayer, list[Forecast]]) -> None:
            layer, made = found
            self._show(layer, made[-1])
            self._set_time(made)

        self.work(tr("Forecasting {count} periods…", count=count), work, done)

    def show_difference(self) -> None:
        """Forecast twice, and show what changes from the first to the second."""
        client, after = self.session.client(), self.question()
        nature = self.other_nature.text().strip() or after.nature
        day = self.other.date().toString("yyyy-MM-dd")
        before = risk.Question(after.target, day, after.days, nature, after.bbox)

        def work(stop: QgsFeedback) -> tuple[QgsVectorLayer, str, Forecast]:
            comparison, old, new = risk.ask_both(client, before, after, stop)
            said = risk_words.changes(comparison, old, new)
            name = tr("Difference: {before} → {after}", before=old.start[:10], after=new.start[:10])
            return layers.adopt(risk_layers.difference_layer(name, comparison, said)), said, new

        def done(found: tuple[QgsVectorLayer, str, Forecast]) -> None:
            layer, said, new = found
            self._show(layer, new)
            self.say(said)

        self.work(tr("Comparing two forecasts…"), work, done)

    def _show(self, layer: QgsVectorLayer, made: Forecast) -> None:
        layers.place(QgsProject.instance(), layer)
        answers = sorted({str(cell.get("answer")) for cell in made.cells.values()})
        said = " · ".join(badge.answer_words(answer) for answer in answers)
        self.badge.setText(
            f"<p><b style='color:{badge.color(made.card)}'>■ {badge.skill_words(made.card)}</b></p>"
            f"<p>{said}</p><p>{badge.sentence(made.card)}</p><p><i>{risk_layers.caveat()}</i></p>"
        )
        self.shown.emit(layer)

    def _set_time(self, made: list[Forecast]) -> None:
        """Give the temporal controller the periods as its frames, the first one shown."""
        controller = self.iface.mapCanvas().temporalController()
        if controller is None:
            return
        start, end = (QDateTime.fromString(text, Qt.DateFormat.ISODate) for text in (made[0].start, made[-1].end))
        controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)
        controller.setTemporalExtents(QgsDateTimeRange(start.toUTC(), end.toUTC(), True, False))
        controller.setFrameDuration(QgsInterval(self.days.value(), QgsUnitTypes.TemporalUnit.TemporalDays))
        controller.setCurrentFrameNumber(0)
        controller.rewindToStart()


def _spin(least: int, most: int, value: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, most)
    box.setValue(value)
    return box


def _day() -> QDateEdit:
    box = QDateEdit(QDate.currentDate())
    box.setCalendarPopup(True)
    box.setDisplayFormat("yyyy-MM-dd")
    return box
