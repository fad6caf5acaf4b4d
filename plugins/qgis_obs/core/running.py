"""One execution of a process from a dock: asked for as a job, waited for, dismissed where it is not wanted any more."""

from __future__ import annotations

import time
from typing import Any

from qgis.core import QgsFeedback

from .errors import Cancelled, JobFailed, PluginError
from .http import Answer, Client
from .texts import tr

#: Seconds between two looks at a job: the first, and the longest.
FIRST_LOOK_S, LONGEST_LOOK_S = 0.3, 3.0
#: A forecast of a large city takes minutes; what takes longer is looked at in “My jobs”.
LONGEST_S = 1800.0


def run(client: Client, process: str, inputs: dict[str, Any], feedback: QgsFeedback) -> Any:
    """Return the JSON that a process gives; blocks, call it in a task.

    Raises
    ------
    Cancelled
        It was stopped; the job is dismissed on the server.
    JobFailed
        The server says why.
    """
    answer = client.post_json(
        f"processes/{process}/execution", {"inputs": inputs}, headers={"Prefer": "respond-async"}, feedback=feedback
    )
    if answer.status != 201:
        return answer.json()
    job = _job(client, answer)
    try:
        _wait(client, job, feedback)
    except PluginError:
        if feedback.isCanceled():
            _dismiss(client, job)
            raise Cancelled from None
        raise
    return client.get_json(f"{job}/results", feedback=feedback, timeout_s=120)


def _job(client: Client, answer: Answer) -> str:
    location = answer.headers.get("location", "")
    if location:
        return client.url(location) if location.startswith("http") else f"{client.server.root}{location}"
    said = answer.json()
    return client.url(f"jobs/{said['jobID']}")


def _wait(client: Client, job: str, feedback: QgsFeedback) -> None:
    until, pause = time.monotonic() + LONGEST_S, FIRST_LOOK_S
    while True:
        said = client.get_json(job, feedback=feedback)
        status = said.get("status") if isinstance(said, dict) else None
        if status == "successful":
            return
        if status in ("failed", "dismissed"):
            raise JobFailed(tr("The job ended without a result: {why}", why=said.get("message") or status), job)
        if time.monotonic() > until:
            raise JobFailed(tr("The job goes on for too long; look at it in “My jobs”."), job)
        feedback.setProgress(float(said.get("progress") or 0))
        _sleep(pause, feedback)
        pause = min(pause * 1.5, LONGEST_LOOK_S)


def _sleep(seconds: float, feedback: QgsFeedback) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if feedback.isCanceled():
            raise Cancelled
        time.sleep(0.05)


def _dismiss(client: Client, job: str) -> None:
    try:
        client.delete(job, timeout_s=10)
    except PluginError:
        return  # it is over, or the server is away: nothing more can be done from here
