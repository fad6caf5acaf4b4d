"""What the web tests share: a server (ours of `stub.py`, or the one at `OBS_WEB_URL`), Chromium, and visits.

`OBS_WEB_URL` points the same tests at a served observatory; its keys are then read from the file `OBS_WEB_KEYS`
(`{audience: key}`, as `make demo` writes it).
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
SIZES = {"desktop": (1440, 900), "laptop": (1024, 640), "phone": (390, 844)}
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
expect.set_options(timeout=15_000)
IDLE = '#map[data-state="idle"]'
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
}


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the desk is served, without a slash at the end."""
    given = os.environ.get("OBS_WEB_URL")
    if given:
        yield given.rstrip("/")
        return
    stub = Path(__file__).with_name("stub.py")
    with subprocess.Popen([sys.executable, str(stub)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="session")
def keys() -> dict[str, str]:
    """A key per audience."""
    path = os.environ.get("OBS_WEB_KEYS")
    if path:
        found: dict[str, str] = json.loads(Path(path).read_text(encoding="utf-8"))
        return found
    return {"coordination": "coordination-key", "citizen": "citizen-key"}


@pytest.fixture(scope="session")
def barriers() -> Callable[..., list[str]]:
    """What axe finds on a page as it stands.

    Without `contrast` where the reader's own colours are forced: axe reads those of our style sheets.
    """

    def found(page: Page, *, contrast: bool = True) -> list[str]:
        options = AXE | {"rules": {"color-contrast": {"enabled": contrast}}}
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in Axe().run(page, options=options).response["violations"]
            for node in one["nodes"]
        ]

    return found


@pytest.fixture(scope="session")
def ask(address: str, keys: dict[str, str]) -> Callable[[str], Any]:
    """Ask the server itself, as coordination: what the screen must then show."""

    def read(path: str) -> Any:
        request = urllib.request.Request(address + path, headers={"X-API-Key": keys["coordination"]})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    return read


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one file: while it lives, nothing else in this process can run a loop of its own."""
    program = shutil.which("chromium")
    assert program, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Visit:
    """A person in front of the desk."""

    page: Page
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def wait_for_map(self) -> None:
        self.page.wait_for_selector(IDLE, timeout=30_000)

    def rendered(self, collection: str) -> set[Any]:
        """Ids of the features of a collection that are drawn now."""
        self.wait_for_map()
        found = self.page.evaluate(
            """(id) => document.querySelector("#map").map.queryRenderedFeatures()
               .filter((f) => f.source === id).map((f) => f.properties.cell_id ?? f.id)""",
            collection,
        )
        return set(found)


@pytest.fixture
def visit(browser: Browser, address: str, keys: dict[str, str]) -> Iterator[Callable[..., Visit]]:
    """Open the desk; at the end nothing must have been asked of another host, and no script have failed.

    The default size is a phone's, where no map is opened: most of what is asked here needs none, and software WebGL
    is slow. `audience=None` comes without a key. `alter` is called with the page before it is opened, to come between
    it and the server.
    """
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def come(
        query: str = "",
        *,
        screen: str = "risque",
        audience: str | None = "coordination",
        key: str | None = None,
        size: str = "phone",
        theme: str = "light",
        locale: str = "en-GB",
        alter: Callable[[Page], None] | None = None,
    ) -> Visit:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale=locale,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        visited = Visit(page)
        visits.append(visited)
        page.on("request", lambda request: note_foreign(visited, request.url))
        page.on("pageerror", lambda error: visited.faults.append(str(error)))
        page.on("console", lambda message: note_fault(visited, message.type, message.text))
        secret = key or (keys[audience] if audience else None)
        if secret:
            page.add_init_script(f"sessionStorage.setItem('observatoire.key', {json.dumps(secret)})")
        if alter:
            alter(page)
        page.goto(f"{address}/pro/{screen}{query}")
        return visited

    yield come

    for context in contexts:
        context.close()
    assert [url for visited in visits for url in visited.foreign] == []
    assert [fault for visited in visits for fault in visited.faults] == []


def note_foreign(visited: Visit, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"data", "blob"} and parts.hostname not in LOOPBACK:
        visited.foreign.append(url)


def note_fault(visited: Visit, kind: str, text: str) -> None:
    """Keep what a script or the security policy complains of; a refused answer is what some tests are about."""
    if kind in {"error", "warning"} and not text.startswith(("Failed to load resource", "[.WebGL")):
        visited.faults.append(text)
