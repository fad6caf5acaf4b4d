"""`T_*`: relations of instants and closed intervals (21-065r2, table 15; Allen's intervals)."""

from dataclasses import dataclass
from datetime import date
from typing import LiteralString
from zoneinfo import ZoneInfo

from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, bind, compose, join
from observatoire.cql2.literals import day_end, day_of, day_start, read_instant
from observatoire.cql2.parse import Node
from observatoire.cql2.term import Term, constant
from observatoire.cql2.visitor import Predicate, Visitor, exactly

#: Conditions on starts (s) and ends (e) of both sides, all of which hold.
_RELATIONS: dict[str, tuple[tuple[str, LiteralString, str], ...]] = {
    "t_after": (("s1", ">", "e2"),),
    "t_before": (("e1", "<", "s2"),),
    "t_contains": (("s1", "<", "s2"), ("e1", ">", "e2")),
    "t_during": (("s1", ">", "s2"), ("e1", "<", "e2")),
    "t_equals": (("s1", "=", "s2"), ("e1", "=", "e2")),
    "t_finishedby": (("s1", "<", "s2"), ("e1", "=", "e2")),
    "t_finishes": (("s1", ">", "s2"), ("e1", "=", "e2")),
    "t_intersects": (("s1", "<=", "e2"), ("e1", ">=", "s2")),
    "t_meets": (("e1", "=", "s2"),),
    "t_metby": (("s1", "=", "e2"),),
    "t_overlappedby": (("s1", ">", "s2"), ("s1", "<", "e2"), ("e1", ">", "e2")),
    "t_overlaps": (("s1", "<", "s2"), ("e1", ">", "s2"), ("e1", "<", "e2")),
    "t_startedby": (("s1", "=", "s2"), ("e1", ">", "e2")),
    "t_starts": (("s1", "=", "s2"), ("e1", "<", "e2")),
}
_OF_INSTANTS = {"t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"}
_SIGNS: dict[str, LiteralString] = {"<": "{} < {}", "<=": "{} <= {}", "=": "{} = {}", ">=": "{} >= {}", ">": "{} > {}"}
OPEN = ".."


@dataclass(frozen=True)
class Span:
    """An instant, or an interval closed at both ends; None is an open end."""

    start: Term | None
    end: Term | None
    is_interval: bool

    @property
    def terms(self) -> list[Term]:
        """The bounds that there are; of an instant, it alone."""
        bounds = [self.start, self.end] if self.is_interval else [self.start]
        return [t for t in bounds if t is not None]


def _temporal(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:
    first, second = (_span(visitor, op, node) for node in exactly(op.upper(), args, 2))
    if op not in _OF_INSTANTS and not (first.is_interval and second.is_interval):
        raise FilterError(f"{op.upper()}: compares two intervals; for an instant, see T_INTERSECTS, T_AFTER, T_BEFORE")
    negated = op == "t_disjoint"
    terms = first.terms + second.terms
    as_dates = all(t.kind == "date" for t in terms)
    bounds = {}
    for number, span in (("1", first), ("2", second)):
        bounds["s" + number] = _bound(span.start, False, as_dates, visitor.scope.zone)
        bounds["e" + number] = _bound(span.end, True, as_dates, visitor.scope.zone)
    relation = _RELATIONS["t_intersects" if negated else op]
    formula = join(" AND ", [compose(_SIGNS[sign], bounds[a], bounds[b]) for a, sign, b in relation])
    if negated:
        formula = compose("(NOT {})", formula)
    intervals = any(t.nullable for span in (first, second) if span.is_interval for t in span.terms)
    return _known(formula, [t for t in terms if t.nullable], exact or negated) if intervals else formula


def _known(formula: Fragment, nullable: list[Term], exact: bool) -> Fragment:
    """Make the whole NULL where a bound is NULL, also one that the formula does not read."""
    if exact:
        missing = join(" OR ", [compose("{} IS NULL", t.fragment) for t in nullable])
        return compose("(CASE WHEN {} THEN NULL ELSE {} END)", missing, formula)
    return join(" AND ", [formula, *[compose("{} IS NOT NULL", t.fragment) for t in nullable]])


def _bound(term: Term | None, end: bool, as_dates: bool, zone: ZoneInfo) -> Fragment:
    """Return a bound as a date or, where one side has times, as an instant: a date is a whole day of the city."""
    if term is None:
        value = "infinity" if end else "-infinity"
        return bind(value, "date") if as_dates else bind(value, "timestamptz")
    if as_dates or term.kind == "timestamp":
        return term.fragment
    if isinstance(term.literal, date):
        return day_end(term.literal, zone) if end else day_start(term.literal, zone)
    name = bind(zone.key, "text")
    if end:
        day_after = compose("((({} + 1)::timestamp) AT TIME ZONE {})", term.fragment, name)
        return compose("({} - interval '1 microsecond')", day_after)
    return compose("(({}::timestamp) AT TIME ZONE {})", term.fragment, name)


def _span(visitor: Visitor, op: str, node: Node) -> Span:
    if not (isinstance(node, dict) and "interval" in node):
        instant = visitor.term(node).need(op.upper(), "timestamp", "date")
        return Span(instant, instant, is_interval=False)
    bounds = node["interval"]
    if len(node) != 1 or not isinstance(bounds, list) or len(bounds) != 2:
        raise FilterError("INTERVAL: expected a start and an end")
    start, end = (_interval_bound(visitor, bound) for bound in bounds)
    if start is not None and end is not None and _reversed(start, end, visitor.scope.zone):
        raise FilterError("INTERVAL: the end is before the start")
    return Span(start, end, is_interval=True)


def _interval_bound(visitor: Visitor, node: Node) -> Term | None:
    if node == OPEN:
        return None
    if isinstance(node, str):
        return constant(read_instant(node))
    return visitor.term(node).need("INTERVAL", "timestamp", "date")


def _reversed(start: Term, end: Term, zone: ZoneInfo) -> bool:
    if not (start.is_literal and end.is_literal):
        return False
    if start.kind == end.kind:
        return bool(start.literal > end.literal)
    days = [day_of(t.literal, zone) if t.kind == "timestamp" else t.literal for t in (start, end)]
    return bool(days[0] > days[1])


PREDICATES: dict[str, Predicate] = dict.fromkeys([*_RELATIONS, "t_disjoint"], _temporal)
