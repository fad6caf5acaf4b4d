"""The functions that a filter may call, and their description for `/functions`. What is not here does not exist."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from pyproj import CRS

from observatoire.cql2.errors import FilterError, quoted
from observatoire.cql2.fragment import Fragment, bind, compose
from observatoire.cql2.parse import Node
from observatoire.cql2.queryables import Kind
from observatoire.cql2.spatial import operands, placed
from observatoire.cql2.term import INT64, Term
from observatoire.cql2.visitor import Visitor, exactly
from observatoire.text import Text

NUMBERS: tuple[Kind, ...] = ("float", "integer")
TIMES: tuple[Kind, ...] = ("timestamp", "date")
#: JSON types of the kinds, in the words of Features Part 3, "functions".
_JSON: dict[Kind, str] = {
    "text": "string", "integer": "integer", "float": "number", "boolean": "boolean", "date": "datetime",
    "timestamp": "datetime", "geometry": "geometry",
}  # fmt: skip
MAX_DISTANCE = 100_000.0  # m


@dataclass(frozen=True)
class Function:
    """A function: what it takes, what it gives, how it reads in SQL.

    Attributes
    ----------
    arguments : tuple of tuple of Kind
        The kinds that each argument may have.
    result : Kind
    sql : str
        A template; the arguments follow each other. Times are given as timestamps of the city's wall clock.
    description : Text
    """

    arguments: tuple[tuple[Kind, ...], ...]
    result: Kind
    sql: LiteralString
    description: Text


def _part(sql: LiteralString, fr: str, en: str) -> Function:
    return Function((TIMES,), "integer", sql, Text(fr=fr, en=en))


FUNCTIONS: dict[str, Function] = {
    "lower": Function((("text",),), "text", "lower({})", Text(fr="En minuscules", en="In lower case")),
    "upper": Function((("text",),), "text", "upper({})", Text(fr="En majuscules", en="In upper case")),
    "char_length": Function(
        (("text",),), "integer", "char_length({})::bigint", Text(fr="Nombre de caractères", en="Number of characters")
    ),
    "concat": Function(
        (("text",), ("text",)), "text", "({} || {})", Text(fr="Deux textes bout à bout", en="Two texts end to end")
    ),
    "abs": Function((NUMBERS,), "float", "abs({}::float8)", Text(fr="Valeur absolue", en="Absolute value")),
    "floor": Function((NUMBERS,), "float", "floor({}::float8)", Text(fr="Entier inférieur", en="Integer below")),
    "ceil": Function((NUMBERS,), "float", "ceil({}::float8)", Text(fr="Entier supérieur", en="Integer above")),
    "year": _part("extract(year FROM {})::bigint", "Année, heure de la ville", "Year, time of the city"),
    "month": _part("extract(month FROM {})::bigint", "Mois, 1 à 12", "Month, 1 to 12"),
    "day": _part("extract(day FROM {})::bigint", "Jour du mois", "Day of the month"),
    "weekday": _part("extract(isodow FROM {})::bigint", "Jour, 1 lundi à 7 dimanche", "Day, 1 Monday to 7 Sunday"),
    "hour": _part("extract(hour FROM {})::bigint", "Heure de la ville, 0 à 23", "Hour in the city, 0 to 23"),
}
DWITHIN = Function(
    (("geometry",), ("geometry",), NUMBERS), "boolean", "ST_DWithin({}, {}, {})",
    Text(fr="Vrai si les deux géométries sont à moins de tant de mètres", en="True within so many metres"),
)  # fmt: skip


def functions() -> list[dict[str, Any]]:
    """Return the descriptions that `/functions` gives (Features Part 3, annex)."""
    return list(_described())


def _described() -> Iterator[dict[str, Any]]:
    for name, function in (FUNCTIONS | {"dwithin": DWITHIN}).items():
        yield {
            "name": name,
            "description": function.description.en,
            "arguments": [{"type": sorted({_JSON[kind] for kind in kinds})} for kinds in function.arguments],
            "returns": [_JSON[function.result]],
        }


def call(visitor: Visitor, name: str, args: list[Node]) -> Term:
    """Compile a call.

    Raises
    ------
    FilterError
        There is no such function, or its arguments are of other kinds.
    """
    word = name.lower()
    if word == "dwithin":
        return _dwithin(visitor, args)
    function = FUNCTIONS.get(word)
    if function is None:
        raise FilterError(f"unknown function {quoted(name)}; see /functions")
    exactly(word, args, len(function.arguments))
    terms = [visitor.term(a).need(word, *kinds) for a, kinds in zip(args, function.arguments, strict=True)]
    parts = [_wall_clock(t, visitor) if function.arguments[i] is TIMES else t.fragment for i, t in enumerate(terms)]
    if any(t.kind == "integer" and t.is_literal and t.literal not in INT64 for t in terms):
        raise FilterError(f"{word}: a number is too large")
    return Term(function.result, compose(f"({function.sql})", *parts))


def _wall_clock(term: Term, visitor: Visitor) -> Fragment:
    if term.kind == "date":
        return compose("{}::timestamp", term.fragment)
    return compose("({} AT TIME ZONE {})", term.fragment, bind(visitor.scope.zone.key, "text"))


def _dwithin(visitor: Visitor, args: list[Node]) -> Term:
    left, right = operands(visitor, "dwithin", exactly("dwithin", args, 3)[:2])
    distance = visitor.term(args[2]).need("dwithin", *NUMBERS)
    srids = {t.srid for t in (left, right) if t.srid is not None}
    if not srids or not all(CRS.from_epsg(srid).is_projected for srid in srids):
        raise FilterError("dwithin: needs a property whose CRS is in metres")
    if not distance.is_literal or not 0 <= distance.literal <= MAX_DISTANCE:
        raise FilterError(f"dwithin: expected a distance of 0 to {MAX_DISTANCE:.0f} m")
    scope = visitor.scope
    metres = bind(float(distance.literal), "float8")
    parts = (placed(left, right, scope), placed(right, left, scope), metres)
    return Term("boolean", compose(DWITHIN.sql, *parts))
