"""What people and their devices get wrong: clear words in both languages, nothing typed is lost, nothing is run."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PLACE = {"longitude": 5.3723, "latitude": 43.3035}
MARKUP = '"><img src=x onerror="window.caught=1"><script>window.caught=1</script>'
REFERENCE = re.compile(r"SIG-\d{4}-\d{7}")
HEAVY = 50_000_000  # bytes


def reference_of(page: Page) -> str:
    receipt = page.locator("#done, .lead").first
    expect(receipt).to_contain_text(REFERENCE)
    found = REFERENCE.search(receipt.inner_text())
    assert found
    return found[0]


def with_cache(one: Any) -> None:
    """Let the browser go back as it does for people: where requests are intercepted it keeps no page."""
    one.context.unroute_all()


def located(page: Page, button: str = "Me localiser") -> None:
    """Wait for the form's script, and give it the device's position."""
    page.wait_for_selector("#report[data-ready]")
    page.get_by_role("button", name=button).click()
    expect(page.locator("#where-said")).not_to_be_empty()


@pytest.mark.parametrize(
    ("days", "language", "words"),
    [(1, "fr", "L'horloge de votre appareil est fausse"), (-1, "en", "The clock of your device is wrong")],
)
def test_a_clock_that_is_wrong_by_a_day_is_corrected_and_said(
    resident: Come, site: str, days: int, language: str, words: str
) -> None:
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    one.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=days))
    page = one.go(f"/signaler?nature=vehicule-epave&lang={language}")
    located(page, {"fr": "Me localiser", "en": "Find me"}[language])

    page.get_by_role("button", name={"fr": "Envoyer", "en": "Send"}[language]).click()

    expect(page.locator("#done")).to_contain_text(words)
    date = httpx.get(f"{site}/reports/{reference_of(page)}").json()["date"]
    assert abs(datetime.fromisoformat(date) - datetime.now(UTC)) < timedelta(minutes=3)


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of 50 MB: a picture, and a tail that no reader looks at."""
    out = BytesIO()
    Image.effect_noise((1200, 900), 40).convert("RGB").save(out, "JPEG")
    path = tmp_path_factory.mktemp("photos") / "IMG_0001.jpg"
    path.write_bytes(out.getvalue() + bytes(HEAVY - len(out.getvalue())))
    return path


def test_a_photo_of_50_mb_is_made_small_before_it_leaves(resident: Come, heavy: Path) -> None:
    one = resident(geolocation=PLACE, permissions=["geolocation"])
    page = one.go("/signaler?nature=depot-sauvage")
    located(page)
    bodies: list[int] = []
    page.on(
        "request", lambda asked: bodies.append(len(asked.post_data_buffer or b"")) if asked.method == "POST" else None
    )
    page.get_by_text("Un sac ou deux").click()
    page.locator("#photo").set_input_files(heavy)
    expect(page.locator("#photo-shown figcaption")).to_contain_text("sans données cachées")
    page.get_by_role("button", name="Envoyer").click()

    reference_of(page)
    assert max(bodies) < 1_000_000


def test_without_a_script_a_photo_of_50_mb_is_refused_in_words_and_the_form_is_still_there(
    resident: Come, heavy: Path
) -> None:
    one = resident(script=False)
    with_cache(one)
    page = one.go("/signaler?nature=depot-sauvage")
    page.get_by_label("Rue", exact=True).fill("Rue qui attend")
    page.get_by_label("Un gros tas").check()
    page.locator("#photo").set_input_files(heavy)

    page.get_by_role("button", name="Envoyer").click()

    expect(page.get_by_role("alert")).to_contain_text("Mo")
    expect(page.get_by_text("Rien n'est perdu")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Rue", exact=True)).to_have_value("Rue qui attend")
    expect(page.get_by_label("Un gros tas")).to_be_checked()


@pytest.mark.parametrize("script", [True, False])
def test_markup_in_every_field_stays_text(resident: Come, script: bool) -> None:
    one = resident(script=script)
    if script:
        one.page.add_init_script("window.caught = 0")
    page = one.go("/signaler?nature=ordures&lang=en")
    if script:
        page.wait_for_selector("#report[data-ready]")
    page.get_by_label("Street", exact=True).fill(MARKUP)
    page.get_by_label("Dirty street").check()
    page.locator("summary", has_text="More").click()
    page.locator("#description").fill(MARKUP)
    if not script:
        time.sleep(3.2)
    page.get_by_role("button", name="Send").click()

    expect(page.locator("#where-problem")).to_contain_text("No known street of that name")
    expect(page.get_by_label("Street", exact=True)).to_have_value(MARKUP)
    expect(page.locator("#description")).to_have_value(MARKUP)
    for path, label, button in (
        ("/?lang=en", "A street, a district", "Search"),
        ("/suivi?lang=en", "Reference", "Show"),
    ):
        page = one.go(path)
        page.get_by_label(label).fill(MARKUP[:60])
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert").first).not_to_be_empty()
        assert page.locator("img[onerror], main script").count() == 0
    if script:
        assert page.evaluate("window.caught") == 0


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Un nombre de 0 à 365 est attendu"), ("en", "A number from 0 to 365 is expected")],
)
def test_text_in_a_number_is_told_in_the_page_s_language(resident: Come, language: str, words: str) -> None:
    page = resident(locale={"fr": "en-GB", "en": "fr-FR"}[language]).go(f"/signaler?nature=ordures&lang={language}")
    page.wait_for_selector("#report[data-ready]")
    for typed in ("e-e", "999"):
        page.locator("[name='answers.jours']").fill("") if typed == "999" else None
        page.locator("[name='answers.jours']").press_sequentially(typed)
        page.locator("#send").click()

        expect(page.locator("[id='answers.jours-problem']")).to_contain_text(words)
        expect(page.locator("[name='answers.jours']")).to_have_attribute("aria-invalid", "true")


def test_a_photo_from_another_city_gives_no_place(resident: Come) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 51.0, 0.0), 3: "E", 4: (2.0, 21.0, 0.0)}
    out = BytesIO()
    Image.new("RGB", (300, 200), (90, 90, 90)).save(out, "JPEG", exif=exif)
    page = resident(locale="en-GB").go("/signaler?nature=tag&lang=en")
    page.wait_for_selector("#report[data-ready]")
    page.locator("#photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})

    page.get_by_role("button", name="Use the photo's place").click()

    expect(page.locator("#where-problem")).to_have_text("This place is not in the city.")
    assert page.locator("[name=lon]").is_disabled()


def test_without_a_script_sending_twice_and_going_back_make_one_report(resident: Come, site: str) -> None:
    street = httpx.get(f"{site}/lieux", params={"q": "rue"}).json()["places"][0]["name"]
    one = resident(script=False)
    with_cache(one)
    page = one.go("/signaler?nature=vehicule-epave")
    page.get_by_label("Rue", exact=True).fill(street)
    time.sleep(3.2)  # nobody fills a form faster: a robot does
    page.get_by_role("button", name="Envoyer").dblclick(no_wait_after=True)
    first = reference_of(page)

    page.go_back()
    page.get_by_role("button", name="Envoyer").click()

    assert reference_of(page) == first
