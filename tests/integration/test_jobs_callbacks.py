"""Callbacks against real servers, kind and unkind: pinned, bounded, told at least once after the state is durable."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from observatoire.cities import read_city
from observatoire.jobs import callbacks as callbacks_module
from observatoire.jobs import outbox as outbox_module
from observatoire.jobs.callbacks import Callbacks, Refused, callbacks_of
from observatoire.jobs.model import Order, QueueFull
from observatoire.jobs.outbox import Outbox
from observatoire.jobs.queue import Queue
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

ORDER = Order("echo", {"message": "é"}, ("echo",), "raw", "public", None)


@dataclass
class Receiver:
    """An HTTP server that keeps what it is sent, and answers as its paths say."""

    port: int
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    failures: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def callbacks(self, host: str = "127.0.0.1", networks: str = "127.0.0.0/8") -> Callbacks:
        settings = Settings(callback_origins=self.url("", host), callback_networks=networks)
        return callbacks_of(settings)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((self.path, dict(self.headers), json.loads(body)))
            if self.path == "/slow":
                time.sleep(3)
            status = 200
            if self.path == "/redirect":
                status = 307
            if self.path == "/flaky" and kept.failures:
                kept.failures, status = kept.failures - 1, 500
            self.send_response(status)
            if status == 307:
                self.send_header("Location", kept.url("/elsewhere"))
            self.end_headers()
            if self.path == "/endless":
                try:
                    while True:
                        self.wfile.write(b"x" * 65_536)
                except OSError:
                    return

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


def post(callbacks: Callbacks, url: str, **more: Any) -> float:
    """Send something and return how long that took, s."""
    began = time.monotonic()
    asyncio.run(callbacks.post(url, b"{}", {"Idempotency-Key": '"1"'}, **more))
    return time.monotonic() - began


# -------------------------------------------------------------------------------------------------------- one delivery
def test_a_name_is_asked_once_and_the_connection_goes_where_it_led(receiver: Receiver) -> None:
    asked = []

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    post(receiver.callbacks("hooks.example.org"), receiver.url("/", "hooks.example.org"), resolve=rebinding)

    assert asked == ["hooks.example.org"]
    ((_, headers, _),) = receiver.got
    assert headers["Host"] == f"hooks.example.org:{receiver.port}"
    assert headers["Idempotency-Key"] == '"1"'


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001"])
def test_this_machine_is_not_called_by_any_of_its_names(receiver: Receiver, host: str) -> None:
    with pytest.raises(Refused):
        post(receiver.callbacks(host, networks=""), receiver.url("/", host))

    assert receiver.got == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with pytest.raises(Refused, match="status 307"):
        post(receiver.callbacks(), receiver.url("/redirect"))

    assert [path for path, *_ in receiver.got] == ["/redirect"]


def test_a_server_that_does_not_answer_is_given_up(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks_module, "TIMEOUT", 0.5)
    began = time.monotonic()

    with pytest.raises(Refused, match="Time"):
        post(receiver.callbacks(), receiver.url("/slow"))

    assert time.monotonic() - began < 2.5


def test_a_server_that_takes_no_connection_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks_module, "TIMEOUT", 0.5)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        receiver = Receiver(deaf.getsockname()[1])
        with pytest.raises(Refused):
            post(receiver.callbacks(), receiver.url("/"))


def test_an_answer_without_end_is_not_read(receiver: Receiver) -> None:
    assert post(receiver.callbacks(), receiver.url("/endless")) < 5


# ----------------------------------------------------------------------------------------------------------- the outbox
@pytest.fixture(scope="module")
def store(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(
            connection, read_city(Path("cities/demo.yml")), catalog().values(), passwords(tmp_path_factory.mktemp("v"))
        )
    return database


def run[T](store: str, receiver: Receiver, ask: Callable[[Queue, Outbox, Any], Any]) -> Any:
    async def inside() -> Any:
        async with AsyncConnectionPool(store, kwargs={"autocommit": True}, min_size=0, max_size=4, open=False) as pool:
            queue = Queue(pool, lease_s=15, attempts=3, kept_s=60, waiting=10)
            return await ask(queue, Outbox(pool, receiver.callbacks(), "http://city/api"), pool)

    return asyncio.run(inside())


def subscribed(receiver: Receiver, path: str = "") -> Order:
    events = ("successful", "running", "failed")
    return replace(ORDER, subscriber={event: receiver.url(path or f"/{event}") for event in events})


def left(store: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(store) as connection:
        return connection.execute("SELECT event, tries FROM obs.callbacks ORDER BY event").fetchall()


def test_a_subscriber_is_told_of_the_start_and_gets_the_results(store: str, receiver: Receiver) -> None:
    async def ask(queue: Queue, outbox: Outbox, _: Any) -> list[Any]:
        job = await queue.enqueue(subscribed(receiver))
        told = [await outbox.deliver_one()]
        claim = await queue.claim("w")
        assert claim is not None
        told += [await outbox.deliver_one(), await outbox.deliver_one()]
        await queue.succeed(claim, {"echo": '"é"'.encode()})
        return [str(job), *told, await outbox.deliver_one(), await outbox.deliver_one()]

    job, *told = run(store, receiver, ask)

    assert told == [False, True, False, True, False]
    (first, headers, state), (second, again, results) = receiver.got
    assert (first, second) == ("/running", "/successful")
    assert (state["jobID"], state["status"], state["processID"]) == (job, "running", "echo")
    assert results == {"echo": "é"}
    assert headers["Idempotency-Key"] == f'"{job}/running"'
    assert again["Idempotency-Key"] == f'"{job}/successful"'
    assert again["Link"] == f'<http://city/api/jobs/{job}>; rel="monitor"'
    assert left(store) == []


def test_a_subscriber_is_told_of_a_failure(store: str, receiver: Receiver) -> None:
    async def ask(queue: Queue, outbox: Outbox, _: Any) -> None:
        await queue.enqueue(subscribed(receiver))
        claim = await queue.claim("w")
        assert claim is not None
        await queue.fail(claim, ("bbox: no cell", {"status": 400}))
        while await outbox.deliver_one():
            pass

    run(store, receiver, ask)

    ((path, _, state),) = receiver.got  # that it had started is no news any more
    assert (path, state["status"], state["message"]) == ("/failed", "failed", "bbox: no cell")
    assert left(store) == []


def test_nobody_is_told_of_a_job_that_was_dismissed_or_rolled_back(store: str, receiver: Receiver) -> None:
    async def ask(queue: Queue, outbox: Outbox, pool: Any) -> list[bool]:
        job = await queue.enqueue(subscribed(receiver))
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE obs.jobs SET status = 'dismissed', finished = now(), expires = now() WHERE id = %s", [job]
            )
        with pytest.raises(QueueFull):
            await Queue(pool, lease_s=15, attempts=3, kept_s=60, waiting=0).enqueue(subscribed(receiver))
        return [await outbox.deliver_one()]

    assert run(store, receiver, ask) == [False]
    assert left(store) == []
    assert receiver.got == []


def test_it_is_told_again_until_it_is_taken_and_not_for_ever(
    store: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "FIRST", 0.02)
    monkeypatch.setattr(outbox_module, "GROWTH", 1.0)

    async def ask(queue: Queue, outbox: Outbox, _: Any) -> int:
        await queue.enqueue(replace(ORDER, subscriber={"successful": receiver.url("/flaky")}))
        claim = await queue.claim("w")
        assert claim is not None
        await queue.succeed(claim, {"echo": b'"x"'})
        tries = 0
        while left(store):
            tries += await outbox.deliver_one()
            await asyncio.sleep(0.03)
        return tries

    receiver.failures = 2
    taken = run(store, receiver, ask)
    keys = {headers["Idempotency-Key"] for _, headers, _ in receiver.got}
    receiver.failures = 1000
    given_up = run(store, receiver, ask)

    assert taken == 3
    assert len(keys) == 1
    assert given_up == outbox_module.TRIES


def test_results_that_are_too_long_are_fetched_instead(
    store: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MOST", 10)

    async def ask(queue: Queue, outbox: Outbox, _: Any) -> None:
        await queue.enqueue(replace(ORDER, subscriber={"successful": receiver.url("/")}))
        claim = await queue.claim("w")
        assert claim is not None
        await queue.succeed(claim, {"echo": b'"12345678901"'})
        assert await outbox.deliver_one()

    run(store, receiver, ask)

    ((_, _, state),) = receiver.got
    assert state["status"] == "successful"
    assert any(link["rel"].endswith("/results") for link in state["links"])
