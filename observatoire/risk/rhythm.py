"""When things happen in the simulated city: season, weekday and hour, in local time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from observatoire.risk.arrays import Dates, Floats

ZONE = "Europe/Paris"


@dataclass(frozen=True)
class Rhythm:
    """Rhythm of one nature.

    Attributes
    ----------
    season : float
        Amplitude of the yearly wave; its crest is `crest`, day of the year.
    weekend : float
        Saturday and Sunday against the other days.
    peak, width : float, h
        Hour of the day around which it happens, and how widely.
    floor : float
        Rate far from the peak, against the peak.
    """

    season: float
    crest: int
    weekend: float
    peak: float
    width: float
    floor: float = 0.05


def hours(start: pd.Timestamp, end: pd.Timestamp) -> Dates:
    """Return the UTC hours from `start` up to `end`, excluded."""
    index = pd.date_range(start.tz_localize(None), end.tz_localize(None), freq="h", inclusive="left")
    return np.asarray(index.to_numpy().astype("datetime64[s]"))


def weights(rhythm: Rhythm, at: Dates) -> Floats:
    """Return the relative rate in each UTC hour, mean 1 over `at`."""
    local = pd.DatetimeIndex(at).tz_localize("UTC").tz_convert(ZONE)
    day = local.day_of_year.to_numpy()
    season = 1 + rhythm.season * np.cos(2 * np.pi * (day - rhythm.crest) / 365.25)
    week = np.where(local.day_of_week.to_numpy() >= 5, rhythm.weekend, 1.0)
    away = (local.hour.to_numpy() - rhythm.peak + 12) % 24 - 12
    rate: Floats = season * week * (rhythm.floor + np.exp(-0.5 * (away / rhythm.width) ** 2))
    return rate / rate.mean()
