"""A GeoJSON Feature that stands for an item which is not in the store: its members checked, errors by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
import shapely.geometry

from observatoire.errors import BadInput
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import to_metres

MOST_POINTS = 10_000
MOST_LETTERS = 2_000
WIDEST = 20_000  # m: what is held at once is a street, a square, a district at most
LARGEST = 10_000_000  # people, barriers, hours


Extent = tuple[float, float, float, float]  # degrees: west, south, east, north


@dataclass(frozen=True)
class Members:
    """Properties that a feature may have, by what they are.

    Attributes
    ----------
    required : tuple of str
    texts, flags, days, instants, numbers : tuple of str
    names : mapping of str to str
        Property that a field of the model stands for: what errors name.
    """

    required: tuple[str, ...]
    texts: tuple[str, ...]
    flags: tuple[str, ...]
    names: Mapping[str, str]
    days: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    instants: tuple[str, ...] = ("debut", "fin")

    @property
    def known(self) -> tuple[str, ...]:
        """All of them, in the order of the alphabet."""
        return tuple(sorted((*self.texts, *self.flags, *self.days, *self.numbers, *self.instants)))


def read_feature(
    feature: Mapping[str, Any],
    members: Members,
    *,
    crs: str,
    name: str,
    extent: Extent | None = None,
) -> dict[str, Any]:
    """Return the properties of a feature in longitude and latitude, parsed, with its `geometry` in `crs`.

    Parameters
    ----------
    extent : Extent, optional
        That of the city, which the feature must meet: elsewhere nothing would be found, and that
        would look like good news.

    Raises
    ------
    BadInput
        It names the member and what was expected.
    """
    if feature.get("type") != "Feature":
        raise BadInput(f'{name}.type: expected "Feature"')
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise BadInput(f"{name}.properties: expected an object")
    row = _properties(properties, members, f"{name}.properties")
    row["geometry"] = _footprint(feature.get("geometry"), crs, f"{name}.geometry", extent)
    return row


def explained(error: BadWork, members: Members, name: str) -> BadInput:
    """Return the error of a model in the words of the feature."""
    if error.field == "footprint":
        return BadInput(f"{name}.geometry: {error.why}")
    return BadInput(f"{name}.properties.{members.names.get(error.field, error.field)}: {error.why}")


def _properties(given: Mapping[str, Any], members: Members, name: str) -> dict[str, Any]:
    if unknown := sorted(set(given) - set(members.known)):
        raise BadInput(f"{name}.{unknown[0][:40]}: no such property; expected some of {', '.join(members.known)}")
    for required in members.required:
        if given.get(required) in (None, ""):
            raise BadInput(f"{name}.{required}: is required")
    row = {key: _value(key, value, members, f"{name}.{key}") for key, value in given.items() if value is not None}
    if any(row.get(key) for key in ("heure_debut", "heure_fin", "exceptions")) and not row.get("regle"):
        raise BadInput(f"{name}.regle: is required beside hours and exceptions; expected the days, such as FREQ=DAILY")
    return row


def _value(key: str, value: Any, members: Members, name: str) -> Any:
    if key in members.flags:
        if not isinstance(value, bool):
            raise BadInput(f"{name}: expected true or false")
        return value
    if key in members.numbers:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value <= LARGEST:
            raise BadInput(f"{name}: expected a number, 0 to {LARGEST}")
        return value
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise BadInput(f"{name}: expected a text of at most {MOST_LETTERS} characters")
    if key in members.instants:
        return _parsed(value, datetime, name, "2026-05-04T08:00:00+02:00")
    return _parsed(value, date, name, "2026-05-04") if key in members.days else value


def _parsed(text: str, kind: type[Any], name: str, example: str) -> Any:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{name}: expected a text such as {example}") from None


def _footprint(given: Any, crs: str, name: str, extent: Extent | None) -> Any:
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
    if extent is not None and not shapely.box(*extent).intersects(shapely.box(*geometry.bounds)):
        raise BadInput(f"{name}: lies outside the city; expected longitude, then latitude, within {list(extent)}")
    metres = to_metres(shapely.force_2d(geometry), crs)
    west, south, east, north = metres.bounds
    if not max(east - west, north - south) <= WIDEST:
        raise BadInput(f"{name}: is wider than {WIDEST // 1000} km; expected the place that is held")
    return metres
