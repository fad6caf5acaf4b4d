"""The simulated city's streets, works, events, noise, lights and places → their collections.

Source : `observatoire.town`, seeded: the same options give the same city, to the byte.
Key    : the simulator's references.
CRS    : the city's, EPSG:2154.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.sources.simulated import simulated_town
from observatoire.intake.source import Context, Item, Source

if TYPE_CHECKING:
    from observatoire.town.schedule import Schedule

HOURLY_DAYS = 28  # of noise levels; days before have daily indicators only
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def segments(context: Context) -> Iterator[Item]:
    """Give the street graph."""
    town = simulated_town(context)
    for k, s in enumerate(town.streets.segments.to_dict("records")):
        resurfaced = town.resurfaced.get(k)
        yield {
            "source_key": s["code"],
            "code": s["code"],
            "voie": s["street"],
            "nature": s["kind"],
            "sens": s["way"],
            "depart": int(s["start"]),
            "arrivee": int(s["end"]),
            "longueur": float(s["length"]),
            "largeur": float(s["width"]),
            "vitesse": int(s["speed"]),
            "accessible": bool(s["step_free"]),
            "habitants": int(s["residents"]),
            "revetement": None if resurfaced is None else resurfaced.date(),
            "geometry": s["geometry"],
        }


def bus_lines(context: Context) -> Iterator[Item]:
    """Give the bus lines."""
    for line in simulated_town(context).lines:
        yield {
            "source_key": line.code,
            "code": line.code,
            "heure_debut": line.opens,
            "heure_fin": line.closes,
            "frequence": line.an_hour,
            "geometry": line.path.line,
        }


def bus_stops(context: Context) -> Iterator[Item]:
    """Give their stops."""
    for stop in simulated_town(context).stops:
        yield {
            "source_key": stop.code,
            "code": stop.code,
            "ligne": stop.line,
            "rang": stop.rank,
            "voie": stop.street,
            "accessible": stop.step_free,
            "x": stop.x,
            "y": stop.y,
        }


def waste_rounds(context: Context) -> Iterator[Item]:
    """Give the waste rounds."""
    for turn in simulated_town(context).rounds:
        yield {
            "source_key": turn.code,
            "code": turn.code,
            "nature": turn.kind,
            "regle": turn.rule,
            "heure_debut": turn.opens,
            "heure_fin": turn.closes,
            "feries": False,
            "geometry": turn.path.line,
        }


def places(context: Context) -> Iterator[Item]:
    """Give the sensitive places."""
    town = simulated_town(context)
    for place in town.places:
        opens, closes = place.hours or (None, None)
        yield {
            "source_key": place.code,
            "code": place.code,
            "nom": place.name,
            "nature": place.kind,
            "capacite": place.capacity,
            "heure_debut": opens,
            "heure_fin": closes,
            "voie": town.streets.names[place.segment],
            "troncon": town.streets.codes[place.segment],
            "x": place.x,
            "y": place.y,
        }


def works(context: Context) -> Iterator[Item]:
    """Give the street works, past and to come."""
    town = simulated_town(context)
    for site in town.works:
        street = town.streets.names[site.segment]
        yield _calendar(site.schedule) | {
            "source_key": site.reference,
            "reference": site.reference,
            "titre": site.title(street),
            "nature": site.kind,
            "nuit": site.schedule.by_night,
            "emprise": site.takes,
            "maitre_ouvrage": site.authority,
            "statut": site.status(town.end),
            "deviation": site.detour,
            "eclairage_coupe": site.dark,
            "bruit": site.noise,
            "tranchee": site.trench,
            "au_plus_tot": site.not_before.date(),
            "echeance": site.deadline.date(),
            "voie": street,
            "troncon": town.streets.codes[site.segment],
            "geometry": site.footprint,
        }


def events(context: Context) -> Iterator[Item]:
    """Give the events, past and to come, with the means that they need."""
    for event in simulated_town(context).events:
        means: Item = {}
        names = {
            "officers": ("agents_prevus", "agents_necessaires", int),
            "barriers": ("barrieres_prevues", "barrieres_necessaires", int),
            "lighting": ("eclairage_prevu", "eclairage_necessaire", int),
            "cleaning": ("proprete_prevue", "proprete_necessaire", float),
        }
        for need, (planned, needed, kind) in names.items():
            means[planned] = None if event.planned is None else kind(event.planned[need])
            means[needed] = None if event.needed is None else kind(event.needed[need])
        yield (
            _calendar(event.schedule)
            | means
            | {
                "source_key": event.reference,
                "reference": event.reference,
                "titre": event.title,
                "nature": event.kind,
                "statut": event.status,
                "voie": event.street,
                "emprise": "chaussee-fermee",
                "affluence_prevue": event.expected,
                "affluence": event.attendance,
                "incidents": event.incidents,
                "geometry": event.footprint,
            }
        )


def _calendar(schedule: Schedule) -> Item:
    return {
        "debut": schedule.start.to_pydatetime(),
        "fin": schedule.end.to_pydatetime(),
        "regle": schedule.rule,
        "heure_debut": schedule.opens,
        "heure_fin": schedule.closes,
        "feries": schedule.holidays,
        "exceptions": ",".join(schedule.exceptions) or None,
        "precision": "minute",
    }


def noise(context: Context) -> Iterator[Item]:
    """Give the hours of the last days, and the indicators of every day."""
    from observatoire.town.noise import daily

    levels = simulated_town(context).noise
    hours = levels.times.tz_localize("UTC").to_pydatetime()
    first = max(0, len(hours) - 24 * HOURLY_DAYS)
    for rank, sensor in enumerate(levels.sensors, start=1):
        place = {"capteur": sensor.code, "x": sensor.x, "y": sensor.y}
        for date, level in zip(hours[first:], sensor.laeq[first:].tolist(), strict=True):
            if not np.isnan(level):
                key = f"BH-{rank}-{(date - _EPOCH) // timedelta(hours=1)}"
                row = {"source_key": key, "date": date, "periode": "heure", "laeq": level, "precision": "hour"}
                yield place | row
        for day in daily(levels.times, sensor.laeq).to_dict("records"):
            date = day["date"].to_pydatetime()
            key = f"BJ-{rank}-{(date - _EPOCH) // timedelta(days=1)}"
            row = {"source_key": key, "date": date, "periode": "jour", "laeq": day["laeq"], "precision": "day"}
            yield place | row | {"lden": day["lden"], "ln": day["ln"]}


def lights(context: Context) -> Iterator[Item]:
    """Give the lights, with their state at the end of the data."""
    from observatoire.town.lights import circuit_name

    town = simulated_town(context)
    lamps, out = town.lights, town.lights.out_since()
    columns = (lamps.xy.tolist(), lamps.circuit.tolist(), lamps.segment.tolist(), lamps.power.tolist())
    for k, ((x, y), circuit, segment, power) in enumerate(zip(*columns, strict=True), start=1):
        since = out.get(circuit)
        yield {
            "source_key": f"LA{k:05d}",
            "code": f"LA{k:05d}",
            "circuit": circuit_name(circuit),
            "etat": "en-service" if since is None else "en-panne",
            "en_panne_depuis": None if since is None else since.to_pydatetime(),
            "puissance": power,
            "voie": town.streets.names[segment],
            "x": x,
            "y": y,
        }


def outages(context: Context) -> Iterator[Item]:
    """Give the outages of circuits."""
    import pandas as pd

    from observatoire.town.lights import circuit_name

    town = simulated_town(context)
    for k, row in enumerate(town.lights.outages.to_dict("records"), start=1):
        yield {
            "source_key": f"PE{k:04d}",
            "circuit": circuit_name(row["circuit"]),
            "debut": row["start"].to_pydatetime(),
            "fin": None if pd.isna(row["end"]) else row["end"].to_pydatetime(),
            "cause": row["cause"],
            "foyers": int(row["lights"]),
            "voie": town.streets.names[row["segment"]],
            "precision": "minute",
            "x": row["x"],
            "y": row["y"],
        }


def video(context: Context) -> Iterator[Item]:
    """Give the events that operators of video-protection noted."""
    frame = simulated_town(context).video
    dates = frame["date"].dt.to_pydatetime()
    names = ["id", "x", "y", "kind", "camera", "asked"]
    columns: list[Any] = [frame[name].tolist() for name in names]
    for date, (key, x, y, kind, camera, asked) in zip(dates, zip(*columns, strict=True), strict=True):
        yield {
            "source_key": key,
            "reference": key,
            "date": date,
            "nature": kind,
            "camera": camera,
            "origin": "reported" if asked else "discovered",
            "precision": "minute",
            "x": x,
            "y": y,
        }


def _source(name: str, collection: str, origin: str, items: Callable[[Context], Iterator[Any]]) -> Source:
    # Planned: the simulation may end after the date of the machine, and works and events are planned.
    return Source(id=f"simulated-{name}", collection=collection, origin=origin, items=items, planned=True)


SOURCES = (
    _source("segments", "troncons", "administrative", segments),
    _source("bus-lines", "lignes-bus", "administrative", bus_lines),
    _source("bus-stops", "arrets-bus", "administrative", bus_stops),
    _source("waste-rounds", "collectes", "administrative", waste_rounds),
    _source("places", "lieux-sensibles", "administrative", places),
    _source("works", "chantiers", "administrative", works),
    _source("events", "evenements", "administrative", events),
    _source("noise", "mesures-bruit", "sensor", noise),
    _source("lights", "eclairage", "administrative", lights),
    _source("outages", "pannes-eclairage", "administrative", outages),
    _source("video", "videoprotection", "discovered", video),
)
