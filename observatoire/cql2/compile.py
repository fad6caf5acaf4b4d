"""From the tree of a filter to bound SQL: each node is given to the family that knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from observatoire.cql2 import arithmetic, arrays, comparison, spatial, temporal
from observatoire.cql2.crs import filter_crs as read_crs
from observatoire.cql2.errors import FilterError, quoted
from observatoire.cql2.fragment import Fragment, comma, compose, join
from observatoire.cql2.functions import call
from observatoire.cql2.geometry import read_geometry
from observatoire.cql2.guards import MAX_VALUES
from observatoire.cql2.literals import read_date, read_number, read_text, read_timestamp
from observatoire.cql2.parse import Node, parse
from observatoire.cql2.queryables import Queryable, queryable
from observatoire.cql2.term import Term, constant
from observatoire.cql2.visitor import Predicate, Scope, Valued, Visitor, exactly


@dataclass(frozen=True)
class Compiled:
    """A filter as SQL.

    Attributes
    ----------
    where : sql.Composed
        A condition, with `%s` placeholders.
    args : list
        Their values, in order.
    used : frozenset of str
        The properties that it reads.
    """

    where: sql.Composed
    args: list[Any]
    used: frozenset[str]


def compile_filter(
    text_or_json: str | dict[str, Any],
    *,
    lang: str,
    queryables: Mapping[str, Queryable],
    zone: ZoneInfo,
    filter_crs: str = "OGC:CRS84",
) -> Compiled:
    """Compile a filter. Nothing of the client's text reaches the SQL: values are bound, names come from `queryables`.

    Parameters
    ----------
    text_or_json : str or dict
        The filter; for `cql2-json` an object read already may be given (then integers are as its reader left them).
    lang : {"cql2-text", "cql2-json"}
    queryables : mapping
        What the caller may name: `queryables_of(layer, audience, srid)`.
    zone : ZoneInfo
        The city's: in it a date is a day.
    filter_crs : str, default "OGC:CRS84"
        CRS of the filter's coordinates: a URI, a CURIE, `EPSG:n`. Its axis order is kept: EPSG:4326 is latitude first.

    Raises
    ------
    FilterError
        It is not CQL2, is too large, names what is not queryable, or compares what cannot be compared.

    References
    ----------
    .. [1] OGC 21-065r2, *Common Query Language (CQL2)*; OGC 19-079r2, *Features Part 3: Filtering*.

    Examples
    --------
    >>> names = {"n": Queryable("n", "integer", sql.Identifier("n"))}
    >>> done = compile_filter("n > 3", lang="cql2-text", queryables=names, zone=ZoneInfo("UTC"))
    >>> done.where.as_string(), done.args
    ('("n" > %s::bigint)', [3])
    """
    tree = parse(text_or_json, lang)
    compiler = Compiler(queryables, Scope(zone, read_crs(filter_crs)))
    try:
        done = compiler.predicate(tree, exact=False)
    except FilterError as error:
        if lang != "cql2-json":
            raise
        raise FilterError(f"{error} (at {path_of(compiler.inside, tree)})") from None
    return Compiled(sql.Composed([done.text]), list(done.args), frozenset(compiler.used))


class Compiler:
    """Visits the nodes of one filter.

    Attributes
    ----------
    used : set of str
        Names of the properties met so far.
    inside : list of Node
        The operators, from the root on, in which the visit is, or stopped.
    """

    def __init__(self, queryables: Mapping[str, Queryable], scope: Scope) -> None:
        self.queryables = queryables
        self.scope = scope
        self.used: set[str] = set()
        self.inside: list[Node] = []

    def predicate(self, node: Node, *, exact: bool) -> Fragment:
        """Compile a condition."""
        if isinstance(node, bool):
            return compose("TRUE" if node else "FALSE")
        if not (isinstance(node, dict) and "op" in node):
            raise FilterError("expected a condition, like nature = 'tag', found a value")
        op, args = _operator(node)
        self.inside.append(node)
        handler = PREDICATES.get(op.lower())
        if handler is not None:
            done = handler(self, op.lower(), args, exact)
        elif op.lower() in VALUES:
            raise FilterError(f"{quoted(op)} gives a value where a condition is expected")
        else:
            done = call(self, op, args).need(op, "boolean").fragment
        self.inside.pop()
        return done

    def term(self, node: Node) -> Term:
        """Compile a value."""
        match node:
            case bool():
                return constant(node)
            case int() | float():
                return constant(read_number(node))
            case str():
                return constant(read_text(node))
            case list():
                return self._list(node)
            case {"op": _}:
                return self._operation(node)
            case {"property": str(name)} if len(node) == 1:
                return self._property(name)
            case {"date": value} if len(node) == 1:
                return constant(read_date(value))
            case {"timestamp": value} if len(node) == 1:
                return constant(read_timestamp(value))
            case {"type": _} | {"bbox": _}:
                return Term("geometry", Fragment(sql.SQL("")), read_geometry(node, self.scope.crs), nullable=False)
            case {"interval": _}:
                raise FilterError("INTERVAL: stands only in T_… functions")
            case None:
                raise FilterError("NULL is not a value that can be compared; write IS NULL")
        raise FilterError("expected a value: a property, a literal or a calculation")

    def _operation(self, node: dict[str, Any]) -> Term:
        op, args = _operator(node)
        self.inside.append(node)
        handler = VALUES.get(op.lower())
        if handler is not None:
            done = handler(self, op.lower(), args)
        elif op.lower() in PREDICATES:
            done = Term("boolean", self.predicate(node, exact=True))
        else:
            done = call(self, op, args)
        self.inside.pop()
        return done

    def _property(self, name: str) -> Term:
        found = queryable(name, self.queryables)
        self.used.add(name)
        return Term(found.kind, Fragment(found.sql), nullable=found.nullable, srid=found.srid)

    def _list(self, nodes: list[Node]) -> Term:
        """Compile a list of texts."""
        if len(nodes) > MAX_VALUES:
            raise FilterError(f"a list has at most {MAX_VALUES} values")
        terms = [self.term(node).need("a list", "text") for node in nodes]
        if all(t.is_literal for t in terms):
            return constant([t.literal for t in terms])
        return Term("text[]", compose("ARRAY[{}]", comma([t.fragment for t in terms])))


def _operator(node: dict[str, Any]) -> tuple[str, list[Node]]:
    op, args = node["op"], node.get("args")
    if not isinstance(op, str) or not isinstance(args, list) or len(node) != 2:
        raise FilterError('expected an operator: {"op": "…", "args": […]}, without other members')
    return op, args


def _junction(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:
    if len(args) < 2:
        raise FilterError(f"{op}: expected two conditions or more, found {len(args)}")
    parts = [visitor.predicate(node, exact=exact) for node in args]
    return join(" AND " if op == "and" else " OR ", parts)


def _negation(visitor: Visitor, op: str, args: list[Node], exact: bool) -> Fragment:  # noqa: ARG001
    return compose("(NOT {})", visitor.predicate(exactly("not", args, 1)[0], exact=True))


def _insensitive(visitor: Visitor, op: str, args: list[Node]) -> Term:
    term = visitor.term(exactly(op.upper(), args, 1)[0]).need(op.upper(), "text")
    done = compose("public.obs_casei({})" if op == "casei" else "public.obs_accenti({})", term.fragment)
    return Term("text", done, nullable=term.nullable)


def path_of(inside: list[Node], tree: Node) -> str:
    """Say where in a JSON filter an error is: the innermost operator that was being read.

    >>> leaf = {"op": "=", "args": []}
    >>> path_of([leaf], {"op": "not", "args": [leaf]})
    '$.args[0]'
    """
    if not inside:
        return "$"
    pending: list[tuple[Node, str]] = [(tree, "$")]
    while pending:
        node, path = pending.pop()
        if node is inside[-1]:
            return path
        if isinstance(node, dict):
            pending.extend((value, f"{path}.{key}") for key, value in node.items() if isinstance(value, (dict, list)))
        elif isinstance(node, list):
            pending.extend((value, f"{path}[{i}]") for i, value in enumerate(node) if isinstance(value, (dict, list)))
    return "$"


PREDICATES: dict[str, Predicate] = {
    "and": _junction,
    "or": _junction,
    "not": _negation,
    **comparison.PREDICATES,
    **spatial.PREDICATES,
    **temporal.PREDICATES,
    **arrays.PREDICATES,
}
VALUES: dict[str, Valued] = {"casei": _insensitive, "accenti": _insensitive, **arithmetic.VALUES}
