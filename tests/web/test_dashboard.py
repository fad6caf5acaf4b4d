"""The dashboard on a served city: curves and tables agree with their requests; what is taken away is whole."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def address(observatory: Any) -> str:
    url: str = observatory.url
    return url


@pytest.fixture(scope="module")
def keys(observatory: Any) -> dict[str, str]:
    found: dict[str, str] = observatory.keys
    return found


def _count(observatory: Any, href: str, audience: str = "coordination") -> int:
    asked = href.replace("&f=html", "") + "&f=json&limit=1"
    found: int = observatory.get(asked, audience).json()["numberMatched"]
    return found


def _shown(page: Page, selector: str) -> list[tuple[str, str]]:
    links = page.locator(selector)
    expect(links.first).to_be_visible()
    found: list[tuple[str, str]] = links.evaluate_all(
        "nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])"
    )
    return found


def test_the_dashboard_says_that_the_planted_surge_is_unusual(visit: Come) -> None:
    """It is in the last week, or in the one before where another test has sent a report since."""
    page = visit(screen="tableau").page
    sentence = page.locator("[data-part=sentence]")
    expect(sentence).to_contain_text("Whole city): ")
    page.get_by_role("slider").focus()
    if sentence.get_attribute("data-state") != "up":
        page.keyboard.press("ArrowLeft")

    expect(sentence).to_have_attribute("data-state", "up")
    expect(page.locator('[data-code="proprete"]')).to_contain_text("up")
    expect(page.locator(".chart canvas")).to_have_count(5)


def test_every_figure_of_a_past_week_is_that_of_its_request(visit: Come, observatory: Any) -> None:
    """The week is chosen by keyboard; a district is chosen in the list."""
    page = visit(screen="tableau").page
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Port-Neuf").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=sentence]")).to_contain_text("Port-Neuf")

    assert "division=D03" in page.url
    assert "week=" in page.url
    figures = _shown(page, "td a.datum")
    assert len(figures) >= 8
    for href, text in figures:
        assert _count(observatory, href) == int(text.replace(",", ""))


def test_every_indicator_is_that_of_its_request_and_has_a_definition(visit: Come, observatory: Any) -> None:
    page = visit("?weeks=13", screen="tableau").page
    expect(page.locator("[data-indicator=outages] a")).to_be_visible()

    for name in ("last", "whole", "works", "events", "outages"):
        ((href, text),) = _shown(page, f"[data-indicator={name}] a")
        assert _count(observatory, href) == int(text.replace(",", "")), name
    assert page.locator(".definitions dt").count() == page.locator(".indicators > div").count()


def test_a_link_shows_what_its_sender_saw(visit: Come) -> None:
    page = visit("?collection=faits&division=D03&weeks=52", screen="tableau", audience="planner").page

    expect(page.locator("[data-part=sentence]")).to_contain_text("Incidents (Port-Neuf)")
    expect(page.get_by_label("Period")).to_have_value("52")


def test_csv_png_and_pdf_are_taken_away(visit: Come, observatory: Any) -> None:
    page = visit("?weeks=13", screen="tableau").page
    expect(page.locator(".chart canvas").first).to_be_visible()
    bodies = {}
    for name in ("CSV table", "PNG picture", "PDF page"):
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("button", name=name).click()
        bodies[name] = download.value.path().read_bytes()

    rows = list(csv.DictReader(io.StringIO(bodies["CSV table"].decode())))
    series = observatory.get("/pro/series.json", "coordination", weeks=13).json()
    assert len(rows) == 13 * len(series["series"])
    last = rows[12]
    assert (last["kind"], int(last["count"])) == ("total", series["series"][0]["n"][-1])
    assert _count(observatory, last["request"].removeprefix(observatory.url)) == int(last["count"])
    assert bodies["PNG picture"].startswith(PNG)
    assert bodies["PDF page"].startswith(b"%PDF")


def test_an_audience_counts_only_what_it_may_read(visit: Come, observatory: Any) -> None:
    """Roadworks and auditors have no incidents: neither the choice nor the series."""
    page = visit(screen="tableau", audience="roadworks").page
    expect(page.locator(".chart canvas").first).to_be_visible()

    assert page.get_by_label("What is counted").locator("option").all_text_contents() == ["Reports"]
    assert observatory.get("/pro/series.json", "roadworks", collection="faits").status_code == 404
    assert observatory.get("/pro/series.json").status_code == 401
    refused = observatory.get("/pro/series.json", "planner", weeks=3)
    assert (refused.status_code, "weeks: expected 4 to 52" in refused.text) == (400, True)
    assert observatory.get("/pro/dashboard.pdf", "planner", division="nowhere").status_code == 404
