"""An execution on a server: at once, or as a job that is followed, stopped, and taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote, urljoin

from qgis.core import QgsFeedback

from .errors import BadValue, Cancelled, JobFailed, NotFound, PluginError, TimedOut, TooManyRequests, Unreachable
from .http import Answer, Client
from .processes import Process
from .texts import tr

OVER = ("successful", "failed", "dismissed")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
#: A server that is away for a moment does not end a job; after so long without a word the client gives up on it.
SILENCE_S = 30.0
#: For an execution that is answered at once.
WAIT_S = 120.0
#: So long a cancelled user waits for the server to hear of it.
DISMISS_S = 5.0


@dataclass(frozen=True)
class Job:
    """A job as the server last said it.

    Attributes
    ----------
    url : str
        `…/jobs/{jobID}`.
    process : str
        The id of the process.
    server : str
        The id of the connection.
    title : str
        For the user.
    status : str
        `accepted`, `running`, `successful`, `failed`, `dismissed`, or `lost` where the server knows it no more.
    progress : int, percent
        As the server says.
    message : str
        The server's words.
    created : str
        ISO 8601, UTC.
    """

    url: str
    process: str
    server: str
    title: str
    status: str = "accepted"
    progress: int = 0
    message: str = ""
    created: str = ""

    @property
    def over(self) -> bool:
        """Tell whether it ended, one way or the other."""
        return self.status in (*OVER, "lost")


def body_of(process: Process, inputs: dict[str, Any], outputs: list[str]) -> dict[str, Any]:
    """Return an execute body: one output comes as it is, several as a document."""
    whole = {output.name for output in process.outputs}
    chosen = {} if not outputs or set(outputs) == whole else {"outputs": {name: {} for name in outputs}}
    several = len(outputs or whole) > 1
    return {"inputs": inputs, **chosen, "response": "document" if several else "raw"}


def execution_path(process: Process) -> str:
    """Return where a process is executed."""
    return f"processes/{quote(process.id, safe='')}/execution"


def run_now(
    client: Client, process: Process, body: dict[str, Any], *, feedback: QgsFeedback | None = None,
    wait_s: float = WAIT_S,
) -> Answer | Job:  # fmt: skip
    """Execute and wait for the answer; the server may make a job of it all the same."""
    answer = client.post_json(execution_path(process), body, feedback=feedback, timeout_s=wait_s)
    return _job(client, process, answer) if answer.status == 201 else answer


def submit(
    client: Client, process: Process, body: dict[str, Any], *, feedback: QgsFeedback | None = None
) -> Answer | Job:
    """Execute as a job; a server that does not heed the wish answers with the results at once."""
    answer = client.post_json(
        execution_path(process), body, headers={"Prefer": "respond-async"}, feedback=feedback, timeout_s=WAIT_S
    )
    return _job(client, process, answer) if answer.status in (201, 202) else answer


def look(client: Client, job: Job, *, feedback: QgsFeedback | None = None) -> Job:
    """Ask how a job is."""
    try:
        said = client.get_json(job.url, feedback=feedback, timeout_s=10)
    except NotFound:
        return replace(job, status="lost", message=tr("The server knows this job no more."))
    return _told(job, said)


def follow(
    client: Client, job: Job, *, feedback: QgsFeedback | None = None, told: Callable[[Job], None] = lambda _job: None
) -> Job:
    """Wait for the end of a job; cancelled, dismiss it.

    Parameters
    ----------
    client : Client
        Whose job it is.
    job : Job
        As it was submitted.
    feedback : QgsFeedback
        Hears the progress; cancelled, it dismisses the job.
    told : callable
        Hears of each change.

    Returns
    -------
    Job
        Successful.

    Raises
    ------
    JobFailed
        It failed, was dismissed, or is lost; the text is the server's.
    Cancelled
        The user stopped it.
    PluginError
        The server has not answered for `SILENCE_S`; the job may go on, and stays in the list.
    """
    pause, heard = FIRST_PAUSE_S, time.monotonic()
    try:
        while not job.over:
            _sleep(pause, feedback)
            pause = min(pause * 1.5, LONGEST_PAUSE_S)
            try:
                now = look(client, job, feedback=feedback)
            except (Unreachable, TimedOut, TooManyRequests) as error:
                if time.monotonic() - heard > SILENCE_S:
                    raise
                pause = max(pause, min(getattr(error, "retry_after", 0.0), LONGEST_PAUSE_S * 5))
                continue
            heard = time.monotonic()
            if now != job:
                job = now
                told(job)
            if feedback is not None:
                feedback.setProgress(job.progress)
    except Cancelled:
        told(dismiss(client, job))
        raise
    if job.status != "successful":
        raise JobFailed(_why(job), job.url)
    return job


def dismiss(client: Client, job: Job) -> Job:
    """End a job on the server; a job that is already gone counts as ended."""
    try:
        client.delete(job.url, timeout_s=DISMISS_S)
    except NotFound:
        pass
    except PluginError as error:
        return replace(job, message=tr("The server could not be told to stop it: {why}", why=error))
    return replace(job, status="dismissed")


def results(client: Client, job: Job, *, feedback: QgsFeedback | None = None) -> Answer:
    """Fetch what a successful job gave."""
    return client.get(f"{job.url}/results", accept="application/json, */*;q=0.5", feedback=feedback, timeout_s=WAIT_S)


def _job(client: Client, process: Process, answer: Answer) -> Job:
    """Return the job of a 201: by its Location, else by its body (pygeoapi's body may be `null`)."""
    try:
        said = answer.json()
    except PluginError:
        said = None
    said = said if isinstance(said, dict) else {}
    where = answer.headers.get("location", "")
    if not where and (said.get("jobID") or said.get("id")):
        where = client.url(f"jobs/{quote(str(said.get('jobID') or said['id']), safe='')}")
    if not where:
        raise JobFailed(tr("The server took the job and does not say where it is."), answer.url)
    url = urljoin(answer.url, where).partition("?")[0].rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise BadValue(tr("The server gives no address of the job: {url}", url=url))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return _told(Job(url, process.id, client.server.id, process.title, created=now), said)


def _told(job: Job, said: Any) -> Job:
    """Return a job as a statusInfo says it; unknown words of a status are kept as `running`."""
    if not isinstance(said, dict):
        return job
    status = str(said.get("status", job.status)).lower()
    status = {"succeeded": "successful", "finished": "successful", "error": "failed"}.get(status, status)
    known = status in ("accepted", "running", *OVER)
    progress = said.get("progress")
    return replace(
        job,
        status=status if known else "running",
        progress=max(job.progress, int(progress)) if isinstance(progress, (int, float)) else job.progress,
        message=str(said.get("message") or ""),
        created=str(said.get("created") or job.created),
    )


def _why(job: Job) -> str:
    if job.status == "dismissed":
        return tr("The job was stopped on the server.")
    return tr("The job failed: {why}", why=job.message or tr("the server does not say why"))


def _sleep(seconds: float, feedback: QgsFeedback | None) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if feedback is not None and feedback.isCanceled():
            raise Cancelled
        time.sleep(min(left, 0.05))
    if feedback is not None and feedback.isCanceled():
        raise Cancelled
