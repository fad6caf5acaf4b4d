"""No violation that axe can find, in every state of the desk, both themes, on a phone and on a desk."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize

pytestmark = pytest.mark.web

SIZES: list[ViewportSize] = [{"width": 390, "height": 844}, {"width": 1024, "height": 640}]
THEMES: list[Literal["light", "dark"]] = ["light", "dark"]


def forecast(**change: Any) -> Callable[[Page], None]:
    def alter(page: Page) -> None:
        page.route("**/pro/forecast.json", lambda route: route.fulfill(**change))

    return alter


def abstaining(page: Page) -> None:
    def handle(route: Any) -> None:
        route.fulfill(json=route.fetch().json() | {"answer": "abstains", "gain": None})

    page.route("**/pro/forecast.json", handle)


def away(page: Page) -> None:
    page.route("**/city.json", lambda route: route.abort())


STATES: dict[str, tuple[dict[str, Any], str]] = {
    "no-key": ({"audience": None}, "#key"),
    "refused": ({"key": "not-a-key"}, "#key-problem"),
    "away": ({"alter": away}, ".notice"),
    "none": ({"alter": forecast(status=404, json={})}, ".forecast .notice"),
    "failed": ({"alter": forecast(status=503, json={})}, ".forecast .notice"),
    "forbidden": ({"audience": "citizen"}, ".forecast .notice"),
    "abstains": ({"alter": abstaining}, ".forecast .figure"),
    "open": ({}, ".cells"),
}


@pytest.fixture
def in_sizes(barriers: Callable[..., list[str]]) -> Callable[[Page, list[ViewportSize]], list[str]]:
    """All that axe finds, in both themes and each size: a phone's, and one with list and map side by side."""

    def found(page: Page, sizes: list[ViewportSize]) -> list[str]:
        lines = []
        for size in sizes:
            page.set_viewport_size(size)
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                lines += [f"{size['width']} px, {theme}: {one}" for one in barriers(page)]
        return lines

    return found


@pytest.mark.parametrize("state", STATES)
def test_no_barrier(visit: Callable[..., Any], in_sizes: Callable[..., list[str]], state: str) -> None:
    how, landmark = STATES[state]
    page = visit(size="phone", **how).page
    page.wait_for_selector(landmark)

    assert in_sizes(page, SIZES) == []


def test_no_barrier_with_a_cell_chosen_on_the_map(
    visit: Callable[..., Any], in_sizes: Callable[..., list[str]]
) -> None:
    visited = visit(size="phone", locale="fr-FR")
    visited.page.locator(".cells .rank").first.click()
    visited.wait_for_map()
    visited.page.locator(".layers summary").click()

    assert in_sizes(visited.page, SIZES[:1]) == []
