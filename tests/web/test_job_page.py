"""The page of a job in a browser: a result on a map and as a table, on a desk and on a phone.

A browser sends no key of its own; here, as behind a proxy of the city, it comes with every request.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.web

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def job(observatory: Any) -> str:
    """A forecast that a planner asked for."""
    with httpx.Client(base_url=f"{observatory.url}/api", headers={"X-API-Key": observatory.keys["planner"]}) as client:
        answer = client.post(
            "/processes/risk-forecast/execution", json={"inputs": {}}, headers={"Prefer": "respond-async"}
        )
        name = str(answer.json()["jobID"])
        end = time.monotonic() + 120
        while client.get(f"/jobs/{name}").json()["status"] in ("accepted", "running"):
            assert time.monotonic() < end
            time.sleep(0.2)
    return name


def note(faults: list[str], kind: str, text: str) -> None:
    """Keep what a script or the security policy complains of; that there is no favicon is no fault."""
    if kind == "error" and not text.startswith("Failed to load resource"):
        faults.append(text)


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, observatory: Any, job: str) -> Iterator[Page]:
    width, height = SIZES[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        extra_http_headers={"X-API-Key": observatory.keys["planner"]},
        reduced_motion="reduce",
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: note(faults, line.type, line.text))
    page.on(
        "request",
        lambda asked: (
            faults.append(asked.url) if not asked.url.startswith((observatory.url, "blob:", "data:")) else None
        ),
    )
    page.goto(f"{observatory.url}/api/jobs/{job}?f=html&lang=en")
    yield page
    if folder := os.environ.get("OBS_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"job-{request.param}.png"), full_page=True)
    context.close()
    assert faults == []


def test_a_result_is_a_map_and_a_table(page: Page, observatory: Any, job: str) -> None:
    headers = {"X-API-Key": observatory.keys["planner"]}
    cells = httpx.get(f"{observatory.url}/api/jobs/{job}/results", headers=headers).json()["features"]
    expected = sorted((cell["properties"]["expected"] for cell in cells), reverse=True)

    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_selector('#map[data-state="idle"]', timeout=60_000)

    drawn = page.evaluate(
        """() => new Set(document.querySelector("#map").map.queryRenderedFeatures()
           .filter((f) => f.source === "result").map((f) => f.properties.cell_id)).size"""
    )
    assert drawn == len(cells)
    expect(page.get_by_text(f"{len(cells)} features, by expected")).to_be_visible()
    expect(page.locator(".wide tbody tr")).to_have_count(min(20, len(cells)))
    names = page.locator(".wide thead th").all_inner_texts()
    shown = [
        float(row.split("\t")[names.index("expected")]) for row in page.locator(".wide tbody tr").all_inner_texts()
    ]
    assert shown == pytest.approx(expected[: len(shown)], rel=1e-3)
    assert page.locator(".legend li").count() >= 2


def test_a_cell_that_is_touched_says_what_it_is(page: Page) -> None:
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_selector('#map[data-state="idle"]', timeout=60_000)

    page.locator("#map").click()

    expect(page.locator("#chosen")).to_contain_text("expected: ")


def test_the_page_never_scrolls_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
