"""The two forms of CQL2 to one tree: the plain objects of CQL2 JSON, with integers kept exact.

The text form has a recursive-descent reader of its own, of linear cost. The `cql2` package (0.6), which the tests hold
this reader equal to, takes 2ⁿ steps for n unbalanced brackets, without giving up the interpreter lock (17 brackets:
1.3 s; 40: months), ends the process from some hundred to 2 000 brackets on, and reads all numbers as floats.
"""

import json
from collections.abc import Callable
from typing import Any, Literal, NoReturn

from observatoire.cql2.errors import FilterError, quoted
from observatoire.cql2.guards import (
    MAX_BRACKETS,
    MAX_OPERATORS,
    MAX_VERTICES,
    check_json_depth,
    check_text,
    check_tree,
    too_deep,
    too_large,
)  # fmt: skip
from observatoire.cql2.lexer import Token, position, tokens

Node = Any  # what CQL2 JSON is made of: dict, list, str, int, float, bool, None
Lang = Literal["cql2-text", "cql2-json"]

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
RESERVED = frozenset(["AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"])
#: WKT words with the depth of their coordinates: 0 a position, 1 a list of these…
WKT = {
    "POINT": ("Point", 0), "MULTIPOINT": ("MultiPoint", 1), "LINESTRING": ("LineString", 1),
    "MULTILINESTRING": ("MultiLineString", 2), "POLYGON": ("Polygon", 2), "MULTIPOLYGON": ("MultiPolygon", 3),
}  # fmt: skip
COLLECTION = "GEOMETRYCOLLECTION"
_CAMEL = {"t_finishedby": "t_finishedBy", "t_metby": "t_metBy", "t_overlappedby": "t_overlappedBy",
          "t_startedby": "t_startedBy", "a_containedby": "a_containedBy"}  # fmt: skip
_LOWER = ("S_", "T_", "A_")


def parse(source: str | dict[str, Any], lang: str) -> Node:
    """Return the tree of a filter, within the limits of `guards`.

    Parameters
    ----------
    source : str or dict
        Text, or for `cql2-json` also an object read already.
    lang : {"cql2-text", "cql2-json"}

    Raises
    ------
    FilterError
        It is not CQL2, or too large.
    """
    if lang == "cql2-text" and isinstance(source, str):
        check_text(source)
        tree = Reader(source).read()
    elif lang == "cql2-json":
        tree = read_json(source) if isinstance(source, str) else source
    else:
        raise FilterError("filter-lang: expected cql2-text or cql2-json")
    check_tree(tree)
    return tree


def read_json(text: str) -> Node:
    """Read CQL2 JSON: integers exact, no duplicate member, no NaN."""
    check_text(text)
    check_json_depth(text)
    try:
        return json.loads(text, object_pairs_hook=_members, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FilterError(f"filter: not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:  # Python refuses to read integers of more than 4 300 digits
        raise FilterError("filter: a number has too many digits") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise FilterError("filter: an object has the same member twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise FilterError(f"filter: {name} is not a number of JSON")


class Reader:
    """Recursive descent over the tokens of CQL2 text; each method reads one rule of the grammar (21-065r2, Annex B)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = tokens(text)
        self.tokens: list[Token] = []  # those met so far: what is refused early is not read to its end
        self.at = 0
        self.here = self.ahead(0)
        self.operators = 0
        self.depth = 0
        self.vertices = 0

    def read(self) -> Node:
        """Read the whole text."""
        node = self.disjunction()
        if self.here.kind != "end":
            self.refuse("the end, AND, OR or an operator")
        return node

    # Words

    def ahead(self, count: int) -> Token:
        """Return the token `count` places further; beyond the end, the end."""
        while self.at + count >= len(self.tokens):
            if self.tokens and self.tokens[-1].kind == "end":
                return self.tokens[-1]
            self.tokens.append(next(self.source))
        return self.tokens[self.at + count]

    def peek(self, value: str) -> bool:
        """Tell whether the token after this one is that sign."""
        following = self.ahead(1)
        return following.kind == "sign" and following.value == value

    def operation(self, op: str, *args: Node) -> Node:
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise too_large()
        return {"op": op, "args": list(args)}

    def step(self) -> Token:
        token = self.here
        self.at += 1
        self.here = self.ahead(0)
        return token

    def take(self, *signs: str) -> str | None:
        """Step over one of these signs, if it stands here, and return it."""
        if self.here.kind == "sign" and self.here.value in signs:
            return self.step().value
        return None

    def word(self, *words: str) -> str | None:
        """Step over one of these keywords, if it stands here, and return it."""
        word = self.here.word
        if word in words:
            self.step()
            return word
        return None

    def need(self, sign: str) -> None:
        if not self.take(sign):
            self.refuse(f"'{sign}'")

    def refuse(self, expected: str) -> NoReturn:
        found = "the end" if self.here.kind == "end" else quoted(self.here.value)
        raise FilterError(f"filter: expected {expected}, found {found} at {position(self.text, self.here.at)}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_BRACKETS:
            raise too_deep()

    # Conditions

    def disjunction(self) -> Node:
        return self._chain("OR", self.conjunction)

    def conjunction(self) -> Node:
        return self._chain("AND", self.negation)

    def _chain(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.word(word):
            parts.append(part())
            if len(parts) > MAX_OPERATORS:
                raise too_large()
        return parts[0] if len(parts) == 1 else self.operation(word.lower(), *parts)

    def negation(self) -> Node:
        times = 0
        while self.word("NOT"):
            times += 1
            if times > MAX_BRACKETS:
                raise too_deep()
        node = self.condition()
        for _ in range(times):
            node = self.operation("not", node)
        return node

    def condition(self) -> Node:
        left = self.addition()
        if sign := self.take(*COMPARISONS):
            return self.operation(sign, left, self.addition())
        if self.word("IS"):
            negated = self.word("NOT")
            if not self.word("NULL"):
                self.refuse("NULL")
            test = self.operation("isNull", left)
            return self.operation("not", test) if negated else test
        negated = self.word("NOT")
        word = self.word("LIKE", "BETWEEN", "IN")
        if word == "LIKE":
            test = self.operation("like", left, self.addition())
        elif word == "BETWEEN":
            low = self.addition()
            if not self.word("AND"):
                self.refuse("AND")
            test = self.operation("between", left, low, self.addition())
        elif word == "IN":
            test = self.operation("in", left, self.listed())
        elif negated:
            self.refuse("LIKE, BETWEEN or IN")
        else:
            return left
        return self.operation("not", test) if negated else test

    # Values

    def addition(self) -> Node:
        node = self.multiplication()
        while sign := self.take("+", "-"):
            node = self.operation(sign, node, self.multiplication())
        return node

    def multiplication(self) -> Node:
        node = self.power()
        while sign := self.take("*", "/", "%") or self.word("DIV"):
            node = self.operation(sign.lower(), node, self.power())
        return node

    def power(self) -> Node:
        node = self.signed()
        while self.take("^"):
            node = self.operation("^", node, self.signed())
        return node

    def signed(self) -> Node:
        sign = self.take("+", "-")
        node = self.value()
        if sign != "-":
            return node
        is_number = isinstance(node, (int, float)) and not isinstance(node, bool)
        return -node if is_number else self.operation("*", -1, node)

    def value(self) -> Node:
        token = self.here
        if token.kind == "sign" and token.value == "(":
            return self.bracket()
        if token.kind == "number":
            self.step()
            return _number(token.value)
        if token.kind == "string":
            return self.step().value
        if token.kind == "quoted":
            return {"property": self.step().value}
        if token.kind != "name" or token.word in RESERVED - {"TRUE", "FALSE", "NULL"}:
            self.refuse("a value, a property or a condition")
        if word := self.word("TRUE", "FALSE", "NULL"):
            return {"TRUE": True, "FALSE": False, "NULL": None}[word]
        geometry = self.wkt()
        if geometry is not None:
            return geometry
        return self.call() if self.peek("(") else {"property": self.step().value}

    def bracket(self) -> Node:
        """Read an expression in brackets, or a list."""
        self.deeper()
        self.need("(")
        if self.take(")"):
            self.depth -= 1
            return []
        node = self.disjunction()
        if self.take(","):
            node = [node, *self.series(self.disjunction)]
        self.need(")")
        self.depth -= 1
        return node

    def listed(self) -> list[Node]:
        """Read a list, also of one value, or of none."""
        self.deeper()
        self.need("(")
        values = [] if self.take(")") else self.series(self.item)
        if values:
            self.need(")")
        self.depth -= 1
        return values

    def item(self) -> Node:
        """Read one value of a list: most are plain literals, which need not go down through all the rules."""
        if self.here.kind in ("number", "string") and (self.peek(",") or self.peek(")")):
            return self.value()
        return self.disjunction()

    def series(self, part: Callable[[], Node]) -> list[Node]:
        parts = [part()]
        while self.take(","):
            parts.append(part())
        return parts

    def call(self) -> Node:
        """Read a function, or a literal that is written like one."""
        name = self.step()
        if name.word in ("DATE", "TIMESTAMP"):
            return {name.word.lower(): self.only_string()}
        is_array = name.word.startswith("A_")
        arguments = self.arguments(self.array_or_value if is_array else self.disjunction)
        if name.word == "INTERVAL":
            return {"interval": arguments}
        if name.word == "BBOX":
            return {"bbox": arguments}
        op = name.value.lower() if name.word.startswith(_LOWER) or name.word in ("CASEI", "ACCENTI") else name.value
        return self.operation(_CAMEL.get(op, op), *arguments)

    def array_or_value(self) -> Node:
        return self.listed() if self.here.kind == "sign" and self.here.value == "(" else self.disjunction()

    def arguments(self, part: Callable[[], Node]) -> list[Node]:
        self.deeper()
        self.need("(")
        arguments = [] if self.take(")") else self.series(part)
        if arguments:
            self.need(")")
        self.depth -= 1
        return arguments

    def only_string(self) -> str:
        self.need("(")
        if self.here.kind != "string":
            self.refuse("a text in single quotes")
        value = self.step().value
        self.need(")")
        return value

    # Geometries

    def wkt(self) -> Node | None:
        """Read a geometry in well-known text, if one stands here."""
        word = self.here.word
        bare = word.removesuffix("Z")
        if bare not in WKT and bare != COLLECTION:
            return None
        spaced = self.ahead(1).word == "Z" and self.ahead(2).value == "("
        if not (spaced or self.peek("(")):
            return None
        for _ in range(2 if spaced else 1):
            self.step()
        if bare == COLLECTION:
            return {"type": "GeometryCollection", "geometries": self.arguments(self.member)}
        name, depth = WKT[bare]
        self.need("(")
        if depth == 0:
            coordinates: Node = self.position()
        else:
            coordinates = self.series(lambda: self.coordinates(depth - 1, bare == "MULTIPOINT"))
        self.need(")")
        return {"type": name, "coordinates": coordinates}

    def member(self) -> Node:
        geometry = self.wkt()
        if geometry is None:
            self.refuse("a geometry")
        return geometry

    def coordinates(self, depth: int, optional: bool = False) -> Node:
        """Read a position (depth 0; for MULTIPOINT with brackets or without) or nested lists of them."""
        if depth == 0:
            bracketed = optional and self.take("(")
            found: Node = self.position()
            if bracketed:
                self.need(")")
            return found
        self.need("(")
        found = self.series(lambda: self.coordinates(depth - 1))
        self.need(")")
        return found

    def position(self) -> list[float]:
        self.vertices += 1
        if self.vertices > MAX_VERTICES:
            raise FilterError(f"filter: more than {MAX_VERTICES} vertices")
        numbers: list[float] = []
        while len(numbers) < 4 and (self.here.kind == "number" or self.here.value in ("-", "+")):
            sign = -1 if self.take("+", "-") == "-" else 1
            if self.here.kind != "number":
                self.refuse("a number")
            numbers.append(sign * float(self.step().value))
        if not 2 <= len(numbers) <= 3:
            self.refuse("a position of 2 or 3 numbers")
        return numbers


def _number(text: str) -> int | float:
    """Return a number, an integer where it is written as one."""
    if text.isdigit() and len(text) <= 400:
        return int(text)
    return float(text)
