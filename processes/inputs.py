"""Inputs that several processes have: a kind, a rectangle, a time."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from observatoire.errors import BadInput
from observatoire.layers.model import Audience, Layer
from observatoire.layers.nomenclature import codes
from processes.base import Says

CRS84 = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "CRS84", "OGC:CRS84")
_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}

type Half = tuple[datetime | None, datetime | None]


def _plain(value: Any) -> Any:
    """Return the corners of an array, or of an OGC bbox object, as a tuple; anything else as it is."""
    if isinstance(value, dict):
        if set(value) - {"bbox", "crs"} or value.get("crs", CRS84[0]) not in CRS84:
            raise ValueError(f'expected {{"bbox": [west, south, east, north], "crs": "{CRS84[0]}"}}')
        value = value.get("bbox")
    return tuple(value) if isinstance(value, list) else value


def _ordered(corners: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = corners
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError("expected west < east in -180..180 and south < north in -90..90, degrees")
    return corners


#: West, south, east, north, degrees; as an array, or as OGC's object with `bbox` and `crs`.
Box = Annotated[
    tuple[float, float, float, float],
    BeforeValidator(_plain),
    AfterValidator(_ordered),
    WithJsonSchema(
        {
            "oneOf": [
                _NUMBERS,
                {
                    "type": "object",
                    "format": "ogc-bbox",
                    "required": ["bbox"],
                    "properties": {"bbox": _NUMBERS, "crs": {"type": "string", "enum": [CRS84[0]]}},
                },
            ]
        }
    ),
]

#: `nature: Nature = None`: items of one kind only.
Nature = Annotated[str | None, Says(fr="Une seule nature (code)", en="One kind only (code)"), Field(max_length=60)]

#: `bbox: Rectangle = None`: items in a rectangle only.
Rectangle = Annotated[
    Box | None, Says(fr="Rectangle ouest, sud, est, nord, en degrés", en="Rectangle west, south, east, north, degrees")
]


def check_nature(layer: Layer, audience: Audience, nature: str, *, name: str = "nature") -> None:
    """Refuse a kind that the collection does not have, or that the caller may not see.

    Raises
    ------
    BadInput
        It names the input and lists the kinds.
    """
    prop = layer.properties_for(audience).get("nature")
    if prop is None or prop.codes is None:
        raise BadInput(f"inputs.{name}: {layer.id} has no kinds; leave it out")
    if nature not in codes(prop.codes):
        raise BadInput(f"inputs.{name}: expected one of {', '.join(codes(prop.codes))}")


def interval(text: str, zone: tzinfo) -> Half:
    """Return the first instant of a `datetime` parameter and the first one after it; None where it is open.

    Parameters
    ----------
    text : str
        An instant or ``start/end`` (RFC 3339, OGC 17-069r4, 7.15.3), both ends included; ``..`` or nothing: open.
    zone : tzinfo
        In which dates without a time, and times without an offset, are read. A date is a whole day.

    Raises
    ------
    ValueError
        If it is no such thing, or ends before it starts.

    Examples
    --------
    >>> [t.isoformat() for t in interval("2024-05-01/2024-05-02", UTC)]
    ['2024-05-01T00:00:00+00:00', '2024-05-03T00:00:00+00:00']
    """
    parts = text.split("/")
    if len(parts) > 2:
        raise ValueError("expected an instant or start/end")
    bounds = [None if part in ("", "..") and len(parts) == 2 else _bounds(part, zone) for part in parts]
    first, last = bounds[0], bounds[-1]
    start, end = first[0] if first else None, last[1] if last else None
    if start is None and end is None:
        raise ValueError("expected at least one end that is not open")
    if start is not None and end is not None and end <= start:
        raise ValueError("expected an end after the start")
    return start, end


def _bounds(part: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first instant of a date or an instant, and the first one after it."""
    try:
        if len(part) == len("2024-05-01"):
            day = datetime.fromisoformat(part)
            return tuple(datetime.combine(d, time(), zone) for d in (day, day + timedelta(days=1)))  # type: ignore[return-value]
        instant = datetime.fromisoformat(part)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        return instant.astimezone(UTC), instant.astimezone(UTC) + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise ValueError(
            "expected dates like 2024-05-01 or 2024-05-01T08:00:00+02:00, as one or as start/end"
        ) from None


def _readable(text: str) -> str:
    interval(text, UTC)
    return text


#: A `datetime` parameter, kept as text: the city's zone is known only later.
When = Annotated[
    str, Field(max_length=80), AfterValidator(_readable), WithJsonSchema({"type": "string", "maxLength": 80})
]
