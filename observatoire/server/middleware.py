"""What every answer gets: security headers, compression, and every request: a longest address, a longest body."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from observatoire.server.encodings import ENCODERS, chosen
from observatoire.server.problems import problem

#: MapLibre runs in a module worker of our own origin and draws images from blobs; nothing comes from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "style-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@cache
def _raw(policy: str) -> list[tuple[bytes, bytes]]:
    headers = HEADERS | {"Content-Security-Policy": policy}
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


#: Shorter bodies fit in one packet anyway, bytes.
WORTH = 1_000
_TEXTS = ("text/", "application/json", "application/geo+json", "application/ld+json", "application/problem+json",
          "application/vnd.", "application/schema+json", "application/javascript", "image/svg")  # fmt: skip


class Secure:
    """Adds the security headers.

    Parameters
    ----------
    policy_of : callable
        Gives the content security policy of a request.
    """

    def __init__(self, app: ASGIApp, policy_of: Callable[[Scope], str] = lambda _: POLICY) -> None:
        self.app = app
        self.policy_of = policy_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers of `HEADERS`."""

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_raw(self.policy_of(scope))]
            await send(message)

        await self.app(scope, receive, secured if scope["type"] == "http" else send)


class Compress:
    """Compresses whole answers; what is streamed or compressed already passes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed as the client likes best where the body is worth it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        encoding = chosen(Headers(scope=scope).get("accept-encoding", ""))
        start: Message | None = None

        async def compressing(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None and message["type"] == "http.response.body":
                headers = MutableHeaders(raw=start["headers"])
                body = message.get("body", b"")
                if not message.get("more_body", False) and len(body) > WORTH and _worth(headers):
                    _vary(headers)
                    if encoding:
                        message = {**message, "body": ENCODERS[encoding](body)}
                        headers["Content-Encoding"] = encoding
                        headers["Content-Length"] = str(len(message["body"]))
                await send(start)
                start = None
            await send(message)

        await self.app(scope, receive, compressing)


def _worth(headers: MutableHeaders) -> bool:
    return "content-encoding" not in headers and headers.get("content-type", "").startswith(_TEXTS)


def _vary(headers: MutableHeaders) -> None:
    """Say that the answer depends on Accept-Encoding. Our entity tags are weak: one for all encodings."""
    if "accept-encoding" not in headers.get("vary", "").lower():
        headers.add_vary_header("Accept-Encoding")


@dataclass(frozen=True)
class Wider:
    """Where longer bodies may come, and what is answered to one that is too long even there.

    Attributes
    ----------
    paths : tuple of str
        Beginnings of addresses.
    most : int, bytes
    refuse : callable
        Gives the answer. It is read: the rest of the body is taken in first, up to `DRAINED`, and thrown away.
    """

    paths: tuple[str, ...]
    most: int
    refuse: Callable[[Scope], Response]


#: A client that still sends when we close meets a broken connection and sees no answer, bytes.
DRAINED = 128_000_000


class Limit:
    """Refuses addresses longer than `OBS_MAX_URL_BYTES`, and bodies longer than `OBS_MAX_BODY_BYTES`, said or not."""

    def __init__(self, app: ASGIApp, most: int, longest: int, wider: Wider | None = None) -> None:
        self.app = app
        self.most = most
        self.longest = longest
        self.wider = wider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or 414, or 413 before the application sees a body that is too long."""
        if scope["type"] == "http" and len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.longest:
            answer = problem(414, f"the address is longer than {self.longest} bytes; POST a long filter")
            await answer(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        wider = self.wider if self.wider is not None and scope["path"].startswith(self.wider.paths) else None
        most = self.most if wider is None else max(self.most, wider.most)
        said = Headers(scope=scope).get("content-length", "")
        if said.isdigit() and int(said) > most:
            await self._refuse(scope, receive, send, wider, 0)
            return
        chunks: list[bytes] = []
        length = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunks.append(message.get("body", b""))
            length += len(chunks[-1])
            more = message.get("more_body", False)
            if length > most:
                chunks.clear()
                await self._refuse(scope, receive if more else None, send, wider, length)
                return
        whole: Message | None = {"type": "http.request", "body": b"".join(chunks), "more_body": False}

        async def replayed() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        await self.app(scope, replayed, send)

    async def _refuse(
        self, scope: Scope, receive: Receive | None, send: Send, wider: Wider | None, length: int
    ) -> None:
        answer = problem(413, f"the body is longer than {self.most} bytes", headers={"Connection": "close"})
        if wider is not None:
            while receive is not None and length < DRAINED:
                message = await receive()
                length += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
            answer = wider.refuse(scope)
            answer.headers["Connection"] = "close"
        await answer(scope, receive or _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
