"""A piece of SQL with its values. Values are bound, never written: text comes from this package and the layer files."""

from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, LiteralString

from psycopg import sql


@dataclass(frozen=True)
class Fragment:
    """SQL text with `%s` placeholders, and the values of these, in the order in which they stand.

    Attributes
    ----------
    text : sql.Composable
    args : tuple
    """

    text: sql.Composable
    args: tuple[Any, ...] = ()


def bind(value: Any, kind: LiteralString) -> Fragment:
    """Return a placeholder, cast to a PostgreSQL type, for a value."""
    return Fragment(_mark(kind), (value,))


@cache
def _mark(kind: LiteralString) -> sql.Composed:
    return sql.SQL("{}::" + kind).format(sql.Placeholder())


def compose(template: LiteralString, *parts: Fragment) -> Fragment:
    """Fill the `{}` of a template, in order; a part that is needed twice is given twice.

    >>> both = compose("({} AND {})", bind(1, "bigint"), bind("a", "text"))
    >>> both.text.as_string(), both.args
    ('(%s::bigint AND %s::text)', (1, 'a'))
    """
    return Fragment(sql.SQL(template).format(*(p.text for p in parts)), tuple(chain(*(p.args for p in parts))))


def comma(parts: list[Fragment]) -> Fragment:
    """Return the parts with commas between them."""
    return Fragment(sql.SQL(", ").join(p.text for p in parts), tuple(chain(*(p.args for p in parts))))


def join(separator: LiteralString, parts: list[Fragment]) -> Fragment:
    """Return the parts in brackets, with `separator` between them."""
    text = sql.SQL("({})").format(sql.SQL(separator).join(p.text for p in parts))
    return Fragment(text, tuple(chain(*(p.args for p in parts))))
