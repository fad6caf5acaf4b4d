"""`+ - * / % div ^`: literals are worked out here, the rest in double precision by the database."""

import math
from decimal import Decimal
from typing import LiteralString

from observatoire.cql2.errors import FilterError
from observatoire.cql2.fragment import Fragment, compose
from observatoire.cql2.literals import read_number
from observatoire.cql2.parse import Node
from observatoire.cql2.term import Term, constant
from observatoire.cql2.visitor import Valued, Visitor, exactly

#: What divides by zero is NULL. The functions (0002_cql2.sql) give NULL out of range; the four signs raise there.
_SQL: dict[str, LiteralString] = {
    "+": "({} + {})",
    "-": "({} - {})",
    "*": "({} * {})",
    "/": "({} / nullif({}, 0))",
    "%": "public.obs_mod({}, {})",
    "div": "public.obs_div({}, {})",
    "^": "public.obs_power({}, {})",
}


def _arithmetic(visitor: Visitor, op: str, args: list[Node]) -> Term:
    left, right = (visitor.term(node).need(op, "float", "integer") for node in exactly(op, args, 2))
    if op in ("/", "%", "div") and right.is_literal and right.literal == 0:
        raise FilterError(f"{op}: division by zero")
    if left.is_literal and right.is_literal:
        return constant(read_number(fold(op, left.literal, right.literal)))
    return Term("float", compose(_SQL[op], _double(left), _double(right)))


def _double(term: Term) -> Fragment:
    if term.kind == "float":
        return term.fragment
    if not term.is_literal:
        return compose("{}::float8", term.fragment)
    try:
        return constant(float(term.literal)).fragment
    except OverflowError:
        raise FilterError("a number is too large to calculate with") from None


def fold(op: str, a: float, b: float) -> float:
    """Work out two literals: sums and products of integers exactly, remainders of the decimals as they are written.

    >>> fold("+", 2**53, 1), fold("%", 5.3, 0.1), fold("div", -7, 2)
    (9007199254740993, 0.0, -3)
    """
    try:
        match op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "%":
                return float(Decimal(repr(a)) % Decimal(repr(b)))
            case "div":
                return int(Decimal(repr(a)) / Decimal(repr(b))) if abs(a / b) < 2**53 else a / b
            case _:
                return math.pow(a, b)
    except (OverflowError, ValueError, ArithmeticError):
        raise FilterError(f"{op}: the result is not a number, or too large") from None


VALUES: dict[str, Valued] = dict.fromkeys(_SQL, _arithmetic)
