"""The screens of the desk on a served city: each answers its question in a sentence, to those whom it concerns."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
#: Screen → what shows that it is there.
SCREENS = {
    "": "[data-part=bell]",
    "alertes": ".alert",
    "chantiers": "[data-subject]",
    "matin": "h2",
    "tableau": ".chart canvas",
    "sources": "tbody tr",
    "mur": ".wall li",
}
LATE = re.compile(r"Source videoprotection is late: last news \d+ days ago, more than the city allows")
WORDS = Path(__file__).resolve().parents[2] / "web" / "pro" / "screens"
#: Names of the divisions that the map's ground is made of.
GROUND = """
() => document.querySelector("#map").map.getStyle().sources.divisions.data.features.map((f) => f.properties.nom)
"""
#: Events by their hour, cut to a number: how many are left of each collection, and the hour of the cut.
CUTS = """
async () => {
  const { newest } = await import("/web/pro/data.js");
  const at = (hours) => ({ properties: { date: new Date(3_600_000 * hours).toISOString() } });
  const of = (hours, complete) => ({ features: hours.map(at), complete });
  const layers = { a: of([9, 7, 5, 3], true), b: of([8, 6, 4], false) };
  const same = { a: of([1, 1, 1, 1], true), b: of([1, 1], true) };
  const told = ({ layers, since }) => [
    Object.values(layers).map(({ features }) => features.length), since && since / 3_600_000,
  ];
  return [newest(layers, 20), newest(layers, 4), newest({ a: layers.a }, 20), newest(same, 4)].map(told);
}
"""
LIGHT: dict[str, Any] = {"color_scheme": "light", "forced_colors": "none"}
DARK: dict[str, Any] = {"color_scheme": "dark", "forced_colors": "none"}
#: The reader's own colours: axe takes the contrast from ours all the same (`-webkit-text-fill-color`): not asked.
FORCED: dict[str, Any] = {"color_scheme": "dark", "forced_colors": "active"}
#: Collections that not all may read, as the catalogue says.
RESTRICTED = {
    "faits": {"planner", "coordination", "steward"},
    "risque": {"planner", "roadworks", "coordination"},
    "videoprotection": {"coordination", "steward"},
}
EVERYBODYS = {"Situation", "Alerts", "Forecast", "Dashboard", "Sources", "Wall"}
PLANNING = EVERYBODYS | {"Works and agenda", "Morning brief"}
KEEPING = {"Moderation"}


@pytest.fixture(scope="module")
def address(observatory: Any) -> str:
    url: str = observatory.url
    return url


@pytest.fixture(scope="module")
def keys(observatory: Any) -> dict[str, str]:
    found: dict[str, str] = observatory.keys
    return found


def test_the_situation_says_what_is_planted(visit: Come) -> None:
    """The surge, the outage and the late source of `planted.SITUATIONS`, and the trend that follows from the surge."""
    page = visit(screen="").page

    bell = page.locator("[data-part=bell]")
    expect(bell).to_contain_text("60 cleanliness reports in 5 days within 150 m")
    expect(bell).to_contain_text("Circuit CI001 has been out for 12 days")
    expect(bell).to_contain_text(LATE)
    expect(page.locator("[data-part=ages] .warn")).to_contain_text("Video-protection")
    expect(page.locator("[data-collection=signalements]")).to_contain_text("Cleanliness: up")
    expect(page.locator("[data-part=ages]")).to_contain_text("Reports:")


def test_every_figure_of_the_trends_leads_to_as_many_items(visit: Come, observatory: Any) -> None:
    page = visit(screen="").page
    figures = page.locator(".trends a.datum")
    expect(figures.first).to_be_visible()

    shown = figures.evaluate_all("nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])")

    for href, text in shown:
        asked = href.replace("&f=html", "&f=json&limit=1")
        assert observatory.get(asked, "coordination").json()["numberMatched"] == int(text.replace(",", ""))
    assert len(shown) >= 8


def test_the_counts_of_the_time_bar_are_those_of_their_requests(visit: Come, observatory: Any) -> None:
    """Of the whole window, and of the part of it to which the bar was moved back."""
    page = visit("?days=30", screen="").page
    counts = page.locator("[data-part=counts] a.datum")
    expect(counts).to_have_count(2)
    whole = _followed(page, observatory, "[data-part=counts] a.datum")

    page.get_by_role("slider").focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    part = _followed(page, observatory, "[data-part=counts] a.datum")

    assert 0 < sum(part) < sum(whole)


def test_the_counts_of_the_agenda_are_those_of_their_requests(visit: Come, observatory: Any) -> None:
    page = visit(screen="chantiers", audience="roadworks").page
    expect(page.locator("[data-part=count] a.datum")).to_have_count(2, timeout=60_000)

    works, events = _followed(page, observatory, "[data-part=count] a.datum", audience="roadworks")

    assert works > 0
    assert events > 0
    assert page.locator(".gantt tbody tr").count() == min(
        works + events, 80
    )  # all are in the table, up to what is drawn


def _followed(page: Page, observatory: Any, figures: str, *, audience: str = "coordination") -> list[int]:
    """Return the figures that a screen shows; each must be the number of items of the request behind it."""
    shown = page.locator(figures).evaluate_all("nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])")
    for href, text in shown:
        asked = href.replace("&f=html", "&f=json&limit=1")
        assert observatory.get(asked, audience).json()["numberMatched"] == int(text.replace(",", "")), asked
    return [int(text.replace(",", "")) for _, text in shown]


def test_the_city_is_divided_another_way_and_the_address_keeps_it(visit: Come, observatory: Any) -> None:
    """Four sectors beside the sixteen districts, on the map and in the trends; the figures are their requests'."""
    visited = visit("?system=secteur", screen="", size="desktop")
    page = visited.page
    visited.wait_for_map()
    assert len(page.evaluate(GROUND)) == 4

    page.locator("[name=division]").select_option(label="Secteur nord")
    expect(page.locator("[data-collection=signalements] h3 a")).to_have_attribute("href", re.compile("S_INTERSECTS"))
    href, text = page.locator("[data-collection=signalements] h3 a").evaluate(
        "a => [a.getAttribute('href'), a.textContent]"
    )
    found = observatory.get(href.replace("&f=html", "&f=json&limit=1"), "coordination").json()["numberMatched"]
    assert found == int(text.replace(",", ""))

    page.locator("[name=system]").select_option("")
    page.wait_for_function(f"({GROUND.strip()})().length === 16")
    assert "system" not in page.url
    assert "division" not in page.url


def test_no_map_draws_more_than_it_may_and_says_from_when_on(visit: Come) -> None:
    """The rule that cuts all layers at one moment, on events of two collections, one of them read in part."""
    page = visit(screen="alertes").page

    found = page.evaluate(CUTS)

    assert found == [[[3, 2], 4], [[2, 2], 5], [[4], None], [[2, 2], 1]]


def test_the_replay_moves_list_and_map_together_and_the_address_keeps_it(visit: Come) -> None:
    visited = visit(screen="", size="desktop")
    page = visited.page
    bar = page.get_by_role("slider")
    expect(bar).to_be_visible()
    visited.wait_for_map()
    whole = len(visited.rendered("signalements"))

    bar.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    page.wait_for_timeout(500)
    visited.wait_for_map()

    assert "until=" in page.url
    assert len(visited.rendered("signalements")) < whole
    page.get_by_role("button", name="Show all").click()
    assert "until=" not in page.url


def test_an_event_opens_by_keyboard_with_its_provenance(visit: Come) -> None:
    page = visit(screen="").page
    row = page.locator(".timeline button").first
    row.focus()
    page.keyboard.press("Enter")

    drawer = page.locator(".drawer")
    expect(drawer).to_be_focused()
    expect(drawer).to_contain_text("Where it comes from")
    expect(drawer).to_contain_text("reported")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_an_alert_is_acknowledged_by_keyboard(visit: Come, observatory: Any) -> None:
    page = visit(screen="alertes", audience="planner").page
    line = page.locator('[data-rule="panne-eclairage"]')
    expect(line).to_contain_text("Circuit CI001 has been out for 12 days")

    line.get_by_role("button", name="I have seen it").focus()
    page.keyboard.press("Enter")

    expect(line).to_contain_text("seen by planner")
    found = observatory.get("/pro/alerts.json", "coordination").json()["alerts"]
    assert next(a for a in found if a["rule"] == "panne-eclairage")["acknowledged_by"] == "planner"


def test_the_clashes_say_their_reason_and_a_date_that_would_do(visit: Come) -> None:
    """`works-at-a-festival`: a closed carriageway under a festival."""
    page = visit(screen="chantiers", audience="roadworks").page
    clash = page.locator('[data-subject="CH-P06"]').first
    expect(clash).to_contain_text("Festival", timeout=240_000)
    expect(clash).to_contain_text("EV-P01")
    heading = page.locator("#clash-title a")
    expect(heading).to_have_text(f"{page.locator('.alerts > [data-subject]').count()} clashes")
    expect(heading).to_have_attribute("href", "/api/processes/works-clash?f=html")

    clash.get_by_role("button", name="Propose a date").click()

    expect(clash.get_by_role("status")).to_contain_text("no conflict is left", timeout=240_000)


def test_a_project_is_tried_and_its_proposed_dates_taken(visit: Come, observatory: Any) -> None:
    """A closed carriageway on the square of the planted festival, on its day, by keyboard alone."""
    found = observatory.get("/api/collections/evenements/items", "planner", reference="EV-P01").json()["features"]
    ring = found[0]["geometry"]["coordinates"][0][0]
    lon, lat = (sum(c[k] for c in ring[:-1]) / (len(ring) - 1) for k in (0, 1))
    page = visit(screen="chantiers", audience="roadworks").page
    page.get_by_text("Try a project").click(timeout=60_000)
    page.get_by_role("button", name="Look for clashes").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a place")

    page.get_by_label("Place (longitude, latitude)").fill(f"{lon:.6f}, {lat:.6f}")
    page.get_by_label("First day").fill("2026-12-04")
    page.get_by_label("Last day").fill("2026-12-07")
    page.get_by_label("To", exact=True).fill("20:00")
    page.get_by_label("To", exact=True).press("Enter")

    answer = page.locator(".candidate [role=status]")
    expect(answer).to_contain_text(re.compile("clash", re.IGNORECASE), timeout=240_000)


def test_the_brief_is_made_on_demand(visit: Come, observatory: Any) -> None:
    """It tells the outage, the late source, and the last forecast beside what came; its figures are their requests'."""
    page = visit(screen="matin").page

    page.get_by_role("button", name="Make it now").click()

    expect(page.locator("main")).to_contain_text("Circuit CI001 has been out for 12 days", timeout=240_000)
    expect(page.get_by_role("heading", name="Clashes of the next 7 days")).to_be_visible()
    expect(page.locator("main")).to_contain_text(
        re.compile(r"videoprotection: last news \d+ days ago \(allowed: 2 days\)")
    )
    expect(page.locator("main")).to_contain_text(re.compile(r"Public-space reports: [\d,]+ observed from .* expected"))
    figures = page.locator("main a.datum").evaluate_all(
        "nodes => nodes.map(a => [a.getAttribute('href'), a.textContent])"
    )
    assert len(figures) >= 5  # themes of two collections, and what came of the forecast
    for href, text in figures:
        asked = href.replace("&f=html", "&f=json&limit=1")
        assert observatory.get(asked, "coordination").json()["numberMatched"] == int(text.replace(",", ""))


def test_the_screens_say_the_same_things_in_both_languages(visit: Come) -> None:
    page = visit(screen="alertes", audience="steward").page
    expect(page.locator("h2").first).to_be_visible()

    missing = page.evaluate(
        """async (names) => {
          const missing = [];
          for (const name of names) {
            const { TEXTS } = await import(`/web/pro/screens/${name}.words.js`);
            const [fr, en] = [TEXTS.fr, TEXTS.en].map((texts) => Object.keys(texts).sort().join());
            if (fr !== en) missing.push(name);
          }
          return missing;
        }""",
        sorted(path.name.removesuffix(".words.js") for path in WORDS.glob("*.words.js")),
    )

    assert missing == []


def test_the_sources_name_the_silent_sensor_and_what_was_loaded(visit: Come) -> None:
    page = visit(screen="sources", audience="steward").page

    expect(page.get_by_text("Sensor B03 has been silent for 9 days")).to_be_visible()
    expect(page.get_by_text(LATE)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^videoprotection"))).to_contain_text("late")
    expect(page.get_by_role("row", name=re.compile("^signalements"))).to_contain_text("read:")


@pytest.mark.parametrize(
    ("audience", "screens"),
    [
        ("planner", PLANNING),
        ("roadworks", PLANNING),
        ("coordination", PLANNING | KEEPING),
        ("steward", EVERYBODYS | KEEPING),
        ("auditor", EVERYBODYS),
    ],
)
def test_each_audience_has_its_screens_and_nothing_of_the_others(
    visit: Come, audience: str, screens: set[str]
) -> None:  # fmt: skip
    seen: list[str] = []

    def watch(page: Page) -> None:
        page.on("response", lambda answer: seen.append(f"{answer.status} {urlsplit(answer.url).path}"))

    page = visit(screen="", audience=audience, alter=watch).page
    expect(page.locator("[data-part=bell]")).to_be_visible()
    expect(page.locator("[data-part=ages] li").first).to_be_visible()

    links = page.locator(".screens a").evaluate_all("nodes => nodes.map(a => a.firstChild.textContent.trim())")
    assert set(links) == screens
    if audience in RESTRICTED["faits"]:
        expect(page.locator("[data-collection=faits]")).to_be_visible()
    for href in page.locator(".screens a").evaluate_all("nodes => nodes.map(a => a.href)"):
        page.goto(href)
        expect(page.locator("main h2, .wall h2").first).to_be_visible(timeout=60_000)
        page.wait_for_timeout(500)
    for collection, readers in RESTRICTED.items():
        read = {line for line in seen if f"/collections/{collection}/" in line and line.startswith("200")}
        assert bool(read) <= (audience in readers), (collection, read)
    assert any("/collections/faits/" in line for line in seen) == (audience in RESTRICTED["faits"])
    assert page.evaluate("caches.keys().then(names => names.length)") == 0


def test_a_resident_has_the_forecast_screen_that_says_why_it_is_closed(visit: Come) -> None:
    page = visit(screen="alertes", audience="citizen").page

    expect(page.locator(".screens")).to_have_count(0)
    expect(page.locator(".forecast .notice")).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
def test_no_barrier(visit: Come, barriers: Callable[..., list[str]], screen: str) -> None:
    """axe: none, on a phone and on a desk, light and dark."""
    page = visit(screen=screen).page
    page.wait_for_selector(SCREENS[screen], timeout=240_000)
    found = []
    for width, height in ((390, 844), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found += [f"{width} px, {theme}: {one}" for one in barriers(page)]

    assert found == []


def answered(pattern: str, **change: Any) -> Callable[[Page], None]:
    """Come between the page and the server."""
    return lambda page: page.route(pattern, lambda route: route.fulfill(**change))


def cut(page: Page) -> None:
    page.route("**/pro/events", lambda route: route.abort())


def choose_a_cell(page: Page) -> None:
    page.locator(".cells .rank").first.click()
    page.locator(".views button").first.click()  # on a phone it led to the map
    page.get_by_text("What this means").first.click()


NO_ALERT: dict[str, Any] = {"alerts": [], "rules": [], "judged": None}
#: State → screen, what comes between, what is done there, what shows that it is there.
STATES: dict[str, tuple[str, Callable[[Page], None] | None, Callable[[Page], object] | None, str]] = {
    "drawer": ("", None, lambda page: page.locator(".timeline button").first.click(), ".drawer dl dt"),
    "a cell and alarms": (
        "risque", answered("**/fiches/**", json={"alarms": [{"kind": "outage", "about": "signalements",
        "state": "rings", "definition": {"fr": "Arrêt.", "en": "A stop."}}]}), choose_a_cell, "[data-part=why] p",
    ),
    "skill card": ("risque", None, lambda page: page.get_by_role("link", name="Skill card").click(), "dialog h1"),
    "no alert": ("alertes", answered("**/pro/alerts.json", json=NO_ALERT), None, "h2"),
    "a part that failed": ("sources", answered("**/pro/sources.json", status=503, json={}), None, ".notice"),
    "line cut": ("", cut, None, "[data-line=cut]"),
    "frozen wall": ("mur", cut, None, ".wall [role=alert]"),
    "a project": ("chantiers", None, lambda page: page.get_by_text("Try a project").click(), ".candidate [name=at]"),
    "no brief": ("matin", answered("**/pro/brief.json", status=404, json={}), None, ".quiet"),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_no_barrier_in_a_state(visit: Come, barriers: Callable[..., list[str]], state: str) -> None:
    """axe: none, on a phone in light, on a desk in dark, and in colours that the reader has forced."""
    screen, alter, act, landmark = STATES[state]
    page = visit(screen=screen, alter=alter).page
    if act:
        act(page)
    page.wait_for_selector(landmark, timeout=240_000)
    found = []
    for width, height, colours in ((390, 844, LIGHT), (1280, 720, DARK), (1280, 720, FORCED)):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(**colours)
        found += [f"{width} px, {colours}: {one}" for one in barriers(page, contrast=colours != FORCED)]

    assert found == []


def test_what_is_loaded_is_on_the_screen_within_two_seconds(visit: Come, observatory: Any, tmp_path: Path) -> None:
    page = visit(screen="sources", audience="steward").page
    expect(page.locator("[data-line=open]")).to_be_visible()
    rows = tmp_path / "video.csv"
    rows.write_text("num,le,type,lon,lat\nW1,2026-01-10T12:00:00+01:00,depot,5.37,43.30\n", "utf-8")
    command = [
        sys.executable, "-m", "observatoire.cli", "load", "--connector", "csv", "--collection", "videoprotection",
        "--file", str(rows), "--source", "live", "--map", "id=num,date=le,nature=type,lon=lon,lat=lat",
    ]  # fmt: skip

    subprocess.run(command, env=observatory.environment, check=True, capture_output=True, timeout=120)
    loaded = time.monotonic()

    expect(page.get_by_role("row", name="live")).to_contain_text("1 new", timeout=5_000)
    assert time.monotonic() - loaded <= 2


def test_a_refused_row_that_is_corrected_leaves_the_quarantine(visit: Come, observatory: Any, tmp_path: Path) -> None:
    rows = tmp_path / "mended.csv"
    command = [
        sys.executable, "-m", "observatoire.cli", "load", "--connector", "csv", "--collection", "videoprotection",
        "--file", str(rows), "--source", "mended", "--map", "id=num,date=le,nature=type,lon=lon,lat=lat",
    ]  # fmt: skip

    def load(day: str) -> None:
        rows.write_text(f"num,le,type,lon,lat\nM1,{day}T12:00:00+01:00,depot,5.37,43.30\n", "utf-8")
        subprocess.run(command, env=observatory.environment, check=True, capture_output=True, timeout=120)

    load("2026-02-30")
    page = visit(screen="sources", audience="steward").page
    row = page.get_by_role("row", name="mended")
    expect(row).to_contain_text("bad-date 1")
    load("2026-02-28")

    expect(row).to_contain_text("closed by the last load: 1 corrected", timeout=30_000)
    expect(row).not_to_contain_text("bad-date")
