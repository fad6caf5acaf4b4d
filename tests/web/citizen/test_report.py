"""Reporting: by touch, by keyboard alone, without a script; what goes out, and what the city answers."""

import re
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PLACE = {"longitude": 5.3723, "latitude": 43.3035}
REFERENCE = re.compile(r"SIG-\d{4}-\d{7}")


def published(site: str, reference: str) -> dict[str, Any]:
    """What everyone may read of a report in the collection, within the five seconds that it may take."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = httpx.get(f"{site}/api/collections/signalements/items", params={"reference": reference}).json()
        if found["features"]:
            feature: dict[str, Any] = found["features"][0]
            return feature
        time.sleep(0.2)
    raise AssertionError(f"{reference} is not in signalements")


def street(site: str) -> str:
    """A street of the city that no other street's name holds."""
    places = httpx.get(f"{site}/lieux", params={"at": "5.3723,43.3035"}).json()["places"]
    if places:
        return str(places[0]["name"])
    return str(httpx.get(f"{site}/lieux", params={"q": "rue"}).json()["places"][0]["name"])


def reference_of(page: Page) -> str:
    """Return the reference on the receipt, of the script or of the server."""
    receipt = page.locator("#done, .lead").first
    expect(receipt).to_contain_text(REFERENCE)
    found = REFERENCE.search(receipt.inner_text())
    assert found
    return found[0]


def reach(page: Page, what: str, most: int = 120) -> None:
    """Press Tab until the element of a selector has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(what) => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"{what} cannot be reached by Tab")


def test_four_taps_make_a_report_that_can_be_followed_and_deleted(resident: Come, site: str) -> None:
    one = resident(touch=True, geolocation=PLACE, permissions=["geolocation"])
    page = one.go("/signaler")
    expect(page.get_by_role("complementary", name="Urgence ?")).to_contain_text("17")

    page.get_by_role("link", name="Dépôt sauvage").tap()
    page.wait_for_selector("#report[data-ready]")
    page.get_by_role("button", name="Me localiser").tap()
    expect(page.locator("#where-said")).to_contain_text("Lieu choisi")
    expect(page.locator("#known-list")).not_to_be_empty()
    assert one.barriers() == []
    page.get_by_text("Un sac ou deux").tap()
    page.get_by_role("button", name="Envoyer").tap()

    expect(page.locator("#done")).to_be_focused()
    reference = reference_of(page)
    item = published(site, reference)
    assert one.barriers() == []
    assert item["properties"]["nature"] == "depot-sauvage"
    assert "sac" not in httpx.get(f"{site}/api/collections/signalements/items?reference={reference}").text
    lon, lat = item["geometry"]["coordinates"]
    assert (lon, lat) != (PLACE["longitude"], PLACE["latitude"])
    assert abs(lon - PLACE["longitude"]) < 0.002
    assert abs(lat - PLACE["latitude"]) < 0.002

    page.get_by_role("link", name="Voir le suivi").tap()
    expect(page.get_by_text("Un sac ou deux")).to_be_visible()
    assert "#t=" in page.url
    assert one.barriers() == []
    page.get_by_text("Supprimer", exact=True).tap()
    page.get_by_role("button", name="Supprimer mon signalement").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement supprimé")
    assert httpx.get(f"{site}/reports/{reference}").status_code == 410
    one.go("/mes-signalements")
    expect(page.locator("#none-yet")).to_be_visible()


def test_the_keyboard_alone_makes_a_report_with_the_map(resident: Come, site: str) -> None:
    one = resident(size="desktop", locale="en-GB")
    page = one.go("/signaler?lang=en")
    reach(page, "a[href*='nature=bruit']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Noise")
    page.wait_for_selector("#report[data-ready]")

    reach(page, "#open-map")
    page.keyboard.press("Enter")
    page.wait_for_selector('#map[data-state="idle"]', timeout=60_000)
    expect(page.locator("#map canvas")).to_be_focused()
    assert one.barriers() == []
    before = page.evaluate("document.querySelector('#map').map.getCenter().lng")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(lng) => document.querySelector('#map').map.getCenter().lng > lng", arg=before)
    page.keyboard.press("Enter")
    expect(page.locator("#where-said")).to_contain_text("Place chosen")
    expect(page.locator("#open-map")).to_be_focused()
    for question in ("origine", "en-cours", "recurrence"):
        reach(page, f"[name='answers.{question}']")  # a group of radio buttons is one stop
        page.keyboard.press("Space")
    reach(page, "#send")
    page.keyboard.press("Enter")

    reference = reference_of(page)
    assert published(site, reference)["properties"]["nature"] == "bruit"


def test_without_a_script_the_form_does_it_all(resident: Come, site: str) -> None:
    page = resident(script=False).go("/signaler")
    page.get_by_role("link", name="Dépôt sauvage").click()
    page.get_by_label("Rue", exact=True).fill(street(site))
    page.get_by_label("Un gros tas").check()
    time.sleep(3.2)  # nobody fills a form faster: a robot does
    page.get_by_role("button", name="Envoyer").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement reçu")
    reference = reference_of(page)
    assert published(site, reference)["properties"]["nature"] == "depot-sauvage"
    page.get_by_role("button", name="Voir le suivi").click()
    expect(page.get_by_text("Un gros tas")).to_be_visible()
    page.get_by_text("Supprimer", exact=True).click()
    page.get_by_role("button", name="Supprimer mon signalement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Signalement supprimé")


def test_what_is_missing_is_said_beside_its_field(resident: Come) -> None:
    one = resident()
    page = one.go("/signaler?nature=bruit")
    page.wait_for_selector("#report[data-ready]")

    page.get_by_role("button", name="Envoyer").click()

    expect(page.locator("#where-problem")).to_have_text("Indiquez le lieu : votre position, la carte ou une rue.")
    expect(page.locator("[id='answers.origine-problem']")).to_have_text("Une réponse est attendue.")
    expect(page.get_by_label("Rue", exact=True)).to_be_focused()
    assert one.barriers() == []


def test_a_refusal_of_the_city_is_said_and_what_was_typed_stays(resident: Come) -> None:
    page = resident().go("/signaler?nature=depot-sauvage")
    page.wait_for_selector("#report[data-ready]")
    page.get_by_label("Rue", exact=True).fill("Rue qui n'existe nulle part")
    page.get_by_text("Un sac ou deux").click()
    page.get_by_role("button", name="Envoyer").click()

    expect(page.locator("#where-problem")).to_contain_text("Aucune rue connue de ce nom")
    expect(page.get_by_label("Rue", exact=True)).to_have_value("Rue qui n'existe nulle part")
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 1


def test_a_position_outside_the_city_is_refused_on_the_device(resident: Come) -> None:
    page = resident(geolocation={"longitude": 2.35, "latitude": 48.85}, permissions=["geolocation"]).go(
        "/signaler?nature=tag"
    )
    page.wait_for_selector("#report[data-ready]")

    page.get_by_role("button", name="Me localiser").click()

    expect(page.locator("#where-problem")).to_have_text("Ce lieu n'est pas dans la ville.")
    assert page.locator("[name=lon]").is_disabled()


def test_two_taps_and_the_back_button_send_one_report(resident: Come, site: str) -> None:
    page = resident(geolocation=PLACE, permissions=["geolocation"]).go("/signaler?nature=vehicule-epave")
    page.wait_for_selector("#report[data-ready]")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    page.get_by_role("button", name="Me localiser").click()
    expect(page.locator("#where-said")).to_contain_text("Lieu choisi")

    page.get_by_role("button", name="Envoyer").dblclick()
    reference_of(page)
    page.get_by_role("link", name="Voir le suivi").click()
    page.wait_for_url("**/suivi/**")
    page.go_back()
    page.wait_for_load_state("networkidle")

    assert [url for url in sent if url.endswith("/reports")] == [f"{site}/reports"]


def camera_jpeg() -> bytes:
    """A JPEG as a telephone writes it: where, when, with what."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Fabricant", "Modele-42", "2026:11:20 12:34:56"
    exif[0x8825] = {1: "N", 2: (43.0, 18.0, 12.6), 3: "E", 4: (5.0, 22.0, 20.28)}
    out = BytesIO()
    Image.effect_noise((2400, 1800), 40).convert("RGB").save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


def test_the_photo_s_place_is_offered_and_nothing_of_the_camera_leaves(resident: Come, site: str) -> None:
    one = resident()
    page = one.go("/signaler?nature=depot-sauvage")
    bodies: list[bytes] = []

    def keep(route: Any) -> None:
        bodies.append(route.request.post_data_buffer or b"")
        route.continue_()

    one.context.route("**/reports", keep)
    whole = camera_jpeg()
    assert b"Modele-42" in whole
    page.locator("#photo").set_input_files({"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": whole})
    expect(page.locator("#photo-shown figcaption")).to_contain_text("sans données cachées")
    page.get_by_role("button", name="Utiliser le lieu de la photo").click()
    expect(page.locator("#where-said")).to_contain_text("Lieu choisi")
    assert one.barriers() == []
    assert float(page.locator("[name=lon]").input_value()) == pytest.approx(5 + 22 / 60 + 20.28 / 3600, abs=1e-6)
    assert float(page.locator("[name=lat]").input_value()) == pytest.approx(43 + 18 / 60 + 12.6 / 3600, abs=1e-6)
    page.get_by_text("Un sac ou deux").click()
    page.get_by_role("button", name="Envoyer").click()
    reference_of(page)

    assert len(bodies) == 1
    start = bodies[0].index(b"\xff\xd8\xff")
    with Image.open(BytesIO(bodies[0][start:])) as sent:
        assert max(sent.size) <= 1600
        assert dict(sent.getexif()) == {}
    for word in (b"Exif", b"Modele-42", b"Fabricant", b"2026:11:20"):
        assert word not in bodies[0]


def test_a_file_that_is_no_photo_is_refused_in_words(resident: Come) -> None:
    page = resident().go("/signaler?nature=depot-sauvage")
    page.wait_for_selector("#report[data-ready]")

    page.locator("#photo").set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"})

    expect(page.locator("#photo-problem")).to_have_text(
        "Cette photo ne peut pas être lue : choisissez un JPEG, un PNG ou un WebP."
    )
    assert page.locator("#photo").evaluate("input => input.files.length") == 0


def test_the_position_is_asked_for_by_a_touch_only(resident: Come) -> None:
    one = resident()
    one.page.add_init_script(
        "window.asked = 0; navigator.geolocation.getCurrentPosition = (_, no) => { window.asked++; no({code: 1}); };"
    )
    for path in ("/", "/signaler?nature=tag"):
        page = one.go(path)
        page.wait_for_load_state("networkidle")
        page.wait_for_selector("#report[data-ready], #views[data-ready]")
        assert page.evaluate("asked") == 0
        page.get_by_role("button", name="Me localiser").click()
        expect(page.get_by_text("Votre appareil n'a pas donné de position").first).to_be_visible()
        assert page.evaluate("asked") == 1
