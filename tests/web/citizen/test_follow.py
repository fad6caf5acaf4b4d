"""Being answered: known already, me too, closed, not fixed, deleted; by touch, by keyboard alone, without a script."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
LON, LAT = 5.3723, 43.3035


def sent(site: str, nature: str, **place: Any) -> dict[str, Any]:
    """Send a report as another device would."""
    answers = {"volume": "sac"} if nature == "depot-sauvage" else {}
    body = {"nature": nature, "answers": answers, "idempotency_key": secrets.token_urlsafe()} | place
    told: dict[str, Any] = httpx.post(f"{site}/reports", json=body, timeout=60).json()
    return told


def street(site: str) -> str:
    """A street of the city."""
    return str(httpx.get(f"{site}/lieux", params={"q": "rue"}).json()["places"][0]["name"])


def press(page: Page, what: Locator, way: str) -> None:
    """Touch, click, or walk there by Tab and press Enter."""
    if way == "touch":
        what.tap()
    elif way == "no-script":
        what.click()
    else:
        wanted = what.element_handle()
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("(el) => document.activeElement === el", wanted):
                page.keyboard.press("Enter")
                return
        raise AssertionError("it cannot be reached by Tab")


WAYS: dict[str, dict[str, Any]] = {
    "touch": {"touch": True}, "keyboard": {"size": "desktop"}, "no-script": {"script": False},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_followed_reopened_and_deleted(resident: Come, site: str, staff: dict[str, str], way: str) -> None:
    told = sent(site, "depot-sauvage", lon=LON, lat=LAT)
    reference, token = told["reference"], told["tracking_token"]
    one = resident(**WAYS[way])

    page = one.go("/suivi")  # a neighbour, who has the reference alone
    page.get_by_label("Référence").fill(reference.lower())
    press(page, page.get_by_role("button", name="Voir"), way)
    expect(page.get_by_text("Reçu", exact=True).first).to_be_visible()
    expect(page.get_by_text("Un sac ou deux")).to_have_count(0)
    press(page, page.get_by_role("button", name="Moi aussi"), way)
    expect(page.get_by_text("Une autre personne l'a vu aussi.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="C'est noté")).to_be_visible()

    for change in (
        {"status": "planned", "planned_for": (datetime.now(UTC) + timedelta(days=2)).date().isoformat()},
        {"status": "closed", "reason": "rien-trouve"},
    ):
        answer = httpx.post(f"{site}/reports/{reference}/status", json=change, headers=staff)
        assert answer.status_code == 200, answer.text

    if way == "no-script":  # who made it: the key stands in the link, and is typed in
        page = one.go(f"/suivi/{reference}")
        page.get_by_label("Clé de suivi").fill(token)
        page.get_by_role("button", name="Voir").click()
    else:
        page = one.go("/mes-signalements")
        page = one.go(f"/suivi/{reference}#t={token}")
    expect(page.get_by_text("Un sac ou deux")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Intervention prévue pour le")
    expect(page.locator(".timeline")).to_contain_text("Rien n'a été trouvé sur place")
    press(page, page.get_by_role("button", name="Ce n'est pas réglé"), way)
    expect(page.get_by_role("status").filter(has_text="la ville le voit")).to_be_visible()
    assert httpx.get(f"{site}/reports/{reference}").json()["status"] == "received"
    reopened = httpx.get(f"{site}/reports/open", headers=staff).json()["reports"]
    assert reference in [report["reference"] for report in reopened[:3]]

    press(page, page.locator("summary", has_text="Supprimer"), way)
    press(page, page.get_by_role("button", name="Supprimer mon signalement"), way)
    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement supprimé")
    assert httpx.get(f"{site}/reports/{reference}").status_code == 410


def test_without_a_script_what_is_known_here_is_shown_before_sending(resident: Come, site: str) -> None:
    """The form comes back as it was filled; « me too » is said from there."""
    name = street(site)
    reference = sent(site, "vegetation", address=name)["reference"]
    page = resident(script=False).go("/signaler?nature=vegetation")
    expect(page.get_by_role("heading", name="Ce qui sera public")).to_be_visible()
    page.get_by_label("Rue", exact=True).fill(name)
    page.get_by_label("Gêne le passage ?").check()

    page.get_by_role("button", name="Voir si c'est déjà connu ici").click()

    known = page.get_by_role("region", name="Déjà connu ici ?")
    expect(known).to_contain_text(reference)
    expect(page.get_by_label("Rue", exact=True)).to_have_value(name)
    expect(page.get_by_label("Gêne le passage ?")).to_be_checked()
    known.get_by_role("button", name=f"Moi aussi : {reference}").click()
    expect(page.get_by_text("Une autre personne l'a vu aussi.")).to_be_visible()


def test_without_a_script_one_says_when_and_a_day_to_come_is_refused_in_words(resident: Come, site: str) -> None:
    """The field's local time is read on the city's clocks."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    page = resident(script=False, locale="en-GB").go("/signaler?nature=vegetation&lang=en")
    page.get_by_label("Street", exact=True).fill(street(site))
    page.locator("summary", has_text="When?").click()
    page.get_by_label("Day and time").fill(f"{yesterday + timedelta(days=3)}T22:30")
    time.sleep(3.2)  # nobody fills a form faster: a robot does
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".notice[role=alert]")).to_contain_text("Not sent yet.")
    expect(page.locator("#occurred-problem")).to_contain_text("In the future")
    expect(page.get_by_label("Street", exact=True)).to_have_value(street(site))
    page.get_by_label("Day and time").fill(f"{yesterday}T22:30")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Report received")
    expect(page.get_by_text(f"{yesterday:%-d %B %Y}, 22:30")).to_be_visible()
    reference = page.locator(".lead strong").inner_text()
    date = httpx.get(f"{site}/reports/{reference}").json()["date"]
    assert datetime.fromisoformat(date).astimezone().astimezone(UTC).date() == yesterday
