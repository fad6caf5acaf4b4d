"""The three answers of a forecast and its skill, in words, and in the colours of the badge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .clash import words
from .texts import language, tr

ANSWERS = ("model", "count", "abstains")
#: Green, amber and grey of the badge: said in words beside it.
COLORS = {"good": "#2a7d4f", "weak": "#a86a00", "none": "#6b6b6b"}


def answer_words(answer: str) -> str:
    """Return what one of the three answers means."""
    return {
        "model": tr("Model: better than the simple count"),
        "count": tr("Count: the simple one, no model does better"),
        "abstains": tr("No forecast: nothing does better than a flat map"),
    }.get(answer, answer)


def answer_label(answer: str) -> str:
    """Return one of the three answers in a word or two."""
    return {"model": tr("Model"), "count": tr("Count"), "abstains": tr("No forecast")}.get(answer, answer)


def badge_words(card: Mapping[str, Any]) -> str:
    """Return the badge of a forecast in two words."""
    return {"good": tr("skill: good"), "weak": tr("skill: weak"), "none": tr("skill: none")}.get(
        str(card.get("badge")), tr("skill: unknown")
    )


def skill_words(card: Mapping[str, Any]) -> str:
    """Return the skill of a forecast in a line: badge, and gain over the simple count with its interval."""
    badge, gain = badge_words(card), card.get("gain")
    if not isinstance(gain, dict) or any(gain.get(name) is None for name in ("relative", "lower", "upper")):
        return badge
    numbers = {name: f"{100 * float(gain[name]):+.0f}" for name in ("relative", "lower", "upper")}
    return tr("{badge}, {relative} % [{lower}; {upper}] over the count", badge=badge, **numbers)


def sentence(card: Mapping[str, Any]) -> str:
    """Return what the card says of itself, in the language of QGIS."""
    return words(card.get("words") or card.get("reason"), language())


def color(card: Mapping[str, Any]) -> str:
    """Return the colour of the badge."""
    return COLORS.get(str(card.get("badge")), COLORS["none"])
