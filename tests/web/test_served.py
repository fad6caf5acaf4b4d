"""The first screen on the real server: what it says is what the API says."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
Barriers = Callable[..., list[str]]


@pytest.fixture(scope="module")
def address(observatory) -> str:
    return observatory.url


@pytest.fixture(scope="module")
def keys(observatory) -> dict[str, str]:
    return observatory.keys


def test_the_desk_says_what_the_api_says(visit: Come, observatory) -> None:
    card = observatory.get("/pro/forecast.json", "coordination").json()
    cells = observatory.get(
        "/api/collections/risque/items", "coordination", limit=1, rank=1, datetime=card["as_of"], target=card["target"]
    ).json()["features"]

    desk = visit(size="desktop")

    expect(desk.page.get_by_text("Simulated data")).to_be_visible()
    expect(desk.page.get_by_text(card["words"]["en"])).to_be_visible()
    first = desk.page.locator("#panel tbody tr").first
    expect(first).to_contain_text(f"{cells[0]['properties']['expected']:.2f}")
    drawn = desk.rendered("risque")
    assert drawn
    assert desk.rendered("signalements")
    assert desk.rendered("faits")


def test_a_forecast_that_is_the_count_says_so(visit: Come, observatory) -> None:
    """In the small city the count is served: it has no difference from itself, and nothing else explains a cell."""
    page = visit("?show=difference").page

    expect(page.locator("[data-part=readings] [role=status]")).to_contain_text("this count: there is no difference")
    moved = observatory.get("/api/collections/risque/items", "coordination", filter="expected - baseline >= 0.5").json()
    assert moved["numberMatched"] == 0
    page.locator(".cells .rank").first.click()
    why = page.locator("[data-part=why]")
    expect(why).to_contain_text("nothing else is in this number")
    href = why.locator("a").get_attribute("href")
    told = observatory.get(href.replace("f=html", "f=json"), "coordination").json()["properties"]
    assert (told["rank"], told["answer"]) == (1, "count")
    assert told["baseline"] == told["expected"]
    assert told["without_recent"] is None


def test_the_classes_are_those_of_the_intervals(visit: Come, observatory) -> None:
    card = observatory.get("/pro/forecast.json", "coordination").json()
    given = {"datetime": card["as_of"], "target": card["target"], "limit": 10_000}
    cells = [
        c["properties"]
        for c in observatory.get("/api/collections/risque/items", "coordination", **given).json()["features"]
    ]
    mean = sum(c["expected"] for c in cells) / len(cells)
    high, low = sum(c["lower"] > mean for c in cells), sum(c["upper"] < mean for c in cells)

    page = visit("?show=classes").page

    expect(page.locator("[data-part=readings]")).to_contain_text(f"{high:,} cells are high and {low:,} low")
    links = page.locator("[data-part=readings] .requests a").evaluate_all(
        "nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])"
    )
    assert [text for _, text in links] == [
        f"high ({high:,})", f"low ({low:,})", f"not told apart ({len(cells) - high - low:,})"
    ]  # fmt: skip
    for link, text in links:
        asked = observatory.get(link.replace("f=html", "f=json&limit=1"), "coordination").json()
        assert f"({asked['numberMatched']:,})" in text, link
    href = page.locator(".figure a").get_attribute("href")
    first = observatory.get(href.replace("f=html", "f=json"), "coordination").json()["features"]
    total = sum(cell["properties"]["expected"] for cell in first)
    expect(page.locator(".figure b")).to_have_text(f"{total:,.1f}".removesuffix(".0"))


@pytest.mark.parametrize("days", [7, 90])
def test_every_count_by_nature_is_that_of_its_request(visit: Come, observatory, days: int) -> None:
    """Of each collection and of each of its natures, of a short window and of a long one."""
    page = visit(f"?days={days}").page
    counts = page.locator(".natures a.count")
    expect(page.locator("[data-collection=signalements] li a.count").first).to_be_visible()
    expect(page.locator("[data-collection=faits] li a.count").first).to_be_visible()

    shown = counts.evaluate_all("nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])")

    assert len(shown) >= 10
    assert sum(int(text.replace(",", "")) for _, text in shown) > 0
    for href, text in shown:
        asked = href.replace("&f=html", "&f=json&limit=1")
        assert observatory.get(asked, "coordination").json()["numberMatched"] == int(text.replace(",", "")), asked


def test_a_count_that_is_followed_opens_its_items_over_the_desk(visit: Come, observatory, barriers: Barriers) -> None:
    """Of a collection that needs the key, by keyboard alone: the page is read with the key, and the screen stays."""
    page = visit("?days=90").page
    link = page.locator("[data-collection=faits] legend a.count")
    n = int(link.inner_text().replace(",", ""))

    link.focus()
    page.keyboard.press("Enter")

    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text(f"items shown, of {n}")
    expect(sheet.locator(".request")).to_contain_text("/api/collections/faits/items?datetime=")
    assert barriers(page) == []
    sheet.get_by_role("link", name=re.compile(r"^\d+$")).first.click()
    expect(sheet.locator(".request")).to_contain_text(re.compile(r"/api/collections/faits/items/\d+"))
    sheet.get_by_role("button", name="Previous page").click()
    expect(sheet).to_contain_text("items shown, of")
    with page.expect_download() as saved:
        sheet.get_by_role("link", name="CSV").click()
    assert saved.value.suggested_filename == "faits.csv"
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(link).to_be_focused()
    assert "days=90" in page.url


def test_an_audience_without_forecasts_is_told_so(visit: Come, observatory) -> None:
    page = visit(audience="auditor").page

    expect(page.get_by_text("forecast", exact=False).first).to_be_visible()
    assert observatory.get("/pro/forecast.json", "auditor").status_code == 404
    expect(page.locator("#panel tbody tr")).to_have_count(0)
