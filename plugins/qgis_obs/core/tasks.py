"""Work away from the GUI's thread, and what becomes of it, back in the GUI's thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication, QgsTask

from .errors import Cancelled, PluginError
from .log import warn
from .texts import tr

#: Tasks that run: QGIS keeps none alive whose Python object is gone.
_running: set[Background] = set()


class Background(QgsTask):
    """Calls `work(task)` in a thread; then either `done(result)` or `failed(error)` in the GUI's thread.

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
        else:
            self._failed(Cancelled() if self.isCanceled() or self._error is None else self._error)


def in_background(
    title: str, work: Callable[[QgsTask], Any], done: Callable[[Any], None], failed: Callable[[PluginError], None]
) -> Background:
    """Start a task; see `Background`."""
    task = Background(title, work, done, failed)
    _running.add(task)
    QgsApplication.taskManager().addTask(task)
    return task


def cancel_running() -> None:
    """Cancel all tasks that run; their `failed` hears of it."""
    for task in list(_running):
        task.cancel()
