"""Jobs in the OpenAPI document."""

from typing import Any

from observatoire.jobs.model import STATUSES
from observatoire.server.job_filters import DEFAULT, MOST

Json = dict[str, Any]

_TEXT, _TIME = {"type": "string"}, {"type": "string", "format": "date-time"}
_LINKS = {
    "type": "array",
    "items": {"type": "object", "required": ["href", "rel"], "properties": {"href": _TEXT, "rel": _TEXT}},
}
STATUS_INFO: Json = {
    "type": "object",
    "required": ["jobID", "status", "type", "links"],
    "properties": {
        "jobID": {"type": "string", "format": "uuid"},
        "processID": _TEXT,
        "type": {"type": "string", "enum": ["process"]},
        "status": {"type": "string", "enum": list(STATUSES)},
        "message": _TEXT,
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        **dict.fromkeys(("created", "started", "finished", "updated", "expires"), _TIME),
        "links": _LINKS,
    },
}
PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "schema": _TEXT,
    "description": "respond-async: 201 and a job at once; wait=N: seconds to wait for a heavy process",
}
CREATED: Json = {
    "description": "The job, which goes on",
    "headers": {"Location": {"schema": _TEXT}, "Preference-Applied": {"schema": _TEXT}},
    "content": {"application/json": {"schema": STATUS_INFO}},
}

_URI = {"type": "string", "format": "uri", "maxLength": 2000}
SUBSCRIBER: Json = {
    "type": "object",
    "required": ["successUri"],
    "additionalProperties": False,
    "properties": {"successUri": _URI, "inProgressUri": _URI, "failedUri": _URI},
}


def _called(member: str, schema: Json) -> Json:
    post = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "Taken; anything else is tried again, a few times"}},
    }
    return {f"{{$request.body#/subscriber/{member}}}": {"post": post}}


#: What the server itself calls (OGC 18-062r2, 13).
CALLED_BACK: Json = {
    "callbacks": {
        "jobSuccess": _called("successUri", {"type": "object", "description": "Results by name"}),
        "jobInProgress": _called("inProgressUri", STATUS_INFO),
        "jobFailed": _called("failedUri", STATUS_INFO),
    }
}


def job_paths(look: list[Json], responses: Any) -> dict[str, Any]:
    """Return the path items of jobs.

    Parameters
    ----------
    look : list of dict
        Parameters of format and language.
    responses : callable
        Gives the responses of an operation: content of its 200, then the statuses of its problems.
    """
    one = {"name": "jobID", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    page = {"text/html": {"schema": _TEXT}}
    listed = {"type": "object", "required": ["jobs", "links"],
              "properties": {"jobs": {"type": "array", "items": STATUS_INFO}, "links": _LINKS}}  # fmt: skip
    found = {"application/json": {"schema": STATUS_INFO}}

    def operation(name: str, summary: str, parameters: list[Json], answers: Json) -> Json:
        return {"tags": ["processes"], "operationId": name, "summary": summary, "parameters": parameters,
                "responses": answers}  # fmt: skip

    return {
        "/jobs": {
            "get": operation(
                "getJobs", "Jobs of the caller's key", [*look, *_filters()],
                responses({"application/json": {"schema": listed}, **page}, 400, 401, 503),
            )
        },
        "/jobs/{jobID}": {
            "get": operation("getJob", "A job", [one, *look], responses(found | page, 400, 401, 404, 503)),
            "delete": operation(
                "dismissJob", "End a job, or forget one that is over", [one, *look[1:]],
                responses(found, 400, 401, 404, 503),
            ),
        },
        "/jobs/{jobID}/results": {
            "get": operation(
                "getJobResults", "Results of a job", [one, *look[1:]],
                responses({"application/json": {"schema": {}}}, 400, 401, 404, 410, 503, 504),
            )
        },
    }  # fmt: skip


def _filters() -> list[Json]:
    def many(name: str, items: Json) -> Json:
        return {"name": name, "in": "query", "schema": {"type": "array", "items": items}}

    number = {"type": "number", "minimum": 0, "maximum": 1e9}
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    return [
        many("type", _TEXT),
        many("processID", _TEXT),
        many("status", {"type": "string", "enum": list(STATUSES)}),
        {"name": "datetime", "in": "query", "schema": _TEXT, "description": "When it was created"},
        {"name": "minDuration", "in": "query", "schema": number, "description": "Seconds"},
        {"name": "maxDuration", "in": "query", "schema": number, "description": "Seconds"},
        {"name": "limit", "in": "query", "schema": limit},
        {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0, "default": 0}},
    ]
