"""The first screen, /pro/: does a person get there, and does it say what the server knows?"""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.web

Json = dict[str, Any]
Ask = Callable[[str], Any]
Come = Callable[..., Any]


def change(path: str, edit: Callable[[Json], None]) -> Callable[[Page], None]:
    """Let the server answer `path`, then edit what it said."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        content = answer.json()
        edit(content)
        route.fulfill(response=answer, json=content)

    def alter(page: Page) -> None:
        page.route(path, handle)

    return alter


def test_a_key_opens_the_desk_by_keyboard_alone(visit: Come, keys: dict[str, str], ask: Ask) -> None:
    page = visit(audience=None).page
    expect(page.get_by_role("heading", name="Your access key")).to_be_visible()
    expect(page.get_by_label("Access key", exact=True)).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Enter your access key.")
    page.keyboard.type(keys["coordination"])
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(ask("/city.json")["title"]["en"])
    expect(page.get_by_role("heading", name="The first 10 cells")).to_be_visible()
    expect(page.locator("#panel")).to_be_focused()
    assert page.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0
    assert keys["coordination"] not in page.url


def test_a_refused_key_is_said_and_forgotten(visit: Come) -> None:
    page = visit(key="not-a-key").page

    expect(page.get_by_role("alert")).to_contain_text("This key is not known")
    expect(page.get_by_label("Access key", exact=True)).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0


def test_a_key_that_no_header_can_carry_is_refused_too(visit: Come) -> None:
    page = visit(audience=None).page

    page.get_by_label("Access key", exact=True).fill("clé 🔑")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("This key is not known")


def test_signing_out_takes_all_away(visit: Come) -> None:
    page = visit().page
    expect(page.locator(".cells tbody tr").first).to_be_visible()

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_label("Access key", exact=True)).to_be_focused()
    expect(page.locator(".cells, #map")).to_have_count(0)
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_are_called_so(visit: Come, simulated: bool) -> None:
    page = visit(alter=change("**/city.json", lambda city: city.update(simulated=simulated))).page

    expect(page.locator("h2").first).to_be_visible()
    expect(page.get_by_text("Simulated data")).to_have_count(1 if simulated else 0)


def test_the_list_comes_before_the_map(visit: Come) -> None:
    """On a phone the 450 KB of the map are asked for only by who wants a map."""
    visited = visit(size="phone", locale="fr-FR")
    asked: list[str] = []
    visited.page.on("request", lambda request: asked.append(request.url))
    expect(visited.page.locator(".cells tbody tr")).to_have_count(10)
    assert not any("maplibre" in url for url in asked)

    visited.page.get_by_role("button", name="Carte").click()

    visited.wait_for_map()
    assert any("maplibre-gl-worker" in url for url in asked)
    expect(visited.page.locator(".panel")).to_be_hidden()


def test_a_district_named_for_too_long_is_said(visit: Come) -> None:
    alarm = {
        "kind": "flagged-too-long", "about": "Les Carmes", "state": "rings",
        "definition": {"fr": "Treize semaines de suite.", "en": "Thirteen weeks in a row."},
    }  # fmt: skip
    quiet = alarm | {"about": "La Viste", "state": "quiet"}

    def answer(page: Page) -> None:
        page.route("**/fiches/**", lambda route: route.fulfill(json={"alarms": [alarm, quiet]}))

    page = visit(alter=answer).page

    expect(page.get_by_text("Named for too long: Les Carmes")).to_be_visible()
    expect(page.get_by_text("La Viste", exact=True)).to_have_count(0)


def test_the_card_says_what_the_forecast_is_worth(visit: Come, ask: Ask) -> None:
    card = ask("/pro/forecast.json")
    page = visit().page

    box = page.locator(".forecast")
    expect(box).to_contain_text(card["words"]["en"])
    expect(box).to_contain_text(f"{card['n_cells']:,} cells of {card['cell_m']:,} m")
    expect(box).to_contain_text(f"{card['n_events']:,} reports")
    expect(box).to_contain_text("These are reports, not the nuisance itself")
    expect(box).to_contain_text(
        f"interval {card['gain']['lower']:+.1f} to {card['gain']['upper']:+.1f}%".replace(".0", "")
    )


def test_a_period_that_is_over_is_called_so(visit: Come) -> None:
    """Seven days from midnight to midnight in the city's zone: the seventh is the last that is named."""

    def age(card: Json) -> None:
        card.update(as_of="2014-11-22T23:00:00Z", start="2014-11-22T23:00:00Z", end="2014-11-29T23:00:00Z")

    def alter(page: Page) -> None:
        change("**/pro/forecast.json", age)(page)
        change("**/city.json", lambda city: city.update(time_zone="Europe/Paris"))(page)

    page = visit(alter=alter).page

    expect(page.locator(".period")).to_have_text(re.compile(r"23\s–\s29 November 2014"))
    expect(page.locator(".period")).to_contain_text("period is over")
    expect(page.locator(".age")).to_have_text("12 years ago")


def test_the_table_holds_the_ten_first_cells(visit: Come, ask: Ask) -> None:
    cells = sorted(ask("/api/collections/risque/items?limit=5000")["features"], key=lambda f: f["properties"]["rank"])
    mean = sum(cell["properties"]["expected"] for cell in cells) / len(cells)
    page = visit().page

    rows = page.locator(".cells tbody tr")
    expect(rows).to_have_count(10)
    for row, cell in zip(rows.all(), cells[:10], strict=True):
        properties = cell["properties"]
        expect(row).to_have_attribute("data-cell", properties["cell_id"])
        expect(row).to_contain_text(f"{properties['expected']:.2f}")
        name = "high" if properties["lower"] > mean else "low" if properties["upper"] < mean else "not told apart"
        expect(row.locator("[data-class]")).to_have_text(name)
        said = float(row.locator("td.n").last.inner_text().strip().removesuffix("%"))
        assert said == pytest.approx(100 * properties["probability"], abs=0.5 + 1e-9)


def test_the_simple_rule_stands_beside_the_forecast_in_words(visit: Come, ask: Ask) -> None:
    """How many of the first ten it would have named, and where the two differ by half an event, counted here anew."""
    cells = [f["properties"] for f in ask("/api/collections/risque/items?limit=5000")["features"]]
    first = {c["cell_id"] for c in sorted(cells, key=lambda c: -c["baseline"])[:10]}
    both = sum(c["cell_id"] in first for c in cells if c["rank"] <= 10)
    more = sum(c["expected"] - c["baseline"] >= 0.5 for c in cells)
    page = visit("?show=difference").page

    sentence = page.locator("[data-part=readings] [role=status]")
    expect(sentence).to_contain_text(f"would have named {both} of the first 10 cells")
    expect(sentence).to_contain_text(f"at least 0.5 more than the count in {more} cells")
    link = page.locator("[data-part=readings] .requests a").first
    expect(link).to_have_text(f"at least 0.5 more ({more})")
    expect(link).to_have_attribute("href", re.compile(r"filter=expected\+-\+baseline\+%3E%3D\+0\.5"))
    page.get_by_role("radio", name="Difference").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Simple count")).to_be_checked()
    assert "show=baseline" in page.url


def test_a_cell_says_why_it_is_there(visit: Come, ask: Ask) -> None:
    """Its interval beside the mean, the simple rule, each past that weighs, the strongest first."""
    cells = [f["properties"] for f in ask("/api/collections/risque/items?limit=5000")["features"]]
    top = next(c for c in cells if c["rank"] == 1)
    page = visit().page

    page.locator(".cells .rank").first.click()
    why = page.locator("[data-part=why]")

    def said(name: str) -> str:
        return f"{top[name]:.2f}".rstrip("0").rstrip(".")

    expect(why).to_contain_text(f"{said('expected')} expected, from {said('lower')} to {said('upper')} nine times")
    expect(why).to_contain_text(f"The simple count expects {said('baseline')}.")
    expect(why.locator("li")).to_have_text(
        [
            f"Raised by what happened in the cell in the last weeks: without it, {said('without_recent')}.",
            f"Lowered by what happened in it before that: without it, {said('without_lasting')}.",
            f"Raised by what happened around it: without it, {said('without_around')}.",
        ]
    )
    expect(why).to_contain_text("Changes next to nothing: the same season of past years")


def test_the_map_takes_the_colours_of_the_reading(visit: Come) -> None:
    visited = visit("?show=classes", size="laptop")
    visited.wait_for_map()
    paint = "document.querySelector('#map').map.getPaintProperty('risque:cells', 'fill-color')"
    classes = visited.page.evaluate(paint)

    visited.page.get_by_role("radio", name="Difference").check(force=True)
    visited.wait_for_map()

    assert classes[0] == "case"
    assert visited.page.evaluate(paint)[1] == ["-", ["get", "expected"], ["get", "baseline"]]
    expect(visited.page.locator(".legend")).to_contain_text("at least 0.5 more")


def test_a_row_and_its_cell_on_the_map_are_one(visit: Come) -> None:
    visited = visit(size="laptop")
    page = visited.page
    visited.wait_for_map()
    assert len(visited.rendered("risque")) > 100

    page.locator(".cells .rank").nth(2).focus()
    page.keyboard.press("Enter")
    visited.wait_for_map()

    chosen = page.locator(".cells .chosen").get_attribute("data-cell")
    assert chosen is not None
    assert visited.rendered("mark") == {chosen}
    assert f"cell={chosen}" in page.url
    expect(page.locator(".picked")).to_contain_text("Cell ranked 3")

    x, y = cell_on_screen(page, 1)
    page.mouse.click(x, y)

    expect(page.locator(".cells .chosen .rank")).to_have_text("2")
    expect(page.locator(".cells .rank[aria-pressed=true]")).to_have_count(1)


def test_on_a_phone_a_row_leads_to_the_map_and_back(visit: Come) -> None:
    visited = visit(size="phone")
    page = visited.page

    page.locator(".cells .rank").first.press("Enter")

    visited.wait_for_map()
    expect(page.locator(".picked")).to_be_focused()
    page.get_by_role("button", name="Stop showing it").click()
    expect(page.locator(".picked")).to_have_count(0)
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.locator(".cells")).to_be_visible()


def cell_on_screen(page: Page, index: int) -> tuple[float, float]:
    """Where the middle of the cell in row `index` of the table is, in pixels of the page."""
    found: list[float] = page.evaluate(
        """(index) => {
          const box = document.querySelector("#map"), { map } = box;
          const id = document.querySelectorAll(".cells tbody tr")[index].dataset.cell;
          const [cell] = map.querySourceFeatures("risque", { filter: ["==", ["get", "cell_id"], id] });
          const [ring] = cell.geometry.coordinates;
          const xs = ring.map(([x]) => x), ys = ring.map(([, y]) => y);
          const middle = (v) => (Math.min(...v) + Math.max(...v)) / 2;
          const at = map.project([middle(xs), middle(ys)]), { x, y } = box.getBoundingClientRect();
          return [x + at.x, y + at.y];
        }""",
        index,
    )
    return found[0], found[1]


def test_cells_have_the_colours_of_the_legend(visit: Come, ask: Ask) -> None:
    """What MapLibre evaluates is in the legend; what the eye gets is that colour, laid over the land."""
    legend = ask("/api/styles/risque")["metadata"]["obs:legend"]
    visited = visit("?hide=signalements,faits", size="desktop")
    page = visited.page
    visited.wait_for_map()
    shown = [line.inner_text() for line in page.locator(".legend li").all()]
    assert shown == [entry["label"]["en"] for entry in legend]

    cells = page.evaluate(CELLS_AND_THEIR_PAINT)
    picture = Image.open(BytesIO(page.locator("#map").screenshot())).convert("RGB")

    colours = {tuple(round(255 * part) for part in cell["colour"]) for cell in cells}
    assert len(cells) > 100
    assert len(colours) > 1
    assert colours <= {rgb(entry["color"]) for entry in legend}
    clear = [cell for cell in cells if 200 < cell["x"] < picture.width - 80 and 20 < cell["y"] < picture.height - 60]
    close = [distance(picture.getpixel((int(cell["x"]), int(cell["y"]))), cell["seen"]) < 8 for cell in clear]
    assert sum(close) / len(close) > 0.9  # the others are under a name or a line


CELLS_AND_THEIR_PAINT = """() => {
  const { map } = document.querySelector("#map");
  const part = ({ r, g, b }) => [r, g, b];
  const land = part(map.queryRenderedFeatures({ layers: ["divisions:fill"] })[0].layer.paint["fill-color"]);
  const cells = map.queryRenderedFeatures().filter((f) => f.source === "risque" && f.layer.type === "fill");
  return cells.map(({ geometry: { coordinates: [[[west, south], , [east, north]]] }, layer: { paint } }) => {
    const colour = part(paint["fill-color"]), opacity = paint["fill-opacity"];
    const { x, y } = map.project([(west + east) / 2, (south + north) / 2]);
    return { x, y, colour, seen: colour.map((c, i) => 255 * (opacity * c + (1 - opacity) * land[i])) };
  });
}"""


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def distance(pixel: Any, other: list[float]) -> float:
    return max(abs(float(a) - b) for a, b in zip(pixel, other, strict=True))


def test_layers_and_natures_are_shown_or_not_as_asked(visit: Come, ask: Ask) -> None:
    visited = visit(size="laptop")
    page = visited.page
    before = visited.rendered("signalements")
    assert before

    first = page.locator('[data-collection="signalements"] input').first
    first.uncheck()
    fewer = visited.rendered("signalements")
    page.locator('.layers input[name="signalements"]').uncheck()
    none = visited.rendered("signalements")

    value = ask("/api/styles/signalements")["metadata"]["obs:legend"][0]["value"]
    assert fewer < before
    assert none == set()
    assert f"without=signalements.{value}" in page.url
    assert "hide=signalements" in page.url


def test_a_longer_period_brings_more_events(visit: Come) -> None:
    page = visit().page
    count = page.locator('[data-collection="signalements"] legend .count')
    week = int(count.inner_text().replace(",", ""))

    page.get_by_role("radio", name="90 days").check()

    expect(count).not_to_have_text(f"{week:,}")
    assert int(count.inner_text().replace(",", "")) > week
    assert "days=90" in page.url


def test_the_address_brings_back_what_was_seen(visit: Come) -> None:
    visited = visit("?lang=fr&days=30&hide=faits&at=5.4,43.3,13", size="laptop")
    page = visited.page
    visited.wait_for_map()

    assert page.evaluate("document.documentElement.lang") == "fr"
    expect(page.get_by_role("radio", name="30 jours")).to_be_checked()
    expect(page.locator('.layers input[name="faits"]')).not_to_be_checked()
    assert page.evaluate("document.querySelector('#map').map.getZoom()") == 13


def test_the_language_can_be_changed_in_the_page(visit: Come) -> None:
    page = visit(locale="fr-FR").page
    expect(page.get_by_role("heading", name="Événements")).to_be_visible()

    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    assert "lang=en" in page.url


def abstain(card: Json) -> None:
    words = {"fr": "Trop peu d’événements.", "en": "Under 10 events a week: places cannot be told apart."}
    card.update(answer="abstains", words=words, flat_rate_per_km2=0.03, gain=None)


def test_an_abstention_gives_a_flat_rate_and_draws_no_cell(visit: Come) -> None:
    visited = visit(size="laptop", alter=change("**/pro/forecast.json", abstain))
    page = visited.page

    expect(page.locator(".forecast")).to_contain_text("Under 10 events a week")
    expect(page.locator(".forecast")).to_contain_text("0.03 reports per km²")
    assert visited.rendered("risque") == set()
    expect(page.locator(".cells, .legend")).to_have_count(0)


def test_no_forecast_yet_is_not_an_error(visit: Come) -> None:
    visited = visit(
        size="laptop",
        alter=lambda page: page.route("**/pro/forecast.json", lambda route: route.fulfill(status=404, json={})),
    )

    expect(visited.page.get_by_text("No forecast yet")).to_be_visible()
    assert visited.rendered("signalements")


def test_who_may_not_see_forecasts_is_told_why_and_sees_the_rest(visit: Come) -> None:
    visited = visit(size="laptop", audience="citizen")

    expect(visited.page.locator(".forecast")).to_contain_text("Your key (resident) does not open forecasts")
    expect(visited.page.locator('[data-collection="faits"]')).to_have_count(0)
    assert visited.rendered("signalements")


def test_a_server_that_is_away_is_said_and_can_be_tried_again(visit: Come) -> None:
    page = visit(alter=lambda page: page.route("**/city.json", lambda route: route.abort())).page
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")

    page.unroute("**/city.json")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".cells")).to_be_visible()


def test_a_part_that_fails_leaves_the_rest(visit: Come) -> None:
    visited = visit(
        size="laptop",
        alter=lambda page: page.route("**/pro/forecast.json", lambda route: route.fulfill(status=503, json={})),
    )
    page = visited.page
    expect(page.locator(".forecast").get_by_role("alert")).to_contain_text("The server does not answer")
    assert visited.rendered("signalements")

    page.unroute("**/pro/forecast.json")
    page.locator(".forecast").get_by_role("button", name="Try again").click()

    expect(page.locator(".cells")).to_be_visible()
    assert visited.rendered("risque")


def test_without_webgl_the_list_stands(visit: Come) -> None:
    def no_webgl(page: Page) -> None:
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")

    page = visit(size="laptop", alter=no_webgl).page

    expect(page.get_by_role("alert")).to_contain_text("The map cannot open on this device")
    expect(page.locator(".cells tbody tr")).to_have_count(10)


def test_data_never_become_markup(visit: Come) -> None:
    def poison(divisions: Json) -> None:
        for division in divisions["features"]:
            division["properties"]["nom"] = "<img src=x onerror=alert(1)>"

    page = visit(alter=change("**/api/collections/divisions/items*", poison)).page

    expect(page.locator(".cells tbody tr").first).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("main img")).to_have_count(0)


def test_both_languages_say_the_same_things(visit: Come) -> None:
    shapes = visit(audience=None).page.evaluate(
        """async () => {
          const { MESSAGES } = await import("/web/pro/messages.js");
          const shape = (part) => typeof part === "object" ? entries(part) : typeof part;
          const entries = (part) => Object.fromEntries(Object.entries(part).map(([k, v]) => [k, shape(v)]));
          return Object.values(MESSAGES).map(shape);
        }"""
    )

    assert shapes[0] == shapes[1]


def test_a_narrow_page_never_scrolls_sideways(visit: Come) -> None:
    """WCAG 1.4.10, reflow: 320 CSS pixels."""
    page = visit(size="phone", locale="fr-FR").page
    page.set_viewport_size({"width": 320, "height": 640})
    expect(page.locator(".cells")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
