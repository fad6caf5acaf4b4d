"""An alarm: what is watched, from which value on it rings, what it was, and where the rule comes from."""

from dataclasses import dataclass, field
from typing import Any, Literal

from observatoire.risk.answers import Text


@dataclass(frozen=True)
class Alarm:
    """One rule applied to one series.

    Attributes
    ----------
    kind : {"feedback", "outage", "flagged-too-long"}
    about : text
        What it was applied to: a source, a feed, a district.
    state : {"quiet", "rings", "unknown"}
        Unknown where the data do not allow the rule.
    value, threshold : float or None
        What is compared; the unit is in the definition.
    definition : Text
    reference : text
    detail : dict, JSON-serialisable
    """

    kind: Literal["feedback", "outage", "flagged-too-long"]
    about: str
    state: Literal["quiet", "rings", "unknown"]
    value: float | None
    threshold: float
    definition: Text
    reference: str
    detail: dict[str, Any] = field(default_factory=dict)
