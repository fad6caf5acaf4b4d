"""What is asked of a collection, checked: the one form between the doors (our routes, pygeoapi) and SQL."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from psycopg import sql

from observatoire.layers.model import Audience, Layer, Property
from observatoire.server.crs import Bounds, System, Systems
from observatoire.server.cursor import Keys

Value = str | int | float | bool | datetime


@dataclass(frozen=True)
class Box:
    """A bounding box: easting first whatever the axes of its system, x_min ≤ x_max, within the system's bounds."""

    bounds: Bounds
    system: System


@dataclass(frozen=True)
class Interval:
    """An interval of time, closed unless said otherwise; None: open."""

    start: datetime | None = None
    end: datetime | None = None
    before_end: bool = False  # the end itself is out: it stands for the last day as a whole


@dataclass(frozen=True)
class Filter:
    """A filter of CQL2, compiled.

    Attributes
    ----------
    where : sql.Composed
        A condition in brackets, with placeholders.
    args : tuple
        Their values.
    """

    where: sql.Composed
    args: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """What the filter means, whatever it was written in: text or JSON, in the address or in the body."""
        return blake2b(f"{self.where.as_string()}{self.args!r}".encode(), digest_size=12).hexdigest()


@dataclass(frozen=True)
class SortKey:
    """One property of an order."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return ("-" if self.descending else "+") + self.name


@dataclass(frozen=True)
class Query:
    """Items of a collection as one audience may see them.

    Attributes
    ----------
    boxes : tuple of Box, optional
        The item meets one of them; None: anywhere; empty: nowhere.
    equals : tuple of (str, value)
        Properties and the values they have, all of them.
    filter : Filter, optional
        What else is asked, in CQL2.
    after : tuple of str or None, optional
        Keys of the last item of the page before.
    shown : tuple of str
        Properties of the answer, in the order of the layer file.
    """

    layer: Layer
    audience: Audience
    systems: Systems
    system: System
    limit: int
    shown: tuple[str, ...]
    offset: int = 0
    boxes: tuple[Box, ...] | None = None
    interval: Interval | None = None
    equals: tuple[tuple[str, Value], ...] = ()
    filter: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    after: Keys | None = None
    geometry: bool = True
    keys: tuple[SortKey, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", total_order(self.layer, self.sort))

    @property
    def purpose(self) -> str:
        """What a cursor of this query is good for."""
        order = f"{self.layer.id}:{','.join(map(str, self.keys))}"
        return order if self.filter is None else f"{order}:{self.filter.digest}"


def total_order(layer: Layer, sort: tuple[SortKey, ...]) -> tuple[SortKey, ...]:
    """Return the order with the id at its end, in the direction of the last key, so that no two items are equal."""
    names = [key.name for key in sort]
    identifier = layer.id_field
    if identifier in names:
        return sort[: names.index(identifier) + 1]
    return (*sort, SortKey(identifier, descending=bool(sort) and sort[-1].descending))


def shown_properties(layer: Layer, fields: dict[str, Property]) -> tuple[str, ...]:
    """Return the properties that a feature carries: all but the id, which is the feature's own."""
    identifier = layer.id_field
    return tuple(name for name in fields if name != identifier)
