"""What places do in a forecast: ratios with their intervals, from the regression that knows the places."""

from typing import Any, Literal

import numpy as np
from scipy import stats

from observatoire.risk.ensemble import Ensemble
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.place_types import TYPES

LEVEL = 0.95
#: Measure → sign of its coefficient's effect, and what is compared. Both features are logarithms, so that halving a
#: distance and doubling a number are one step of ln 2 wherever one stands.
STEPS: dict[str, tuple[int, Literal["halving", "doubling"]]] = {"distance": (-1, "halving"), "density": (1, "doubling")}


def factors(model: Any) -> list[dict[str, Any]]:
    """Return what each feature of the places does to the expected events of a cell, all else alike.

    Parameters
    ----------
    model : Forecaster, fitted
        An ensemble, whose weights the effects carry, or the regression alone.

    Returns
    -------
    list of dict
        `name` (`bar.distance`), `type`, `measure`, `per` (halving: twice as near, half a cell included; doubling: twice
        as many within about 300 m), `ratio` with `lower` and `upper` at `level`, `label` and `words` in French and
        English. Those whose interval leaves 1 come first, then the strongest. Empty without places.

    Notes
    -----
    The past of the cell and of its surroundings is in the same regression: a ratio is what a place adds to what past
    events say already, not all that it does, and no proof that it is the cause. Intervals are robust to the events of
    a cell being alike from period to period, not to neighbouring cells being so.
    """
    regression, power = _regression(model)
    if regression is None or regression.places is None or regression.model_ is None:
        return []
    names = regression.places.names
    first = len(regression.model_.coef_) - len(names)
    spread = np.sqrt(np.diag(regression.covariance_))[first:]
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    found = []
    for k, name in enumerate(names):
        sign, per = STEPS[name.rpartition(".")[2]]
        step = sign * power * np.log(2) / regression.scale_[first + k]
        centre, half = step * regression.model_.coef_[first + k], abs(step) * z * spread[k]
        found.append(_told(name, per, *(float(np.exp(v)) for v in (centre, centre - half, centre + half))))
    return sorted(found, key=lambda f: (f["lower"] <= 1 <= f["upper"], -abs(np.log(f["ratio"])), f["name"]))


def _regression(model: Any) -> tuple[PenalisedPoisson | None, float]:
    """Return the regression in a model, and the power to which the model raises it."""
    if isinstance(model, PenalisedPoisson):
        return model, 1.0
    if isinstance(model, Ensemble):
        for weight, member in zip(model.weights_, model.members_, strict=True):
            if isinstance(member, PenalisedPoisson):
                return member, float(weight)
    return None, 0.0


def _told(name: str, per: str, ratio: float, lower: float, upper: float) -> dict[str, Any]:
    kind = name.rpartition(".")[0]
    french, english, of_one, a_one = TYPES[kind]
    low, mid, high = (100 * (v - 1) for v in (lower, ratio, upper))
    if per == "halving":
        said = f"Deux fois plus près {of_one}", f"Twice as near {a_one}"
    else:
        said = f"{french} : deux fois plus alentour", f"{english}: twice as many around"
    return {
        "name": name,
        "type": kind,
        "measure": name.rpartition(".")[2],
        "per": per,
        "ratio": ratio,
        "lower": lower,
        "upper": upper,
        "level": LEVEL,
        "label": {"fr": french, "en": english},
        "words": {
            "fr": f"{said[0]} : {mid:+.0f} % [{low:+.0f} ; {high:+.0f}]",
            "en": f"{said[1]}: {mid:+.0f}% [{low:+.0f}, {high:+.0f}]",
        },
    }
