"""One execution of a process from a dock: a job like those of the toolbox, in the same list, its JSON at the end."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from qgis.core import QgsFeedback

from . import job_list, jobs
from .http import Client
from .processes import read_process
from .reading import readable


def run(client: Client, process: str, inputs: dict[str, Any], feedback: QgsFeedback) -> Any:
    """Return the JSON that a process gives; blocks, call it in a task.

    Raises
    ------
    Cancelled
        It was stopped; the job is dismissed on the server.
    PluginError
        Not on this server or not for this key, refused, failed: in the server's words.
    """
    path = f"processes/{quote(process, safe='')}"
    said = client.get_json(path, feedback=feedback)
    with readable(path):
        if not isinstance(said, dict) or "id" not in said:
            raise ValueError("id: missing")
    described = read_process(said)
    body = {"inputs": {name: value for name, value in inputs.items() if value is not None}}
    answer = jobs.submit(client, described, body, feedback=feedback)
    if isinstance(answer, jobs.Job):
        job_list.remember(answer)
        done = jobs.follow(client, answer, feedback=feedback, told=job_list.update)
        answer = jobs.results(client, done, feedback=feedback)
    return answer.json()
