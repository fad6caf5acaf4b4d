"""Descriptions of a server's processes, kept on disk: a server that is away never delays QGIS."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qgis.core import QgsFeedback

from .errors import NotJson, PluginError
from .folder import folder, read, write
from .http import Client
from .log import warn
from .processes import Process, read_process
from .servers import Server
from .texts import language, tr

#: Without a desktop, where nothing renews them in the background, kept descriptions are taken for so long.
FRESH_S = 3600.0
#: So long a start without a desktop and without fresh descriptions waits for the server.
START_S = 4.0
#: A list with more pages than this is somebody's mistake.
MOST_PAGES = 20


@dataclass(frozen=True)
class Kept:
    """What is on disk of a server.

    Attributes
    ----------
    processes : tuple of Process
        As last read; the empty one where nothing is kept.
    age_s : float, s
        Since then; infinite where nothing is kept.
    """

    processes: tuple[Process, ...]
    age_s: float


def kept(server: Server) -> Kept:
    """Return the descriptions that are on disk; no network."""
    said = read(_path(server), {})
    said = said if isinstance(said, dict) and isinstance(said.get("processes"), list) else {}
    age = time.time() - said["saved"] if isinstance(said.get("saved"), (int, float)) else float("inf")
    return Kept(_read(said.get("processes", [])), age)


def renew(client: Client, *, within_s: float | None = None, feedback: QgsFeedback | None = None) -> bool:
    """Read all descriptions anew and keep them; return whether they differ from those kept.

    Parameters
    ----------
    client : Client
        Whose processes.
    within_s : float, s
        For all requests together.

    Raises
    ------
    PluginError
        The server does not answer, or not as OGC API - Processes; what is kept stays.
    """
    until = time.monotonic() + within_s if within_s else None
    found = []
    for summary in _summaries(client, until, feedback):
        try:
            path = f"processes/{quote(str(summary['id']), safe='')}"
            found.append(client.get_json(path, **_rest(client, until), feedback=feedback))
        except PluginError as error:
            if until is not None and time.monotonic() > until:
                raise
            warn(tr("{id}: its description cannot be read: {why}", id=summary["id"], why=error))
    before = read(_path(client.server), {})
    write(_path(client.server), {"url": client.server.url, "saved": time.time(), "processes": found})
    return not isinstance(before, dict) or before.get("processes") != found


def at_start(client: Client) -> tuple[Process, ...]:
    """Return descriptions without a desktop: fresh ones from disk, else the server's, else old ones from disk."""
    here = kept(client.server)
    if here.age_s <= FRESH_S:
        return here.processes
    try:
        renew(client, within_s=START_S)
    except PluginError as error:
        warn(f"{client.server.url}: {error}\n{error.details}".strip())
        return here.processes
    return kept(client.server).processes


def forget(server: Server) -> None:
    """Remove what is kept of a server."""
    _path(server).unlink(missing_ok=True)


def _path(server: Server) -> Path:
    """Return the file of a server as this user sees it: who has another key may see other processes."""
    who = hashlib.sha256("\n".join((server.url, server.authcfg, server.key, language())).encode()).hexdigest()[:24]
    return folder() / f"processes-{who}.json"


def _summaries(client: Client, until: float | None, feedback: QgsFeedback | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address, seen = "processes", set()
    while address and address not in seen and len(seen) < MOST_PAGES:
        seen.add(address)
        said = client.get_json(address, **_rest(client, until), feedback=feedback)
        page = said.get("processes") if isinstance(said, dict) else said
        if not isinstance(page, list):
            raise NotJson(
                tr(
                    "{url}: no list of processes. Is this the landing page of OGC API - Processes?",
                    url=client.server.url,
                )
            )
        found += [each for each in page if isinstance(each, dict) and each.get("id")]
        links = said.get("links") if isinstance(said, dict) else None
        address = next(
            (str(link["href"]) for link in links or [] if isinstance(link, dict) and link.get("rel") == "next"), ""
        )
        address = client.url(address) if address else ""
    return found


def _rest(client: Client, until: float | None) -> dict[str, float]:
    left = client.timeout_s if until is None else max(until - time.monotonic(), 0.05)
    return {"timeout_s": min(left, client.timeout_s)}


def _read(said: list[Any]) -> tuple[Process, ...]:
    found = []
    for description in said:
        try:
            found.append(read_process(description))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            name = description.get("id") if isinstance(description, dict) else ""
            warn(tr("{id}: its description cannot be read: {why}", id=name, why=repr(error)))
    return tuple(found)
