"""Residents' pages: words in both languages, times of works and events, bars that tell a gap from a zero."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from observatoire.data import root
from observatoire.server import pages
from observatoire.server.citizen.agenda import _first
from observatoire.server.citizen.bars import bars
from observatoire.server.citizen.calendar import instants, spans, upcoming
from observatoire.server.citizen.icons import icon
from observatoire.server.citizen.words import WORDS

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
TEMPLATES = Path(pages.__file__).parent / "templates" / "citizen"
MARKET = {
    "debut": datetime(2026, 11, 2, 5, tzinfo=UTC), "fin": datetime(2026, 11, 30, 13, tzinfo=UTC),
    "regle": "FREQ=WEEKLY;BYDAY=MO", "heure_debut": "06:00", "heure_fin": "14:00", "feries": None, "exceptions": None,
}  # fmt: skip


def test_a_market_of_mondays_is_there_on_mondays() -> None:
    """2, 9, 16, 23 and 30 November 2026 are Mondays; 06:00 in Paris is 05:00 UTC in winter."""
    held = instants(MARKET, PARIS)

    week = spans(held, datetime(2026, 11, 8, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC))
    after = upcoming(held, datetime(2026, 11, 9, 13, tzinfo=UTC))

    assert len(held) == 5
    assert [(span.start, span.end) for span in week] == [
        (datetime(2026, 11, 9, 5, tzinfo=UTC), datetime(2026, 11, 9, 13, tzinfo=UTC))
    ]
    assert after is not None
    assert after.start == datetime(2026, 11, 16, 5, tzinfo=UTC)
    assert upcoming(held, datetime(2026, 12, 1, tzinfo=UTC)) is None


def test_works_without_a_rule_hold_their_place_without_a_break() -> None:
    """As the layer file says, whatever hours stand beside."""
    held = instants(MARKET | {"regle": None}, PARIS)

    assert [(span.start, span.end) for span in spans(held, MARKET["debut"], MARKET["fin"])] == [
        (MARKET["debut"], MARKET["fin"])
    ]


def test_a_rule_that_cannot_be_read_says_too_long_rather_than_nothing() -> None:
    held = instants(MARKET | {"regle": "FREQ=SOMETIMES"}, PARIS)

    assert len(held) == 1


def test_a_month_without_data_is_no_zero() -> None:
    drawn = bars([("a", 4), ("b", 0), ("c", None)])

    assert drawn.count('class="bar"') == 2
    assert drawn.count('class="gap"') == 1
    assert ">0<" in drawn
    assert bars([]).startswith("<svg")


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "1900-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_shown_is_today(text: str) -> None:
    today = date(2026, 11, 28)

    assert _first(text, today) == today
    assert _first("2026-12-05", today) == date(2026, 12, 5)


def test_every_word_of_the_templates_and_scripts_is_said() -> None:
    asked = {
        name for path in TEMPLATES.glob("*.html") for name in re.findall(r"\bc\.(\w+)", path.read_text("utf-8"))
    } - {"format"}
    scripts = (path.read_text("utf-8") for path in (root() / "web" / "citizen").glob("*.js"))
    spoken = {f"js_{name}" for text in scripts for name in re.findall(r"\bwords\.([a-z_]+)\b", text)}
    of_the_map = {"js_map", "js_close"}  # the map's own words stand beside the map

    assert asked - WORDS["fr"].keys() == set()
    assert spoken - of_the_map - WORDS["fr"].keys() == set()
    assert {name for name in WORDS["fr"] if name.startswith("js_")} - spoken == {"js_me_too", "js_follow"}
    assert WORDS["fr"].keys() == WORDS["en"].keys()


def test_an_icon_says_nothing_to_a_screen_reader() -> None:
    assert 'aria-hidden="true"' in icon("bruit")
    assert icon("no-such-thing") == icon("signalements")
