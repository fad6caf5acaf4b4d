"""From a rule's reason to a sentence."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.text import Text
from observatoire.works.finding import Finding, Severity
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import Base

NOTHING = Intervals.of([])
#: How loud works are, in the middle of a sentence.
NOISE = {
    "faible": Text(fr="faible", en="low"),
    "moyen": Text(fr="moyen", en="medium"),
    "fort": Text(fr="fort", en="high"),
    "tres-fort": Text(fr="très fort", en="very high"),
}


def finding(
    rule: Base, work: Work, evidence: tuple[str, ...], intervals: Intervals = NOTHING, *,
    severity: Severity | None = None, figures: dict[str, float] | None = None, **words: Any,
) -> Finding:  # fmt: skip
    """Return the finding of a rule, its reason written out; a word may be a Text, by language."""
    texts = {}
    for language in ("fr", "en"):
        said = {k: v.in_(language) if isinstance(v, Text) else number(v, language) for k, v in words.items()}
        texts[language] = rule.reason.in_(language).format(work=work.name, **said)
    reason = Text(fr=texts["fr"], en=texts["en"])
    return Finding(
        rule.id, severity or rule.severity, reason, work.id, tuple(sorted(evidence)), intervals, figures or {}
    )


def number(value: Any, language: str) -> str:
    """Return a number as it is written in a language, one decimal at most; any other value as text."""
    if not isinstance(value, int | float):
        return str(value)
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language == "fr" else text


def instant(seconds: int, zone: str) -> Text:
    """Return a moment on the clock of a zone."""
    wall = datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone))
    return Text(fr=wall.strftime("%d/%m/%Y à %H:%M"), en=wall.strftime("%Y-%m-%d %H:%M"))


def day(when: date) -> Text:
    """Return a day, as `instant` writes it.

    Examples
    --------
    >>> day(date(2029, 4, 4)).fr
    '04/04/2029'
    """
    return Text(fr=f"{when:%d/%m/%Y}", en=f"{when:%Y-%m-%d}")
