"""What an event needs, from the past events that were most like it; how far the means that are planned go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from observatoire.risk.arrays import Floats
from observatoire.works.errors import BadWork

NEEDS = ("agents", "barriers", "lighting", "cleaning")
COLUMNS = ("id", "kind", "attendance", "hour", "month", "x", "y", *NEEDS, "incidents")
CONVENTION = "10 × rank among past events of the incidents expected, divided by the adequacy of the scarcest means"


@dataclass(frozen=True)
class Likeness:
    """Weights of the distance between two events; each part is about 1 for events that have little in common.

    d² = kind² [kinds differ] + attendance² (ln a − ln b)² + hour² (2 sin(πΔh/24))² + season² (2 sin(πΔm/12))²
    + (Δ place / place)².

    Attributes
    ----------
    place : float, m
    """

    kind: float = 2.0
    attendance: float = 1.0
    hour: float = 0.7
    season: float = 0.4
    place: float = 3_000.0


@dataclass(frozen=True)
class Adequacy:
    """An answer with the figures behind it.

    Attributes
    ----------
    needs : frame, one row each of `NEEDS`
        `expected`, `lower`, `upper` (central 80 % of the neighbours), `planned`, `adequacy` (%, at most 100; NaN
        where nothing is planned or said).
    adequacy : float, %
        That of the scarcest means; NaN where no means are said.
    scarcest : str or None
    risk : float, 0 to 10
        See `CONVENTION`: a rank, not a probability.
    incidents : float
        Expected by the neighbours, with the means that they had.
    neighbours : frame
        `id`, `distance`, `weight` of the events that were looked at, nearest first.
    """

    needs: pd.DataFrame
    adequacy: float
    scarcest: str | None
    risk: float
    incidents: float
    neighbours: pd.DataFrame


class PastEvents:
    """Past events with what they needed.

    A need is ln(1 + n) = a + b ln(1 + attendance) over all events (least squares), plus the mean residual of the k
    nearest, weighted by exp(−d²/2) and shrunk to 0: Σ w r / (Σ w + shrinkage).

    Parameters
    ----------
    events : frame
        `COLUMNS`: `hour` 0 to 24, `month` 1 to 12, `x`, `y` in metres, needs that were seen, incidents recorded.
    k : int
    shrinkage : float
        Number of events like itself that an event must have before they outweigh the general law.

    Raises
    ------
    BadWork
        A column is missing, a value is not a finite number or is negative, there are fewer than ten events.
    """

    def __init__(
        self, events: pd.DataFrame, *, k: int = 15, shrinkage: float = 1.0, likeness: Likeness | None = None
    ) -> None:
        if missing := [c for c in COLUMNS if c not in events]:
            raise BadWork(missing[0], f"is missing; expected the columns {', '.join(COLUMNS)}")
        if len(events) < 10:
            raise BadWork("events", f"{len(events)} past events are too few; expected 10 at least")
        for name in ("attendance", "hour", "month", "x", "y", *NEEDS, "incidents"):
            values = events[name].to_numpy(dtype=float)
            if not np.isfinite(values).all() or (name not in ("x", "y") and (values < 0).any()):
                raise BadWork(name, "expected finite numbers, 0 or more")
        self.events = events.reset_index(drop=True)
        self.k, self.shrinkage, self.likeness = k, shrinkage, likeness or Likeness()
        self._crowd = np.log1p(self.events["attendance"].to_numpy(dtype=float))
        self._laws = {name: self._law(name) for name in (*NEEDS, "incidents")}

    def _law(self, name: str) -> tuple[Floats, Floats]:
        """Return (a, b) and the residuals of one need."""
        seen = np.log1p(self.events[name].to_numpy(dtype=float))
        design = np.column_stack([np.ones(len(seen)), self._crowd])
        law = np.linalg.lstsq(design, seen, rcond=None)[0]
        return law, seen - design @ law

    def distances(self, event: Mapping[str, float | str]) -> Floats:
        """Return the distance of each past event to `event` (see `Likeness`)."""
        far, past = self.likeness, self.events
        hour = 2 * np.sin(np.pi * (past["hour"].to_numpy(dtype=float) - float(event["hour"])) / 24)
        season = 2 * np.sin(np.pi * (past["month"].to_numpy(dtype=float) - float(event["month"])) / 12)
        metres = np.hypot(
            past["x"].to_numpy(dtype=float) - float(event["x"]), past["y"].to_numpy(dtype=float) - float(event["y"])
        )
        squared: Floats = (
            far.kind**2 * (past["kind"].to_numpy() != event["kind"])
            + far.attendance**2 * (self._crowd - np.log1p(float(event["attendance"]))) ** 2
            + far.hour**2 * hour**2
            + far.season**2 * season**2
            + (metres / far.place) ** 2
        )
        return np.sqrt(squared)

    def expect(self, event: Mapping[str, float | str]) -> pd.DataFrame:
        """Return `expected`, `lower`, `upper` of each need and of `incidents`, by name."""
        near, weight = self._nearest(event)
        crowd = np.array([1.0, np.log1p(float(event["attendance"]))])
        rows = {}
        for name, (law, residuals) in self._laws.items():
            around = residuals[near]
            shift = float(weight @ around / (weight.sum() + self.shrinkage))
            low, high = np.quantile(around, [0.1, 0.9]) - around.mean()
            middle = float(crowd @ law) + shift
            rows[name] = [max(0.0, float(np.expm1(middle + d))) for d in (0.0, float(low), float(high))]
        return pd.DataFrame.from_dict(rows, orient="index", columns=["expected", "lower", "upper"])

    def _nearest(self, event: Mapping[str, float | str]) -> tuple[np.ndarray, Floats]:
        _check(event)
        distance = self.distances(event)
        near = np.lexsort((self.events["id"].astype(str).to_numpy(), distance))[: self.k]
        return near, np.exp(-(distance[near] ** 2) / 2)

    def adequacy(self: Self, event: Mapping[str, float | str], planned: Mapping[str, float]) -> Adequacy:
        """Return how far planned means go, and the risk.

        Parameters
        ----------
        event : mapping
            `kind`, `attendance`, `hour`, `month`, `x`, `y`.
        planned : mapping of str to float
            Means by name of `NEEDS`; those left out are unknown.

        Raises
        ------
        BadWork
            Names the field: unknown means, a value that is not a number ≥ 0.
        """
        if unknown := sorted(set(planned) - set(NEEDS)):
            raise BadWork("planned", f"unknown means {unknown[0]!r}; expected {', '.join(NEEDS)}")
        if not all(np.isfinite(v) and v >= 0 for v in planned.values()):
            raise BadWork("planned", "expected finite numbers, 0 or more")
        expected = self.expect(event)
        incidents = float(expected["expected"]["incidents"])
        needs = expected.loc[list(NEEDS)].assign(planned=[planned.get(n, np.nan) for n in NEEDS])
        share = np.where(needs["expected"] > 0, 100 * needs["planned"] / needs["expected"].clip(lower=1e-9), 100.0)
        needs["adequacy"] = np.where(needs["planned"].notna(), np.minimum(share, 100.0), np.nan)
        said = needs["adequacy"].dropna()
        scarcest, worst = (str(said.idxmin()), float(said.min())) if len(said) else (None, float("nan"))
        strained = incidents / max(worst / 100, 0.1) if len(said) else incidents
        near, weight = self._nearest(event)
        neighbours = pd.DataFrame(
            {"id": self.events["id"].to_numpy()[near], "distance": self.distances(event)[near], "weight": weight}
        )
        return Adequacy(needs, worst, scarcest, self._risk(strained), incidents, neighbours)

    def _risk(self, incidents: float) -> float:
        """Return 10 × the mid-rank of a number of incidents among those of past events."""
        past = self.events["incidents"].to_numpy(dtype=float)
        return round(10 * float((past < incidents).mean() + (past == incidents).mean() / 2), 1)


def _check(event: Mapping[str, float | str]) -> None:
    for name, low, high in (
        ("attendance", 0, 1e7),
        ("hour", 0, 24),
        ("month", 1, 12),
        ("x", -1e8, 1e8),
        ("y", -1e8, 1e8),
    ):
        try:
            value = float(event[name])
        except (KeyError, TypeError, ValueError):
            raise BadWork(name, "is missing or no number") from None
        if not low <= value <= high:
            raise BadWork(name, f"{value:g}; expected {low:g} to {high:g}")
    if not event.get("kind"):
        raise BadWork("kind", "is missing")
