"""One project as a GeoJSON Feature with the properties of `chantiers`, checked: errors name the property."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import shapely
import shapely.geometry

from observatoire.coordination.items import work_of
from observatoire.errors import BadInput
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import to_metres
from observatoire.works.model import Work

REFERENCE = "candidat"  # of a project that has none yet
REQUIRED = ("nature", "debut", "fin", "emprise")
TEXTS = ("reference", "titre", "nature", "regle", "heure_debut", "heure_fin", "exceptions", "emprise", "bruit", "voie",
         "troncon", "statut", "maitre_ouvrage")  # fmt: skip
FLAGS = ("feries", "tranchee", "eclairage_coupe", "deviation", "nuit")
DAYS = ("au_plus_tot", "echeance")
MOST_POINTS = 10_000
#: Property of a field of the model.
NAMES = {
    "id": "reference", "kind": "nature", "start": "debut", "end": "fin", "rule": "regle", "windows": "heure_debut",
    "except_days": "exceptions", "closure": "emprise", "noise": "bruit", "deadline": "echeance",
    "earliest": "au_plus_tot", "status": "statut",
}  # fmt: skip


def read_candidate(feature: Mapping[str, Any], *, crs: str, zone: str, name: str = "inputs.candidate") -> Work:
    """Return the works of a feature in longitude and latitude.

    Raises
    ------
    BadInput
        It names the member and what was expected: a footprint that crosses itself, an end before its start, a time
        without offset, an unknown code, over ten years, an empty area, an unknown property…
    """
    if feature.get("type") != "Feature":
        raise BadInput(f'{name}.type: expected "Feature"')
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise BadInput(f"{name}.properties: expected an object")
    row = _properties(properties, f"{name}.properties")
    row["geometry"] = _footprint(feature.get("geometry"), crs, f"{name}.geometry")
    try:
        return work_of({"reference": REFERENCE} | row, zone)
    except BadWork as error:
        if error.field == "footprint":
            raise BadInput(f"{name}.geometry: {error.why}") from None
        raise BadInput(f"{name}.properties.{NAMES.get(error.field, error.field)}: {error.why}") from None


def _properties(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    known = (*TEXTS, *FLAGS, *DAYS, "debut", "fin")
    if unknown := sorted(set(given) - set(known)):
        raise BadInput(f"{name}.{unknown[0][:40]}: no such property; expected some of {', '.join(sorted(known))}")
    for required in REQUIRED:
        if given.get(required) in (None, ""):
            raise BadInput(f"{name}.{required}: is required")
    row = {key: value for key, value in given.items() if value is not None}
    for key in row:
        expected: type = bool if key in FLAGS else str
        if not isinstance(row[key], expected) or (expected is str and len(row[key]) > 2_000):
            raise BadInput(f"{name}.{key}: expected {'true or false' if expected is bool else 'a text'}")
    for key in ("debut", "fin"):
        row[key] = _parsed(row[key], datetime, f"{name}.{key}", "2026-05-04T08:00:00+02:00")
    for key in DAYS:
        if key in row:
            row[key] = _parsed(row[key], date, f"{name}.{key}", "2026-05-04")
    if (row.get("heure_debut") or row.get("heure_fin")) and not row.get("regle"):
        raise BadInput(f"{name}.regle: is required beside hours; expected the days, such as FREQ=DAILY")
    return row


def _parsed(text: str, kind: type[Any], name: str, example: str) -> Any:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name}: expected a text such as {example}") from None


def _footprint(given: Any, crs: str, name: str) -> Any:
    try:
        geometry = shapely.geometry.shape(given)
        xy = shapely.get_coordinates(geometry)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, shapely.errors.ShapelyError):
        raise BadInput(f"{name}: expected a GeoJSON geometry in longitude and latitude") from None
    if not len(xy):
        raise BadInput(f"{name}: is empty: nothing is held")
    if len(xy) > MOST_POINTS:
        raise BadInput(f"{name}: {len(xy)} positions; expected at most {MOST_POINTS}")
    if not ((abs(xy[:, 0]) <= 180) & (abs(xy[:, 1]) <= 90)).all():
        raise BadInput(f"{name}: a position is out of range; expected longitude and latitude")
    return to_metres(shapely.force_2d(geometry), crs)
