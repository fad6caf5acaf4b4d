"""A local service that behaves as told: right, late, cut, refusing, lying."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import stamina


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Reply:
    """An answer; `cut` bytes of it are sent where that is given, `pause` seconds before the body."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json"
    cut: int | None = None
    pause: float = 0.0


class Service(ThreadingHTTPServer):
    """Answers by `answer(asked)`, but the n-th request (from 1) by `instead[n]`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[Asked], Reply] = lambda _: Reply({}, 404)
        self.instead: dict[int, Reply] = {}
        self.asked: list[Asked] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(self.command, parts.path, query, headers, body, time.monotonic())
        with self.server.lock:
            self.server.asked.append(asked)
            reply = self.server.instead.get(len(self.server.asked))
        reply = reply or self.server.answer(asked)
        content = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        try:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.type)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            time.sleep(reply.pause)
            self.wfile.write(content if reply.cut is None else content[: reply.cut])
        except OSError:
            pass  # the client has had enough

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serving() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield service
    service.shutdown()
    thread.join()
    service.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    """A service, asked without pauses between attempts."""
    with stamina.set_testing(True, attempts=3):
        yield from _serving()


@pytest.fixture
def other() -> Iterator[Service]:
    """A second one, of another origin."""
    yield from _serving()


@pytest.fixture
def reply() -> type[Reply]:
    """The class of answers."""
    return Reply
