"""How durations, numbers and places are said in a reason, in French and English."""

from collections.abc import Mapping
from datetime import timedelta

from observatoire.text import Text

_UNITS = (
    (timedelta(days=1), ("jour", "jours"), ("day", "days")),
    (timedelta(hours=1), ("heure", "heures"), ("hour", "hours")),
    (timedelta(minutes=1), ("minute", "minutes"), ("minute", "minutes")),
)
EVERYWHERE = Text(fr="dans toute la ville", en="in the whole city")


def duration(length: timedelta) -> Text:
    """Return a duration in the largest unit of which there are two, whole units only.

    >>> duration(timedelta(hours=30)).en, duration(timedelta(days=9, hours=5)).fr
    ('30 hours', '9 jours')
    """
    unit, fr, en = next((u for u in _UNITS if length >= 2 * u[0]), _UNITS[-1])
    n = int(length // unit)
    return Text(fr=f"{n} {fr[n > 1]}", en=f"{n} {en[n != 1]}")


def number(value: float) -> Text:
    """Return a number with one decimal where it is small, with the decimal sign of the language.

    >>> number(4.25).fr, number(31.6).en
    ('4,2', '32')
    """
    text = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    return Text(fr=text.replace(".", ","), en=text)


def where(division: str | None) -> Text:
    """Return the place of an alert in words.

    >>> where("Le Vieux-Bassin").fr, where("Les Salines").fr, where("Port-Neuf").en
    ('au Vieux-Bassin', 'aux Salines', 'in Port-Neuf')
    """
    if division is None:
        return EVERYWHERE
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if division.startswith(article):
            return Text(fr=contracted + division.removeprefix(article), en=f"in {division}")
    return Text(fr=f"à {division}", en=f"in {division}")


def said(reason: Text, **parts: Text) -> Text:
    """Return a reason with its parts filled in."""
    return Text(
        fr=reason.fr.format(**_in(parts, "fr")),
        en=reason.en.format(**_in(parts, "en")),
    )


def _in(parts: Mapping[str, Text], language: str) -> dict[str, str]:
    return {name: text.in_(language) for name, text in parts.items()}
