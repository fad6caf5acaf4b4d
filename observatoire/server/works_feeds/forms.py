"""The formats of the feeds of `chantiers`, and what each does not carry."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from observatoire.cities import City
from observatoire.works.exchange.base import Loss, Written
from observatoire.works.exchange.calendar import write_ics
from observatoire.works.exchange.cifs import write_cifs
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.exchange.geojson import write_geojson
from observatoire.works.model import Work

type Writer = Callable[[Sequence[Work], City, datetime], Written]


@dataclass(frozen=True)
class Form:
    """One format.

    Attributes
    ----------
    name : str
        End of the feed's address, after `chantiers.`.
    title : str
    write : callable
        Works, city and moment of the data to a document.
    """

    name: str
    media_type: str
    title: str
    write: Writer


FORMS = {
    form.name: form
    for form in (
        Form(
            "datex2.xml", "application/xml", "DATEX II v3, SituationPublication",
            lambda works, city, made: write_datex(works, crs=city.crs, made=made, publisher=city.id),
        ),
        Form(
            "cifs.xml", "application/xml", "CIFS, closures and hazards",
            lambda works, city, _: write_cifs(works, crs=city.crs),
        ),
        Form(
            "cifs.json", "application/json", "CIFS, closures and hazards",
            lambda works, city, _: write_cifs(works, crs=city.crs, form="json"),
        ),
        Form(
            "geojson", "application/geo+json", "GeoJSON, properties of the collection chantiers",
            lambda works, city, _: write_geojson(works, crs=city.crs),
        ),
        Form(
            "ics", "text/calendar; charset=utf-8", "iCalendar, an event for each piece of time",
            lambda works, city, made: write_ics(works, crs=city.crs, made=made, domain=f"{city.id}.invalid"),
        ),
    )
}  # fmt: skip


def summed(losses: Sequence[Loss]) -> list[dict[str, Any]]:
    """Return what is not carried, by field and reason: how many works lose it, and which, at most three by name."""
    by_field: dict[tuple[str, str], list[str]] = defaultdict(list)
    for loss in losses:
        by_field[loss.field, loss.why].append(loss.work)
    return [
        {"field": field, "why": why, "works": len(set(works)), "such_as": sorted(set(works))[:3]}
        for (field, why), works in sorted(by_field.items())
    ]
