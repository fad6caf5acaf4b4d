"""Feedback alarm: are residents' reports in the flagged cells what a model that learned from patrols expects there?"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from observatoire.risk.alarm import Alarm
from observatoire.risk.answers import Text
from observatoire.risk.arrays import Floats

LIMIT = 0.8  # established: ratio in the flagged cells over that elsewhere; a count of one year alone gives about 0.85
FALL = 0.85  # beginning: that ratio over what it was before
SURE = 0.99  # one-sided, at each look
RECENT, BEFORE = 13, 26  # periods: those judged for a fall, and those before them
WINDOW = 26  # periods judged for an established feedback
LEAST = 10.0  # events expected in the flagged cells: fewer say nothing
DEFINITION = Text(
    fr="Rapport observé/prévu dans les mailles désignées, divisé par le même rapport ailleurs. L'alarme sonne s'il est "
    "tombé sous 0,85 fois sa valeur d'avant (13 dernières périodes contre les 26 précédentes, baisse sûre à 99 %), ou "
    "s'il est sous 0,8 sur 26 périodes, sûr à 99 % : la carte attire ce qui la nourrit.",
    en="Observed/predicted in the flagged cells over the same ratio elsewhere. It rings where this fell below 0.85 "
    "times what it was (the last 13 periods against the 26 before, a fall sure at 99%), or where it is below 0.8 over "
    "26 periods, sure at 99%: the map draws what feeds it.",
)
REFERENCE = "Ensign et al. (2018), Runaway feedback loops in predictive policing, PMLR 81, 160–171"


@dataclass(frozen=True)
class Ratio:
    """Log of (observed/predicted flagged) / (observed/predicted elsewhere), and its standard error."""

    log: float
    error: float


def feedback(
    flagged: Floats, flagged_expected: Floats, elsewhere: Floats, elsewhere_expected: Floats, *, source: str
) -> Alarm:
    """Return the feedback alarm of one source.

    Parameters
    ----------
    flagged, flagged_expected : ndarray, shape (n_periods,), events
        Of the source in the cells that the forecast flagged in each period, and what the forecast said there.
    elsewhere, elsewhere_expected : ndarray, shape (n_periods,), events
        The same in all other cells. Dividing by their ratio takes the city's ups and downs out.
    source : str

    Notes
    -----
    The log of the ratio of ratios is about normal with variance φ/O + φ'/O' for dispersions φ, φ' (Pearson's, at least
    1) of the two series. Without any change, or at 0.8 exactly, either rule rings in at most one look of a hundred.
    """
    parts = [np.asarray(part, dtype=float) for part in (flagged, flagged_expected, elsewhere, elsewhere_expected)]
    detail: dict[str, Any] = {"periods": len(parts[0]), "level": SURE}
    now = _ratio(*(part[-WINDOW:] for part in parts))
    if now is None:
        return Alarm("feedback", source, "unknown", None, LIMIT, DEFINITION, REFERENCE, detail)
    sure = float(stats.norm.ppf(SURE))
    o, e = (float(part[-WINDOW:].sum()) for part in parts[:2])
    detail |= {"observed": o, "predicted": e, "observed_over_predicted": o / e, "ratio": float(np.exp(now.log))}
    rings = now.log + sure * now.error < np.log(LIMIT)
    last = _ratio(*(part[-RECENT:] for part in parts))
    then = _ratio(*(part[-RECENT - BEFORE : -RECENT] for part in parts))
    if last is not None and then is not None and len(parts[0]) >= 2 * RECENT:
        fall, error = last.log - then.log, float(np.hypot(last.error, then.error))
        detail |= {"fall": float(np.exp(fall)), "fall_upper": float(np.exp(fall + sure * error)), "fall_limit": FALL}
        rings = rings or (fall < np.log(FALL) and fall + sure * error < 0)
    state: Literal["rings", "quiet"] = "rings" if rings else "quiet"
    return Alarm("feedback", source, state, float(np.exp(now.log)), LIMIT, DEFINITION, REFERENCE, detail)


def _ratio(o: Floats, e: Floats, o_else: Floats, e_else: Floats) -> Ratio | None:
    if e.sum() < LEAST or o_else.sum() <= 0 or e_else.sum() <= 0:
        return None
    seen = max(float(o.sum()), 0.5)
    log = float(np.log(seen / e.sum()) - np.log(o_else.sum() / e_else.sum()))
    return Ratio(log, float(np.sqrt(_dispersion(o, e) / seen + _dispersion(o_else, e_else) / o_else.sum())))


def _dispersion(observed: Floats, expected: Floats) -> float:
    """Return Pearson's dispersion about the series' own ratio, at least 1."""
    if len(observed) < 2 or expected.sum() <= 0:
        return 1.0
    mean = np.maximum(expected * (observed.sum() / expected.sum()), 1e-12)
    if observed.sum() <= 0:
        return 1.0
    return max(float(((observed - mean) ** 2 / mean).sum() / (len(observed) - 1)), 1.0)
