"""The answer of an execution: raw values, or one document."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from observatoire.server.execute import Execute


def answer(execute: Execute, results: Mapping[str, bytes], outputs: Mapping[str, Any]) -> Response:
    """Return the response in the form asked for (OGC 18-062r2, 7.11.4).

    Parameters
    ----------
    results : mapping of bytes
        Outputs by name, each as JSON.
    outputs : mapping
        Outputs of the process by name, each with a `media_type`.
    """
    if execute.response == "document":
        return Response(_document(execute, results), media_type="application/json")
    if len(execute.outputs) == 1:
        name = execute.outputs[0]
        return Response(results[name], media_type=outputs[name].media_type)
    boundary = secrets.token_hex(16)
    body = b"".join(
        f"--{boundary}\r\nContent-Type: {outputs[name].media_type}\r\nContent-ID: <{name}>\r\n\r\n".encode()
        + results[name]
        + b"\r\n"
        for name in execute.outputs
    )
    return Response(body + f"--{boundary}--\r\n".encode(), media_type=f'multipart/related; boundary="{boundary}"')


def _document(execute: Execute, results: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), results[name]) for name in execute.outputs) + b"}"
