"""Works as GeoJSON (RFC 7946), with the properties of the collection `chantiers`; written only."""

from collections.abc import Sequence

import orjson
import shapely.geometry

from observatoire.works.exchange.base import Loss, Written, losses, to_degrees
from observatoire.works.model import Work

CARRIED = {
    "id", "kind", "footprint", "closure", "order", "noise", "trench", "lighting_cut", "street", "segment",
    "earliest", "deadline", "status", "title", "schedule.start", "schedule.end", "schedule.zone", "schedule.windows",
    "schedule.rule",
    "schedule.except_days", "schedule.holidays", "schedule.country",
}  # fmt: skip


def write_geojson(works: Sequence[Work], *, crs: str) -> Written:
    """Write works, longitude and latitude."""
    rows, lost = [], []
    for work in sorted(works, key=lambda w: w.id):
        lost += list(losses(work, CARRIED))
        if len(work.schedule.windows) > 1:
            lost.append(Loss(work.id, "schedule.windows", "only the first daily window is written"))
        if work.schedule.holidays == "only":
            lost.append(Loss(work.id, "schedule.holidays", "works on public holidays only cannot be written"))
        geometry = shapely.geometry.mapping(to_degrees(work.footprint, crs))
        rows.append({"type": "Feature", "id": work.id, "geometry": geometry, "properties": properties_of(work)})
    return Written(orjson.dumps({"type": "FeatureCollection", "features": rows}), tuple(lost))


def properties_of(work: Work) -> dict[str, object]:
    """Return the properties of an item of `chantiers`; days of exception by commas.

    An item without a rule is held without a break: a schedule that has days is written with the rule of every day.
    """
    schedule = work.schedule
    rule = schedule.rule or (None if schedule.continuous else "FREQ=DAILY")
    window = schedule.windows[0] if schedule.windows else None
    return {
        "reference": work.order.reference if work.order else work.id, "titre": work.title, "nature": work.kind,
        "debut": schedule.start.isoformat(), "fin": schedule.end.isoformat(), "regle": rule,
        "heure_debut": window[0].isoformat() if window else None,
        "heure_fin": window[1].isoformat() if window else None,
        "feries": schedule.holidays == "keep",
        "exceptions": ",".join(d.isoformat() for d in schedule.except_days) or None,
        "maitre_ouvrage": work.order.authority or None if work.order else None, "deviation": work.detour is not None,
        "emprise": work.closure.extent, "statut": work.status, "bruit": work.noise, "tranchee": work.trench,
        "eclairage_coupe": work.lighting_cut, "voie": work.street, "troncon": work.segment,
        "au_plus_tot": work.earliest.isoformat() if work.earliest else None,
        "echeance": work.deadline.isoformat() if work.deadline else None,
    }  # fmt: skip
