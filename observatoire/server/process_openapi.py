"""Processes in the OpenAPI document and among the conformance classes: each audience's own, nothing outside it."""

from typing import Any

from observatoire.layers.model import Audience
from observatoire.server.job_openapi import CALLED_BACK, CREATED, PREFER, SUBSCRIBER, job_paths
from observatoire.server.problems import MEDIA_TYPE
from observatoire.server.registry import visible

_CLASSES = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
_NOT_OF_OPENAPI = frozenset({"contentMediaType", "contentEncoding"})
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def conformance(*, callbacks: bool) -> tuple[str, ...]:
    """Return the conformance classes of OGC API Processes that are kept."""
    kept = ["core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss"]
    kept += ["callback"] if callbacks else []
    return tuple(f"{_CLASSES}/{name}" for name in kept)


def paths(audience: Audience, language: str, *, callbacks: bool = False) -> dict[str, Any]:
    """Return the path items of the list, of each process that `audience` may run, and of jobs."""
    found: dict[str, Any] = {"/processes": {"get": _list()}}
    for process in visible(audience):
        description = process.describe(language)
        found[f"/processes/{process.id}"] = {"get": _describe(description)}
        found[f"/processes/{process.id}/execution"] = {"post": _execute(description, callbacks=callbacks)}
    return found | job_paths(_look(), _responses)


def _list() -> dict[str, Any]:
    whole = {"type": "integer", "minimum": 0}
    parameters = [
        *_look(),
        {"name": "limit", "in": "query", "schema": whole | {"minimum": 1, "default": 1000, "maximum": 1000}},
        {"name": "offset", "in": "query", "schema": whole | {"default": 0}},
    ]
    schema = {
        "type": "object",
        "required": ["processes", "links"],
        "properties": {
            "processes": {"type": "array", "items": {"type": "object", "required": ["id", "version"]}},
            "links": {"type": "array", "items": {"type": "object", "required": ["href"]}},
        },
    }
    return {
        "tags": ["processes"],
        "summary": "Processes",
        "operationId": "getProcesses",
        "parameters": parameters,
        "responses": _responses(_readable(schema), 400, 401),
    }


def _describe(description: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": ["id", "version", "inputs", "outputs"]}
    return {
        "tags": ["processes"],
        "summary": description["title"],
        "description": description["description"],
        "operationId": f"describe_{_name(description)}",
        "parameters": _look(),
        "responses": _responses(_readable(schema), 400, 401, 404),
    }


def _execute(description: dict[str, Any], *, callbacks: bool) -> dict[str, Any]:
    outputs = {name: _of_openapi(one["schema"]) for name, one in description["outputs"].items()}
    answers: dict[str, Any] = {}
    for name, schema in outputs.items():
        kind = description["outputs"][name]["schema"].get("contentMediaType", "application/json")
        answers[kind] = {"schema": schema}
    # A document, or the raw output where that is JSON.
    document = {"type": "object", "properties": outputs}
    raw = answers.get("application/json", {}).get("schema")
    answers["application/json"] = {"schema": document if raw is None else {"anyOf": [raw, document]}}
    return {
        "tags": ["processes"],
        "summary": description["title"],
        "description": description["description"],
        "operationId": f"execute_{_name(description)}",
        "parameters": [*_look()[1:], PREFER],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _body(description, callbacks=callbacks),
                    "example": description["example"],
                }
            },
        },
        "responses": _responses(answers, 400, 401, 404, 413, 415, 429, 503, 504) | {"201": CREATED},
    } | (CALLED_BACK if callbacks else {})


def _body(description: dict[str, Any], *, callbacks: bool) -> dict[str, Any]:
    """Return the schema of an execute body: what is not named is refused."""
    inputs = description["inputs"]
    wish = {"type": "object", "properties": {"transmissionMode": {"type": "string", "enum": ["value"]}}}
    required = [name for name, one in inputs.items() if one["minOccurs"]]
    properties = {
        name: _of_openapi(one["schema"])
        | {"description": one["description"]}
        | {word: one[word] for word in ("x-ogc-unit",) if word in one}
        for name, one in inputs.items()
    }
    members = {
        "inputs": _closed(properties, required),
        "outputs": _closed(dict.fromkeys(description["outputs"], wish), []),
        "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
    }
    if callbacks:
        members["subscriber"] = SUBSCRIBER
    return _closed(members, ["inputs"] if required else [])


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return schema | ({"required": required} if required else {})


def _of_openapi(schema: Any) -> Any:
    """Return a JSON Schema in the dialect of OpenAPI 3.0, which has no type null and says media types elsewhere."""
    if isinstance(schema, list):
        return [_of_openapi(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if isinstance(kind, list):
        schema = schema | {"type": next(one for one in kind if one != "null"), "nullable": "null" in kind}
    if schema.get("contentEncoding") == "base64":
        schema = schema | {"format": "byte"}
    return {name: _of_openapi(one) for name, one in schema.items() if name not in _NOT_OF_OPENAPI}


def _look() -> list[dict[str, Any]]:
    """Return the parameters that choose format and language."""
    return [
        {"name": "f", "in": "query", "schema": {"type": "string", "enum": ["json", "html"]}},
        {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["fr", "en"]}},
    ]


def _readable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}, "text/html": {"schema": {"type": "string"}}}


def _responses(content: dict[str, Any], *errors: int) -> dict[str, Any]:
    said = {"schema": _PROBLEM}
    problem = {"description": "Problem", "content": {MEDIA_TYPE: said, "application/json": said}}
    return {"200": {"description": "OK", "content": content}} | {str(status): problem for status in (*errors, 500)}


def _name(description: dict[str, Any]) -> str:
    return str(description["id"]).replace("-", "_")
