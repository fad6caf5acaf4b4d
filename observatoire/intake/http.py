"""The HTTP client of all connectors: patient with a server in trouble, bounded, and discreet.

It tries again with growing, random pauses, and waits as long as `Retry-After` asks within a bound. Size is bounded
after decompression, time over all attempts. Credentials go to the origin of the address only, wherever redirects and
`next` links lead. Errors name the host and the status, never an address, a header or a text of the server.
"""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import orjson
import stamina

from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.conditional import forget_validators, keep_validators, validators
from observatoire.intake.wire import decoded, retry_after

USER_AGENT = f"observatoire/{version('observatoire')}"

_WORTH_ANOTHER = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole addresses, and these may hold keys


@dataclass(frozen=True)
class Limits:
    """How much is asked of a server, and taken from it.

    Attributes
    ----------
    attempts : int
    seconds : float
        Of one request, with all its attempts and pauses.
    silence : float, s
        Longest wait for the next bytes.
    wait : float, s
        Longest `Retry-After` that is waited for.
    page : int, bytes
        Largest answer that is held in memory, once decompressed.
    file : int, bytes
        Largest file, once decompressed.
    redirects : int
    """

    attempts: int = 5
    seconds: float = 900.0
    silence: float = 30.0
    wait: float = 120.0
    page: int = 64 * 1024**2
    file: int = 2 * 1024**3
    redirects: int = 5


@dataclass(frozen=True)
class Answer:
    """A whole answer in memory.

    Attributes
    ----------
    url : httpx.URL
        Where it was found, redirects followed.
    """

    status: int
    headers: httpx.Headers
    content: bytes
    url: httpx.URL

    @property
    def type(self) -> str:
        """Media type without its parameters."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the JSON value, or raise `BadSource` where it is none."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            raise BadSource(f"{self.url.host} answered something else than JSON") from None

    def json_object(self) -> dict[str, Any]:
        """Return the JSON object, or raise `BadSource` where it is none."""
        value = self.json()
        if not isinstance(value, dict):
            raise BadSource(f"{self.url.host} answered JSON that is no object")
        return value


class _TryAgain(Exception):
    """The server may answer better in a moment, or after `wait` seconds."""

    def __init__(self, status: int, wait: float | None) -> None:
        super().__init__(str(status))
        self.wait = wait


@dataclass(frozen=True)
class Client:
    """Asks one service.

    Parameters
    ----------
    address : str
        Its address; credentials go to its origin only.
    headers : mapping
        Credentials; see `credentials.credentials`.
    limits : Limits

    Raises
    ------
    BadInput
        If the address is not `http:` or `https:`, or holds a password.
    """

    address: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Check the address."""
        if _url(self.address).userinfo:
            raise BadInput("address: it holds a password; expected `auth: env:NAME` beside it")

    def get(
        self,
        address: str | None = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return an answer, its status 2xx or 304.

        Parameters
        ----------
        address : str, optional
            Default: the service's. It may be relative to it.
        params : mapping, optional
            Put into the query, over those that are there.

        Raises
        ------
        SourceUnavailable
            If the server cannot be reached in time, refuses, or sends too much.
        BadSource
            If it leads elsewhere than to `http:` and `https:`.
        """
        return self._in_memory("GET", self._at(address, params), headers or {}, {})

    def post(self, address: str, **content: Any) -> Answer:
        """Return the answer to a POST (`data`, `files`, as httpx takes them); it is tried again like the others."""
        return self._in_memory("POST", self._at(address, None), {}, content)

    def download(self, address: str | None, target: Path, *, params: Mapping[str, str] | None = None) -> bool:
        """Bring a file to `target`, unless the server says that the one there is still the last.

        Its `ETag` and `Last-Modified` are kept beside it, in `<target>.http`. What was there stays until the new one is
        whole.

        Returns
        -------
        bool
            Whether the file is new.
        """
        url = self._at(address, params)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")

        def once(end: float) -> httpx.Response:
            with part.open("wb") as out:
                answer = self._ask("GET", url, validators(target, url), {}, out.write, self.limits.file, end)
                out.flush()
                os.fsync(out.fileno())
            return answer

        try:
            answer = self._patiently(url, once)
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return False
            forget_validators(target)
            part.replace(target)
            keep_validators(target, url, answer.headers)
        finally:
            part.unlink(missing_ok=True)
        return True

    def _at(self, address: str | None, params: Mapping[str, str] | None) -> httpx.URL:
        try:
            url = _url(self.address).join(address) if address else _url(self.address)
        except httpx.InvalidURL:
            raise BadSource(f"{_url(self.address).host} gives an address that is none") from None
        return url.copy_merge_params(dict(params)) if params else url

    def _in_memory(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: dict[str, Any]) -> Answer:
        def once(end: float) -> Answer:
            body = bytearray()
            answer = self._ask(method, url, headers, content, body.extend, self.limits.page, end)
            return Answer(answer.status_code, answer.headers, bytes(body), answer.url)

        return self._patiently(url, once)

    def _patiently[T](self, url: httpx.URL, once: Callable[[float], T]) -> T:
        """Return what `once` returns, tried again while that may help."""
        limits = self.limits
        end = time.monotonic() + limits.seconds

        def hope(error: Exception) -> bool | float:
            if isinstance(error, _TryAgain):
                return True if error.wait is None else error.wait
            return isinstance(error, httpx.TransportError | httpx.DecodingError)

        try:
            for attempt in stamina.retry_context(
                on=hope, attempts=limits.attempts, timeout=limits.seconds, wait_initial=0.5, wait_max=20.0
            ):
                with attempt:
                    return once(end)
        except _TryAgain as refusal:
            raise SourceUnavailable(f"{url.host} answered {refusal}") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise SourceUnavailable(f"{url.host}: no whole answer") from None
        raise AssertionError("stamina makes one attempt at least")

    def _ask(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        content: dict[str, Any],
        write: Callable[[bytes], Any],
        most: int,
        end: float,
    ) -> httpx.Response:
        """Ask once, follow redirects, and write the body; return the answer without it."""
        timeout = httpx.Timeout(self.limits.silence, connect=min(10.0, self.limits.silence))
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            for _ in range(self.limits.redirects + 1):
                self._check(url)
                sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers, **self._credentials(url)}
                with client.stream(method, url, headers=sent, **content) as answer:
                    if answer.status_code in _REDIRECTS and method == "GET":
                        url = _next(answer)
                        continue
                    _check_status(answer, self.limits.wait)
                    size = 0
                    for chunk in decoded(answer):
                        size += len(chunk)
                        if size > most:
                            raise SourceUnavailable(f"{url.host}: its answer is larger than {most} bytes")
                        if time.monotonic() > end:
                            raise SourceUnavailable(f"{url.host}: no whole answer in {self.limits.seconds:g} s")
                        write(chunk)
                    return answer
        raise SourceUnavailable(f"{url.host}: more than {self.limits.redirects} redirects")

    def _check(self, url: httpx.URL) -> None:
        """Refuse what a stranger leads to: another scheme, or from outside a machine of this network."""
        home = _url(self.address)
        if url.scheme not in {"http", "https"}:
            raise BadSource(f"{home.host} leads to an address that is neither http nor https")
        if url.host != home.host and is_inner(url.host) and not is_inner(home.host):
            raise BadSource(f"{home.host} leads to an address inside this network")

    def _credentials(self, url: httpx.URL) -> Mapping[str, str]:
        return self.headers if _origin(url) == _origin(_url(self.address)) else {}


def is_inner(host: str) -> bool:
    """Tell whether a host is this machine or one of a private network; one that has no address is not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not ip_address(str(where[0]).partition("%")[0]).is_global for *_, where in found)


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadInput("address: expected http://… or https://…")
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _next(answer: httpx.Response) -> httpx.URL:
    try:
        return answer.url.join(answer.headers.get("location", ""))
    except httpx.InvalidURL:
        raise BadSource(f"{answer.url.host} leads to an address that is none") from None


def _check_status(answer: httpx.Response, longest: float) -> None:
    status = answer.status_code
    if status in _WORTH_ANOTHER:
        wait = retry_after(answer.headers.get("retry-after"))
        if wait is not None and wait > longest:
            raise SourceUnavailable(f"{answer.url.host} answered {status}, and asks to come back after {wait:.0f} s")
        raise _TryAgain(status, wait)
    if status != httpx.codes.NOT_MODIFIED and not answer.is_success:
        raise SourceUnavailable(f"{answer.url.host} answered {status}")
