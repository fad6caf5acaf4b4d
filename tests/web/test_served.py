"""The first screen on the real server: what it says is what the API says."""

import re
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


def test_the_forecast_beside_the_count_in_words_and_colours(visit: Come, observatory) -> None:
    """The cell of the planted surge: what the simple rule expects of it, and what each past weighs, as the API says."""
    visited = visit("?show=difference", size="desktop")
    page = visited.page
    sentence = page.locator("[data-part=readings] [role=status]")
    expect(sentence).to_contain_text("the simple rule, would have named")
    visited.wait_for_map()
    colours = page.evaluate(
        """() => document.querySelector("#map").map.getPaintProperty("risque:risque-fill", "fill-color")"""
    )
    assert colours[0] == "step"
    assert "baseline" in str(colours)

    page.locator(".cells .rank").first.click()
    why = page.locator("[data-part=why]")
    href = why.get_by_role("link", name="Open this cell").get_attribute("href")
    told = observatory.get(href.replace("f=html", "f=json"), "coordination").json()["properties"]
    assert told["rank"] == 1
    expect(why).to_contain_text(f"the simple rule, expects {_number(told['baseline'])}")
    assert why.locator("li[data-kind]").count() >= 1
    for line in why.locator("li[data-kind]").all():
        kind = line.get_attribute("data-kind")
        word = "Raised" if told["expected"] > told[f"without_{kind}"] else "Lowered"
        expect(line).to_contain_text(
            re.compile(f"^{word} by .*without it, {re.escape(_number(told[f'without_{kind}']))}")
        )

    page.get_by_text("Three classes").click()
    expect(page.locator(".legend")).to_contain_text("not told apart")
    assert "show=classes" in page.url


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


def _number(value: float) -> str:
    """A number as the screen writes it: two decimals at most."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def test_an_audience_without_forecasts_is_told_so(visit: Come, observatory) -> None:
    page = visit(audience="auditor").page

    expect(page.get_by_text("forecast", exact=False).first).to_be_visible()
    assert observatory.get("/pro/forecast.json", "auditor").status_code == 404
    expect(page.locator("#panel tbody tr")).to_have_count(0)
