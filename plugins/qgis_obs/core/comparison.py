"""Two forecasts compared, cell by cell: two dates, or a scenario against the city as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .weeks import BadForecast, Forecast


@dataclass(frozen=True)
class Comparison:
    """What changes from one forecast to another.

    Attributes
    ----------
    features : list of dict
        GeoJSON features (CRS84): `cell_id`, `before`, `after`, `difference` (after less before, events), `apart`
        (whether the 90 % intervals do not meet), `answer_before`, `answer_after`. The difference is null where one of
        them abstains.
    total : float
        Sum of the differences that are known, events.
    unknown : int
        Cells without a difference.
    only_before, only_after : int
        Cells that one forecast has and the other has not; they are no features.
    """

    features: list[dict[str, Any]]
    total: float
    unknown: int
    only_before: int
    only_after: int

    @property
    def apart(self) -> int:
        """Number of cells whose intervals do not meet."""
        return sum(f["properties"]["apart"] is True for f in self.features)

    def largest(self) -> float:
        """Return the largest difference either way, events; 0 where none is known."""
        known = [abs(f["properties"]["difference"]) for f in self.features if f["properties"]["difference"] is not None]
        return max(known, default=0.0)


def compare(before: Forecast, after: Forecast) -> Comparison:
    """Return what changes from `before` to `after`.

    Raises
    ------
    BadForecast
        If they share no cell (another grid), or their periods are not of one length: counts of a week and of a month
        are not differences of anything.
    """
    lengths = [_days(f) for f in (before, after)]
    if lengths[0] != lengths[1]:
        raise BadForecast(f"horizon_days: {lengths[0]} and {lengths[1]}; expected periods of one length")
    shared = [cell for cell in after.cells if cell in before.cells]
    if not shared:
        raise BadForecast("cell_id: the two forecasts have no cell in common; expected the same grid")
    features = [_feature(cell, before, after) for cell in shared]
    known = [f["properties"]["difference"] for f in features if f["properties"]["difference"] is not None]
    return Comparison(
        features,
        float(sum(known)),
        len(features) - len(known),
        len(before.cells) - len(shared),
        len(after.cells) - len(shared),
    )


def _feature(cell: str, before: Forecast, after: Forecast) -> dict[str, Any]:
    old, new = before.cells[cell], after.cells[cell]
    a, b = old.get("expected"), new.get("expected")
    said = {
        "cell_id": cell,
        "before": a,
        "after": b,
        "difference": None if a is None or b is None else b - a,
        "apart": _apart(old, new),
        "answer_before": old.get("answer"),
        "answer_after": new.get("answer"),
    }
    return {"type": "Feature", "geometry": after.shapes[cell], "properties": said}


def _apart(old: Any, new: Any) -> bool | None:
    bounds = [one.get(name) for one in (old, new) for name in ("lower", "upper")]
    if any(bound is None for bound in bounds):
        return None
    return bool(bounds[1] < bounds[2] or bounds[3] < bounds[0])


def _days(made: Forecast) -> int:
    """Return the length of a period in days of the calendar: a week in which the clock changes has seven too."""
    start, end = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (made.start, made.end))
    return (end.date() - start.date()).days
