"""Every residents' page: no barrier that axe finds, no sideways scrolling at 320 pixels, light, in both languages."""

import base64
import hashlib
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PAGES = [
    "/", "/?at=5.3723,43.3035&rayon=3000", "/?ou=rue", "/?ou=nulle%20part", "/agenda", "/agenda?voir=chantiers&lang=en",
    "/quartier", "/quartier?code=D04&lang=en", "/quartier?code=nowhere", "/signaler", "/signaler?nature=bruit",
    "/signaler?nature=depot-sauvage&lang=en", "/suivi", "/mes-signalements", "/donnees", "/vie-privee",
    "/vie-privee?lang=en", "/accessibilite",
]  # fmt: skip


def test_no_page_has_a_barrier_or_scrolls_sideways(resident: Come) -> None:
    """One browser for all pages: at 320 pixels, which is 400 % of a desk's screen (WCAG 1.4.10), in both themes."""
    one = resident(size="small")
    found = {}
    for path in PAGES:
        one.go(path)
        barriers = one.barriers() + (["scrolls sideways"] if one.overflows() else [])
        if barriers:
            found[path] = barriers

    assert found == {}


def test_the_answers_to_a_plain_form_have_no_barrier_either(resident: Come, site: str) -> None:
    """Refused, given back with its errors, with what is known, received, tracked, about to be deleted, deleted."""
    street = httpx.get(f"{site}/lieux", params={"q": "rue"}).json()["places"][0]["name"]
    one = resident(size="small")
    found = {}

    def plainly(action: str) -> None:
        """Send the form as a browser without a script would."""
        with one.page.expect_navigation():
            one.page.evaluate(
                "(to) => { const form = document.querySelector('#report'); form.action = to; form.submit(); }", action
            )

    def look(state: str) -> None:
        barriers = one.barriers() + (["scrolls sideways"] if one.overflows() else [])
        if barriers:
            found[state] = barriers

    page = one.go("/signaler?nature=vegetation")
    plainly("/reports")
    look("too fast")
    page = one.go("/signaler?nature=vegetation")
    page.get_by_label("Rue", exact=True).fill("Rue de Nulle Part")
    time.sleep(3.2)  # nobody fills a form faster: a robot does
    plainly("/reports")
    expect(page.get_by_role("alert").first).to_contain_text("Pas encore envoyé")
    look("refused")
    page.get_by_label("Rue", exact=True).fill(street)
    plainly("/signaler")
    expect(page.get_by_role("heading", name="Déjà connu ici ?")).to_be_visible()
    look("known")
    plainly("/reports")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement reçu")
    look("received")
    page.get_by_role("button", name="Voir le suivi").click()
    page.locator("summary", has_text="Supprimer").click()
    look("tracked")
    page.get_by_role("button", name="Supprimer mon signalement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement supprimé")
    look("deleted")

    assert found == {}


def test_forced_colours_have_no_barrier(resident: Come) -> None:
    one = resident(size="small", forced_colors="active")
    found = {}
    for path in ("/?at=5.3723,43.3035&rayon=3000", "/agenda", "/quartier?code=D04", "/signaler?nature=bruit"):
        one.go(path)
        if barriers := one.barriers(contrast=False):
            found[path] = barriers

    assert found == {}


def test_forced_colours_keep_what_is_chosen_visible(resident: Come) -> None:
    one = resident(forced_colors="active")
    page = one.go("/")

    outline = page.locator(".chips [aria-current]").first.evaluate("el => getComputedStyle(el).outlineStyle")

    assert outline == "solid"


def test_every_target_can_be_touched(resident: Come) -> None:
    """44 pixels each way (WCAG 2.5.5), links inside a sentence excepted."""
    one = resident(touch=True)
    small: list[str] = []
    for path in ("/", "/agenda", "/signaler", "/signaler?nature=bruit", "/mes-signalements"):
        page = one.go(path)
        page.wait_for_load_state("networkidle")
        small += page.evaluate(
            """() => [...document.querySelectorAll(
                 "button, .chips a, .tiles a, .tabs a, .choices a, a.button, .speak, .question .check")]
               .filter((el) => el.checkVisibility()).map((el) => [el.textContent.trim(), el.getBoundingClientRect()])
               .filter(([, box]) => box.height < 43.9 || box.width < 43.9).map(([text]) => text)"""
        )

    assert small == []


def test_the_first_view_weighs_no_more_than_35_kb(resident: Come) -> None:
    """HTML, styles and scripts as they came over the wire, compressed, nothing kept before."""
    one = resident()
    wire = one.context.new_cdp_session(one.page)
    wire.send("Network.enable")
    weights: list[float] = []
    wire.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))

    one.go("/")
    one.page.wait_for_load_state("networkidle")
    first = sum(weights)
    one.page.get_by_role("button", name="Carte").click()
    one.page.wait_for_selector('[data-drawn] #map[data-state="idle"]', timeout=60_000)

    assert 0 < first <= 35_000
    assert sum(weights) <= 500_000


def test_the_heaviest_form_weighs_no_more_than_35_kb(resident: Come) -> None:
    one = resident()
    wire = one.context.new_cdp_session(one.page)
    wire.send("Network.enable")
    weights: list[float] = []
    wire.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))

    one.go("/signaler?nature=depot-sauvage")
    one.page.wait_for_load_state("networkidle")

    assert 0 < sum(weights) <= 35_000


def test_pages_keep_the_language_that_was_asked_for(resident: Come) -> None:
    page = resident(script=False).go("/?lang=en")
    expect(page.locator("html")).to_have_attribute("lang", "en")

    page.get_by_role("navigation").get_by_role("link", name="Calendar", exact=True).click()

    expect(page).to_have_url(re.compile("/agenda.*lang=en"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Calendar of works and events")
    page.get_by_role("link", name="Français").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Agenda des travaux et des événements")


def test_files_of_this_version_are_kept_and_pages_are_asked_again(site: str) -> None:
    page = httpx.get(f"{site}/")
    script = page.text.split('<script type="module" src="')[1].split('"')[0]

    answer = httpx.get(site + script.replace("app.js", "report.js"), headers={"Accept-Encoding": "br"})

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "br"
    assert page.headers["cache-control"] == "public, no-cache"


def test_nothing_bars_the_first_picture_but_the_page(resident: Come) -> None:
    """No style sheet or script that a browser must wait for: the page comes with all that it is drawn with."""
    one = resident()
    page = one.go("/?at=5.3723,43.3035&rayon=3000")

    barring = page.evaluate(
        """() => performance.getEntriesByType("resource")
           .filter((one) => one.renderBlockingStatus === "blocking").map((one) => one.name)"""
    )

    assert barring == []
    assert page.locator("main").evaluate("el => getComputedStyle(el).display") == "grid"  # the sheet was let in


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_hold_one_sheet_inline_and_name_our_own_files_only(site: str, language: str) -> None:
    """Anything else inline the security policy blocks; links that a person may follow are no requests."""
    for path in PAGES:
        page = httpx.get(f"{site}{path}", headers={"Accept-Language": language}, params={"lang": language})
        html = page.text
        sheets = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        let_in = [base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() for sheet in sheets]
        files = re.findall(r'<(?:script|img)[^>]* src="([^"]*)"|<link[^>]* href="([^"]*)"', html)

        assert f'<html lang="{language}">' in html
        assert not re.search(r' style=|\bon[a-z]+="', html)
        assert html.count("<script") == html.count("<style") == len(sheets) == 1
        assert f"style-src 'self' 'sha256-{let_in[0]}';" in page.headers["content-security-policy"]
        assert [one for pair in files for one in pair if one and not one.startswith(("/web/v-", "/manifest"))] == []
