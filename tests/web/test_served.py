"""The first screen on the real server: what it says is what the API says."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]


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
    href = page.locator(".figure a").get_attribute("href")
    first = observatory.get(href.replace("f=html", "f=json"), "coordination").json()["features"]
    total = sum(cell["properties"]["expected"] for cell in first)
    expect(page.locator(".figure b")).to_have_text(f"{total:,.1f}".removesuffix(".0"))


def test_an_audience_without_forecasts_is_told_so(visit: Come, observatory) -> None:
    page = visit(audience="auditor").page

    expect(page.get_by_text("forecast", exact=False).first).to_be_visible()
    assert observatory.get("/pro/forecast.json", "auditor").status_code == 404
    expect(page.locator("#panel tbody tr")).to_have_count(0)
