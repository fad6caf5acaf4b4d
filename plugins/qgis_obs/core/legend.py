"""Classes of a style, as the server's MapLibre documents state them in their metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One class of a range: its lower bound, which belongs to it, its colour and its words."""

    least: float
    color: str
    label: str


@dataclass(frozen=True)
class Legend:
    """The property that a style shows, and its classes, the lowest first."""

    property: str
    steps: tuple[Step, ...]


#: What is shown of a probability where the server states no classes: ColorBrewer OrRd, five classes.
USUAL = Legend(
    "probability",
    (
        Step(0.0, "#fff7ec", "0 – 5 %"),
        Step(0.05, "#fdd49e", "5 – 15 %"),
        Step(0.15, "#fc8d59", "15 – 30 %"),
        Step(0.3, "#d7301f", "30 – 50 %"),
        Step(0.5, "#7f0000", "≥ 50 %"),
    ),
)


def legend(style: Any) -> Legend | None:
    """Return the classes of a range that a style states, or None where it states none."""
    metadata = style.get("metadata") if isinstance(style, dict) else None
    if not isinstance(metadata, dict) or not metadata.get("obs:property"):
        return None
    lines = [line for line in metadata.get("obs:legend") or () if isinstance(line, dict)]
    steps = [
        Step(float(line["least"]), str(line.get("color", "#888888")), str(line.get("label", line["least"])))
        for line in lines
        if isinstance(line.get("least"), (int, float))
    ]
    return Legend(str(metadata["obs:property"]), tuple(sorted(steps, key=lambda s: s.least))) if steps else None
