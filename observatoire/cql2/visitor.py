"""What the families of constructs need of the compiler, and the shape of their own functions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from observatoire.cql2.crs import FilterCrs
from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment
from observatoire.cql2.parse import Node
from observatoire.cql2.term import Term


@dataclass(frozen=True)
class Scope:
    """What a filter is read in: the city's time zone and the CRS of its coordinates."""

    zone: ZoneInfo
    crs: FilterCrs


class Visitor(Protocol):
    """Compiles the parts of an operator."""

    scope: Scope

    def term(self, node: Node) -> Term:
        """Compile a value."""

    def predicate(self, node: Node, *, exact: bool) -> Fragment:
        """Compile a condition.

        `exact`: NULL must be NULL, since something above negates or compares the result. Otherwise FALSE may stand for
        it, which spares indexes a `CASE`.
        """


#: An operator that yields a condition: (visitor, operator in lower case, arguments, exact) → SQL.
Predicate = Callable[[Visitor, str, list[Node], bool], Fragment]
#: An operator that yields a value.
Valued = Callable[[Visitor, str, list[Node]], Term]


def exactly(op: str, args: list[Node], count: int) -> list[Node]:
    """Return the arguments, or refuse another number of them."""
    if len(args) != count:
        raise FilterError(f"{op}: expected {count} argument{'s' if count > 1 else ''}, found {len(args)}")
    return args
