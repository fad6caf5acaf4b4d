"""`S_*`: predicates of Simple Features. A literal is brought to the column's CRS, never the column to the literal's."""

from typing import LiteralString

import shapely

from observatoire.cql2.crs import reproject
from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, bind, compose
from observatoire.cql2.parse import Node
from observatoire.cql2.term import Term
from observatoire.cql2.visitor import Predicate, Scope, Visitor, exactly

_SQL: dict[str, LiteralString] = {
    "s_intersects": "ST_Intersects({}, {})",
    # Not ST_Disjoint: PostgreSQL removes a double negation, so that NOT S_DISJOINT uses the index.
    "s_disjoint": "(NOT ST_Intersects({}, {}))",
    "s_within": "ST_Within({}, {})",
    "s_contains": "ST_Contains({}, {})",
    "s_equals": "ST_Equals({}, {})",
    "s_touches": "ST_Touches({}, {})",
    "s_crosses": "ST_Crosses({}, {})",
    "s_overlaps": "ST_Overlaps({}, {})",
}
_OF_COLLECTIONS = {"s_intersects", "s_disjoint"}


def placed(term: Term, other: Term, scope: Scope) -> Fragment:
    """Return a geometry in the CRS of the other side, where that is a property; else in its own."""
    if not term.is_literal:
        return term.fragment
    srid = other.srid if other.srid is not None else scope.crs.srid
    moved = reproject(term.literal, scope.crs, srid)
    return compose("ST_GeomFromWKB({}, {})", bind(shapely.to_wkb(moved), "bytea"), bind(srid, "int"))


def operands(visitor: Visitor, what: str, nodes: list[Node]) -> tuple[Term, Term]:
    """Compile two geometries that can be compared."""
    left, right = (visitor.term(node).need(what, "geometry") for node in nodes)
    if left.srid is not None and right.srid is not None and left.srid != right.srid:
        raise FilterError(f"{what}: the two properties are kept in different CRS")
    return left, right


def _spatial(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    name = op.upper()
    left, right = operands(visitor, name, exactly(name, args, 2))
    if op not in _OF_COLLECTIONS:
        for term in (left, right):
            if term.is_literal and term.literal.geom_type == "GeometryCollection":
                raise FilterError(f"{name}: a GeometryCollection can only be given to S_INTERSECTS and S_DISJOINT")
    return compose(_SQL[op], placed(left, right, visitor.scope), placed(right, left, visitor.scope))


PREDICATES: dict[str, Predicate] = dict.fromkeys(_SQL, _spatial)
