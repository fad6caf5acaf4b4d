"""Flagged-too-long alarm: a district that a forecast has singled out for half a year or more."""

import numpy as np

from observatoire.risk.alarm import Alarm
from observatoire.risk.answers import Text
from observatoire.risk.arrays import Bools, Floats

TIMES = 2.0  # the city's share of flagged cells: from there on a district is singled out
LONGEST = 26  # periods in a row
DEFINITION = Text(
    fr="Périodes consécutives, jusqu'à la dernière, où la part des mailles du quartier qui sont désignées vaut au "
    "moins deux fois celle de la ville. L'alarme sonne à 26 : à une présence aussi durable, une réponse durable vaut "
    "mieux qu'une prévision. C'est une règle de conduite, non un test.",
    en="Periods in a row, up to the last, in which the share of the district's cells that are flagged is at least "
    "twice the city's. It rings at 26: what lasts so long calls for a lasting answer rather than a forecast. It is a "
    "rule of conduct, not a test.",
)
REFERENCE = "Rule of this project (docs/risk.md); chance of a run: Feller (1968), vol. 1, XIII.7"


def singled_out(flagged: Bools, district: Floats, *, n_districts: int) -> Bools:
    """Return in which districts a map flags at least twice the city's share of cells.

    Parameters
    ----------
    flagged : ndarray of bool, shape (n_cells,)
    district : ndarray of int, shape (n_cells,)
        Index of each cell's district; negative: none.
    n_districts : int
    """
    inside = district >= 0
    at = district[inside].astype(np.int64)
    cells = np.bincount(at, minlength=n_districts)
    hot = np.bincount(at, flagged[inside], minlength=n_districts)
    share = flagged.mean() if len(flagged) else 0.0
    return np.asarray((cells > 0) & (hot > 0) & (hot >= TIMES * share * cells))


def weeks_in_a_row(series: Bools) -> int:
    """Return how many of the last periods in a row are true.

    >>> weeks_in_a_row(np.array([True, False, True, True]))
    2
    """
    off = np.flatnonzero(~np.asarray(series))
    return len(series) - (int(off[-1]) + 1 if off.size else 0)


def chance_of_run(p: float, length: int, n: int) -> float:
    """Return the probability of a run of `length` in n independent periods, each singled out with probability p.

    >>> chance_of_run(0.5, 2, 3)  # 110, 011, 111 of eight
    0.375
    """
    without = np.ones(n + 1)  # probability of no such run in the first t periods
    for t in range(length, n + 1):
        without[t] = without[t - 1] - (p**length if t == length else (1 - p) * p**length * without[t - length - 1])
    return float(1 - without[n])


def flagged_too_long(series: Bools, *, district: str, longest: int = LONGEST) -> Alarm:
    """Return the alarm of one district.

    Parameters
    ----------
    series : ndarray of bool, shape (n_periods,)
        Whether it was singled out, oldest period first.
    district : str
    longest : int, periods
    """
    run = weeks_in_a_row(series)
    detail = {"periods": len(series), "share": float(np.mean(series)) if len(series) else None}
    state = "unknown" if len(series) < longest else "rings" if run >= longest else "quiet"
    return Alarm("flagged-too-long", district, state, float(run), float(longest), DEFINITION, REFERENCE, detail)  # type: ignore[arg-type]
