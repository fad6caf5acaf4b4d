"""What the page of a job shows of a GeoJSON result: its first rows, and how a map of it is coloured."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import orjson

ROWS, COLUMNS = 20, 8
MOST_SAID = 200  # findings on a page
#: ColorBrewer OrRd, five classes: light where little is expected; readable without colour vision.
COLOURS = ("#fef0d9", "#fdcc8a", "#fc8d59", "#e34a33", "#b30000")
UNKNOWN = "#9aa5b1"
LONGEST = 30_000_000  # bytes; a longer result is only linked

type Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Result:
    """A feature collection, as far as a page needs it.

    Attributes
    ----------
    common : dict
        Properties that all features share, which need no column.
    rows : list of dict
        Properties of the first features: those with the highest values of `name`, where there is one.
    name : str or None
        The number by which the map is coloured.
    breaks : list of float
        Where the next colour begins; quintiles, fewer where values are alike.
    bbox : tuple of float, degrees
        West, south, east, north.
    findings, proposals : list of dict
        What `works-clash` says beside its features; empty for other results.
    """

    count: int
    common: dict[str, Any]
    columns: list[str]
    rows: list[dict[str, Any]]
    name: str | None
    breaks: list[float]
    unknown: int
    bbox: Corners
    findings: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Return colours and what they stand for, the lowest first."""
        if not self.breaks:
            return []
        words = [f"{b:.3g}" for b in self.breaks]
        texts = [f"< {words[0]}", *(f"{a} – {b}" for a, b in pairwise(words)), f"≥ {words[-1]}"]
        return [*zip(self.colours, texts, strict=True), *([(UNKNOWN, "?")] if self.unknown else [])]

    @property
    def colours(self) -> list[str]:
        """Return one colour a class, spread over the ramp."""
        steps = np.linspace(0, len(COLOURS) - 1, len(self.breaks) + 1) if self.breaks else [len(COLOURS) // 2]
        return [COLOURS[round(float(step))] for step in steps]


def read_result(body: bytes) -> Result | None:
    """Return what a page shows of a result; None where it is no feature collection with a place, or too long."""
    if len(body) > LONGEST:
        return None
    document = orjson.loads(body)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        return None
    corners = _corners(features)
    if corners is None:
        return None
    properties = [feature.get("properties") or {} for feature in features]
    name = _number(properties)
    values = np.array([p.get(name) for p in properties], dtype=float) if name else np.empty(0)
    common = {key: value for key, value in properties[0].items() if all(p.get(key) == value for p in properties)}
    common = common if len(properties) > 1 else {}
    order = np.argsort(-values, kind="stable")[:ROWS] if name else range(min(ROWS, len(properties)))  # NaN comes last
    return Result(
        count=len(features),
        common=common,
        columns=[key for key in properties[0] if key not in common][:COLUMNS],
        rows=[properties[k] for k in order],
        name=name,
        breaks=_breaks(values[~np.isnan(values)]),
        unknown=int(np.isnan(values).sum()),
        bbox=corners,
        findings=_said(document, "findings", ("rule", "severity", "title", "reason", "subject", "evidence")),
        proposals=_said(document, "proposals", ("subject", "status", "reason")),
    )


def _said(document: dict[str, Any], name: str, members: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the first things of a list beside the features that have all these members."""
    things = document.get(name)
    kept = [t for t in things if isinstance(t, dict) and t.keys() >= set(members)] if isinstance(things, list) else []
    return kept[:MOST_SAID]


def _number(properties: list[dict[str, Any]]) -> str | None:
    """Return the first property that is a number wherever it is known, and known somewhere."""
    for name in properties[0]:
        kinds = {type(p.get(name)) for p in properties} - {type(None)}
        if kinds and kinds <= {int, float}:
            return name
    return None


def _breaks(values: Any) -> list[float]:
    """Return the quintiles that part the values into classes, none of them empty."""
    if values.size == 0:
        return []
    quintiles = np.unique(np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="higher"))
    return [float(q) for q in quintiles if q > values.min()]


def _corners(features: list[Any]) -> Corners | None:
    west, south, east, north = math.inf, math.inf, -math.inf, -math.inf
    for geometry in (feature.get("geometry") for feature in features):
        for x, y in _points(geometry):
            west, south, east, north = min(west, x), min(south, y), max(east, x), max(north, y)
    return (west, south, east, north) if west <= east else None


def _points(geometry: Any) -> Iterator[tuple[float, float]]:
    if geometry is None:
        return
    left: list[Any] = list(_parts(geometry))
    while left:
        one = left.pop()
        if one and isinstance(one[0], int | float):
            yield one[0], one[1]
        else:
            left.extend(one)


def _parts(geometry: Any) -> Iterable[Any]:
    if geometry["type"] == "GeometryCollection":
        return [part for inner in geometry["geometries"] for part in _parts(inner)]
    return [geometry["coordinates"]]
