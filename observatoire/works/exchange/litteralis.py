"""Features of Litteralis: GeoJSON of its WFS, one feature a footprint of an act, longitude and latitude."""

from collections.abc import Sequence
from typing import Any

import orjson
import shapely
import shapely.geometry

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import (
    Read,
    Written,
    json_document,
    losses,
    moment,
    read_each,
    to_degrees,
    to_metres,
)
from observatoire.works.model import Closure, Order, Work
from observatoire.works.schedule import Schedule

CLOSED = "Circulation interdite"
EXTENTS = {"STATIONNEMENT": "stationnement", "OCCUPATION": "trottoir", "CIRCULATION": "chaussee-reduite"}
TYPES = {v: k for k, v in EXTENTS.items()} | {"chaussee-fermee": "CIRCULATION"}
CARRIED = {"id", "footprint", "schedule.start", "schedule.end", "schedule.zone", "closure", "order", "title"}


def read_litteralis(data: bytes, *, crs: str, zone: str, kind: str = "chaussee") -> Read:
    """Read works; permanent acts, events and detours are refused, being no works that occupy a place.

    Raises
    ------
    BadSource
        If the document is not a FeatureCollection.
    """
    return read_each(features(json_document(data), "idemprise"), lambda name, f: _work(name, f, crs, zone, kind))


def write_litteralis(works: Sequence[Work], *, crs: str) -> Written:
    """Write works as features of that service."""
    rows, lost = [], []
    for work in sorted(works, key=lambda w: w.id):
        lost += list(losses(work, CARRIED))
        order = work.order or Order("")
        dates = {"debut": work.schedule.start.isoformat(), "fin": work.schedule.end.isoformat()}
        properties = {
            "idemprise": work.id, "arretesrcid": order.reference, "collectivitelibelle": order.authority,
            "documenttype": "ARRETE TEMPORAIRE", "categoriesmodele": "Travaux",
            "emprisetype": TYPES[work.closure.extent], "localisations": work.title,
            "mesures": CLOSED if work.closure.extent == "chaussee-fermee" else "",
        } | {f"{act}{end}": value for act in ("arrete", "emprise") for end, value in dates.items()}  # fmt: skip
        geometry = shapely.geometry.mapping(to_degrees(work.footprint, crs))
        rows.append({"type": "Feature", "id": f"litteralis.{work.id}", "geometry": geometry, "properties": properties})
    document = {"type": "FeatureCollection", "numberReturned": len(rows), "features": rows}
    return Written(orjson.dumps(document), tuple(lost))


def features(document: Any, key: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the features of a collection under the property that names them, or raise BadSource."""
    found = document.get("features") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise BadSource("expected a GeoJSON FeatureCollection")
    named = []
    for feature in found:
        kept = feature if isinstance(feature, dict) else {}
        properties = kept.get("properties")
        name = (properties.get(key) if isinstance(properties, dict) else None) or kept.get("id") or ""
        named.append((str(name), kept))
    return named


def geometry_of(feature: dict[str, Any], crs: str) -> Any:
    """Return the footprint of a GeoJSON feature, or raise BadWork."""
    try:
        geometry = shapely.geometry.shape(feature.get("geometry") or {})
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, shapely.errors.ShapelyError):
        raise BadWork("geometry", "is missing, or no GeoJSON geometry") from None
    xy = shapely.get_coordinates(geometry)
    if not len(xy) or not ((abs(xy[:, 0]) <= 180) & (abs(xy[:, 1]) <= 90)).all():
        raise BadWork("geometry", "is empty or out of range; expected longitude and latitude")
    return to_metres(geometry, crs)


def _work(name: str, feature: dict[str, Any], crs: str, zone: str, kind: str) -> Work:
    found = feature.get("properties") or {}
    if "TEMPORAIRE" not in str(found.get("documenttype")) and found.get("documenttype") != "AUTORISATION VOIRIE":
        raise BadWork("documenttype", f"{str(found.get('documenttype'))[:40]!r} is not temporary: no works")
    if found.get("categoriesmodele") != "Travaux":
        raise BadWork("categoriesmodele", f"{str(found.get('categoriesmodele'))[:40]!r} is no works")
    extent = EXTENTS.get(str(found.get("emprisetype")))
    if extent is None:
        raise BadWork("emprisetype", f"{str(found.get('emprisetype'))[:30]!r}; expected one of {', '.join(EXTENTS)}")
    if CLOSED in str(found.get("mesures") or "").split(";") and extent == "chaussee-reduite":
        extent = "chaussee-fermee"
    start = moment("emprisedebut", found.get("emprisedebut") or found.get("arretedebut") or "")
    end = moment("emprisefin", found.get("emprisefin") or found.get("arretefin") or "")
    reference = str(found.get("arretesrcid") or "")
    return Work(
        name, kind, geometry_of(feature, crs), Schedule(start, end, zone), closure=Closure(extent),
        order=Order(reference, str(found.get("collectivitelibelle") or "")) if reference else None,
        title=str(found.get("localisations") or ""),
    )  # fmt: skip
