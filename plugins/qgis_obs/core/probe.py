"""The test of a connection: who answers, and what it offers."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import NotFound, NotJson
from .http import Client
from .processes import words
from .texts import tr


@dataclass(frozen=True)
class Found:
    """What a server says of itself.

    Attributes
    ----------
    title : str
        Of its landing page.
    collections, processes : int or None
        How many this user sees; None where it offers no such thing.
    """

    title: str
    collections: int | None
    processes: int | None

    def sentence(self) -> str:
        """Return it for the user."""
        parts = []
        if self.collections is not None:
            parts.append(tr("{count} collections", count=self.collections))
        if self.processes is not None:
            parts.append(tr("{count} processes", count=self.processes))
        return tr("It answers: {title} ({what}).", title=self.title, what=", ".join(parts))


def probe(client: Client) -> Found:
    """Ask the landing page, the collections and the processes.

    Raises
    ------
    NotJson
        It answers, and is no OGC API.
    PluginError
        It does not answer, or not to this key.
    """
    landing = client.get_json("")
    if not isinstance(landing, dict) or not isinstance(landing.get("links"), list):
        raise NotJson(tr("{url} is no landing page of an OGC API.", url=client.server.url), str(landing)[:300])
    collections, processes = _count(client, "collections"), _count(client, "processes")
    if collections is None and processes is None:
        raise NotJson(tr("{url} offers neither collections nor processes.", url=client.server.url))
    return Found(words(landing.get("title"), client.server.name), collections, processes)


def _count(client: Client, what: str) -> int | None:
    try:
        said = client.get_json(what)
    except NotFound:
        return None
    members = said.get(what) if isinstance(said, dict) else None
    return len(members) if isinstance(members, list) else None
