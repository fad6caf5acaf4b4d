"""`= <> < <= > >=`, BETWEEN, IN, LIKE, IS NULL."""

import math
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, bind, comma, compose, join
from observatoire.cql2.guards import MAX_VALUES
from observatoire.cql2.literals import day_of, day_start, next_day_start, read_text
from observatoire.cql2.parse import Node
from observatoire.cql2.queryables import Kind
from observatoire.cql2.term import INT64, Term, constant
from observatoire.cql2.visitor import Predicate, Visitor, exactly

_SQL: dict[str, LiteralString] = {
    "=": "({} = {})", "<>": "({} <> {})", "<": "({} < {})", "<=": "({} <= {})", ">": "({} > {})", ">=": "({} >= {})",
}  # fmt: skip
_MIRROR = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ARRAYS: dict[Kind, LiteralString] = {
    "text": "text[]", "integer": "bigint[]", "float": "float8[]", "boolean": "boolean[]", "date": "date[]",
    "timestamp": "timestamptz[]",
}  # fmt: skip
#: `unaccent` turns these full-width forms into the signs of LIKE (unaccent.rules of PostgreSQL).
_WIDE = {"\N{FULLWIDTH PERCENT SIGN}", "\N{FULLWIDTH LOW LINE}", "\N{FULLWIDTH REVERSE SOLIDUS}"}


def compare(op: str, left: Term, right: Term, zone: ZoneInfo) -> Fragment:
    """Return the comparison of two values of one family, so that an index on a property still serves.

    A date and a time are compared by the day, in `zone`: the literal becomes the instants of its day, the column stays.
    """
    if left.family != right.family:
        hint = "; write DATE('…') or TIMESTAMP('…')" if "a date or time" in (left.family, right.family) else ""
        raise FilterError(f"{op}: cannot compare {left.family} with {right.family}{hint}")
    if left.kind in ("geometry", "text[]"):
        raise FilterError(f"{op}: does not compare {left.family}; see S_EQUALS and A_EQUALS")
    if left.is_literal and not right.is_literal:
        return compare(_MIRROR[op], right, left, zone)
    if left.family == "a number":
        return _numbers(op, left, right)
    if left.kind != right.kind:
        return _by_day(op, left, right, zone)
    return compose(_SQL[op], left.fragment, right.fragment)


def _numbers(op: str, left: Term, right: Term) -> Fragment:
    value = right.literal
    if left.kind == "integer" and isinstance(value, float):
        if op in ("<", "<="):
            return compose("({} <= {})", left.fragment, constant(math.floor(value)).fragment)
        if op in (">", ">="):
            return compose("({} >= {})", left.fragment, constant(math.ceil(value)).fragment)
        return compose(_SQL[op], left.fragment, bind(value, "numeric"))
    if left.kind == "float" and isinstance(value, int):
        return compose(_SQL[op], left.fragment, bind(_as_float(value), "float8"))
    return compose(_SQL[op], left.fragment, right.fragment)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise FilterError("a number is too large for a decimal property") from None


def _by_day(op: str, left: Term, right: Term, zone: ZoneInfo) -> Fragment:
    if left.kind == "timestamp" and right.is_literal:
        return _in_day(op, left.fragment, day_start(right.literal, zone), next_day_start(right.literal, zone))
    if left.kind == "date" and right.is_literal:
        return compose(_SQL[op], left.fragment, constant(day_of(right.literal, zone)).fragment)
    return compose(_SQL[op], _day(left, zone), _day(right, zone))


def _in_day(op: str, time: Fragment, start: Fragment, after: Fragment) -> Fragment:
    match op:
        case "=":
            return compose("({} >= {} AND {} < {})", time, start, time, after)
        case "<>":
            return compose("({} < {} OR {} >= {})", time, start, time, after)
        case "<":
            return compose("({} < {})", time, start)
        case ">=":
            return compose("({} >= {})", time, start)
        case "<=":
            return compose("({} < {})", time, after)
        case _:
            return compose("({} >= {})", time, after)


def _day(term: Term, zone: ZoneInfo) -> Fragment:
    if term.kind == "date":
        return term.fragment
    return compose("(({} AT TIME ZONE {})::date)", term.fragment, bind(zone.key, "text"))


def _comparison(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    left, right = (visitor.term(node) for node in exactly(op, args, 2))
    return compare(op, left, right, visitor.scope.zone)


def _between(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    value, low, high = (visitor.term(node) for node in exactly("BETWEEN", args, 3))
    zone = visitor.scope.zone
    return compose("({} AND {})", compare(">=", value, low, zone), compare("<=", value, high, zone))


def _in(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    first, values = exactly("IN", args, 2)
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_VALUES:
        raise FilterError(f"IN: expected a list of 1 to {MAX_VALUES} values")
    value, terms = visitor.term(first), [visitor.term(node) for node in values]
    literals = _uniform(value, terms)
    if literals is not None:
        return compose("({} = ANY({}))", value.fragment, bind(literals, _ARRAYS[value.kind]))
    if value.kind == "text" and all(t.kind == "text" for t in terms):
        return compose("({} = ANY(ARRAY[{}]))", value.fragment, comma([t.fragment for t in terms]))
    return join(" OR ", [compare("=", value, term, visitor.scope.zone) for term in terms])


def _uniform(value: Term, terms: list[Term]) -> list[Any] | None:
    """Return the literals that one bound list can hold, in the type of the value; None where it cannot."""
    literals = [t.literal for t in terms if t.is_literal]
    if value.kind not in _ARRAYS or len(literals) < len(terms):
        return None
    if value.kind == "float" and all(t.family == "a number" for t in terms):
        return [_as_float(v) if isinstance(v, int) else v for v in literals]
    if any(t.kind != value.kind for t in terms):
        return None
    return literals if value.kind != "integer" or all(v in INT64 for v in literals) else None


def _like(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    value, pattern = exactly("LIKE", args, 2)
    term = visitor.term(value).need("LIKE", "text")
    return compose("({} LIKE {})", term.fragment, _pattern(pattern))


def _pattern(node: Node) -> Fragment:
    """Return a pattern: a text, or CASEI or ACCENTI of one."""
    match node:
        case str():
            return bind(_escaped(read_text(node)), "text")
        case {"op": str(op), "args": [inner]} if op.lower() == "casei":
            return compose("public.obs_casei({})", _pattern(inner))
        case {"op": str(op), "args": [inner]} if op.lower() == "accenti":
            return compose("public.obs_accenti({})", _pattern(inner))
    raise FilterError("LIKE: the pattern must be a text, or CASEI or ACCENTI of one")


def _escaped(pattern: str) -> str:
    """Return the pattern with full-width signs escaped, which must not become signs of LIKE by ACCENTI."""
    shown, escape = [], False
    for c in pattern:
        if c in _WIDE and not escape:
            shown.append("\\")
        shown.append(c)
        escape = c == "\\" and not escape
    if escape:
        raise FilterError("LIKE: the pattern ends with a single backslash; a backslash itself is written twice")
    return "".join(shown)


def _is_null(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    term = visitor.term(exactly("IS NULL", args, 1)[0])
    if term.kind == "geometry" and term.is_literal:
        raise FilterError("IS NULL: expected a property or a calculation, found a geometry")
    return compose("({} IS NULL)", term.fragment)


PREDICATES: dict[str, Predicate] = dict.fromkeys(_SQL, _comparison) | {
    "between": _between,
    "in": _in,
    "like": _like,
    "isnull": _is_null,
}
