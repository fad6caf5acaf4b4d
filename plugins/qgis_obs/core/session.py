"""What the parts of the plugin share: the server in use, a client, tasks, and where problems are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QObject, pyqtSignal

from . import servers
from .errors import Cancelled, PluginError
from .http import Client
from .log import warn
from .tasks import Background, cancel_running, in_background


class Session(QObject):
    """One a QGIS.

    Signals
    -------
    servers_changed
        A connection was added, changed, removed, or another is in use.
    jobs_changed
        The list of jobs on disk changed.
    problem(object)
        A `PluginError`, to be shown with its details.
    """

    servers_changed = pyqtSignal()
    jobs_changed = pyqtSignal()
    problem = pyqtSignal(object)

    def __init__(self, *, headless: bool) -> None:
        super().__init__()
        self.headless = headless
        self._closed = False

    @property
    def server(self) -> servers.Server:
        """Return the server in use; raises `NoServer`."""
        return servers.active(headless=self.headless)

    def servers(self) -> list[servers.Server]:
        """Return all connections, the one in use first; none where `OBS_URL` is no address, which the log says."""
        try:
            return servers.servers(headless=self.headless)
        except PluginError as error:
            warn(str(error))
            return []

    def client(self, server: servers.Server | None = None, **limits: Any) -> Client:
        """Return a client of the server in use, or of another."""
        return Client(server or self.server, **limits)

    def background(
        self, title: str, work: Callable[[QgsTask], Any], done: Callable[[Any], None],
        failed: Callable[[PluginError], None] | None = None,
    ) -> Background:  # fmt: skip
        """Work in a thread, then call `done` in the GUI's; what fails is told by `problem` unless `failed` takes it.

        After `close` neither is called: the widgets that wait for it are gone.
        """

        def still(hand: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda said: None if self._closed else hand(said)

        return in_background(title, work, still(done), still(failed or self.tell))

    def close(self) -> None:
        """Stop what goes on; nobody waits for it any more."""
        self._closed = True
        cancel_running()

    def tell(self, error: PluginError) -> None:
        """Log a problem and show it; what the user stopped is none."""
        if isinstance(error, Cancelled):
            return
        warn(f"{error}\n{error.details}".strip())
        self.problem.emit(error)
