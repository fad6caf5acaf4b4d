"""Work away from the GUI's thread, and what becomes of it, back in the GUI's thread."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QThread

from .errors import PluginError
from .log import warn
from .texts import tr

#: Tasks that run: QGIS keeps none alive whose Python object is gone.
_running: set[Background] = set()


class Background(QgsTask):
    """Calls `work(task)` in a thread; then `done(result)` or `failed(error)` in the GUI's thread.

    `work` may call `task.setProgress(percent)`, look at `task.isCanceled()`, and touches neither widgets nor layers of
    the project.
    """

    def __init__(
        self, title: str, work: Callable[[QgsTask], Any], done: Callable[[Any], None],
        failed: Callable[[PluginError], None],
    ) -> None:  # fmt: skip
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._work, self._done, self._failed = work, done, failed
        self._result: Any = None
        self._error: PluginError | None = None

    def run(self) -> bool:
        """Work; QGIS calls it in a thread."""
        try:
            self._result = self._work(self)
        except PluginError as error:
            self._error = error
            return False
        except Exception as error:  # the edge of the thread: an exception that leaves it would end QGIS
            warn(traceback.format_exc())
            self._error = PluginError(tr("Internal error, see the log: {what}", what=type(error).__name__))
            return False
        return True

    def finished(self, result: bool) -> None:
        """Hand over; QGIS calls it in the GUI's thread."""
        _running.discard(self)
        if result:
            self._done(self._result)
        elif self._error is not None and not self.isCanceled():
            self._failed(self._error)


def in_background(
    title: str, work: Callable[[QgsTask], Any], done: Callable[[Any], None], failed: Callable[[PluginError], None]
) -> Background:
    """Start a task; see `Background`."""
    task = Background(title, work, done, failed)
    _running.add(task)
    QgsApplication.taskManager().addTask(task)
    return task


T = TypeVar("T")
#: How often the main thread looks whether the work is done, s.
LOOK_S = 0.01


def away_from_the_gui(work: Callable[[], T]) -> T:
    """Do `work` here, or, in the main thread, in another while the main one goes on with its events.

    A request that blocks the main thread waits for ever where a certificate is not accepted: QGIS asks the main thread
    about it.
    """
    application = QCoreApplication.instance()
    if application is None or QThread.currentThread() != application.thread():
        return work()
    ends: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            ends.append((True, work()))
        except BaseException as error:  # handed over to whoever asked
            ends.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        thread.join(LOOK_S)
    done, result = ends[0]
    if done:
        return result
    raise result
