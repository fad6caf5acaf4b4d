"""What of the RGAA 4.1 a browser decides page by page, beside axe (docs/accessibility.md: which criterion is which)."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.web

Come = Callable[..., Any]
PAGES = [
    "/", "/?at=5.3723,43.3035&rayon=3000", "/?ou=nulle%20part", "/agenda", "/quartier", "/quartier?code=D04",
    "/signaler", "/signaler?nature=bruit", "/suivi", "/mes-signalements", "/donnees", "/vie-privee", "/accessibilite",
]  # fmt: skip
#: Titles, language, landmarks and headings of a page (RGAA 8.3 to 8.8, 9.1, 9.2, 12.6, 12.7).
STRUCTURE = """
() => {
  const all = (selector) => [...document.querySelectorAll(selector)].filter((el) => el.checkVisibility());
  const levels = all("h1, h2, h3, h4").map((el) => Number(el.tagName[1]));
  const navs = all("nav").map((el) => el.getAttribute("aria-label"));
  const wrong = [];
  const want = (good, what) => good || wrong.push(what);
  want(document.title.includes(" · "), `title ${document.title}`);
  want(document.documentElement.lang === "fr", "language");
  want(levels.filter((n) => n === 1).length === 1, `h1: ${levels}`);
  want(levels.every((n, k) => k === 0 || n <= levels[k - 1] + 1), `levels: ${levels}`);
  want(["main", "body > header", "body > footer"].every((part) => all(part).length === 1), "landmarks");
  want(navs.every(Boolean) && new Set(navs).size === navs.length, `navs: ${navs}`);
  want(all("[hreflang]").every((el) => el.lang === el.hreflang), "language of the other language's link");
  want(all("[tabindex]").every((el) => el.tabIndex <= 0), "order of focus");
  want(all("table").every((el) => el.querySelector("th[scope]")), "headers of tables");
  want(all("img, svg").every((el) => el.hasAttribute("alt") || el.getAttribute("aria-hidden") === "true"
    || el.getAttribute("role") === "img"), "pictures");
  return wrong;
}
"""
#: Text spaced as WCAG 1.4.12 asks (RGAA 10.12), and what of the page's text is then cut off or runs over.
SPACED = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}
"""
LARGER = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html { font-size: 200% !important; }");
  document.adoptedStyleSheets = [sheet];
}
"""
CUT = """
() => [...document.querySelectorAll("main *, header *, nav *, footer *")]
  .filter((el) => el.checkVisibility({ contentVisibilityAuto: true }) && el.textContent.trim())
  .filter((el) => !el.closest(".unseen, .trap, .map, svg, select"))
  .filter((el) => {
    const { overflowX, overflowY } = getComputedStyle(el);
    const hides = (way) => way === "hidden" || way === "clip";
    const wide = el.scrollWidth > el.clientWidth + 1, high = el.scrollHeight > el.clientHeight + 1;
    return (hides(overflowX) && wide) || (hides(overflowY) && high);
  })
  .map((el) => `${el.tagName}.${el.className}: ${el.textContent.trim().slice(0, 40)}`)
"""
#: Of the element that has the focus: what it is, whether the focus shows, whether it lies within the window.
FOCUSED = """
() => {
  const el = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(el);
  const box = el.getBoundingClientRect();
  const bar = document.querySelector(".tabs").getBoundingClientRect();
  const under = !el.closest(".tabs") && box.top >= bar.top;
  return {
    name: `${el.tagName} ${(el.getAttribute("aria-label") ?? el.textContent).trim().slice(0, 30)}`,
    page: el === document.body,
    shown: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && !under,
  };
}
"""


def test_every_page_has_its_structure(resident: Come) -> None:
    one = resident()
    found, titles = {}, {}
    for path in PAGES:
        page = one.go(path)
        if wrong := page.evaluate(STRUCTURE):
            found[path] = wrong
        titles.setdefault(page.title(), []).append(path.split("?")[0])

    assert found == {}
    assert {title: paths for title, paths in titles.items() if len(set(paths)) > 1} == {}


def test_nothing_is_cut_where_text_is_spaced_or_twice_as_large(resident: Come) -> None:
    """Spaced on a phone, which then scrolls in one direction only; twice as large on a desk."""
    found = {}
    for size, style in (("phone", SPACED), ("desktop", LARGER)):
        one = resident(size=size)
        for path in PAGES:
            page = one.go(path)
            page.evaluate(style)
            wrong = page.evaluate(CUT) + (["scrolls sideways"] if one.overflows() else [])
            if wrong:
                found[f"{size} {path}"] = wrong

    assert found == {}


@pytest.mark.parametrize("path", ["/?at=5.3723,43.3035&rayon=3000", "/agenda", "/signaler?nature=bruit"])
def test_the_focus_is_always_seen(resident: Come, path: str) -> None:
    """By the tabulator through a page: it shows, it is within the window, nothing lies over it, nothing holds it."""
    page = resident().go(path)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUSED)
    assert "Aller au contenu" in first["name"]
    passed = [first]
    while len(passed) < 200:
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if now["page"]:
            break
        passed.append(now)

    assert [one["name"] for one in passed if not one["shown"]] == []
    assert [one["name"] for one in passed if not one["seen"]] == []
    assert 10 < len(passed) < 200


def test_the_skip_link_leads_past_the_header(resident: Come) -> None:
    page: Page = resident().go("/agenda")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("main :focus")).to_have_count(1)
