"""Connections: name, address and authentication of servers, kept in the settings of QGIS. No secret is kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qgis.core import QgsSettings

from .errors import BadUrl, NoServer
from .texts import tr

ROOT = "obs/servers"
ACTIVE = "obs/active"
#: The id of the server that the environment names.
ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Server:
    """A server of OGC APIs.

    Attributes
    ----------
    id : str
        Letters, digits and dashes; the group of settings that keeps it.
    name : str
        What the user calls it.
    url : str
        The landing page of its API, no slash at its end.
    authcfg : str
        The id of an authentication of QGIS (API Header, Basic, OAuth2…), or empty.
    key : str
        Of the environment (`OBS_API_KEY`), without a desktop only; never stored, never shown.
    """

    id: str
    name: str
    url: str
    authcfg: str = ""
    key: str = field(default="", repr=False)

    @property
    def root(self) -> str:
        """Return scheme, host and port: where `/qgis/…` and `/docs` lie on an observatory."""
        return origin(self.url)


def origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def checked_url(text: str) -> str:
    """Return an address as it is kept.

    Raises
    ------
    BadUrl
        It is not http(s), has no host, or holds a password, a query or a fragment.
    """
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadUrl(tr("Address: “{url}” is not an address.", url=url)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url):
        raise BadUrl(tr("Address: expected http://… or https://…, got “{url}”.", url=url))
    if parts.username or parts.password:
        raise BadUrl(tr("Address: it must hold no password; choose an authentication instead."))
    if parts.query or parts.fragment:
        raise BadUrl(tr("Address: expected the API's landing page, without ? or #."))
    return url


def servers(*, headless: bool = False) -> list[Server]:
    """Return the connections, the active one first; where there is none, that of `OBS_URL`.

    Parameters
    ----------
    headless : bool
        Without a desktop: a server without an authentication gets the key of `OBS_API_KEY`; where `OBS_URL` is set as
        well, only the server of that address does.
    """
    settings = QgsSettings()
    settings.beginGroup(ROOT)
    ids = settings.childGroups()
    settings.endGroup()
    kept = [_read(settings, id_) for id_ in sorted(ids)]
    address = os.environ.get("OBS_URL", "").strip().rstrip("/")
    if not kept and address:
        kept = [Server(ENVIRONMENT, tr("Observatory"), checked_url(address))]
    key = os.environ.get("OBS_API_KEY", "") if headless else ""
    found = [_with_key(server, key, address) for server in kept]
    first = settings.value(ACTIVE, "")
    return sorted(found, key=lambda server: (server.id != first, server.name.lower()))


def active(*, headless: bool = False) -> Server:
    """Return the server in use.

    Raises
    ------
    NoServer
        Neither the settings nor `OBS_URL` name one.
    """
    found = servers(headless=headless)
    if not found:
        raise NoServer
    return found[0]


def save(server: Server) -> None:
    """Keep a connection; the first one becomes the active one."""
    settings = QgsSettings()
    for name in ("name", "url", "authcfg"):
        settings.setValue(f"{ROOT}/{server.id}/{name}", getattr(server, name))
    if not settings.value(ACTIVE, ""):
        activate(server.id)


def remove(id_: str) -> None:
    """Forget a connection."""
    settings = QgsSettings()
    settings.remove(f"{ROOT}/{id_}")
    if settings.value(ACTIVE, "") == id_:
        settings.remove(ACTIVE)


def activate(id_: str) -> None:
    """Make a connection the active one: its processes are `obs:<process>`."""
    QgsSettings().setValue(ACTIVE, id_)


def new_id(name: str, taken: list[str]) -> str:
    """Return an id for a new connection, made of its name."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "server"
    number, found = 1, base
    while found in taken or found == ENVIRONMENT:
        number += 1
        found = f"{base}-{number}"
    return found


def _read(settings: QgsSettings, id_: str) -> Server:
    name, url, authcfg = (str(settings.value(f"{ROOT}/{id_}/{key}", "")) for key in ("name", "url", "authcfg"))
    return Server(id_, name or id_, url.rstrip("/"), authcfg)


def _with_key(server: Server, key: str, address: str) -> Server:
    if not key or server.authcfg or (address and origin(address) != server.root):
        return server
    return Server(server.id, server.name, server.url, "", key)
