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


def test_an_audience_without_forecasts_is_told_so(visit: Come, observatory) -> None:
    page = visit(audience="auditor").page

    expect(page.get_by_text("forecast", exact=False).first).to_be_visible()
    assert observatory.get("/pro/forecast.json", "auditor").status_code == 404
    expect(page.locator("#panel tbody tr")).to_have_count(0)
