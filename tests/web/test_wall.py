"""The wall: it shouts when it is cut off, recovers alone, and does not grow."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.web


class Cable:
    """Forwards TCP connections on a loopback port to a server; cut, it drops those it has and refuses new ones."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._sockets: set[socket.socket] = set()
        self._whole = True
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._door.accept()
                if not self._whole:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets |= {near, far}
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    def _pump(self, a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while data := a.recv(65_536):
                b.sendall(data)
        for each in (a, b):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            self._sockets.discard(each)


@pytest.fixture(scope="module")
def keys(observatory: Any) -> dict[str, str]:
    found: dict[str, str] = observatory.keys
    return found


@pytest.fixture
def cable(observatory: Any) -> Iterator[Cable]:
    made = Cable(urlsplit(observatory.url).port or 0)
    yield made
    made.close()


@pytest.fixture
def wall(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="fr-FR")
    yield context
    context.close()


def hang(context: BrowserContext, address: str, key: str) -> Page:
    """Open the wall and wait until it is live."""
    page = context.new_page()
    page.add_init_script(f"sessionStorage.setItem('observatoire.key', {json.dumps(key)})")
    page.goto(f"{address}/pro/mur")
    expect(page.locator("[data-line=open]")).to_be_visible()
    expect(page.locator(".wall li").first).to_contain_text("60 signalements de propreté")
    return page


def test_it_shouts_within_ten_seconds_and_recovers_alone(
    wall: BrowserContext, cable: Cable, keys: dict[str, str]
) -> None:
    page = hang(wall, f"http://127.0.0.1:{cable.port}", keys["coordination"])

    cable.cut()
    cut = time.monotonic()
    expect(page.get_by_role("alert")).to_contain_text("DONNÉES FIGÉES", timeout=10_000)
    shouted = time.monotonic() - cut
    cable.mend()

    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)
    expect(page.locator("[data-line=open]")).to_be_visible()
    assert shouted <= 10


def test_letters_are_read_from_afar(wall: BrowserContext, observatory: Any, keys: dict[str, str]) -> None:
    """20 points at the least: 26.7 px."""
    page = hang(wall, observatory.url, keys["coordination"])

    smallest = page.locator(".wall :is(li, p, h2, footer)").evaluate_all(
        "nodes => Math.min(...nodes.map(node => parseFloat(getComputedStyle(node).fontSize)))"
    )

    assert smallest >= 26.6


def test_two_thousand_updates_leave_the_heap_as_it_was(
    wall: BrowserContext, observatory: Any, keys: dict[str, str]
) -> None:
    """Events come through the stream that the page reads; growth is measured after garbage collection."""
    page = wall.new_page()
    page.add_init_script(f"sessionStorage.setItem('observatoire.key', {json.dumps(keys['coordination'])})")
    page.add_init_script(STREAM)
    page.goto(f"{observatory.url}/pro/mur")
    expect(page.locator(".wall li").first).to_be_visible()
    session = wall.new_cdp_session(page)

    def heap() -> float:
        for _ in range(3):
            session.send("HeapProfiler.collectGarbage")
        used: float = session.send("Runtime.getHeapUsage")["usedSize"]
        return used

    ring(page, 200)
    before = heap()
    ring(page, 2_000)
    after = heap()

    assert page.evaluate("window.rung") == 2_200
    assert after < 1.1 * before


#: Replaces the stream of events by one that the test rings.
STREAM = """
const real = window.fetch;
window.rung = 0;
window.fetch = (path, options) => {
  if (String(path) !== "/pro/events") return real(path, options);
  const body = new ReadableStream({
    start(controller) {
      const write = (event) => controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
      write({ kind: "hello" });
      setInterval(() => write({ kind: "beat" }), 2000);
      window.ring = () => {
        window.rung += 1;
        write({ kind: "collection", collection: "signalements", version: window.rung });
      };
    },
  });
  return Promise.resolve(new Response(body));
};
"""


def ring(page: Page, times: int) -> None:
    """Have events come at two hundred a second, and what they cause be done."""
    page.evaluate(
        """async (n) => {
          for (let k = 0; k < n; k++) {
            window.ring();
            if (k % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }""",
        times,
    )
    page.wait_for_timeout(2_000)
