"""Moderation on a served city: two keys publish a photo, one refuses it, all by keyboard, for those in charge alone."""

import base64
import io
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]


@pytest.fixture(scope="module")
def address(observatory: Any) -> str:
    url: str = observatory.url
    return url


@pytest.fixture(scope="module")
def keys(observatory: Any) -> dict[str, str]:
    found: dict[str, str] = observatory.keys
    return found


@pytest.fixture
def report(observatory: Any) -> Iterator[Callable[[], str]]:
    """Send reports with a photo, as a phone would; deleted at the end, so that the planted situations stay the news."""
    sent: list[dict[str, str]] = []
    categories = httpx.get(f"{observatory.url}/reports/forms", timeout=30).json()["categories"]
    asked = next(c["questions"] for c in categories if c["code"] == "tag")

    def send() -> str:
        out = io.BytesIO()
        Image.new("RGB", (320, 240), (90, 120, 60)).save(out, "PNG")
        body = {
            "nature": "tag", "lon": 5.37, "lat": 43.29, "photo": base64.b64encode(out.getvalue()).decode(),
            "answers": {q["id"]: q["options"][0]["value"] for q in asked if q["required"]},
            "idempotency_key": secrets.token_urlsafe(24),
        }  # fmt: skip
        answer = httpx.post(f"{observatory.url}/reports", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        sent.append(answer.json())
        return sent[-1]["reference"]

    yield send

    for told in sent:
        own = {"X-Tracking-Token": told["tracking_token"]}
        assert httpx.delete(f"{observatory.url}/reports/{told['reference']}", headers=own, timeout=30).is_success


def _photo(observatory: Any, reference: str) -> int:
    status: int = httpx.get(f"{observatory.url}/reports/{reference}/photo", timeout=30).status_code
    return status


def _find(page: Page, reference: str) -> Any:
    """Go from photo to photo, by the arrow key, to that of a report."""
    card = page.locator(".photo-card")
    expect(card).to_be_visible()
    card.focus()
    for _ in range(50):
        if card.get_attribute("data-reference") == reference:
            break
        page.keyboard.press("ArrowRight")
    expect(card).to_have_attribute("data-reference", reference)
    expect(card.locator("img")).to_be_visible()
    return card


def test_two_keys_publish_a_photo_by_keyboard(visit: Come, observatory: Any, report: Callable[[], str]) -> None:
    reference = report()
    first = visit(screen="moderation", audience="coordination").page
    card = _find(first, reference)
    first.keyboard.press("p")
    expect(card.locator("[data-part=first]")).to_contain_text("another key must confirm")
    first.keyboard.press("p")
    first.wait_for_timeout(300)
    assert _photo(observatory, reference) == 404

    second = visit(screen="moderation", audience="steward").page
    card = _find(second, reference)
    expect(card.locator("[data-part=first]")).to_contain_text("coordination")
    second.keyboard.press("p")

    expect(second.locator("[data-part=told]")).to_have_text("Published.")
    assert _photo(observatory, reference) == 200


def test_one_key_refuses_a_photo_and_it_is_gone(visit: Come, observatory: Any, report: Callable[[], str]) -> None:
    reference = report()
    page = visit(screen="moderation", audience="steward").page
    _find(page, reference)

    page.keyboard.press("1")

    expect(page.locator("[data-part=told]")).to_have_text("Refused and erased.")
    assert reference not in observatory.get("/reports/held", "steward").text
    assert observatory.get(f"/reports/{reference}/photo", "steward").status_code == 404


def test_what_becomes_of_a_report_is_said_with_its_reason(
    visit: Come, observatory: Any, report: Callable[[], str]
) -> None:
    """Closing without a reason is refused in words; with one it is public at once."""
    reference = report()
    page = visit(f"?ref={reference}", screen="moderation").page
    row = page.locator(f'.open-report[data-reference="{reference}"]')
    row.get_by_label("New status").select_option("closed")
    row.get_by_role("button", name="Record").click()
    expect(page.locator("[data-part=told]")).to_contain_text("Closing takes a reason")

    row.get_by_label("Reason").select_option("rien-trouve")
    row.get_by_role("button", name="Record").press("Enter")

    expect(page.locator("[data-part=told]")).to_contain_text(f"{reference}: Closed without action")
    expect(row).to_have_count(0)
    assert httpx.get(f"{observatory.url}/reports/{reference}", timeout=30).json()["status"] == "closed"


def test_a_report_behind_many_is_found(visit: Come, observatory: Any, report: Callable[[], str]) -> None:
    """5 001 are open and the answer holds 120: the figure is theirs all, and each of the 120 is in reach."""
    report()
    one = observatory.get("/reports/open", "steward").json()["reports"][0]
    many = [one | {"reference": f"SIG-2026-{n:07d}", "nature": "tag" if n < 119 else "voirie"} for n in range(120)]
    body = json.dumps({"numberMatched": 5_001, "reports": many})
    page = visit(
        screen="moderation", audience="steward",
        alter=lambda page: page.route("**/reports/open", lambda route: route.fulfill(body=body)),
    ).page  # fmt: skip
    rows, part = page.locator(".open-report"), page.locator("[data-part=reports]")
    expect(part).to_contain_text("5001 open reports. The first 120 of 5001.")
    expect(rows).to_have_count(50)

    page.get_by_role("button", name="Show 50 more").click()
    expect(rows).to_have_count(100)
    page.get_by_label("Find").fill("road surf")
    expect(part.locator("[data-part=found]")).to_have_text("1 matches.")
    page.get_by_label("Find").fill("0000117")
    expect(rows).to_have_attribute("data-reference", "SIG-2026-0000117")
    page.get_by_label("Find").fill("nothing of the kind")
    expect(part.locator("[data-part=found]")).to_have_text("No open report matches.")


@pytest.mark.parametrize("audience", ["planner", "auditor"])
def test_others_have_neither_the_screen_nor_a_photo(visit: Come, observatory: Any, audience: str) -> None:
    """The address opens their first screen, and nothing of the queue is asked for in their name."""
    asked: list[str] = []

    def watch(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))

    page = visit(screen="moderation", audience=audience, alter=watch).page
    expect(page.locator("[data-part=bell]")).to_be_visible()

    expect(page.locator(".screens")).not_to_contain_text("Moderation")
    assert not [url for url in asked if "/reports/" in url]
    assert observatory.get("/reports/terms", audience).status_code == 404


def test_no_barrier_in_the_queue(visit: Come, report: Callable[[], str], barriers: Callable[..., list[str]]) -> None:
    """axe: none, with a photo and an open report on the screen."""
    reference = report()
    page = visit(f"?ref={reference}", screen="moderation", size="desktop").page
    _find(page, reference)
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found += [f"{theme}: {one}" for one in barriers(page)]

    assert found == []
