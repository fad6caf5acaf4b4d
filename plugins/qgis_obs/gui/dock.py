"""What the docks have in common: a line that says what goes on, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsFeedback, QgsTask
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ..core.errors import PluginError
from ..core.session import Session
from ..core.texts import tr

#: How often a dock looks whether its work was stopped in QGIS's own list of tasks, ms.
LOOK_MS = 200


class Dock(QDockWidget):
    """A dock with a body and a state line.

    Parameters
    ----------
    name : str
        Object name: QGIS remembers the place of the dock by it.
    title : str
        Shown to the user.
    iface : QgisInterface
        The desktop.
    session : Session
        Server, client, tasks.
    """

    def __init__(self, name: str, title: str, iface: Any, session: Session) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.iface, self.session = iface, session
        self._task: QgsTask | None = None
        self._passing = False
        self._feedback = QgsFeedback()
        self._looks = QTimer(self)
        self._looks.setInterval(LOOK_MS)
        self._looks.timeout.connect(self._look)
        page = QWidget()
        self.body = QVBoxLayout(page)
        self.state = QLabel()
        self.state.setObjectName("state")
        self.state.setWordWrap(True)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setObjectName("stop")
        self.stop.setVisible(False)
        self.stop.clicked.connect(self.cancel)
        line = QHBoxLayout()
        line.addWidget(self.state, 1)
        line.addWidget(self.stop)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(page)
        whole = QWidget()
        outer = QVBoxLayout(whole)
        outer.setContentsMargins(0, 0, 0, 6)
        self.foot = QVBoxLayout()  # always seen, however long the body is
        outer.addWidget(self.area, 1)
        outer.addLayout(self.foot)
        outer.addLayout(line)
        self.setWidget(whole)

    def finish(self) -> None:
        """Make the dock as wide as its body: nothing is cut off at the right. The last word of each constructor."""
        bar = self.area.verticalScrollBar().sizeHint().width()
        self.area.setMinimumWidth(self.area.widget().minimumSizeHint().width() + bar)

    @property
    def busy(self) -> bool:
        """Whether work goes on."""
        return self._task is not None

    def on(self, signal: Any, action: Callable[[], None]) -> None:
        """Do something when a signal comes; what a user can mend (no server, a wrong value) is said, not thrown."""
        signal.connect(lambda *_: self.guarded(action))

    def guarded(self, action: Callable[[], None]) -> None:
        """Do something now, in the same way."""
        try:
            action()
        except PluginError as error:
            self.say(str(error))
            self.session.tell(error)

    def say(self, text: str) -> None:
        """Show what goes on, or what came of it."""
        self.state.setText(text)

    def work(
        self,
        title: str,
        work: Callable[[QgsFeedback], Any],
        done: Callable[[Any], None],
        *,
        passing: bool = False,
    ) -> None:
        """Work in a thread, then call `done` here; one piece of work at a time, the next is not begun.

        What comes after `cancel` is not heard: the user, or another piece of work, has gone on.

        Parameters
        ----------
        title : str
            Shown while it goes on.
        work : callable
            Gets a feedback: it says how far it is, and ends its requests where it is stopped.
        done : callable
            Gets what `work` returns.
        passing : bool
            A look at something: the next look ends it, for the user has gone on.
        """
        if self.busy and passing and self._passing:
            self.cancel()
        if self.busy:
            self.say(tr("One thing at a time: still busy."))
            return
        feedback = self._feedback = QgsFeedback()
        self._passing = passing

        def run(task: QgsTask) -> Any:
            feedback.progressChanged.connect(task.setProgress, Qt.ConnectionType.DirectConnection)
            return work(feedback)

        def over(result: Any) -> None:
            if not feedback.isCanceled():
                self._over("")
                self.guarded(lambda: done(result))

        def failed(error: PluginError) -> None:
            if not feedback.isCanceled():
                self._over(str(error))
                self.session.tell(error)

        self.say(title)
        self.stop.setVisible(True)
        self._task = self.session.background(title, run, over, failed)
        self._looks.start()

    def cancel(self) -> None:
        """Stop the work; what it asked of the server is dismissed."""
        if self._task is not None:
            self._feedback.cancel()
            self._task.cancel()
            self._over(tr("Stopped."))

    def _look(self) -> None:
        if self._task is not None and self._task.isCanceled():
            self.cancel()

    def _over(self, text: str) -> None:
        self._task = None
        self._looks.stop()
        self.stop.setVisible(False)
        self.say(text)
