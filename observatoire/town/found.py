"""Facts that nobody saw: a car is found broken into hours after it was left, and the day-log knows two moments."""

import numpy as np
import pandas as pd

UNSEEN = {"vol-roulotte": 0.7}  # share, by nature, of which only an interval is known
HOURS = 6.0  # mean time until it is found
LONGEST = 16.0  # h


def found_later(facts: pd.DataFrame, end: pd.Timestamp, rng: np.random.Generator) -> pd.DataFrame:
    """Return the facts with `until`, by when they had surely happened; NaT where their moment is known.

    Parameters
    ----------
    facts : DataFrame
        With `date`, aware, the beginning of the interval, and `nature`.
    end : Timestamp, aware
        End of the data: what would be found later than that is not drawn.
    """
    share = facts["nature"].map(UNSEEN).fillna(0.0).to_numpy(dtype=float)
    unseen = rng.random(len(facts)) < share
    hours = np.minimum(rng.exponential(HOURS, len(facts)), LONGEST)
    until = facts["date"] + pd.to_timedelta(np.ceil(hours * 60), unit="min")
    return facts.assign(until=until.where(unseen & (until < end).to_numpy()))
