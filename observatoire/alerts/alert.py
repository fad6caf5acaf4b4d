"""One thing that asks for attention: by which rule, where, since when, and why, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from observatoire.text import Text

type Severity = Literal["info", "warning", "urgent"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "urgent")


@dataclass(frozen=True)
class Alert:
    """What one rule says of one place, one division or one thing; never of a person.

    Attributes
    ----------
    rule : str
        Id of the rule.
    subject : str
        What it is about, among the alerts of the rule: a division's code, a circuit, a sensor, a source; of a crowded
        place the metres of its centre, which `observatoire.alerts.same` compares by distance.
    place : (x, y) or None, m
        In the CRS of the store.
    start, end : aware datetime
        The time that was looked at.
    evidence : tuple of int
        Ids of the items counted, ascending; empty where the items are too many to be named one by one.
    figures : mapping of str to float
        What the reason says in numbers.
    """

    rule: str
    severity: Severity
    collection: str
    subject: str
    title: Text
    reason: Text
    start: datetime
    end: datetime
    place: tuple[float, float] | None = None
    division: str | None = None
    evidence: tuple[int, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


def ordered(alerts: list[Alert]) -> list[Alert]:
    """Return alerts in the one order: the most severe first, then by rule and subject."""
    return sorted(alerts, key=lambda a: (-SEVERITIES.index(a.severity), a.rule, a.subject))


def same(known: Alert, found: Alert, *, within: float) -> bool:
    """Tell whether two alerts are about the same thing; crowded places within `within` metres are one place."""
    if known.rule != found.rule:
        return False
    if known.place is None or found.place is None or not within:
        return known.subject == found.subject
    (ax, ay), (bx, by) = known.place, found.place
    return (ax - bx) ** 2 + (ay - by) ** 2 <= within**2
