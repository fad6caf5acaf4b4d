"""The brief as a page: one sheet of paper, no script, nothing from elsewhere."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from observatoire.alerts.words import number
from observatoire.data import root
from observatoire.layers.nomenclature import codes

WORDS: dict[str, dict[str, str]] = {
    "fr": {
        "title": "Point du matin", "since": "Depuis le", "until": "établi le", "alerts": "Alertes",
        "simulated": "Données simulées : cette ville n'existe pas.", "none": "Rien.",
        "new": "nouvelle", "open": "en cours", "closed": "terminée", "acknowledged": "vue",
        "changed": "Dernier jour connu", "instead": "attendu", "between": "entre {low} et {high} neuf jours sur dix",
        "works": "Chantiers du jour", "events": "Événements du jour", "clashes": "Conflits des {days} prochains jours",
        "more": "et {n} autres", "forecast": "Prévision et constat", "late": "Sources en retard",
        "expected": "attendu", "observed": "constaté", "so_far": "jusqu'au", "period": "Période",
        "unknown_yet": "rien n'est encore connu de cette période", "abstains": "sans prévision",
        "people": "personnes attendues", "allowed": "admis", "blocking": "bloquant",
        "warning": "à régler", "urgent": "urgent", "info": "pour information",
    },
    "en": {
        "title": "Morning brief", "since": "Since", "until": "made on", "alerts": "Alerts",
        "simulated": "Simulated data: this city does not exist.", "none": "Nothing.",
        "new": "new", "open": "open", "closed": "over", "acknowledged": "seen",
        "changed": "Last day known", "instead": "expected", "between": "between {low} and {high} nine days out of ten",
        "works": "Today's works", "events": "Today's events", "clashes": "Clashes of the next {days} days",
        "more": "and {n} more", "forecast": "Forecast beside what happened", "late": "Late sources",
        "expected": "expected", "observed": "observed", "so_far": "up to", "period": "Period",
        "unknown_yet": "nothing is known of this period yet", "abstains": "no forecast",
        "people": "people expected", "allowed": "allowed", "blocking": "blocking",
        "warning": "to settle", "urgent": "urgent", "info": "for information",
    },
}  # fmt: skip


def page(report: Mapping[str, Any], language: str, *, linked: bool = False) -> str:
    """Return a brief as an HTML document.

    Parameters
    ----------
    report : mapping
        As `observatoire.brief.report.brief` makes it.
    language : {"fr", "en"}
    linked : bool
        Whether the style is a link to our server, as its security policy asks, or stands in the document itself.
    """
    zone = ZoneInfo(report["time_zone"])
    style = "" if linked else (root() / "web" / "pro" / "brief.css").read_text("utf-8")
    text: str = _template().render(
        r=report, t=WORDS[language], language=language, linked=linked,
        style=Markup(style),  # noqa: S704 (our own file)
        moment=lambda text: _moment(text, zone, language), hour=lambda text: f"{_local(text, zone):%H:%M}",
        number=lambda value: number(value).in_("fr" if language == "fr" else "en"),
        kind=lambda domain, code: _label(domain, code, language),
    )  # fmt: skip
    return text


@cache
def _template() -> Any:
    source = (files("observatoire.brief") / "brief.html").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


def _label(domain: str, code: str, language: str) -> str:
    known = codes(domain).get(code)
    return code if known is None else known.in_(language)


def _local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def _moment(text: str, zone: ZoneInfo, language: str) -> str:
    return str(format_datetime(_local(text, zone), "d MMMM y, HH:mm", locale=language))
