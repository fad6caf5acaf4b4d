"""What the page of a collection shows beside its metadata: first items, legend, an example of a filter."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from observatoire.layers.maplibre import legend
from observatoire.layers.model import Audience, Layer, Property
from observatoire.layers.nomenclature import codes
from observatoire.server.items import counted_page
from observatoire.server.reading import Reader
from observatoire.server.state import State

#: Items of the table.
FIRST = 8


async def data(state: State, audience: Audience, reader: Reader, language: str) -> dict[str, Any]:
    """Return what the template needs, besides `document`."""
    layer = reader.layer
    query = reader.items([("limit", str(FIRST))] + ([("sortby", f"-{layer.time_field}")] if layer.time_field else []))
    version = await state.versions.of(layer.id)
    page, count = await counted_page(state, audience, query, version)
    return {
        "features": page.parsed(),
        "shown": query.shown,
        "count": count,
        "interval": await state.extents.of(layer, audience, version),
        "legend": legend(layer, language),
        "licence_name": urlsplit(layer.license).netloc or layer.license,
        "limit_max": state.settings.limit_max,
        "example": example(layer, reader.fields),
        "codes": codes,
        "number": lambda number: f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language == "fr" else ","),
        "moment": moment(state),
        "value": value(state, language),
    }


def example(layer: Layer, fields: dict[str, Property]) -> str:
    """Return a filter that finds something of this collection."""
    coded = next(((name, prop.codes) for name, prop in fields.items() if prop.codes), None)
    if coded is not None and layer.time_field is not None:
        return f"{coded[0]} = '{next(iter(codes(coded[1])))}' AND {layer.time_field} >= DATE('2026-01-01')"
    name = next((name for name, prop in fields.items() if prop.type == "string" and prop.format is None), None)
    return f"{name} LIKE 'A%'" if name else f"{layer.id_field} < 100"


def moment(state: State) -> Callable[[str], str]:
    """Return the writer of times: in the city's time zone, to the minute."""
    return lambda text: datetime.fromisoformat(text).astimezone(state.city.zone).strftime("%Y-%m-%d %H:%M")


def value(state: State, language: str) -> Callable[[Any, Property], Any]:
    """Return the writer of values: codes by their labels, times in the city's zone, nothing for what is not known."""
    written = moment(state)

    def text(found: Any, prop: Property) -> Any:
        if found is None:
            return ""
        if prop.format == "date-time":
            return written(found)
        if prop.codes is not None and found in (labels := codes(prop.codes)):
            return labels[found].in_(language)
        return found

    return text
