"""The skill card of a collection: an evaluation as one JSON document, described by `skill-card.schema.json`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from observatoire.risk.alarm import Alarm
from observatoire.risk.arrays import Floats
from observatoire.risk.card import MODELS, plain, words
from observatoire.risk.evaluation import Evaluation, by_district
from observatoire.risk.feedback import feedback
from observatoire.risk.flagged import flagged_too_long
from observatoire.risk.hit_curve import AREAS
from observatoire.risk.intervals import of_mean, of_ratio
from observatoire.risk.outage import outage, per_day
from observatoire.risk.reliability import brier_parts, reliability
from observatoire.risk.scores import FRACTIONS, LEVELS

VERSION = "skill-card/1"
NAMES = tuple(f"{100 * fraction:g}" for fraction in FRACTIONS)
MEANS = ("deviance", "log_score", "brier", "crps", "crps_total")
LEAST_EVENTS = 30  # of a part: fewer say nothing of it


def skill_card(
    evaluation: Evaluation,
    *,
    collection: str,
    natures: Sequence[str] = (),
    sources: Mapping[str, int] | None = None,
    random_state: int = 0,
) -> dict[str, Any]:
    """Return the document, ready for JSON: what is not known is null.

    Parameters
    ----------
    collection : str
        What was forecast.
    natures : sequence of str
        The kinds that were kept; empty: all.
    sources : mapping of origin to events, optional
        The mix of the collection's sources before the origin; only those in `evaluation` trained anything.
    """
    found = _head(evaluation, collection, natures, sources)
    alarms = _alarms(evaluation, collection)
    if evaluation.scores.empty:
        found |= {"origins": 0, "models": {}, "differences": {}, "hit_curve": None, "reliability": [], "parts": {}}
        found |= {"brier_parts": None, "coverage": {}, "series": []}
    else:
        found |= _measured(evaluation, random_state)
    found["words"] = asdict(words(evaluation.verdict, _spoken(found)))
    found["alarms"] = [asdict(alarm) for alarm in alarms]
    document: dict[str, Any] = plain(found)
    return document


def _head(
    evaluation: Evaluation, collection: str, natures: Sequence[str], sources: Mapping[str, int] | None
) -> dict[str, Any]:
    grid, situation = evaluation.grid, evaluation.situation
    dates = evaluation.dates
    return evaluation.verdict.as_dict() | {
        "version": VERSION,
        "collection": collection,
        "natures": list(natures),
        "as_of": evaluation.as_of.tz_convert("UTC").isoformat(),
        "horizon_days": evaluation.horizon.days,
        "step_days": evaluation.step_days,
        "place": {"cell_m": grid.cell, "crs": grid.crs, "n_cells": grid.n_cells, "area_km2": round(grid.area_km2, 6)},
        "data": {
            "n_events": evaluation.n_events,
            "first_date": _iso(dates.min()) if len(dates) else None,
            "last_date": _iso(dates.max()) if len(dates) else None,
            "history_days": round(situation.days, 2),
            "events_per_week": round(situation.per_week, 3),
            "sources": dict(sources or {}),
        },
        "flagged_cells": max(round(0.02 * grid.n_cells), 1),
        "gain": asdict(evaluation.verdict.gain),
        "simple_count": evaluation.simple_count,
    }


def _measured(evaluation: Evaluation, random_state: int) -> dict[str, Any]:
    scores, served = evaluation.scores, evaluation.served
    names = [name for name in MODELS if name in scores.index.get_level_values("model")]
    of = {name: pd.DataFrame(scores.loc[name]) for name in names}
    past = of[served]
    probability = np.concatenate([origin.probability for origin in evaluation.origins])
    happened = np.concatenate([(origin.came > 0).astype(float) for origin in evaluation.origins])
    curves = {name: evaluation.curves[name].sum(axis=0) / max(past["events"].sum(), 1) for name in names}
    return {
        "origins": len(past),
        "events_scored": float(past["events"].sum()),
        "served": served,
        "models": {name: _model(frame, random_state) for name, frame in of.items()},
        "differences": {
            other: {name: asdict(of_mean(_column(past, name) - _column(of[other], name), random_state=random_state))
                    for name in ("pai2", *MEANS)}
            for other in names if other != served
        },
        "hit_curve": {"area": list(AREAS), "hit_rate": {name: curve.tolist() for name, curve in curves.items()}},
        "reliability": [asdict(row) for row in reliability(probability, happened)],
        "brier_parts": asdict(brier_parts(probability, happened)),
        "coverage": {
            kind: {
                f"{100 * level:g}": asdict(of_mean(_column(past, f"{kind}{100 * level:g}"), random_state=random_state))
                for level in LEVELS
            }
            for kind in ("cells", "total")
        },
        "parts": _parts(evaluation, random_state),
        "series": [
            {
                "start": _iso(origin.start),
                "end": _iso(origin.end),
                "events": float(origin.came.sum()),
                "expected": origin.total[0],
                "lower": origin.total[1],
                "upper": origin.total[2],
                "pai2": float(past["pai2"].iloc[k]),
                "pai2_count": float(of["count"]["pai2"].iloc[k]),
            }
            for k, origin in enumerate(evaluation.origins)
        ],
    }  # fmt: skip


def _model(frame: pd.DataFrame, random_state: int) -> dict[str, Any]:
    def ratio(above: str, below: str) -> dict[str, Any]:
        return asdict(of_ratio(_column(frame, above), _column(frame, below), random_state=random_state))

    def mean(name: str) -> dict[str, Any]:
        return asdict(of_mean(_column(frame, name), random_state=random_state))

    return {
        "pai": {k: mean(f"pai{k}") for k in NAMES},
        "pei": {k: mean(f"pei{k}") for k in NAMES},
        "hit_rate": {k: ratio(f"hits{k}", "events") for k in NAMES},
        "observed_over_predicted": {"total": ratio("events", "expected"), "top2": ratio("hits2", "expected2")},
        **{name: mean(name) for name in MEANS},
    }


def _parts(evaluation: Evaluation, random_state: int) -> dict[str, list[dict[str, Any]]]:
    """Return the hits of the flagged cells by nature and by shift, and the calibration by district."""
    n = len(evaluation.origins)
    events, hits = _zeros(n), _zeros(n)
    for k, origin in enumerate(evaluation.origins):
        for kind, name, n_came, n_hit in origin.parts:
            events[kind, name][k], hits[kind, name][k] = n_came, n_hit
    found: dict[str, list[dict[str, Any]]] = {"nature": [], "shift": [], "district": []}
    for (kind, name), seen in sorted(events.items()):
        rate = _part(hits[kind, name], seen, seen, random_state)
        found[kind].append({"name": name, "events": float(seen.sum()), "hit_rate": rate})
    if evaluation.labels.district is None:
        return found
    expected, came, out, hit = by_district(evaluation)
    cells = np.bincount(np.maximum(evaluation.labels.district, 0), evaluation.labels.district >= 0)
    for d, name in enumerate(evaluation.labels.districts):
        found["district"].append({
            "name": name,
            "cells": int(cells[d]) if d < len(cells) else 0,
            "events": float(came[:, d].sum()),
            "expected": float(expected[:, d].sum()),
            "observed_over_predicted": _part(came[:, d], expected[:, d], came[:, d], random_state),
            "hit_rate": _part(hit[:, d], came[:, d], came[:, d], random_state),
            "singled_out": int(out[:, d].sum()),
        })  # fmt: skip
    return found


def _zeros(n: int) -> dict[tuple[str, str], Floats]:
    return defaultdict(lambda: np.zeros(n))


def _part(above: Floats, below: Floats, came: Floats, random_state: int) -> dict[str, Any] | None:
    """Return a ratio of one part, or None where too few events say anything of it."""
    return asdict(of_ratio(above, below, random_state=random_state)) if came.sum() >= LEAST_EVENTS else None


def _alarms(evaluation: Evaluation, collection: str) -> list[Alarm]:
    daily, first = per_day(evaluation.dates, end=np.datetime64(evaluation.as_of.tz_localize(None), "us"))
    alarms = [outage(daily, first_day=first, feed=collection)]
    rows = evaluation.origins
    if not rows:
        return alarms
    inside = np.array([(o.came[o.flagged].sum(), o.expected[o.flagged].sum()) for o in rows])
    outside = np.array([(o.came[~o.flagged].sum(), o.expected[~o.flagged].sum()) for o in rows])
    alarms.append(feedback(*inside.T, *outside.T, source="reported"))
    if evaluation.labels.district is not None:
        out = by_district(evaluation)[2]
        alarms += [flagged_too_long(out[:, d], district=name) for d, name in enumerate(evaluation.labels.districts)]
    return alarms


def _spoken(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the words of the short card are made from."""
    return {
        "events_per_week": found["data"]["events_per_week"],
        "events_scored": found.get("events_scored", 0.0),
        "flagged_cells": found["flagged_cells"],
        "simple_count": found["simple_count"],
        "origins": found["origins"],
        "hit_rate": {
            name: {k: model["hit_rate"][k]["value"] for k in NAMES} for name, model in found["models"].items()
        },
    }


def _column(frame: pd.DataFrame, name: str) -> Floats:
    return frame[name].to_numpy(dtype=float)


def _iso(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(np.datetime64(moment, "s")))
