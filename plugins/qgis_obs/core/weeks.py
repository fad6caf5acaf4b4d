"""Forecasts of successive periods, put together so that the temporal controller can play them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from .unexpected import Unexpected

#: The most weeks that are asked for at once: a year of forecasts is played, not computed anew each time.
MOST = 52
#: Columns of a cell, in the order of the layer. A number that a forecast does not give is null, never 0.
NUMBERS = ("expected", "lower", "upper", "probability", "rank")


class BadForecast(Unexpected):
    """An answer is not a forecast, or two cannot be put together; the text names the member."""


@dataclass(frozen=True)
class Forecast:
    """One forecast: its cells, and its card.

    Attributes
    ----------
    cells : mapping of str to mapping
        Properties by `cell_id`: `expected, lower, upper, probability, rank, answer`.
    shapes : mapping of str to mapping
        GeoJSON geometry (CRS84) by `cell_id`.
    start, end : str
        The period, RFC 3339, end excluded.
    card : mapping
        The member `forecast`: answer, badge, words, target, gain.
    """

    cells: Mapping[str, Mapping[str, Any]]
    shapes: Mapping[str, Mapping[str, Any]]
    start: str
    end: str
    card: Mapping[str, Any]

    @property
    def period(self) -> str:
        """First and last day, local, as `2026-11-23 – 2026-11-29`."""
        end = datetime.fromisoformat(self.end.replace("Z", "+00:00"))
        last = end.date() - timedelta(days=1) if end.timetz().replace(tzinfo=None) == time.min else end.date()
        return f"{self.start[:10]} – {last.isoformat()}"


def forecast(answer: Any) -> Forecast:
    """Return the forecast that `risk-forecast` answered.

    Raises
    ------
    BadForecast
        If it has no features, no member `forecast`, or a cell has no `cell_id`.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("features"), list):
        raise BadForecast("features: expected a list of cells")
    card = answer.get("forecast")
    if not isinstance(card, dict) or not card.get("start") or not card.get("end"):
        raise BadForecast("forecast: expected an object with start and end")
    cells: dict[str, Mapping[str, Any]] = {}
    shapes: dict[str, Mapping[str, Any]] = {}
    for number, feature in enumerate(answer["features"]):
        said = feature.get("properties") or {}
        if not said.get("cell_id"):
            raise BadForecast(f"features[{number}].properties.cell_id: missing")
        cells[str(said["cell_id"])] = said
        shapes[str(said["cell_id"])] = feature.get("geometry") or {}
    return Forecast(cells, shapes, str(card["start"]), str(card["end"]), card)


def origins(last: date, count: int, days: int = 7) -> list[str]:
    """Return the days at whose midnight, local, successive forecasts are made, the earliest first, the last one `last`.

    Raises
    ------
    ValueError
        If `count` is not 1 to 52, or `days` not 1 to 28.

    Examples
    --------
    >>> origins(date(2026, 11, 23), 2)
    ['2026-11-16', '2026-11-23']
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"count: {count}; expected 1 to {MOST} periods")
    if not 1 <= days <= 28:
        raise ValueError(f"days: {days}; expected 1 to 28")
    return [(last - timedelta(days=days * back)).isoformat() for back in range(count - 1, -1, -1)]


def together(made: Iterable[Forecast]) -> dict[str, Any]:
    """Return forecasts as one GeoJSON collection: a feature a cell and period, with `start` and `end`.

    Raises
    ------
    BadForecast
        If two of them are of the same period, or of different collections: one would hide the other.
    """
    features: list[dict[str, Any]] = []
    seen: set[str] = set()
    targets: set[str] = set()
    for one in sorted(made, key=lambda f: f.start):
        targets.add(str(one.card.get("target", "")))
        if one.start in seen:
            raise BadForecast(f"start: two forecasts begin on {one.start}")
        if len(targets) > 1:
            raise BadForecast(f"target: forecasts of {' and '.join(sorted(targets))}; expected one collection")
        seen.add(one.start)
        for cell, said in one.cells.items():
            kept = {name: said.get(name) for name in NUMBERS}
            words = {"cell_id": cell, "start": one.start, "end": one.end, "answer": said.get("answer")}
            features.append({"type": "Feature", "geometry": one.shapes[cell], "properties": {**words, **kept}})
    return {"type": "FeatureCollection", "features": features}
