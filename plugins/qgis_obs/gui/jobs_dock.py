"""“My jobs”: how they are, stop them, take their results, also after QGIS was closed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qgis.core import QgsFeedback, QgsProject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QAbstractItemView, QHBoxLayout, QPushButton, QTreeWidget, QTreeWidgetItem

from ..core import job_list, jobs
from ..core.errors import PluginError
from ..core.http import Client
from ..core.job_layers import Loaded, load
from ..core.servers import Server
from ..core.session import Session
from ..core.texts import tr
from .dock import Dock

#: How often jobs that are not over are asked about while the dock is seen, ms.
LOOK_MS = 3_000


class JobsDock(Dock):
    """The list on disk, renewed from the servers."""

    def __init__(self, iface: Any, session: Session) -> None:
        super().__init__("obs-jobs", tr("My jobs"), iface, session)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels([tr("Process"), tr("State"), "%", tr("Created"), tr("Message")])
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.on(self.list.itemDoubleClicked, self.take)
        self.body.addWidget(self.list)
        row = QHBoxLayout()
        for name, text, slot in (
            ("refresh", tr("Refresh"), self.refresh), ("take", tr("Add results"), self.take),
            ("dismiss", tr("Stop the job"), self.dismiss), ("forget", tr("Remove"), self.forget),
        ):  # fmt: skip
            button = QPushButton(text)
            button.setObjectName(name)
            self.on(button.clicked, slot)
            row.addWidget(button)
        self.body.addLayout(row)
        self.finish()
        session.jobs_changed.connect(self.fill)
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._asking = False
        self.fill()

    def fill(self) -> None:
        """Show the list as it is on disk."""
        chosen = {job.url for job in self.chosen()}
        self.list.clear()
        for job in job_list.jobs():
            item = QTreeWidgetItem([job.title, _state(job), str(job.progress), job.created[:16], job.message])
            item.setData(0, Qt.ItemDataRole.UserRole, job)
            item.setToolTip(0, job.url)
            self.list.addTopLevelItem(item)
            item.setSelected(job.url in chosen)

    def chosen(self) -> list[jobs.Job]:
        """Return the selected jobs."""
        return [item.data(0, Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()]

    def refresh(self) -> None:
        """Ask the servers about the jobs that are not over."""
        waiting = [(self._client(job), job) for job in job_list.jobs() if not job.over]
        if self._asking or not waiting:
            return
        self._asking = True

        def done(_nothing: Any) -> None:
            self._asking = False
            self.fill()

        def failed(error: PluginError) -> None:
            self._asking = False
            self.say(str(error))

        self.session.background(tr("My jobs"), lambda _task: _ask(waiting), done, failed)

    def take(self) -> None:
        """Add the results of the selected jobs to the project."""
        ready = [(self._client(job), job) for job in self.chosen() if job.status == "successful"]
        if not ready:
            self.say(tr("Select a job that succeeded."))
            return

        def work(feedback: QgsFeedback) -> list[Loaded]:
            return [found for client, job in ready for found in load(client, job, feedback)]

        self.work(tr("Results of jobs"), work, self._add)

    def dismiss(self) -> None:
        """Stop the selected jobs on their servers."""
        alive = [(self._client(job), job) for job in self.chosen() if not job.over]

        def work(_feedback: QgsFeedback) -> None:
            for client, job in alive:
                job_list.update(jobs.dismiss(client, job))

        if alive:
            self.work(tr("Stopping"), work, lambda _nothing: self.fill())

    def forget(self) -> None:
        """Take the selected jobs off the list."""
        job_list.forget({job.url for job in self.chosen()})
        self.fill()

    def _add(self, found: list[Loaded]) -> None:
        for each in found:
            layer = each.layer()
            if layer is not None:
                QgsProject.instance().addMapLayer(layer)
        texts = [f"{each.name}: {each.text}" for each in found if each.text]
        self.say("\n".join(texts)[:2000])

    def _client(self, job: jobs.Job) -> Client:
        """Return a client of the job's own server; of one that is not kept any more, without its authentication."""
        for server in self.session.servers():
            if server.id == job.server:
                return self.session.client(server)
        return self.session.client(Server(job.server, job.server, job.url.rsplit("/jobs/", 1)[0]))

    def _tick(self) -> None:
        if self.isVisible() and any(not job.over for job in job_list.jobs()):
            self.refresh()


def _ask(waiting: list[tuple[Client, jobs.Job]]) -> None:
    for client, job in waiting:
        try:
            job_list.update(jobs.look(client, job))
        except PluginError as error:
            job_list.update(replace(job, message=str(error)))


def _state(job: jobs.Job) -> str:
    return {
        "accepted": tr("waiting"), "running": tr("running"), "successful": tr("successful"), "failed": tr("failed"),
        "dismissed": tr("stopped"), "lost": tr("not known any more"),
    }[job.status]  # fmt: skip
