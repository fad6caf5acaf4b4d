"""Events that operators of video-protection note: a code, a place, a time. Never an image."""

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from observatoire.risk.arrays import Floats
from observatoire.risk.simulate import SimulatedCity
from observatoire.town.places import Places
from observatoire.town.planted import LATE_DAYS

CAMERAS = 60  # at full size
SEES = 120.0  # m
SEEN = {"degradation": 0.10, "tapage": 0.12, "rixe": 0.35, "vente-sauvette": 0.25}  # share of the facts in view
CODES = {
    "degradation": "degradation",
    "tapage": "attroupement-bruyant",
    "rixe": "rixe",
    "vente-sauvette": "vente-sauvette",
}
OTHERS_A_CAMERA = {"depot": 6.0, "obstacle": 4.0, "accident": 1.5, "incendie": 0.3}  # a year
ASKED = 0.3  # share that a service asked for


def video(
    city: SimulatedCity, places: Places, end: pd.Timestamp, rng: np.random.Generator, *, cameras: int = CAMERAS
) -> pd.DataFrame:
    """Draw the operators' events of the year before `end`; the feed stopped `LATE_DAYS` before it.

    Returns
    -------
    DataFrame
        `id`, `date` (UTC), `x`, `y`, `kind`, `camera`, `asked` (bool), in the order of dates. A fact in view of
        a camera is noted with the probability `SEEN`; what has nothing to do with facts is uniform in time.
    """
    spots = np.concatenate([places.at("place", "gare"), places.at("bar"), places.at("ecole", "college-lycee")])
    at: Floats = spots[:cameras]
    facts = city.facts[city.facts["date"] >= end - pd.Timedelta(days=365)]
    away, camera = KDTree(at).query(facts[["x", "y"]].to_numpy())
    nature = facts["nature"].to_numpy()
    chance = np.array([SEEN.get(str(n), 0.0) for n in nature])
    noted = (away < SEES) & (rng.random(len(facts)) < chance)
    delay = pd.to_timedelta(rng.integers(0, 20, int(noted.sum())), unit="min")
    seen = pd.DataFrame(
        {
            "date": pd.DatetimeIndex(facts["date"])[noted] + delay,
            "camera": camera[noted],
            "kind": [CODES[str(n)] for n in nature[noted]],
        }
    )
    counts = {kind: rng.poisson(rate, len(at)) for kind, rate in OTHERS_A_CAMERA.items()}
    others = pd.DataFrame(
        {
            "camera": np.concatenate([np.repeat(np.arange(len(at)), n) for n in counts.values()]),
            "kind": np.concatenate([np.repeat(kind, n.sum()) for kind, n in counts.items()]),
        }
    )
    others["date"] = end - pd.to_timedelta(rng.integers(1, 365 * 86_400, len(others)), unit="s")
    whole = pd.concat([seen, others]).sort_values(["date", "camera"], kind="stable").reset_index(drop=True)
    xy = np.round(at[whole["camera"].to_numpy()] + rng.normal(0, 25, (len(whole), 2)), 1)
    drawn = whole.assign(
        id=[f"V{k:06d}" for k in range(1, len(whole) + 1)],
        x=xy[:, 0],
        y=xy[:, 1],
        camera=[f"C{k + 1:03d}" for k in whole["camera"]],
        asked=rng.random(len(whole)) < ASKED,
    )
    return drawn[drawn["date"] < end - pd.Timedelta(days=LATE_DAYS)].reset_index(drop=True)
