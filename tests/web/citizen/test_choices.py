"""What a city may choose otherwise: a map of others under its own layers, and how many reports one network may send."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from PIL import Image
from playwright.sync_api import Page, expect

from observatoire.server.citizen.sheet import sheet
from observatoire.server.middleware import POLICY
from observatoire.server.policy import with_style
from observatoire.store.cluster import Cluster

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PLACE = {"longitude": 5.3723, "latitude": 43.3035}
FULL = os.environ.get("OBS_PROVE") == "full"
SENT, LIMIT = (200, 120) if FULL else (20, 12)  # in a minute; in an hour
NATURE = "vegetation"  # no question has to be answered


class Tiles(ThreadingHTTPServer):
    """Plays the tiles of a third party: one grey picture for all of them."""

    def __init__(self) -> None:
        out = BytesIO()
        Image.new("RGB", (256, 256), (120, 120, 120)).save(out, "PNG")
        self.picture, self.asked = out.getvalue(), list[str]()
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    """Answers one tile."""

    server: Tiles

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(self.server.picture)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def tiles() -> Iterator[Tiles]:
    server = Tiles()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(observatory: Any, tiles: Tiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The session's city, served once more with a base map and a limit."""
    base = {"title": {"fr": "Plan", "en": "Plan"}, "tiles": f"{tiles.url}/{{z}}/{{x}}/{{y}}.png", "credit": "© Eux"}
    city = yaml.safe_load(Path(observatory.environment["OBS_CITY"]).read_text("utf-8")) | {"basemap": base}
    file = tmp_path_factory.mktemp("choices") / "small.yml"
    file.write_text(yaml.safe_dump(city), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"OBS_CITY": str(file), "OBS_BIND": f"127.0.0.1:{port}", "OBS_REPORTS_PER_HOUR": str(LIMIT)}
    command = [sys.executable, "-m", "observatoire.cli", "serve"]
    with subprocess.Popen(command, env=observatory.environment | own, stderr=subprocess.DEVNULL) as server:
        end = time.monotonic() + 180
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
        server.send_signal(signal.SIGINT)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def new_hour(observatory: Any) -> None:
    """Forget what was counted, as the end of the hour does."""
    cluster = Cluster(Path(observatory.environment["OBS_VAR"]), database="observatoire_small")
    with psycopg.connect(cluster.conninfo(), autocommit=True) as store:
        store.execute("DELETE FROM obs.report_rates")


def open_map(page: Page) -> None:
    page.wait_for_selector('[data-drawn] #map[data-state="idle"]', timeout=60_000)


def test_a_map_of_others_comes_when_it_is_asked_for_and_tells_no_place_before(resident: Come, tiles: Tiles) -> None:
    one = resident(size="desktop")
    page = one.go("/?at=5.3723,43.3035&rayon=300&vue=carte")
    open_map(page)
    button = page.get_by_role("button", name="Fond de carte : Plan")
    expect(button).to_have_attribute("aria-pressed", "false")
    before = list(tiles.asked)

    button.click()
    page.wait_for_function("() => document.querySelector('#map').map.isSourceLoaded('basemap')")

    expect(page.get_by_text("© Eux. Ce fond vient de 127.0.0.1")).to_be_visible()
    assert before == ["/0/0/0.png"]  # the whole world
    assert len(tiles.asked) > 1
    assert (
        page.evaluate("document.querySelector('#map').map.getLayoutProperty('divisions:fill', 'visibility')") == "none"
    )
    assert one.barriers() == []
    button.click()
    assert page.evaluate("document.querySelector('#map').map.getLayoutProperty('basemap', 'visibility')") == "none"


def test_a_map_of_others_that_does_not_answer_is_not_offered(resident: Come, tiles: Tiles) -> None:
    one = resident()
    one.context.route(f"{tiles.url}/**", lambda route: route.abort())
    with one.page.expect_event("requestfailed", lambda asked: asked.url.startswith(tiles.url)):
        page = one.go("/?at=5.3723,43.3035&rayon=300&vue=carte")
    open_map(page)

    expect(page.get_by_role("button", name="Carte", exact=True)).to_have_attribute("aria-pressed", "true")
    assert page.locator(".basemap").count() == 0


def test_the_policy_lets_in_that_host_alone_and_none_by_default(site: str, tiles: Tiles, observatory: Any) -> None:
    allowed = httpx.get(site).headers["content-security-policy"]
    default = httpx.get(observatory.url)

    own = with_style(POLICY, sheet().source)
    assert default.headers["content-security-policy"] == own
    assert "data-basemap" not in default.text
    assert allowed.replace(f" {tiles.url}", "") == own
    assert allowed.count(tiles.url) == 2  # pictures, and the fetches that bring them


def test_200_reports_in_a_minute_wait_with_words_and_all_leave_once(
    resident: Come, site: str, observatory: Any
) -> None:
    """Beyond the limit of the hour they stay on the device, in both languages; when it is over they leave."""
    if datetime.now().astimezone().minute == 59:
        time.sleep(60)  # the hour that is counted would end in the middle
    new_hour(observatory)
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    page = one.go("/mes-signalements")
    page.evaluate(
        """async ([n, nature, lon, lat]) => {
          const { enqueue } = await import(`${document.body.dataset.web}citizen/outbox.js`);
          const fields = { nature, lang: "fr", answers: "{}", lon: String(lon), lat: String(lat) };
          for (let i = 0; i < n; i++) await enqueue(fields, null);
        }""",
        [SENT - 1, NATURE, PLACE["longitude"], PLACE["latitude"]],
    )
    page.goto(f"{site}/signaler?nature={NATURE}")
    page.wait_for_selector("#report[data-ready]")
    page.get_by_role("button", name="Me localiser").click()
    expect(page.locator("#where-said")).to_contain_text("Lieu choisi")

    page.get_by_role("button", name="Envoyer").click()

    expect(page.locator("#done")).to_contain_text("Trop d'envois depuis votre réseau en une heure", timeout=90_000)
    expect(page.locator("#done")).to_contain_text("Rien n'est perdu : il partira seul dans")
    assert one.barriers() == []
    page.goto(f"{site}/mes-signalements?lang=en")
    expect(page.locator("#waiting li")).to_have_count(SENT - LIMIT)
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#mine-said")).to_contain_text("Too many reports from your network in one hour")

    alone = resident(script=False).go("/signaler?nature=vegetation&lang=en")
    street = str(httpx.get(f"{site}/lieux", params={"q": "rue"}).json()["places"][0]["name"])
    alone.get_by_label("Street", exact=True).fill(street)
    time.sleep(3.2)  # nobody fills a form faster: a robot does
    alone.get_by_role("button", name="Send").click()
    expect(alone.get_by_role("alert").first).to_contain_text(f"Over {LIMIT} reports in one hour from your network")
    expect(alone.get_by_label("Street", exact=True)).to_have_value(street)

    new_hour(observatory)
    page.get_by_role("button", name="Send now").click()
    expect(page.locator("#sent li")).to_have_count(SENT, timeout=90_000)
    expect(page.locator("#waiting")).to_be_hidden()
    mine = page.evaluate(
        """async () => (await (await import(`${document.body.dataset.web}citizen/store.js`)).all("mine"))
           .map(({ reference, token }) => [reference, token])"""
    )
    assert len({reference for reference, _ in mine}) == SENT
    with httpx.Client(base_url=observatory.url, timeout=60) as client:  # they would be the news of other tests
        gone = [client.delete(f"/reports/{name}", headers={"X-Tracking-Token": token}) for name, token in mine]
    assert {answer.status_code for answer in gone} == {204}
