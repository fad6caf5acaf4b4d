"""The dashboard on paper: the city's curve against its band, then each theme and division in its last week."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, StrictUndefined

from observatoire.cities import City

WIDTH, HEIGHT = 680.0, 200.0
WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "title": "Tableau de bord", "simulated": "Données simulées : cette ville n'existe pas.",
        "until": "Semaines de sept jours jusqu'au", "inside": "dans le secteur", "week": "Dernière semaine",
        "count": "Nombre", "expected": "Attendu", "band": "Bande (9 semaines sur 10)", "state": "Tendance",
        "theme": "Par thème", "division": "Par secteur", "definition": "Définition", "unknown": "—",
        "curve": "Trait plein : nombre par semaine ; tirets : attendu ; aplat : bande.",
    },
    "en": {
        "title": "Dashboard", "simulated": "Simulated data: this city does not exist.",
        "until": "Weeks of seven days up to", "inside": "inside district", "week": "Last week",
        "count": "Count", "expected": "Expected", "band": "Band (9 weeks out of 10)", "state": "Trend",
        "theme": "By theme", "division": "By district", "definition": "Definition", "unknown": "—",
        "curve": "Line: count a week; dashes: expected; area: band.",
    },
}  # fmt: skip


def page(series: Mapping[str, Any], city: City, language: str) -> str:
    """Return the dashboard as an HTML document that asks for nothing.

    Parameters
    ----------
    series : mapping
        What `/pro/series.json` answers.
    language : {"fr", "en"}
    """
    rows = series["series"]
    inside = next((r for r in rows if r["kind"] == "division" and r["code"] == series["division"]), None)
    text: str = _template().render(
        d=series, t=WORDS[language], language=language, city=city, total=rows[0], curve=curve(rows[0]),
        inside=inside and inside["label"][language], width=WIDTH, height=HEIGHT,
        groups=[(kind, [r for r in rows if r["kind"] == kind]) for kind in ("theme", "division")],
        number=lambda value: _number(value, WORDS[language]["unknown"]),
        day=lambda text: format_date(datetime.fromisoformat(text).astimezone(city.zone), "long", locale=language),
    )  # fmt: skip
    return text


def _number(value: float | None, unknown: str) -> str:
    """Return a count in words of the page: a decimal only where it says something."""
    return unknown if value is None else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def pdf(series: Mapping[str, Any], city: City, language: str) -> bytes:
    """Return the dashboard as PDF, made without any request."""
    from weasyprint import HTML  # late: it takes half a second to load

    from observatoire.brief.pdf import refuse

    document: bytes = HTML(string=page(series, city, language), url_fetcher=refuse).write_pdf()
    return document


def curve(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the points of a drawing `WIDTH` by `HEIGHT`: count, what was expected, and the band's outline.

    Examples
    --------
    The largest value touches the top, zero the bottom.

    >>> row = {"n": [0, 10], "expected": [None, 5], "lower": [None, 2], "upper": [None, 10]}
    >>> curve(row)["n"]
    '0.0,200.0 680.0,0.0'
    >>> curve(row)["expected"]
    '680.0,100.0'
    """
    known = [value for name in ("n", "upper") for value in row[name] if value is not None]
    top = max([*known, 1])
    upper, lower = (_points(row[name], top) for name in ("upper", "lower"))
    return {
        "top": top,
        "n": " ".join(_points(row["n"], top)),
        "expected": " ".join(_points(row["expected"], top)),
        "band": " ".join([*upper, *reversed(lower)]),
    }


def _points(values: Sequence[float | None], top: float) -> list[str]:
    step = WIDTH / max(len(values) - 1, 1)
    return [f"{step * k:.1f},{HEIGHT * (1 - v / top):.1f}" for k, v in enumerate(values) if v is not None]


@cache
def _template() -> Any:
    source = (files("observatoire.brief") / "dashboard.html").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
