"""What an answer that is no success means, in a sentence."""

from __future__ import annotations

import json

from qgis.PyQt.QtNetwork import QNetworkReply

from .errors import (
    BadCertificate,
    NotAllowed,
    NotFound,
    PluginError,
    Refused,
    ServerFailed,
    TimedOut,
    TooManyRequests,
    Unreachable,
)
from .exchange import Below
from .texts import tr

Network = QNetworkReply.NetworkError


def complaint(url: str, status: int, headers: dict[str, str], body: bytes, below: Below) -> PluginError:
    """Return the error of an answer.

    Parameters
    ----------
    url : str
        What was asked.
    status : int
        HTTP status, 0 where no answer came.
    headers : dict
        Names in lower case.
    body : bytes
        What the server says of it: `application/problem+json`, pygeoapi's `{code, description}`, or anything.
    below : Below
        What failed below HTTP; Qt's words stand in the details.
    """
    details = f"{url}\n{status or ''} {below.words}\n{body[:500].decode('utf-8', 'replace')}".strip()
    said = said_by_server(body)
    if not status:
        return _no_answer(url, below, details)
    if status in (401, 403):
        return NotAllowed(
            tr("{status}: the server does not accept this key or account for that. {said}", status=status, said=said),
            details,
        )
    if status == 404:
        return NotFound(tr("404: not on this server, or not for your key: {url}. {said}", url=url, said=said), details)
    if status == 429:
        wait = headers.get("retry-after", "")
        seconds = float(wait) if wait.isdigit() else 5.0
        return TooManyRequests(
            tr("429: too many requests; wait {seconds} s. {said}", seconds=round(seconds), said=said), details, seconds,
        )  # fmt: skip
    if status >= 500:
        return ServerFailed(tr("{status}: the server failed. {said}", status=status, said=said), details)
    return Refused(tr("{status}: the server refuses. {said}", status=status, said=said), details)


def said_by_server(body: bytes) -> str:
    """Return the server's own sentence, where the body holds one."""
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(problem, dict):
        return ""
    for name in ("detail", "description", "message", "title"):
        if isinstance(problem.get(name), str):
            return problem[name]
    return ""


def _no_answer(url: str, below: Below, details: str) -> PluginError:
    if below.code == Network.SslHandshakeFailedError:
        why = "; ".join(below.certificate)
        return BadCertificate(tr("{url}: the server's certificate is not accepted: {why}.", url=url, why=why), details)
    if below.code in (Network.TimeoutError, Network.OperationCanceledError):
        return TimedOut(tr("{url}: the server did not answer in time.", url=url), details)
    if below.code == Network.ProtocolUnknownError:
        return Unreachable(tr("{url}: not an address that QGIS can ask.", url=url), details)
    return Unreachable(
        tr("{url}: no answer. Is the server running, is the address right, is there a network?", url=url), details
    )
