"""What events to come need, and how far their means go: what `event-adequacy` and the agenda share."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely.geometry

from observatoire.coordination.feature import Extent, Members, explained, read_feature
from observatoire.coordination.items import event_of
from observatoire.coordination.past import NEEDED, PLANNED, described, planned, read_past
from observatoire.coordination.reader import Reader, Row
from observatoire.coordination.risk import today
from observatoire.errors import BadInput
from observatoire.works.adequacy import CONVENTION, Adequacy, PastEvents
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import to_degrees
from observatoire.works.intervals import Intervals
from observatoire.works.model import Event

REFERENCE = "candidat"
CONVENTION_FR = (
    "10 × le rang, parmi les événements passés, des incidents attendus divisés par l'adéquation du moyen le plus rare"
)
SHOWN = 5  # past events named beside an answer
MEMBERS = Members(
    required=("nature", "debut", "fin", "affluence_prevue"),
    texts=("reference", "titre", "nature", "regle", "heure_debut", "heure_fin", "exceptions", "statut", "voie",
           "emprise"),
    flags=("feries",),
    numbers=("affluence_prevue", *PLANNED.values()),
    names={
        "id": "reference", "kind": "nature", "start": "debut", "end": "fin", "rule": "regle", "windows": "heure_debut",
        "except_days": "exceptions", "status": "statut", "attendance": "affluence_prevue",
    },
)  # fmt: skip


def read_event(
    feature: Mapping[str, Any], *, crs: str, zone: str, name: str = "inputs.candidate", extent: Extent | None = None
) -> tuple[Event, Row]:
    """Return the event of a GeoJSON Feature with the properties of `evenements`, and these properties.

    Raises
    ------
    BadInput
        It names the member and what was expected.
    """
    row = {"reference": REFERENCE} | read_feature(feature, MEMBERS, crs=crs, name=name, extent=extent)
    try:
        return event_of(row, zone), row
    except BadWork as error:
        raise explained(error, MEMBERS, name) from None


def adequacies(
    reader: Reader,
    *,
    candidate: Mapping[str, Any] | None = None,
    reference: str | None = None,
    days: int = 30,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return what one event needs or, of the agenda, all that take place in the coming days, as GeoJSON with figures.

    Parameters
    ----------
    days : int, d
        Without candidate and reference: how far ahead.
    now : aware datetime, optional
        By default `today`.

    Raises
    ------
    BadInput
        The candidate cannot be an event, or there is no such reference.
    """
    if candidate is not None and reference is not None:
        raise BadInput("inputs.reference: expected either candidate or reference, not both")
    zone, crs = reader.city.time_zone, reader.city.crs
    rows = reader.rows("evenements", key="reference")
    past = read_past(rows, reader)
    if candidate is not None:
        asked = [read_event(candidate, crs=crs, zone=zone, extent=reader.city.extent)]
    elif reference is not None:
        asked = [(event_of(row, zone), row) for row in rows if row["reference"] == reference][:1]
        if not asked:
            raise BadInput("inputs.reference: no event of that reference in evenements")
    else:
        start = now or today(reader)
        asked = coming(rows, start, start + timedelta(days=days), zone)
    by_reference = {row["reference"]: row for row in rows}
    answers = [answer(event, row, past, by_reference, zone) for event, row in asked]
    return {
        "type": "FeatureCollection",
        "features": [_feature(e, a, crs) for (e, _), a in zip(asked, answers, strict=True)],
        "events": answers,
        "convention": {"fr": CONVENTION_FR, "en": CONVENTION},
        "past": 0 if past is None else len(past.events),
    }


def coming(rows: Sequence[Row], start: datetime, end: datetime, zone: str) -> list[tuple[Event, Row]]:
    """Return the events that take place between two moments, in the order of their first moment there.

    Cancelled ones and those that cannot be read are left out.
    """
    span, found = Intervals.between(start, end), []
    for row in rows:
        if row["statut"] == "annule":
            continue
        try:
            event = event_of(row, zone)
        except BadWork:
            continue
        held = event.schedule.instants.intersection(span)
        if len(held):
            found.append((int(held.starts[0]), event.id, event, row))
    return [(event, row) for _, _, event, row in sorted(found, key=lambda one: one[:2])]


def answer(
    event: Event, row: Mapping[str, Any], past: PastEvents | None, rows: Mapping[str, Row], zone: str
) -> dict[str, Any]:
    """Return the needs, adequacy and risk of one event, with the figures and the past events behind them.

    Where no past event is of its kind, there are too few, or its attendance is not known, the answer is `abstains`, and
    there is no figure.
    """
    common = {"subject": event.id, "titre": event.title, "nature": event.kind, "affluence_prevue": event.attendance}
    if past is None or event.attendance is None or event.kind not in set(past.events["kind"]):
        nothing = dict.fromkeys(("risk", "adequacy", "scarcest", "incidents"))
        return common | {"answer": "abstains"} | nothing | {"needs": [], "neighbours": []}
    found = past.adequacy(described(event, zone), planned(row))
    return common | {
        "answer": "neighbours",
        "risk": found.risk,
        "adequacy": _number(found.adequacy, 1),
        "scarcest": found.scarcest,
        "incidents": _number(found.incidents),
        "needs": _needs(found),
        "neighbours": [_neighbour(one, rows) for one in found.neighbours.head(SHOWN).to_dict("records")],
    }


def _needs(found: Adequacy) -> list[dict[str, Any]]:
    columns = ("expected", "lower", "upper", "planned")
    return [
        {"need": name, "property": PLANNED[str(name)]}
        | {c: _number(float(row[c])) for c in columns}
        | {"adequacy": _number(float(row["adequacy"]), 1)}
        for name, row in found.needs.iterrows()
    ]


def _neighbour(one: Mapping[Any, Any], rows: Mapping[str, Row]) -> dict[str, Any]:
    row = rows.get(str(one["id"]), {})
    return {
        "reference": one["id"],
        "distance": round(float(one["distance"]), 3),
        "weight": round(float(one["weight"]), 4),
        "titre": row.get("titre"),
        "debut": row["debut"].isoformat() if row.get("debut") else None,
        "affluence": row.get("affluence"),
        "incidents": row.get("incidents"),
        "needed": {need: row.get(name) for need, name in NEEDED.items()},
    }


def _feature(event: Event, said: Mapping[str, Any], crs: str) -> dict[str, Any]:
    geometry = shapely.geometry.mapping(shapely.orient_polygons(to_degrees(event.footprint, crs)))
    properties = {
        "risk": said["risk"], "adequacy": said["adequacy"], "reference": event.id, "titre": event.title,
        "nature": event.kind, "debut": event.schedule.start.isoformat(), "fin": event.schedule.end.isoformat(),
        "scarcest": said["scarcest"],
    }  # fmt: skip
    return {"type": "Feature", "id": event.id, "geometry": geometry, "properties": properties}


def _number(value: float, digits: int = 2) -> float | None:
    return None if not np.isfinite(value) else round(value, digits)
