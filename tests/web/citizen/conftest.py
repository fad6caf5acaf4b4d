"""Residents in front of their pages: on a phone or a desk, by touch, by keyboard, with and without a script."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, Route

SIZES = {"phone": (390, 844), "small": (320, 640), "desktop": (1280, 900)}
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
}
#: In the middle of the simulated cities.
PLACE = {"longitude": 5.3723, "latitude": 43.3035}


@dataclass
class Resident:
    """A person with a browser.

    Attributes
    ----------
    foreign : list of str
        Requests to other hosts; every one is blocked.
    faults : list of str
        What scripts and the security policy complained of.
    """

    site: str
    context: BrowserContext
    page: Page
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site + path)
        return self.page

    def installed(self) -> Page:
        """Open the site and wait until its service worker has kept what it keeps, and rules the page."""
        self.go("/")
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=60_000)
        return self.page

    def barriers(self, *, contrast: bool = True) -> list[str]:
        """What axe finds on the page as it stands, in both themes.

        Without `contrast` where the reader's own colours are forced: axe reads those of our style sheets.
        """
        found = []
        rules = {"color-contrast": {"enabled": contrast}}
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            for one in Axe().run(self.page, options=AXE | {"rules": rules}).response["violations"]:
                found += [f"{theme} {one['id']}: {node['target']} {node['failureSummary']}" for node in one["nodes"]]
        return found

    def overflows(self) -> bool:
        """Tell whether the page scrolls sideways."""
        wide: bool = self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return wide


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> str:
    """Where the pages are served: the session's small city, or `OBS_WEB_URL`."""
    given = os.environ.get("OBS_WEB_URL")
    return given.rstrip("/") if given else str(request.getfixturevalue("observatory").url)


@pytest.fixture(scope="session")
def staff(request: pytest.FixtureRequest) -> dict[str, str]:
    """A header that speaks for coordination: the small city's key, or that of the file `OBS_WEB_KEYS`."""
    path = os.environ.get("OBS_WEB_KEYS")
    keys = json.loads(Path(path).read_text("utf-8")) if path else request.getfixturevalue("observatory").keys
    return {"X-API-Key": keys["coordination"]}


@pytest.fixture
def resident(browser: Browser, site: str) -> Iterator[Callable[..., Resident]]:
    """Make residents; at the end none may have asked another host for anything, and no script have failed."""
    made: list[Resident] = []

    def come(
        *, size: str = "phone", locale: str = "fr-FR", script: bool = True, touch: bool = False, **more: Any
    ) -> Resident:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, java_script_enabled=script, has_touch=touch,
            reduced_motion="reduce", timezone_id="Europe/Paris", **more,
        )  # fmt: skip
        one = Resident(site, context, context.new_page())
        made.append(one)
        context.route("**/*", lambda route: _guard(one, route))
        one.page.on("pageerror", lambda error: one.faults.append(str(error)))
        one.page.on("console", lambda line: _note(one, line.type, line.text))
        return one

    yield come

    for one in made:
        one.context.close()
    assert [url for one in made for url in one.foreign] == []
    assert [fault for one in made for fault in one.faults] == []


def _guard(one: Resident, route: Route) -> None:
    """Let the loopback pass, block and note the rest."""
    parts = urlsplit(route.request.url)
    if parts.scheme in {"data", "blob"} or parts.hostname in LOOPBACK:
        route.continue_()
        return
    one.foreign.append(route.request.url)
    route.abort()


def _note(one: Resident, kind: str, text: str) -> None:
    """Keep complaints; a network that is away, or an answer that is a refusal, is what some tests are about."""
    if kind in {"error", "warning"} and not text.startswith(("Failed to load resource", "[.WebGL")):
        one.faults.append(text)
