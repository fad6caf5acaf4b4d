"""The home page says what the API says, near a place and in the whole city, as a list and as a map."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import httpx
import pytest
from playwright.sync_api import expect
from shapely import Point

pytestmark = pytest.mark.web

Come = Callable[..., Any]
LON, LAT, RADIUS = 5.3723, 43.3035, 3_000


def test_the_numbers_of_reports_are_those_of_the_api(site: str) -> None:
    """Counted anew from the public items, in metres of Lambert-93, within a minute of the page."""
    now = datetime.now(UTC)
    asked = {"limit": 10_000, "datetime": f"{now - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}/{now:%Y-%m-%dT%H:%M:%SZ}"}
    items = httpx.get(f"{site}/api/collections/signalements/items", params=asked, timeout=60).json()["features"]
    page = httpx.get(f"{site}/", params={"at": f"{LON},{LAT}", "rayon": RADIUS, "lang": "en"}, timeout=60).text
    if not items:
        assert "Reports (0)" in page
        return
    places = gpd.GeoDataFrame.from_features(items, crs=4326).to_crs(2154)
    here = gpd.GeoSeries([Point(LON, LAT)], crs=4326).to_crs(2154).iloc[0]
    near = int((places.distance(here) <= RADIUS).sum())

    shown = re.search(r"Reports \(([\d,]+)\)", page)

    assert shown
    assert int(shown[1].replace(",", "")) == pytest.approx(near, abs=2)  # positions of the API have six decimals


def test_list_and_map_show_the_same(resident: Come) -> None:
    one = resident(size="desktop")
    page = one.go(f"/?at={LON},{LAT}&rayon={RADIUS}")
    listed = set(
        page.locator(".line").evaluate_all("all => all.map((el) => `${el.dataset.collection}/${el.dataset.id}`)")
    )

    page.wait_for_selector("#views[data-ready]")
    page.get_by_role("button", name="Carte").click()
    page.wait_for_selector('[data-drawn] #map[data-state="idle"]', timeout=60_000)

    expect(page.locator("#lines")).to_be_hidden()
    drawn = set(
        page.evaluate(
            """() => document.querySelector("#map").map.queryRenderedFeatures()
               .filter(({ source }) => ["chantiers", "evenements", "signalements"].includes(source))
               .map(({ source, id }) => `${source}/${id}`)"""
        )
    )
    assert drawn == listed
    grounds = page.evaluate(
        """() => document.querySelector("#map").map.getStyle().layers
           .filter(({ type }) => type === "background").map(({ id }) => id)"""
    )
    assert grounds == ["ground"]  # that of a collection's own style would hide streets, districts and other collections
    assert "vue=carte" in page.url
    assert one.barriers() == []


def test_a_place_is_found_by_its_name_without_a_script(resident: Come, site: str) -> None:
    district = httpx.get(f"{site}/api/collections/divisions/items", params={"limit": 1}).json()["features"][0]
    name = district["properties"]["nom"]
    page = resident(script=False).go("/")

    page.get_by_label("Une rue, un quartier").fill(name.upper())
    page.get_by_role("button", name="Chercher").click()
    choice = page.locator(".choices a").filter(has_text=name).first
    if choice.count():
        choice.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Autour de : {name}")
    expect(page.locator("#summary")).to_contain_text("à moins de 300")


def test_a_name_that_is_nowhere_is_said_to_be(resident: Come) -> None:
    page = resident(script=False, locale="en-GB").go("/")
    page.get_by_label("A street, a district").fill("<b>Nowhere</b>")
    page.get_by_role("button", name="Search").click()

    expect(page.get_by_role("alert")).to_have_text("No street and no district is called “<b>Nowhere</b>”.")
    expect(page.get_by_label("A street, a district")).to_have_attribute("aria-invalid", "true")


def test_find_me_tells_the_server_no_more_than_a_hundred_metres(resident: Come) -> None:
    one = resident(geolocation={"longitude": 5.3723456, "latitude": 43.3034567}, permissions=["geolocation"])
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    page = one.go("/")
    page.wait_for_load_state("networkidle")

    page.get_by_role("button", name="Me localiser").click()
    page.wait_for_url("**/?at=5.372,43.303")

    expect(page.get_by_role("heading", level=1)).to_have_text("Autour de moi")
    assert not any("5.3723" in url for url in asked)


def test_a_district_s_figures_are_those_of_the_process(site: str) -> None:
    """Twelve whole months, counted by the process `aggregate` as well."""
    district = httpx.get(f"{site}/api/collections/divisions/items", params={"limit": 1}).json()["features"][0]
    code = district["properties"]["code"]
    page = httpx.get(f"{site}/quartier", params={"code": code, "lang": "en"}, timeout=60).text
    body = {"inputs": {"collection": "signalements", "by": "division", "period": "month"}}
    rows = httpx.post(f"{site}/api/processes/aggregate/execution", json=body, timeout=60).json()["rows"]
    counted = {row["period"][:7]: row["count"] for row in rows if row["division"] == code}

    today = datetime.now().astimezone()
    months = [
        f"{(today.year * 12 + today.month - 1 - back) // 12}-{(today.month - 1 - back) % 12 + 1:02d}"
        for back in range(1, 13)
    ]
    total = sum(counted.get(month, 0) for month in months)

    assert f"<dd>{total:,}</dd>" in page


def test_the_calendar_is_by_day_and_can_be_subscribed_to(resident: Come, site: str) -> None:
    page = resident(script=False).go("/agenda?voir=chantiers&de=2026-11-23")

    expect(page.locator("h2.day")).to_have_count(7)
    expect(page.locator("h2.day").first).to_contain_text("Lundi 23 novembre")
    for kind in ("ICS", "Atom"):
        address = page.get_by_role("link", name=kind).get_attribute("href")
        assert httpx.get(site + str(address), timeout=60).status_code == 200


def test_a_report_made_here_shows_its_status_and_where_it_is_followed(site: str) -> None:
    sent = {"nature": "vehicule-epave", "lon": LON, "lat": LAT}
    key = {"Idempotency-Key": secrets.token_urlsafe()}
    told = httpx.post(f"{site}/reports", json=sent, headers=key, timeout=60).json()
    asked = {"at": f"{LON},{LAT}", "voir": "signalements", "lang": "en"}

    page = httpx.get(f"{site}/", params=asked, timeout=60).text

    assert f'<a href="/suivi/{told["reference"]}?lang=en">Abandoned vehicle</a>' in page
    assert told["tracking_token"] not in page
