"""OGC API Processes: jobs. The list of one's own, a job, its results, its dismissal."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.jobs.desk import Desk
from observatoire.jobs.model import Job, NoSuchJob, ResultNotReady, WasDismissed
from observatoire.server import pages, respond
from observatoire.server.asked import Asked, asked
from observatoire.server.child import Failed
from observatoire.server.context import current
from observatoire.server.execute import Execute
from observatoire.server.job_filters import read_filters
from observatoire.server.reading import PAGE, once, only
from observatoire.server.registry import registry
from observatoire.server.result_page import UNKNOWN, Result, read_result
from observatoire.server.results import answer
from observatoire.server.state import state_of
from observatoire.server.status import RESULTS, status_info

JOB_LIST = "http://www.opengis.net/def/rel/ogc/1.0/job-list"
#: A job is its owner's and changes: nobody keeps it.
PRIVATE = {"Cache-Control": "no-store", "Vary": respond.VARY}


def job_routes() -> list[Route]:
    """Return the routes, to be mounted below the root of the API."""
    return [
        Route("/jobs", list_jobs),
        Route("/jobs/{job_id}", job, methods=["GET", "DELETE"]),
        Route("/jobs/{job_id}/results", results),
    ]


async def list_jobs(request: Request) -> Response:
    """Answer the jobs of the caller's key, a page at a time; an anonymous visitor has none that is listed."""
    wanted = read_filters(request.query_params.multi_items())
    look = asked(request, state_of(request), ("json", "html"))
    owner = current().key
    found, more = ([], False) if wanted is None or owner is None else await desk_of(request).listed(owner, wanted)
    address = f"{state_of(request).base}/jobs"
    query = f"?{request.url.query}" if request.url.query else ""
    links = [
        {"rel": "self", "type": respond.JSON, "href": address + query},
        {"rel": "alternate", "type": "text/html", "href": f"{address}?f=html"},
    ]
    if more and wanted is not None:
        following = request.url.include_query_params(limit=wanted.limit, offset=wanted.offset + wanted.limit).query
        links.append({"rel": "next", "type": respond.JSON, "href": f"{address}?{following}"})
    document = {"jobs": [status_info(state_of(request).base, one) for one in found], "links": links}
    return _shown(request, look, document, "jobs.html")


async def job(request: Request) -> Response:
    """Answer the state of a job, or dismiss it and answer what becomes of it."""
    only(once(request.query_params.multi_items()), PAGE)
    look = asked(request, state_of(request), ("json", "html") if request.method != "DELETE" else ("json",))
    if request.method == "DELETE":
        dismissed = await desk_of(request).dismiss(_id(request), current().key)
        document = status_info(state_of(request).base, dismissed) | {"status": "dismissed"}
        document["links"] = [link for link in document["links"] if link["rel"] != RESULTS]
        return _shown(request, look, document, "job.html")
    found = await desk_of(request).job(_id(request), current().key)
    document = status_info(state_of(request).base, found)
    result = await _drawn(request, found) if look.format == "html" else None
    return _shown(request, look, document, "job.html", over=found.over, result=result, unknown=UNKNOWN)


async def _drawn(request: Request, found: Job) -> Result | None:
    """Return what the page shows of a result that can be drawn; None where it cannot."""
    process = registry().get(found.process)
    if found.status != "successful" or process is None or len(found.outputs) != 1:
        return None
    if process.outputs[found.outputs[0]].media_type != respond.GEOJSON:
        return None
    values = await desk_of(request).results(found)
    return await asyncio.to_thread(read_result, values[found.outputs[0]])


async def results(request: Request) -> Response:
    """Answer the results of a job, as its execution asked for them."""
    only(once(request.query_params.multi_items()), PAGE)
    return await result_of(request, await desk_of(request).job(_id(request), current().key))


async def result_of(request: Request, found: Job) -> Response:
    """Return the results of a job that succeeded.

    Raises
    ------
    ResultNotReady
        If it is not over.
    WasDismissed
        If it will have none.
    Failed
        What went wrong, if it failed.
    """
    if found.status == "dismissed":
        raise WasDismissed("jobID: this job was dismissed, it has no results")
    if found.problem is not None:
        raise Failed(*found.problem)
    process = registry().get(found.process)
    if found.status != "successful" or process is None:
        raise ResultNotReady(f"jobID: this job is {found.status}, its results are not there yet")
    execute = Execute({}, found.outputs, found.response)
    response = answer(execute, await desk_of(request).results(found), process.outputs)
    response.headers.update(PRIVATE)
    return response


def created(request: Request, found: Job, *, preferred: bool) -> Response:
    """Return 201: where the job is, and how it is."""
    headers = PRIVATE | {"Location": f"{state_of(request).base}/jobs/{found.id}"}
    if preferred:
        headers["Preference-Applied"] = "respond-async"
    return Response(orjson.dumps(status_info(state_of(request).base, found)), 201, headers, media_type=respond.JSON)


def desk_of(request: Request) -> Desk:
    """Return the desk of the server that got a request."""
    desk: Desk = request.app.state.desk
    return desk


def _id(request: Request) -> UUID:
    """Return the id of the address; what is no UUID is the id of no job."""
    text: str = request.path_params["job_id"]
    try:
        given = UUID(text)
    except ValueError:
        raise NoSuchJob("jobID: no such job") from None
    if str(given) != text.lower():
        raise NoSuchJob("jobID: no such job")
    return given


def _shown(request: Request, look: Asked, document: dict[str, Any], template: str, **data: Any) -> Response:
    body, kind = orjson.dumps(document), respond.JSON
    if look.format == "html":
        body, kind = pages.render(request, template, look.language, document=document, **data).encode(), respond.HTML
    headers = PRIVATE | {"Content-Language": look.language}
    return Response(body, 200, headers, media_type=kind)
