"""A report that is cut short at any step arrives once: offline, killed before the answer, sent by two pages at once."""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PLACE = {"longitude": 5.3723, "latitude": 43.3035}
RUNS = 100 if os.environ.get("OBS_PROVE") == "full" else 10
NATURE = "vehicule-epave"  # no question has to be answered


def count(site: str) -> int:
    """How many reports of the kind the city has of the last day."""
    since = datetime.now(UTC) - timedelta(days=1)
    asked = {"nature": NATURE, "limit": 10_000, "datetime": f"{since:%Y-%m-%dT%H:%M:%SZ}/..", "skipGeometry": "true"}
    answer = httpx.get(f"{site}/api/collections/signalements/items", params=asked)
    return len(answer.json()["features"])


def fill(page: Page, site: str) -> None:
    """Fill in the form, with the device's position."""
    page.goto(f"{site}/signaler?nature={NATURE}")
    page.wait_for_selector("#report[data-ready]")
    page.get_by_role("button", name="Me localiser").click()
    expect(page.locator("#where-said")).to_contain_text("Lieu choisi")


def waiting(page: Page) -> int:
    """How many reports wait on the device."""
    found: int = page.evaluate(
        """() => new Promise((resolve) => {
          const open = indexedDB.open("observatoire");
          open.onsuccess = () => {
            const base = open.result;
            if (!base.objectStoreNames.contains("outbox")) return resolve(0);
            const all = base.transaction("outbox").objectStore("outbox").count();
            all.onsuccess = () => { base.close(); resolve(all.result); };
          };
        })"""
    )
    return found


def offline(context: BrowserContext, page: Page, site: str) -> None:
    """No network at all when the button is touched; the page is closed before it comes back."""
    context.set_offline(True)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Pas de réseau")).to_be_visible()
    page.close()
    context.set_offline(False)


def answer_lost(context: BrowserContext, page: Page, site: str) -> None:
    """The city takes the report, and its answer is lost on the way."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    context.route("**/reports", lose, times=1)
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_selector("#done:not([hidden])")
    page.close()


def killed_while_sending(context: BrowserContext, page: Page, site: str) -> None:
    """The page is killed while the city works; it never sees the answer."""

    def kill(route: Route) -> None:
        route.fetch()
        page.close(run_before_unload=False)

    context.route("**/reports", kill, times=1)
    with page.expect_event("close"):
        page.get_by_role("button", name="Envoyer").click(no_wait_after=True)


def refused_for_now(context: BrowserContext, page: Page, site: str) -> None:
    """The city is in trouble, then well again."""
    context.route("**/reports", lambda route: route.fulfill(status=503, json={"detail": "no"}), times=1)
    page.get_by_role("button", name="Envoyer").click()
    page.wait_for_selector("#done:not([hidden])")
    page.close()


def two_pages(context: BrowserContext, page: Page, site: str) -> None:
    """Another page of the same device sends at the same time."""
    context.set_offline(True)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Pas de réseau")).to_be_visible()
    context.set_offline(False)
    other = context.new_page()
    other.goto(f"{site}/mes-signalements")
    page.evaluate("dispatchEvent(new Event('online'))")
    other.close()
    page.close()


FAULTS = [offline, answer_lost, killed_while_sending, refused_for_now, two_pages]


@pytest.mark.timeout(1800)  # a hundred runs take nine minutes on a machine that does much else
def test_no_report_is_lost_and_none_arrives_twice(resident: Come, site: str) -> None:
    """Ten runs, each with a fault of a seeded choice (100 in `make prove`)."""
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    one.installed()
    before = count(site)
    rng = random.Random(20261128)
    faults = [FAULTS[i % len(FAULTS)] for i in range(RUNS)]
    rng.shuffle(faults)
    for fault in faults:
        page = one.context.new_page()
        fill(page, site)
        fault(one.context, page, site)
        if rng.random() < 0.5:
            one.go("/mes-signalements")  # else it waits, and leaves with those to come

    page = one.go("/mes-signalements")
    page.wait_for_function(
        "(n) => document.querySelectorAll('#sent li').length === n && document.querySelector('#waiting').hidden",
        arg=RUNS,
        timeout=60_000,
    )
    assert waiting(page) == 0
    assert count(site) - before == RUNS


def test_an_installed_application_opens_and_reports_without_a_network(resident: Come, site: str) -> None:
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    page = one.installed()
    page.reload()
    lines = page.locator(".lines .line").count()
    before = count(site)
    one.context.set_offline(True)

    page.reload()
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator(".lines .line")).to_have_count(lines)
    assert one.barriers() == []
    page.get_by_role("link", name="Signaler").click()
    page.get_by_role("link", name="Véhicule épave").click()
    page.wait_for_selector("#report[data-ready]")
    page.get_by_role("button", name="Me localiser").click()
    expect(page.locator("#known-list")).to_contain_text("Hors connexion")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Pas de réseau")).to_be_visible()
    assert one.barriers() == []
    page.get_by_role("link", name="Voir mes signalements").click()
    expect(page.locator("#waiting")).to_contain_text("En attente d'envoi")
    assert one.barriers() == []

    one.context.set_offline(False)
    expect(page.locator("#sent li")).to_have_count(1)
    expect(page.locator("#sent")).to_contain_text("Reçu")
    assert count(site) - before == 1


def test_what_the_worker_keeps_holds_no_secret(resident: Come, site: str) -> None:
    """Pages and data of the past visits: no tracking page, no answer about a report, nothing of the services."""
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    one.installed()
    fill(one.page, site)
    one.page.get_by_role("button", name="Envoyer").click()
    one.page.get_by_role("link", name="Voir le suivi").click()
    one.page.wait_for_load_state("networkidle")
    one.go("/pro/")

    kept = one.page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
             (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat()"""
    )

    assert "/signaler" in kept
    assert [path for path in kept if path.startswith(("/suivi", "/reports", "/pro", "/lieux"))] == []


def test_the_manifest_makes_an_application(resident: Come, site: str) -> None:
    manifest = httpx.get(f"{site}/manifest.webmanifest").json()

    assert manifest["start_url"] == manifest["scope"] == manifest["id"] == "/"
    assert manifest["display"] == "standalone"
    sizes = {icon["sizes"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= sizes
    for icon in manifest["icons"]:
        assert httpx.get(site + icon["src"]).headers["content-type"] == icon["type"]


def test_the_worker_s_files_are_all_there(site: str) -> None:
    """A name that is wrong would keep the worker from being installed at all."""
    folder = Path(__file__).resolve().parents[3] / "web" / "citizen"
    source = httpx.get(f"{site}/sw.js").text

    missing = [path.name for path in folder.glob("*.js") if path.name not in source]

    assert sorted(missing) == ["map.js", "worker.js"]  # the map is kept once it is looked at
