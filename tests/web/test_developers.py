"""The developers' page: its code, taken as it stands, runs on another site; its addresses answer."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.web

VENDOR = Path(__file__).resolve().parents[2] / "web" / "vendor"
SITE = """<!doctype html><div id="map" style="height: 300px"></div>
<script type="importmap">{"imports": {"maplibre-gl": "/maplibre-gl/maplibre-gl.mjs"}}</script>
<script type="module">%s
window.map = map;</script>"""


@pytest.fixture(scope="module")
def page(browser: Browser, observatory: Any) -> Any:
    """The page, opened once."""
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{observatory.url}/developpeurs")
    yield page
    context.close()


@pytest.fixture(scope="module")
def samples(page: Page) -> dict[str, str]:
    """The code that the page shows, by its name."""
    code = page.locator("[data-sample]")
    pairs = code.evaluate_all("nodes => nodes.map((node) => [node.dataset.sample, node.textContent])")
    return dict(pairs)


def test_the_map_of_the_page_is_drawn_and_nothing_bars_the_way(page: Page, barriers: Callable[..., list[str]]) -> None:
    """axe: none, light and dark."""
    page.wait_for_selector("#map[data-state=idle]", timeout=30_000)
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found += [f"{theme}: {one}" for one in barriers(page)]

    assert found == []


class Elsewhere(SimpleHTTPRequestHandler):
    """Another site, on a port and so an origin of its own: a page with some code, and the library."""

    page = b""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere(samples: dict[str, str]) -> Iterator[str]:
    """The site's address."""
    Elsewhere.page = (SITE % samples["maplibre.js"]).encode()
    Elsewhere.extensions_map[".mjs"] = "text/javascript"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Elsewhere, directory=str(VENDOR))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_maplibre_code_draws_the_reports_on_another_site(
    browser: Browser, samples: dict[str, str], elsewhere: str
) -> None:
    context = browser.new_context()
    site = context.new_page()
    site.goto(elsewhere)

    site.wait_for_function("window.map?.loaded() && map.queryRenderedFeatures().length > 0", timeout=60_000)
    assert len(samples["maplibre.js"].strip().splitlines()) <= 10
    with site.expect_response(re.compile("/items")) as asked:
        site.locator("#map canvas").click(position={"x": 150, "y": 150})
    assert asked.value.ok
    expect(site.locator(".maplibregl-popup")).to_be_visible()
    context.close()


def test_every_address_in_the_code_answers(samples: dict[str, str], observatory: Any) -> None:
    """What a template string leaves open is filled in as the code would."""
    code = "\n".join(samples[name] for name in ("maplibre.js", "openlayers.js"))
    code += "\n".join(
        f'"{observatory.url}/api{path}"' for path in re.findall(r'read\("([^"]+)"', samples["leaflet.js"])
    )
    crs = "http://www.opengis.net/def/crs/EPSG/0/3857"
    boxes = {crs: "590000,5350000,600000,5360000", "": "5.3,43.2,5.4,43.3"}
    addresses = [url.replace("${crs}", crs) for url in re.findall(r'["`](http://127[^"`]+)["`]', code)]

    assert len(addresses) >= 6
    for url in addresses:
        answer = httpx.get(url.replace("${box}", boxes[crs if crs in url else ""]), timeout=30)
        assert answer.status_code == 200, url
        assert answer.headers["content-type"].split(";")[0].endswith("json")


def test_the_commands_run_as_they_stand(samples: dict[str, str], tmp_path: Path) -> None:
    for line in samples["curl.sh"].strip().splitlines():
        command = ["curl", "--fail", "--silent", *shlex.split(line)[1:]]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-c", samples["sample.py"]], check=True, capture_output=True, text=True, timeout=120
    )

    assert (tmp_path / "signalements.csv").read_text("utf-8").count("\n") > 10
    assert "depot-sauvage" in done.stdout


def test_the_landing_page_leads_there(observatory: Any) -> None:
    landing = observatory.get("/api", f="html", lang="en").text

    assert 'href="/developpeurs?lang=en"' in landing
    assert "For developers" in observatory.get("/developpeurs", lang="en").text
    assert "Pour les développeurs" in observatory.get("/developpeurs", lang="fr").text
