"""The properties that a filter may name: those of the layer file that the audience may see, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from psycopg import sql

from observatoire.cql2.errors import FilterError, quoted
from observatoire.layers.model import Audience, Layer, Property

Kind = Literal["text", "integer", "float", "boolean", "date", "timestamp", "text[]", "geometry"]
GEOMETRY = "geometry"

_TYPES: dict[str, Kind] = {"string": "text", "integer": "integer", "number": "float", "boolean": "boolean"}
_FORMATS: dict[str, Kind] = {"date-time": "timestamp", "date": "date"}


@dataclass(frozen=True)
class Queryable:
    """A property that a filter may name.

    Attributes
    ----------
    name : str
        As clients write it.
    kind : Kind
        `integer` is bigint, `float` double precision, `timestamp` timestamptz; the other words are PostgreSQL's own.
    sql : sql.Composable
        A column, or an expression (for works without an end date: ``coalesce(fin, 'infinity')``).
    srid : int or None
        Of a geometry, the number of its CRS at EPSG.
    nullable : bool
        Whether it may be NULL.
    """

    name: str
    kind: Kind
    sql: sql.Composable
    srid: int | None = None
    nullable: bool = True


def kind_of(prop: Property) -> Kind:
    """Return the kind of a property of a layer file."""
    return _FORMATS[prop.format] if prop.format else _TYPES[prop.type]


def queryables_of(layer: Layer, audience: Audience, srid: int) -> dict[str, Queryable]:
    """Return what `audience` may name in a filter on `layer`: columns of its view, and `geometry`.

    Parameters
    ----------
    layer : Layer
    audience : Audience
        One that may not see the layer gets nothing.
    srid : int
        Number at EPSG of the CRS in which the store keeps positions (`City.srid`).
    """
    if not layer.visible_to(audience):
        return {}
    found = {
        name: Queryable(name, kind_of(prop), sql.Identifier(name), nullable=not (prop.required or prop.role == "id"))
        for name, prop in layer.properties_for(audience).items()
    }
    return found | {GEOMETRY: Queryable(GEOMETRY, "geometry", sql.Identifier("geom"), srid, nullable=False)}


def queryable(name: str, queryables: Mapping[str, Queryable]) -> Queryable:
    """Return the queryable of that name.

    Raises
    ------
    FilterError
        With the same words for a name that does not exist and for one that this audience may not see.
    """
    try:
        return queryables[name]
    except KeyError:
        raise FilterError(f"unknown property {quoted(name)}; see the queryables") from None
