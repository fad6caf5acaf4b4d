"""The trend of a series in a word: stable, up, down, or unknown."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from observatoire.alerts.band import FEWEST, band, windows
from observatoire.risk.arrays import Floats
from observatoire.text import Text

type State = Literal["stable", "up", "down", "unknown"]
LEVEL = 0.9
WORDS: dict[State, Text] = {
    "stable": Text(fr="stable", en="stable"),
    "up": Text(fr="en hausse", en="up"),
    "down": Text(fr="en baisse", en="down"),
    "unknown": Text(fr="trop peu d'événements pour le dire", en="too few events to say"),
}
DEFINITION = Text(
    fr="Nombre d'événements signalés dans la période, comparé à ce que laissent attendre les mêmes jours des huit "
    "semaines précédentes. « Stable » : dans la bande où tombent neuf périodes sur dix (binomiale négative).",
    en="Number of reported events in the period, against what the same days of the eight weeks before lead to expect. "
    "'Stable': inside the band in which nine periods out of ten fall (negative binomial).",
)


@dataclass(frozen=True)
class Trend:
    """One series now, against its band; mean and bounds are None where nothing is known."""

    state: State
    n: int
    mean: float | None
    lower: float | None
    upper: float | None


def trends(daily: Floats, *, days: int) -> list[Trend]:
    """Return the trend of each series over the window that ends with the last day.

    Parameters
    ----------
    daily : ndarray, shape (n_series, n_days), events
    days : int, 1 to 7
        Windows of longer than a week would overlap those they are compared with.
    """
    if not 1 <= days <= 7:
        raise ValueError(f"days must be 1 to 7, got {days}")
    sums = windows(daily, days)
    known = band(sums)
    low, high = known.bounds(LEVEL)
    return [
        _trend(n, mean, past, lower, upper)
        for n, mean, past, lower, upper in zip(
            sums[:, -1], known.mean[:, -1], known.past[:, -1], low[:, -1], high[:, -1], strict=True
        )
    ]


def _trend(n: float, mean: float, past: float, lower: float, upper: float) -> Trend:
    if not np.isfinite(mean) or past < FEWEST:
        return Trend("unknown", int(np.nan_to_num(n)), None if not np.isfinite(mean) else float(mean), None, None)
    state: State = "up" if n > upper else "down" if n < lower else "stable"
    return Trend(state, int(n), float(mean), float(lower), float(upper))
