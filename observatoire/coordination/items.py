"""Rows of `chantiers` and `evenements` as works and events; a row that cannot be one is said, not dropped."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from observatoire.coordination.calendar import schedule_of
from observatoire.coordination.reader import Row
from observatoire.works.errors import BadWork
from observatoire.works.model import Closure, Event, Order, Work


@dataclass(frozen=True)
class Unreadable:
    """An item that cannot be looked at, with its reason."""

    collection: str
    reference: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """Return it as plain values."""
        return {"collection": self.collection, "reference": self.reference, "reason": self.reason}


def work_of(row: Mapping[str, Any], zone: str) -> Work:
    """Return the works of a row of `chantiers`, `geometry` in metres.

    A carriageway that is closed closes the segment `troncon`; where the detour goes is not known of the row.

    Raises
    ------
    BadWork
        Names the field of the model.
    """
    extent, segment = str(row.get("emprise")), row.get("troncon")
    reference = str(row.get("reference") or "")
    return Work(
        reference,
        str(row.get("nature")),
        row["geometry"],
        schedule_of(row, zone),
        closure=Closure(extent, (segment,) if segment and extent == "chaussee-fermee" else ()),
        order=Order(reference, str(row.get("maitre_ouvrage") or "")),
        noise=row.get("bruit"),
        trench=bool(row.get("tranchee")),
        lighting_cut=bool(row.get("eclairage_coupe")),
        street=row.get("voie"),
        segment=segment,
        earliest=row.get("au_plus_tot"),
        deadline=row.get("echeance"),
        status=str(row.get("statut") or "projete"),
        title=str(row.get("titre") or ""),
    )


def event_of(row: Mapping[str, Any], zone: str) -> Event:
    """Return the event of a row of `evenements`, `geometry` in metres.

    Raises
    ------
    BadWork
        Names the field of the model.
    """
    return Event(
        str(row.get("reference") or ""),
        str(row.get("nature")),
        row["geometry"],
        schedule_of(row, zone),
        attendance=row.get("affluence_prevue"),
        status=str(row.get("statut") or "declare"),
        title=str(row.get("titre") or ""),
    )


def each[T](
    collection: str, rows: Iterable[Row], make: Callable[[Row, str], T], zone: str
) -> tuple[list[T], list[Unreadable]]:
    """Return what `make` gives for each row, and those that it refuses; read is the sum of the two."""
    made, refused = [], []
    for row in rows:
        try:
            made.append(make(row, zone))
        except BadWork as error:
            refused.append(Unreadable(collection, str(row.get("reference")), str(error)))
    return made, refused
