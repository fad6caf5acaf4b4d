"""A process run from a page: a form made from the schema, for a person without any tool. It makes a job.

A browser sends no key with a form, so that the job is an anonymous visitor's: whoever has its address follows it.
"""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from observatoire.errors import BadInput
from observatoire.jobs.model import Order
from observatoire.server import jobs
from observatoire.server.context import current
from observatoire.server.execute import NotJson, read_execute
from observatoire.server.reading import PAGE, once, only
from observatoire.server.registry import process_for
from observatoire.server.respond import language_of
from observatoire.server.state import state_of
from observatoire.text import Language

FORM = "application/x-www-form-urlencoded"
MOST = 100  # fields


def form_routes() -> list[Route]:
    """Return the route, to be mounted below the root of the API."""
    return [Route("/processes/{process_id}/form", run_form, methods=["POST"])]


async def run_form(request: Request) -> Response:
    """Make a job of the fields of a form, and lead to its page."""
    only(once(request.query_params.multi_items()), PAGE)
    process = process_for(request.path_params["process_id"], current().audience)
    if not process.kept:
        raise BadInput(f"{process.id}: makes no job, for its inputs are not kept; POST to …/execution instead")
    language: Language = "fr" if language_of(request, state_of(request).city.languages) == "fr" else "en"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise NotJson(f"Content-Type: expected {FORM}")
    description = process.describe("en")
    body = orjson.dumps({"inputs": read_fields(await request.body(), description["inputs"])})
    execute = read_execute(body, "", process_id=process.id, outputs=process.outputs)
    process.check(execute.inputs)
    order = Order(process.id, execute.inputs, execute.outputs, "raw", current().audience, current().key, language)
    job = await jobs.desk_of(request).enqueue(order)
    return RedirectResponse(f"/api/jobs/{job.id}?f=html", 303, {"Cache-Control": "no-store"})


def read_fields(body: bytes, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a form: text as it is, anything else as JSON; an empty field is left out.

    Raises
    ------
    BadInput
        If it is no form, or a field that is no text is not JSON.
    """
    try:
        fields = parse_qsl(body.decode("ascii"), strict_parsing=bool(body), max_num_fields=MOST, errors="strict")
    except ValueError:
        raise BadInput(f"body: expected {FORM}, at most {MOST} fields") from None
    values: dict[str, Any] = {}
    for name, text in fields:
        kind = inputs.get(name, {}).get("schema", {}).get("type", "string")
        if kind == "string":
            values[name] = text
            continue
        try:
            values[name] = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise BadInput(f"inputs.{name}: expected {kind}") from None
    return values
