"""Where a job may call back to (`subscriber`): origins that the settings name, addresses that are public, no other.

A name is resolved once, every address it has must be allowed, and the connection goes to the address that was looked at
(otherwise a name could point elsewhere a moment later: DNS rebinding). No redirect is followed, no proxy used, nothing
of the answer read but its status.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from observatoire.errors import BadInput, BadSettings
from observatoire.jobs.model import Status
from observatoire.settings import Settings

#: Members of `subscriber`, and the state of the job at which each is called.
EVENTS: dict[str, Status] = {"successUri": "successful", "inProgressUri": "running", "failedUri": "failed"}
LONGEST = 2_000  # bytes of an address
PORTS = {"http": 80, "https": 443}
TIMEOUT = 10.0  # s, for resolving, connecting, sending and the head of the answer together
#: Not private by RFC 1918, and not places on the Internet either: translated and relayed addresses lead anywhere.
RELAYS = tuple(
    ip_network(text) for text in ("192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)

type Network = IPv4Network | IPv6Network
type Resolve = Callable[[str, int], Awaitable[list[str]]]


class Refused(Exception):
    """An address may not be called, or does not take what it is sent. Never shown to a client."""


@dataclass(frozen=True)
class Callbacks:
    """Where to callbacks may go.

    Attributes
    ----------
    origins : frozenset of str
        `scheme://host:port`; none: callbacks are refused.
    networks : tuple of network
        Allowed although they are not public.
    """

    origins: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.origins)

    def check(self, name: str, url: Any) -> str:
        """Return an address that a client gives for member `name`, if it may be called.

        Raises
        ------
        BadInput
            If it is none, or of an origin that the settings do not name.
        """
        if not isinstance(url, str) or len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
            raise BadInput(f"subscriber.{name}: expected an address of at most {LONGEST} ASCII characters")
        parts = _split(url)
        if parts is None or parts.fragment or _origin(parts) not in self.origins:
            raise BadInput(f"subscriber.{name}: expected an address at {', '.join(sorted(self.origins))}")
        return url

    def allows(self, address: str) -> bool:
        """Tell whether a connection may go to an IP address."""
        ip = ip_address(address.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in self.networks if network.version == ip.version):
            return True
        relayed = any(ip in network for network in RELAYS if network.version == ip.version)
        return ip.is_global and not ip.is_multicast and not relayed

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, resolve: Resolve | None = None) -> None:
        """Send a JSON body; return once it was taken (2xx).

        Raises
        ------
        Refused
            If its address is not allowed, or it was not taken in time.
        """
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._post(url, body, headers, resolve or _resolve)
        except (OSError, httpx.HTTPError) as error:  # TimeoutError is an OSError
            raise Refused(type(error).__name__) from None

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], resolve: Resolve) -> None:
        parts = _split(url)
        if parts is None or _origin(parts) not in self.origins:  # the settings may have changed since
            raise Refused("its origin is not allowed any more")
        host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
        addresses = await resolve(host, port)
        if not addresses or not all(map(self.allows, addresses)):
            raise Refused("its name leads to an address that is not allowed")
        pinned = httpx.URL(url).copy_with(host=addresses[0].partition("%")[0])
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=TIMEOUT) as client:
            request = client.build_request(
                "POST",
                pinned,
                content=body,
                headers={"Host": parts.netloc, "Content-Type": "application/json", **headers},
                extensions={"sni_hostname": host},
            )
            answer = await client.send(request, stream=True)
            await answer.aclose()
        if not answer.is_success:
            raise Refused(f"status {answer.status_code}")


def callbacks_of(settings: Settings) -> Callbacks:
    """Return what the settings allow.

    Raises
    ------
    BadSettings
        If they name something that is no origin, or no network.
    """
    origins = set()
    for text in _listed(settings.callback_origins):
        parts = _split(text)
        if parts is None or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise BadSettings(f"OBS_CALLBACK_ORIGINS: expected addresses like https://example.org, got {text!r}")
        origins.add(_origin(parts))
    try:
        networks = tuple(ip_network(text) for text in _listed(settings.callback_networks))
    except ValueError:
        raise BadSettings("OBS_CALLBACK_NETWORKS: expected networks like 10.1.2.0/24, separated by commas") from None
    return Callbacks(frozenset(origins), networks)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _split(url: str) -> SplitResult | None:
    """Return the parts of an http or https address without a login, or None."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc or "\\" in url or parts.port == 0:
            return None
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> str:
    host = str(parts.hostname)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or PORTS[parts.scheme]}"


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
