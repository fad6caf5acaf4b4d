"""OGC API Processes, part 1: the list, a description, an execution (ADR 0002 says why not by pygeoapi's functions)."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, ObsError
from observatoire.jobs.model import Order
from observatoire.layers.catalog import catalog
from observatoire.server import jobs, pages, respond
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.execute import read_execute
from observatoire.server.executions import Executions
from observatoire.server.parameters import read_limit, read_offset
from observatoire.server.prefer import read_prefer
from observatoire.server.reading import PAGE, once, only
from observatoire.server.registry import process_for, visible
from observatoire.server.results import answer
from observatoire.server.state import state_of
from observatoire.text import Language

EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
MOST = 1000  # processes a page, and as many when no limit is given


class CallerGone(ObsError):
    """The client closed its connection before the answer; nobody reads what this says."""

    type, status = "caller-gone", 408


def process_routes() -> list[Route]:
    """Return the routes, to be mounted below the root of the API."""
    return [
        Route("/processes", list_processes),
        Route("/processes/{process_id}", describe_process),
        Route("/processes/{process_id}/execution", execute_process, methods=["POST"]),
    ]


async def list_processes(request: Request) -> Response:
    """Answer the processes that the caller may run, a page at a time."""
    words = once(request.query_params.multi_items())
    only(words, (*PAGE, "limit", "offset"))
    limit = read_limit(words["limit"], MOST) if "limit" in words else MOST
    offset = read_offset(words.get("offset", "0"))
    look = asked(request, state_of(request), ("json", "html"))
    processes = visible(current().audience)
    page = processes[offset : offset + limit]
    address = f"{state_of(request).base}/processes"
    links = _links(address, request)
    if offset + limit < len(processes):
        following = f"{address}?limit={limit}&offset={offset + limit}"
        links.append({"rel": "next", "type": respond.JSON, "href": following})
    summaries = [p.summary(look.language) | {"links": [_description(f"{address}/{p.id}")]} for p in page]
    return _shown(request, look, {"processes": summaries, "links": links}, "processes.html")


async def describe_process(request: Request) -> Response:
    """Answer the description of a process."""
    only(once(request.query_params.multi_items()), PAGE)
    process = process_for(request.path_params["process_id"], current().audience)
    look = asked(request, state_of(request), ("json", "html"))
    address = f"{state_of(request).base}/processes/{process.id}"
    description = process.describe(look.language)
    for name, output in process.outputs.items():
        layer = catalog().get(output.worn)
        if layer is not None and layer.visible_to(current().audience):
            style = f"{state_of(request).base}/styles/{output.worn}"
            description["outputs"][name]["metadata"] = [{"title": "Style", "role": "stylesheet", "href": style}]
    description["links"] = [
        *_links(address, request),
        {"rel": EXECUTE, "type": respond.JSON, "title": "Execute", "href": f"{address}/execution"},
        {"rel": "up", "type": respond.JSON, "title": "Processes", "href": f"{state_of(request).base}/processes"},
    ]
    return _shown(request, look, description, "process.html")


async def execute_process(request: Request) -> Response:
    """Run a process and answer its results, or a job that will have them.

    A client that prefers so (`Prefer: respond-async`) gets 201 and the job. Otherwise a light process runs at once, on
    our loop. A heavy one is left to a worker, where one lives, and waited for; when that takes too long the answer is
    201 and the job goes on. Without a worker it runs in a child of ours. A client that waits and closes its connection
    wants no answer any more: what it waits for is ended.
    """
    only(once(request.query_params.multi_items()), PAGE)
    executions: Executions = request.app.state.executions
    audience = current().audience
    process = process_for(request.path_params["process_id"], audience)
    look = asked(request, state_of(request), ("json",))
    execute = read_execute(
        await request.body(),
        request.headers.get("content-type", ""),
        process_id=process.id,
        outputs=process.outputs,
        callbacks=request.app.state.callbacks,
    )
    language: Language = "fr" if look.language == "fr" else "en"
    desk = jobs.desk_of(request)
    prefer = read_prefer(request.headers.getlist("prefer"))
    if not process.kept and execute.subscriber:
        raise BadInput("subscriber: this process makes no job: its inputs are not kept; leave it out")
    job = prefer.respond_async or execute.subscriber or (process.weight == "heavy" and await desk.staffed())
    if process.kept and job:
        process.check(execute.inputs)
        order = Order(
            process.id, execute.inputs, execute.outputs, execute.response, audience, current().key, language,
            execute.subscriber,
        )  # fmt: skip
        if prefer.respond_async:
            response = jobs.created(request, await desk.enqueue(order), preferred=True)
        else:
            response = await _awaited(request, order, prefer.wait)
    else:
        running = executions.run(process, execute.inputs, audience=audience, language=language)
        results = await _while_there(request, running)
        response = answer(execute, results, process.outputs)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Language"] = language
    return response


async def _awaited(request: Request, order: Order, wait: float | None) -> Response:
    """Return the results of a job that is added now, or 201 where it is not over in time."""
    desk = jobs.desk_of(request)
    most = state_of(request).settings.sync_wait_s
    added = await desk.enqueue(order, awaited=True)
    waited = desk.waited(added.id, order.owner, most if wait is None else min(wait, most))
    try:
        found = await _while_there(request, waited)
    except CallerGone:
        if not order.subscriber:
            await desk.dismiss(added.id, order.owner)
        raise
    if not found.over:
        return jobs.created(request, found, preferred=False)
    response = await jobs.result_of(request, found)
    response.headers["Link"] = f'<{state_of(request).base}/jobs/{found.id}>; rel="monitor"'
    return response


async def _while_there[T](request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work gives; it is cancelled when the client closes its connection first.

    Raises
    ------
    CallerGone
        If it did.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerGone("the client closed the connection")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _left(request: Request) -> None:
    """Return when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _links(address: str, request: Request) -> list[dict[str, str]]:
    query = f"?{request.url.query}" if request.url.query else ""
    return [
        {"rel": "self", "type": respond.JSON, "href": address + query},
        {"rel": "alternate", "type": "text/html", "href": f"{address}?f=html"},
    ]


def _description(address: str) -> dict[str, str]:
    return {"rel": "self", "type": respond.JSON, "title": "Description", "href": address}


def _shown(request: Request, look: Asked, document: Mapping[str, Any], template: str) -> Response:
    body, kind = orjson.dumps(document), respond.JSON
    if look.format == "html":
        body, kind = pages.render(request, template, look.language, document=document).encode(), respond.HTML
    return respond.answer(body, kind, audience=current().audience, language=look.language)
