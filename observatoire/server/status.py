"""How a job is, as OGC API Processes has it: the server answers it, a worker tells it to subscribers."""

from typing import Any

from observatoire.jobs.model import Job
from observatoire.server import respond
from observatoire.server.registry import registry

RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"


def status_info(base: str, found: Job) -> dict[str, Any]:
    """Return the OGC statusInfo of a job; `base` is the address of the API."""
    address = f"{base}/jobs/{found.id}"
    times = {name: getattr(found, name) for name in ("created", "started", "finished", "updated", "expires")}
    links = [
        {"rel": "self", "type": respond.JSON, "title": "Job", "href": address},
        {"rel": "alternate", "type": "text/html", "href": f"{address}?f=html"},
    ]
    if found.status in ("accepted", "running"):
        links.append({"rel": "monitor", "type": respond.JSON, "title": "Job", "href": address})
    elif found.status in ("successful", "failed"):
        process = registry().get(found.process)
        kind = process.outputs[found.outputs[0]].media_type if process and len(found.outputs) == 1 else respond.JSON
        links.append({"rel": RESULTS, "type": kind, "title": "Results", "href": f"{address}/results"})
    return {
        "processID": found.process,
        "type": "process",
        "jobID": str(found.id),
        "status": found.status,
        "message": found.message or found.status,
        "progress": found.progress,
        **{name: f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for name, moment in times.items() if moment is not None},
        "links": links,
    }
