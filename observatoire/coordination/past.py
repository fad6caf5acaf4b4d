"""Past events of `evenements` with what they needed, as `observatoire.works.adequacy` learns from them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from observatoire.coordination.reader import Reader, Row
from observatoire.works.adequacy import NEEDS, PastEvents
from observatoire.works.model import Event

#: Means by name of `NEEDS`: what is planned, what was needed.
PLANNED = {
    "agents": "agents_prevus", "barriers": "barrieres_prevues", "lighting": "eclairage_prevu",
    "cleaning": "proprete_prevue",
}  # fmt: skip
NEEDED = {
    "agents": "agents_necessaires", "barriers": "barrieres_necessaires", "lighting": "eclairage_necessaire",
    "cleaning": "proprete_necessaire",
}  # fmt: skip
FEWEST = 10


def read_past(rows: Sequence[Row], reader: Reader) -> PastEvents | None:
    """Return what is learnt from the events that are past, with their attendance, needs and incidents.

    None where fewer than `FEWEST` events say all that, or the caller may not see it.
    """
    needed = ("affluence", "incidents", *NEEDED.values())
    past = [row for row in rows if row["statut"] == "passe" and all(row.get(name) is not None for name in needed)]
    if len(past) < FEWEST:
        return None
    return PastEvents(pd.DataFrame([_past(row, reader) for row in past]))


def described(event: Event, zone: str) -> dict[str, float | str]:
    """Return what likeness is judged by: kind, attendance, local hour and month of the start, place (m)."""
    local = pd.Timestamp(event.schedule.start).tz_convert(zone)
    centre = event.footprint.centroid
    return {
        "kind": event.kind,
        "attendance": float(event.attendance or 0),
        "hour": local.hour + local.minute / 60,
        "month": float(local.month),
        "x": float(centre.x),
        "y": float(centre.y),
    }


def planned(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the means that are planned, as far as they are said."""
    return {need: float(row[name]) for need, name in PLANNED.items() if row.get(name) is not None}


def _past(row: Row, reader: Reader) -> dict[str, Any]:
    local = pd.Timestamp(row["debut"]).tz_convert(reader.city.time_zone)
    centre = row["geometry"].centroid
    return {
        "id": row["reference"],
        "kind": row["nature"],
        "attendance": row["affluence"],
        "hour": local.hour + local.minute / 60,
        "month": local.month,
        "x": centre.x,
        "y": centre.y,
        "incidents": row["incidents"],
    } | {need: float(row[NEEDED[need]]) for need in NEEDS}
