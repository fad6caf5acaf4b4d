"""One process of a server as an algorithm: toolbox, models, batch, `qgis_process`."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
)
from qgis.PyQt.QtGui import QIcon

from ..core import job_list, jobs
from ..core.errors import Cancelled, PluginError
from ..core.http import Answer, Client
from ..core.processes import Process
from ..core.results import read_results
from ..core.servers import Server
from ..core.session import Session
from ..core.texts import tr
from .filled import Filled
from .interrupt import cancels
from .outputs import Written, declare
from .parameters import help_of, label, parameter_of, safe_names
from .styling import style_results

AS_JOB = "obs_as_job"
RESOURCES = Path(__file__).parent.parent / "resources"


class RemoteAlgorithm(QgsProcessingAlgorithm):
    """Runs on the server; its parameters and outputs are those of the process's description.

    Parameters
    ----------
    session : Session
        Hears of jobs.
    server : Server
        Where it runs.
    process : Process
        What it is.
    prefix : str
        Before its name, where it is not of the server in use.
    """

    def __init__(self, session: Session, server: Server, process: Process, prefix: str = "") -> None:
        super().__init__()
        self.session, self.server, self.process, self.prefix = session, server, process, prefix
        self.names = safe_names([each.name for each in process.inputs], (AS_JOB,))
        self.targets = safe_names([each.name for each in process.outputs], (AS_JOB, *self.names.values()))

    def createInstance(self) -> RemoteAlgorithm:
        """Return a copy; QGIS makes one a run."""
        return RemoteAlgorithm(self.session, self.server, self.process, self.prefix)

    def name(self) -> str:
        """Return what stands after `obs:`; the same in every language."""
        return self.prefix + "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in self.process.id)

    def displayName(self) -> str:
        """Return the title in the language of QGIS."""
        return tr("{title} (unavailable)", title=self.process.title) if self.process.problem else self.process.title

    def group(self) -> str:
        """Return the name of the server."""
        return self.server.name

    def groupId(self) -> str:
        """Return the id of the connection."""
        return self.server.id

    def icon(self) -> QIcon:
        """Return the plugin's sign, grey where the process cannot be run."""
        return QIcon(str(RESOURCES / ("unavailable.svg" if self.process.problem else "icon.svg")))

    def tags(self) -> list[str]:
        """Return words to find it by."""
        return [*self.process.keywords, self.process.id, "ogc", "observatoire"]

    def shortDescription(self) -> str:
        """Return the tooltip; of a process that cannot be run, why."""
        return self.process.problem or self.process.description

    def helpUrl(self) -> str:
        """Return the process's page on the server."""
        return Client(self.server).url(f"processes/{self.process.id}", f="html")

    def shortHelpString(self) -> str:
        """Return description, inputs with units and limits, an example, and where it runs."""
        parts = [f"<p>{escape(self.process.description)}</p>"]
        if self.process.problem:
            parts.append(f"<p><b>{escape(self.process.problem)}</b></p>")
        said = [(label(each), help_of(each)) for each in self.process.inputs]
        parts += [f"<p><b>{escape(title)}</b><br>{escape(text)}</p>" for title, text in said if text and text != title]
        if self.process.example:
            inputs = self.process.example.get("inputs", {})
            text = escape(json.dumps(inputs, ensure_ascii=False)[:1500])
            parts.append(f"<p><b>{escape(tr('Example'))}</b><br><code>{text}</code></p>")
        where = tr("Runs on {server}, version {version}.", server=self.server.url, version=self.process.version)
        parts.append(f"<p>{escape(where)}</p>")
        return "".join(parts)

    def flags(self) -> Any:
        """Return what QGIS may do with it; one that cannot be run does not stand in the model designer."""
        found = super().flags() | QgsProcessingAlgorithm.Flag.FlagCanCancel
        if self.process.problem:
            found |= QgsProcessingAlgorithm.Flag.FlagKnownIssues | QgsProcessingAlgorithm.Flag.FlagHideFromModeler
        return found

    def canExecute(self) -> tuple[bool, str]:
        """Tell whether it can be run, and why not."""
        return not self.process.problem, self.process.problem

    def initAlgorithm(self, _configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters and outputs."""
        for each in self.process.inputs:
            parameter = parameter_of(each, self.names[each.name])
            if parameter is not None:
                self.addParameter(parameter)
        if self.process.asynchronous and self.process.synchronous:
            parameter = QgsProcessingParameterBoolean(AS_JOB, tr("As a job that outlives QGIS"), True, True)
            advanced = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            parameter.setFlags(parameter.flags() | advanced)
            self.addParameter(parameter)
        for output in self.process.outputs:
            declare(self, output, self.targets[output.name])

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Send the inputs, wait, hand over the results; QGIS calls it in a thread."""
        client = Client(self.server)
        try:
            inputs = Filled(self, parameters, context, feedback).inputs(self.names, self.process.inputs)
            feedback.pushDebugInfo(json.dumps(inputs, ensure_ascii=False)[:2000])
            outputs = list(self.process.outputs)
            with cancels(feedback, self.session.headless):
                answer = self._answer(client, inputs, self._as_job(parameters, context), feedback)
                results = read_results(client, answer, outputs, feedback=feedback)
            found = Written(self, parameters, context, feedback).outputs(self.targets, outputs, results)
            style_results(client, outputs, self.targets, found, context, feedback)
            return found
        except Cancelled as stopped:
            if self.session.headless:  # a script must not take it for success
                raise QgsProcessingException(str(stopped)) from None
            return {}
        except PluginError as error:
            if error.details:
                feedback.pushDebugInfo(error.details)
            raise QgsProcessingException(str(error)) from None

    def _as_job(self, parameters: dict[str, Any], context: QgsProcessingContext) -> bool:
        if not (self.process.asynchronous and self.process.synchronous):
            return self.process.asynchronous
        return self.parameterAsBoolean(parameters, AS_JOB, context)

    def _answer(self, client: Client, inputs: dict[str, Any], as_job: bool, feedback: QgsProcessingFeedback) -> Answer:
        body = jobs.body_of(self.process, inputs, [])
        execute = jobs.submit if as_job else jobs.run_now
        found = execute(client, self.process, body, feedback=feedback)
        if isinstance(found, Answer):
            return found
        feedback.pushInfo(tr("Job {url}", url=found.url))
        job_list.remember(found)
        self.session.jobs_changed.emit()
        done = jobs.follow(client, found, feedback=feedback, told=self._told(feedback))
        return jobs.results(client, done, feedback=feedback)

    def _told(self, feedback: QgsProcessingFeedback) -> Any:
        def told(job: jobs.Job) -> None:
            job_list.update(job)
            self.session.jobs_changed.emit()
            if job.message:
                feedback.setProgressText(job.message)

        return told
