"""`A_*` on lists of texts, as sets."""

from typing import LiteralString

from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, compose
from observatoire.cql2.parse import Node
from observatoire.cql2.visitor import Predicate, Visitor, exactly

_SQL: dict[str, LiteralString] = {
    "a_contains": "({} @> {})",
    "a_containedby": "({} <@ {})",
    "a_overlaps": "({} && {})",
}


def _array(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    left, right = (visitor.term(node).need(op.upper(), "text[]") for node in exactly(op.upper(), args, 2))
    if left.is_literal and right.is_literal:
        raise FilterError(f"{op.upper()}: neither side is a property")
    if op == "a_equals":
        a, b = left.fragment, right.fragment
        return compose("({} @> {} AND {} <@ {})", a, b, a, b)
    return compose(_SQL[op], left.fragment, right.fragment)


PREDICATES: dict[str, Predicate] = dict.fromkeys([*_SQL, "a_equals"], _array)
