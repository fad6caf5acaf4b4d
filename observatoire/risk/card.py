"""The skill card: what a forecast was worth in past periods, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from observatoire.risk.answers import Situation, Text, Verdict
from observatoire.risk.grid import Grid
from observatoire.risk.predictive import Predictive
from observatoire.risk.scores import FRACTIONS, LEVELS
from observatoire.risk.spans import WEEK, Horizon

MODELS = ("flat", "count", "model")
#: The counts that the simple one may be: `BestCount.name_`.
COUNTS = {
    "year": Text("d'un an", "of one year"),
    "all": Text("de tout le passé", "of the whole past"),
    "decayed": Text("qui s'estompe", "decayed"),
}
FLAGGED = 0.02  # of the cells: the area that the words speak of


def card(
    verdict: Verdict,
    scores: pd.DataFrame | None,
    grid: Grid,
    *,
    situation: Situation,
    n_events: int,
    last_date: np.datetime64 | None,
    as_of: pd.Timestamp,
    horizon: Horizon,
    maps: Mapping[str, Predictive],
    count: str | None,
) -> dict[str, Any]:
    """Return the skill card of one forecast, ready for JSON: unknown numbers are null.

    Every predictive accuracy index stands beside the cells, their area and the number of events that it depends on.

    Parameters
    ----------
    count : str, optional
        Which of `COUNTS` the simple count is; None where there is no forecast by cell.
    """
    flagged = max(round(FLAGGED * grid.n_cells), 1)
    found: dict[str, Any] = verdict.as_dict() | {
        "as_of": as_of.isoformat(),
        "last_date": None if last_date is None else str(np.datetime_as_string(last_date, unit="s")),
        "horizon_days": horizon.days,
        "cell_m": grid.cell,
        "crs": grid.crs,
        "n_cells": grid.n_cells,
        "area_km2": round(grid.area_km2, 6),
        "n_events": n_events,
        "history_days": round(situation.days, 2),
        "events_per_week": round(situation.per_week, 3),
        "flat_rate": situation.per_week * horizon.days / WEEK / grid.n_cells,
        "flagged_cells": flagged,
        "gain": asdict(verdict.gain),
        "simple_count": count,
        "total": _total(maps.get(verdict.answer)),
        "hits_flagged": {name: _hits(maps[name], flagged) for name in maps},
    }
    found |= _measured(scores, "count" if verdict.answer == "count" else "model")
    found["words"] = asdict(words(verdict, found))
    document: dict[str, Any] = plain(found)
    return document


def _measured(scores: pd.DataFrame | None, served: str) -> dict[str, Any]:
    """Return what the past origins say; the calibration is that of the model served."""
    if scores is None or scores.empty:
        return {"origins": 0, "pai": {}, "pei": {}, "deviance": {}, "coverage": {}, "observed_over_predicted": {}}
    mean = scores.groupby(level="model").mean()
    names = [f"{100 * fraction:g}" for fraction in FRACTIONS]
    past = scores.loc[served]
    return {
        "origins": len(past),
        "events_scored": float(past["events"].sum()),
        "pai": {model: {k: mean.loc[model, f"pai{k}"] for k in names} for model in MODELS},
        "pei": {model: {k: mean.loc[model, f"pei{k}"] for k in names} for model in MODELS},
        "hit_rate": {
            model: {k: scores.loc[model][f"hits{k}"].sum() / past["events"].sum() for k in names} for model in MODELS
        },
        "deviance": {model: mean.loc[model, "deviance"] for model in MODELS},
        "log_score": {model: mean.loc[model, "log_score"] for model in MODELS},
        "brier": {model: mean.loc[model, "brier"] for model in MODELS},
        "coverage": {
            of: {f"{100 * v:g}": past[f"{of}{100 * v:g}"].mean() for v in LEVELS} for of in ("cells", "total")
        },
        "observed_over_predicted": {
            "total": past["events"].sum() / past["expected"].sum(),
            "top2": past["hits2"].sum() / past["expected2"].sum(),
        },
    }


def _total(served: Predictive | None) -> dict[str, float] | None:
    if served is None:
        return None
    lower, upper = served.total_interval(0.9)
    return {"expected": served.total, "lower": lower, "upper": upper, "level": 0.9}


def _hits(predictive: Predictive, flagged: int) -> float:
    """Return the events expected in the cells that the map flags."""
    expected = predictive.expected
    return float(np.partition(expected, len(expected) - flagged)[len(expected) - flagged :].sum())


def words(verdict: Verdict, found: Mapping[str, Any]) -> Text:
    """Return the card in one paragraph a person can read."""
    if verdict.answer == "abstains":
        rate = found["events_per_week"]
        return Text(
            f"Pas de prévision par maille : {verdict.reason.fr}. Rythme de la zone : {rate:.1f}".replace(".", ",")
            + " événements par semaine.",
            f"No forecast by cell: {verdict.reason.en}. Rate of the area: {rate:.1f} events a week.",
        )
    n, flagged, periods = round(found["events_scored"]), found["flagged_cells"], found["origins"]
    ours, count = (100 * found["hit_rate"][name]["2"] for name in (verdict.answer, "count"))
    which = COUNTS.get(found["simple_count"] or "")
    fr, en = (f" ({which.fr})", f" ({which.en})") if which else ("", "")
    return Text(
        f"Sur {periods} périodes passées, les {flagged} mailles jugées les plus exposées (2 % de la surface) ont réuni "
        f"{ours:.0f} % des {_grouped(n)} événements ; avec le comptage simple{fr}, {count:.0f} % ; "
        f"au hasard, 2 %. {_sentence(verdict.reason.fr)} Ce sont des signalements, non les nuisances elles-mêmes.",
        f"Over {periods} past periods, the {flagged} cells thought most exposed (2% of the area) held {ours:.0f}% of "
        f"the {n:,} events; with the simple count{en}, {count:.0f}%; by chance, 2%. "
        f"{_sentence(verdict.reason.en)} These are reports, not the nuisance itself.",
    )


def _grouped(n: int) -> str:
    """Return a whole number as French prints it, in groups of three parted by a narrow no-break space."""
    return f"{n:,}".replace(",", "\u202f")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def plain(value: Any) -> Any:
    """Return the same with plain numbers, null instead of NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
