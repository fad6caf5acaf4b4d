"""Outage alarm: has a feed stopped, or lost most of its events?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from observatoire.risk.alarm import Alarm
from observatoire.risk.answers import Text
from observatoire.risk.arrays import Dates, Floats
from observatoire.risk.level import shock

WEEKS = 8  # before a day that say what to expect of it
DROP = 0.25  # of the expected events are left in an outage: a feed seldom stops entirely
APART = 3650.0  # days between two false alarms, at least, in the mean
GAP = 1e-6  # probability under which a run of days without events is called a gap
DEFINITION = Text(
    fr="Somme cumulée (CUSUM) du log-rapport de vraisemblance entre « un quart des événements arrive » et « tout "
    "arrive », jour par jour, face à la moyenne du même jour de semaine sur 8 semaines. L'alarme sonne au-dessus "
    "de ln 3650 : une fausse alarme au plus tous les dix ans en moyenne.",
    en="CUSUM of the log-likelihood ratio of 'a quarter of the events arrive' to 'all arrive', day by day, against the "
    "mean of the same weekday over 8 weeks. It rings above ln 3650: at most one false alarm in ten years, in the mean.",
)
REFERENCE = "Lorden (1971), Annals of Mathematical Statistics 42, 1897–1908, theorem 1: ARL ≥ exp(h)"


@dataclass(frozen=True, eq=False)
class Expectation:
    """Negative binomial expectation of each day, from the days before it; NaN where there are too few."""

    mean: Floats
    size: Floats


def expectation(daily: Floats) -> Expectation:
    """Return what to expect of each day from the same weekday of the eight weeks before.

    Parameters
    ----------
    daily : ndarray, shape (n_days,), events
        Consecutive days.

    Notes
    -----
    The mean of eight values of mean m is itself uncertain: a squared coefficient of variation of 1/(8 m). The day's own
    shock is estimated by moments on the days before the first that is judged or, where history is short, on all.
    """
    n = len(daily)
    back = 7 * np.arange(1, WEEKS + 1)
    mean = np.full(n, np.nan)
    days = np.arange(7 * WEEKS, n)
    if len(days):
        mean[days] = np.maximum(daily[days[:, None] - back].mean(axis=1), 1 / WEEKS)
    known = days[: max(len(days) // 2, min(len(days), 7 * WEEKS))]
    own = shock(mean[known], daily[known]) if len(known) else 0.0
    own = max(own - float(np.mean(1 / (WEEKS * mean[known]))) if len(known) else 0.0, 1e-4)
    size = 1 / ((1 + 1 / (WEEKS * mean)) * (1 + own) - 1)
    return Expectation(mean, size)


def evidence(daily: Floats, expected: Expectation, *, drop: float = DROP) -> Floats:
    """Return the log-likelihood ratio of each day, `drop` times the expected against the expected; 0 where unknown."""
    m, r = expected.mean, expected.size
    low = drop * m
    found = daily * (np.log(low) - np.log(m) + np.log(r + m) - np.log(r + low)) + r * (np.log(r + m) - np.log(r + low))
    return np.where(np.isfinite(m), found, 0.0)


def cusum(evidence: Floats) -> Floats:
    """Return S_t = max(0, S_{t-1} + l_t).

    >>> cusum(np.array([1.0, -3.0, 2.0, 2.0]))
    array([1., 0., 2., 4.])
    """
    run = np.concatenate([[0.0], np.cumsum(evidence)])
    return np.asarray((run - np.minimum.accumulate(run))[1:])


def outage(daily: Floats, *, first_day: np.datetime64, feed: str, last: int = 182) -> Alarm:
    """Return the outage alarm of a feed.

    Parameters
    ----------
    daily : ndarray, shape (n_days,), events
        Consecutive days, the last one whole.
    first_day : datetime64[D]
    feed : str
    last : int, days
        Judged; those before them only teach. An outage that is over still rings, with its dates.
    """
    threshold = float(np.log(APART))
    expected = expectation(daily)
    if not np.isfinite(expected.mean).any():
        return Alarm("outage", feed, "unknown", None, threshold, DEFINITION, REFERENCE, {"days": len(daily)})
    first = max(len(daily) - last, 0)
    sums = cusum(evidence(daily, expected)[first:])
    over = np.flatnonzero(sums > threshold)
    detail: dict[str, object] = {"days": len(sums), "gaps": gaps(daily, expected, first_day=first_day)}
    if over.size:
        before = np.flatnonzero(sums[: over[0] + 1] == 0)
        began = first + (int(before[-1]) + 1 if before.size else 0)
        detail |= {"began": _day(first_day, began), "rang": _day(first_day, first + over[0])}
        detail["open"] = bool(sums[-1] > threshold)
    state: Literal["rings", "quiet"] = "rings" if over.size else "quiet"
    return Alarm("outage", feed, state, float(sums.max()), threshold, DEFINITION, REFERENCE, detail)


def gaps(daily: Floats, expected: Expectation, *, first_day: np.datetime64) -> list[dict[str, object]]:
    """Return the runs of days without any event that chance does not explain: their product of P(0) is under 1e-6."""
    zero = np.flatnonzero((daily == 0) & np.isfinite(expected.mean))
    if zero.size == 0:
        return []
    rare = -expected.size * np.log1p(expected.mean / expected.size)
    found: list[dict[str, object]] = []
    for run in np.split(zero, np.flatnonzero(np.diff(zero) > 1) + 1):
        if rare[run].sum() < np.log(GAP):
            found.append({"start": _day(first_day, run[0]), "end": _day(first_day, run[-1]), "days": len(run)})
    return found


def per_day(dates: Dates, *, end: np.datetime64) -> tuple[Floats, np.datetime64]:
    """Return the events of each whole day from the first event to `end`, excluded, and the first day."""
    known = dates[dates < end]
    last = end.astype("datetime64[D]")
    if known.size == 0:
        return np.zeros(0), last
    day = known.astype("datetime64[D]")
    first = day.min()
    n = int((last - first).astype(int))
    at = (day - first).astype(int)
    return np.bincount(at[at < n], minlength=n).astype(float), first


def _day(first: np.datetime64, k: int) -> str:
    return str(first.astype("datetime64[D]") + np.timedelta64(int(k), "D"))
