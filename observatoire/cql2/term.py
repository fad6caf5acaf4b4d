"""A value inside a filter: what kind it is, and how it reads in SQL."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, bind
from observatoire.cql2.queryables import Kind

INT64 = range(-(2**63), 2**63)
#: Kinds that can be compared with each other.
FAMILY: dict[Kind, str] = {
    "text": "a text", "integer": "a number", "float": "a number", "boolean": "a boolean", "date": "a date or time",
    "timestamp": "a date or time", "text[]": "a list of texts", "geometry": "a geometry",
}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """A value.

    Attributes
    ----------
    kind : Kind
    fragment : Fragment
        How it reads in SQL. Of a geometry literal it is empty: `spatial` places it in the other side's CRS.
    literal : Any
        The value itself where it is known (int, float, str, bool, date, datetime, list of str, geometry), else None.
    nullable : bool
        Whether it can be NULL.
    srid : int or None
        Of a geometry that is no literal.
    """

    kind: Kind
    fragment: Fragment
    literal: Any = None
    nullable: bool = True
    srid: int | None = None

    @property
    def family(self) -> str:
        """What it is, in words; values of one family can be compared."""
        return FAMILY[self.kind]

    @property
    def is_literal(self) -> bool:
        """Tell whether its value is known."""
        return self.literal is not None

    def need(self, what: str, *kinds: Kind) -> "Term":
        """Return itself, or refuse: `what` is where it stands."""
        if self.kind not in kinds:
            raise FilterError(f"{what}: expected {FAMILY[kinds[0]]}, found {self.family}")
        return self


def constant(value: Any) -> Term:
    """Return the term of a literal: number, text, boolean, date, aware datetime or list of texts."""
    match value:
        case bool():
            return Term("boolean", bind(value, "boolean"), value, nullable=False)
        case int():
            fragment = bind(value, "bigint") if value in INT64 else bind(value, "numeric")
            return Term("integer", fragment, value, nullable=False)
        case float():
            return Term("float", bind(value, "float8"), value, nullable=False)
        case str():
            return Term("text", bind(value, "text"), value, nullable=False)
        case datetime():
            return Term("timestamp", bind(value, "timestamptz"), value, nullable=False)
        case date():
            return Term("date", bind(value, "date"), value, nullable=False)
        case list():
            return Term("text[]", bind(value, "text[]"), value, nullable=False)
    raise AssertionError(f"not a literal: {type(value)}")
