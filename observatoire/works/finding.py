"""One thing that is wrong with works, said with its reason and its evidence."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from observatoire.text import Text
from observatoire.works.intervals import Intervals

type Severity = Literal["info", "warning", "blocking"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "blocking")


@dataclass(frozen=True)
class Finding:
    """What one rule says of one piece of work.

    Attributes
    ----------
    rule : str
        Id of the rule.
    severity : {"info", "warning", "blocking"}
    reason : Text
        French and English.
    subject : str
        Id of the works.
    evidence : tuple of str
        Ids of what it clashes with, sorted.
    intervals : Intervals
        When it is so; empty where time plays no part.
    figures : mapping of str to float
        What the reason says in numbers.
    """

    rule: str
    severity: Severity
    reason: Text
    subject: str
    evidence: tuple[str, ...]
    intervals: Intervals
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name that a link may carry: the same rule on the same things has the same id, whatever the dates."""
        text = "\x1f".join((self.rule, *sorted((self.subject, *self.evidence))))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity,
            "reason": self.reason.model_dump(),
            "subject": self.subject,
            "evidence": list(self.evidence),
            "intervals": [list(pair) for pair in self.intervals.iso()],
            "figures": dict(self.figures),
        }


def severe(finding: Finding, at_least: Severity) -> bool:
    """Say whether a finding is at least that severe."""
    return at_least_as(finding.severity, at_least)


def at_least_as(severity: Severity, least: Severity) -> bool:
    """Say whether one severity is another, or worse."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the one order: the most severe first, then rule, subject, evidence."""
    return tuple(sorted(findings, key=lambda f: (-SEVERITIES.index(f.severity), f.rule, f.subject, f.evidence)))
