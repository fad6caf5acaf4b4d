"""The three answers: abstain, serve the count, or serve the model; decided on past origins only."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from observatoire.risk.arrays import Floats
from observatoire.risk.evaluate import Gain, gain

type Answer = Literal["abstains", "count", "model"]

LEAST_DAYS = 70  # of history: ten weeks
LEAST_PER_WEEK = 10.0  # events: fewer give a count of one year a skill below zero at 250 m
LEAST_CELLS = 20  # 5 % of them is one cell
LEAST_ORIGINS = 8  # past forecasts from which a skill can be said
STALE_DAYS = 14  # without an event, at ten a week or more: the feed has stopped
SURE = 0.99  # one-sided, both of rank and of probabilities: better than a flat map
GOOD = 0.05  # gain whose lower bound makes the badge "good"


@dataclass(frozen=True)
class Text:
    """The same sentence for a reader of French and of English."""

    fr: str
    en: str


@dataclass(frozen=True)
class Situation:
    """What is known of the data at the origin."""

    days: float
    per_week: float
    n_cells: int
    days_since_last: float


@dataclass(frozen=True)
class Verdict:
    """An answer, why, and by how much the model gained over the count in past periods."""

    answer: Answer
    code: str
    reason: Text
    gain: Gain
    badge: Literal["none", "weak", "good"]

    def as_dict(self) -> dict[str, Any]:
        return {"answer": self.answer, "code": self.code, "reason": asdict(self.reason), "badge": self.badge}


NO_GAIN = Gain(float("nan"), float("nan"), float("nan"))


def hopeless(situation: Situation) -> Verdict | None:
    """Return an abstention when the data alone forbid a forecast of places, before anything is computed."""
    if situation.days_since_last > STALE_DAYS:
        return _abstain(
            "stale-data",
            f"dernier événement il y a {situation.days_since_last:.0f} jours : la source semble arrêtée",
            f"the last event is {situation.days_since_last:.0f} days old: the source seems to have stopped",
        )
    if situation.days < LEAST_DAYS:
        return _abstain(
            "short-history",
            f"{situation.days:.0f} jours d'historique, il en faut {LEAST_DAYS}",
            f"{situation.days:.0f} days of history, {LEAST_DAYS} are needed",
        )
    if situation.per_week < LEAST_PER_WEEK:
        return _abstain(
            "few-events",
            f"{situation.per_week:.1f} événements par semaine, il en faut {LEAST_PER_WEEK:.0f}",
            f"{situation.per_week:.1f} events a week, {LEAST_PER_WEEK:.0f} are needed",
        )
    if situation.n_cells < LEAST_CELLS:
        return _abstain(
            "few-cells",
            f"{situation.n_cells} mailles, il en faut {LEAST_CELLS} : maille trop grande pour la zone",
            f"{situation.n_cells} cells, {LEAST_CELLS} are needed: the cell is too large for the area",
        )
    return None


def decide(scores: pd.DataFrame, *, random_state: int = 0) -> Verdict:
    """Return the answer that past forecasts allow.

    Parameters
    ----------
    scores : DataFrame
        As `Roller.scores` gives them, with models `flat`, `count` and `model` at the same past origins.

    Notes
    -----
    Better than flat: mean PAI at 2 % above 1 and log score below the flat map's, both by a one-sided t test at 99 %
    over origins; on maps without structure both happen by chance in less than one case in a hundred. Better than the
    count: the 95 % interval of the gain in PAI at 2 % lies above 0, and the log score is no worse.
    """
    known = 0 if scores.empty else len(scores.loc["model"])
    if known < LEAST_ORIGINS:
        return _abstain(
            "few-origins",
            f"{known} périodes passées pour mesurer la qualité, il en faut {LEAST_ORIGINS}",
            f"{known} past periods to measure skill on, {LEAST_ORIGINS} are needed",
        )
    flat, count, model = (pd.DataFrame(scores.loc[name]) for name in ("flat", "count", "model"))
    won = gain(model["pai2"].to_numpy(), count["pai2"].to_numpy(), random_state=random_state)
    count_works, model_works = beats_flat(count, flat), beats_flat(model, flat)
    sharper = float(model["log_score"].mean()) <= float(count["log_score"].mean())
    if model_works and sharper and (won.lower > 0 or not count_works):
        return _serve_model(won)
    if count_works:
        return Verdict(
            "count",
            "no-better-than-count",
            Text(
                f"le modèle ne fait pas mieux que le comptage simple ({_interval(won, 'fr')}) : le comptage est servi",
                f"the model does no better than the simple count ({_interval(won, 'en')}): the count is served",
            ),
            won,
            "weak",
        )
    return _abstain(
        "no-better-than-flat",
        "rien ne fait mieux qu'une carte uniforme sur les périodes passées",
        "nothing does better than a flat map on past periods",
        won,
    )


def beats_flat(ours: pd.DataFrame, flat: pd.DataFrame) -> bool:
    """Tell whether past forecasts were better than a flat map, both in rank and in probabilities."""
    ranks = ours["pai2"].to_numpy() - 1.0
    odds = flat["log_score"].to_numpy() - ours["log_score"].to_numpy()
    return _above_zero(ranks[np.isfinite(ranks)]) and _above_zero(odds)


def _above_zero(differences: Floats) -> bool:
    n = len(differences)
    if n < LEAST_ORIGINS:
        return False
    error = float(differences.std(ddof=1)) / n**0.5
    limit: float = float(stats.t.ppf(SURE, n - 1)) * error
    return bool(differences.mean() > limit)


def _serve_model(won: Gain) -> Verdict:
    good = won.lower >= GOOD
    return Verdict(
        "model",
        "better-than-count",
        Text(
            f"le modèle fait mieux que le comptage simple ({_interval(won, 'fr')})",
            f"the model does better than the simple count ({_interval(won, 'en')})",
        ),
        won,
        "good" if good else "weak",
    )


def _interval(won: Gain, language: Literal["fr", "en"]) -> str:
    """Return « +12 % [+7 ; +16] », the gain and its 95 % interval."""
    parts = (100 * won.relative, 100 * won.lower, 100 * won.upper)
    if not all(np.isfinite(parts)):
        return "écart inconnu" if language == "fr" else "difference unknown"
    head, low, high = parts
    return (
        f"{head:+.0f} % [{low:+.0f} ; {high:+.0f}]" if language == "fr" else f"{head:+.0f}% [{low:+.0f}, {high:+.0f}]"
    )


def _abstain(code: str, fr: str, en: str, won: Gain = NO_GAIN) -> Verdict:
    return Verdict("abstains", code, Text(fr, en), won, "none")
