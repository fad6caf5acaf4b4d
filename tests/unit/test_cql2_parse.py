"""The reader of CQL2 text and JSON."""

import json

import pytest

from observatoire.cql2 import FilterError
from observatoire.cql2.parse import parse

pytestmark = pytest.mark.unit


def _p(name: str) -> dict[str, str]:
    return {"property": name}


def _text(text: str) -> object:
    return parse(text, "cql2-text")


def test_and_binds_closer_than_or() -> None:
    a, b, c = ({"op": "=", "args": [_p(n), i]} for i, n in enumerate("abc"))

    assert _text("a=0 OR b=1 AND c=2") == {"op": "or", "args": [a, {"op": "and", "args": [b, c]}]}


def test_not_binds_closer_than_and() -> None:
    tree = _text("NOT a=1 AND b=2")

    assert tree["op"] == "and"  # type: ignore[index]


def test_products_bind_closer_than_sums_and_equal_signs_from_the_left() -> None:
    minus = {"op": "-", "args": [{"op": "-", "args": [_p("a"), {"op": "*", "args": [_p("b"), 2]}]}, 1]}

    assert _text("a - b*2 - 1 = 0") == {"op": "=", "args": [minus, 0]}


@pytest.mark.parametrize("number", [9007199254740993, -9007199254740993, 9223372036854775807, 12345678901234567890])
def test_integers_are_exact_beyond_the_53_bits_of_a_float(number: int) -> None:
    assert _text(f"a = {number}") == {"op": "=", "args": [_p("a"), number]}
    assert parse(json.dumps({"op": "=", "args": [_p("a"), number]}), "cql2-json") == _text(f"a = {number}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("''", ""),
        (r"'a\n\%'", r"a\n\%"),
        ("'é🙂'", "é🙂"),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1e-5", -1e-5),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert _text(f"a = {text}") == {"op": "=", "args": [_p("a"), value]}


@pytest.mark.parametrize(
    ("text", "name"),
    [('"a b"', "a b"), ('"a""b"', 'a"b'), ("eo:cloud_cover", "eo:cloud_cover"), ("a.b", "a.b"), ("été", "été"),
     ("date", "date"), ("point", "point"), ('"and"', "and")],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    assert _text(f"{text} IS NULL") == {"op": "isNull", "args": [_p(name)]}


def test_what_looks_like_a_comment_is_arithmetic() -> None:
    assert _text("a=1 -- c") == {
        "op": "=",
        "args": [_p("a"), {"op": "-", "args": [1, {"op": "*", "args": [-1, _p("c")]}]}],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "expected a value, a property or a condition, found the end at line 1, column 5"),
        ("a == 1", "found '=' at line 1, column 4"),
        ("a = 1\n AND AND b=2", "found 'AND' at line 2, column 6"),
        ("a = 'x", "a text that does not end at line 1, column 5"),
        ('"a = 1', "a quoted name that does not end at line 1, column 1"),
        ("a = 1 b", "expected the end, AND, OR or an operator, found 'b'"),
        ("(a = 1", "expected ')', found the end"),
        ("a NOT 1", "expected LIKE, BETWEEN or IN, found '1'"),
        ("a IS 1", "expected NULL"),
        ("a = 1; DROP TABLE b", "unexpected character ';'"),
        ("a = 12abc", "a number that is not one at line 1, column 5"),
        ("S_INTERSECTS(g, POINT(nan inf))", "expected a position of 2 or 3 numbers, found 'nan'"),
        ("S_INTERSECTS(g, POINT(1))", "expected a position"),
        ("S_INTERSECTS(g, POINT(1 2 3 4))", "expected"),
        ("a BETWEEN 1 OR 2", "expected AND"),
        ("", "found the end at line 1, column 1"),
    ],
)
def test_an_error_says_what_was_expected_and_where(text: str, message: str) -> None:
    with pytest.raises(FilterError) as refused:
        _text(text)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"op":"=","op":"<>","args":[1,2]}', "the same member twice"),
        ('{"op":"=","args":[{"property":"a"},NaN]}', "NaN is not a number"),
        ('{"op":"=","args":[{"property":"a"},' + "9" * 5000 + "]}", "too many digits"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[" * 60_000, "nested too deeply"),
    ],
)
def test_json_is_read_strictly(text: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        parse(text, "cql2-json")


def test_the_languages_are_two() -> None:
    with pytest.raises(FilterError, match="filter-lang: expected cql2-text or cql2-json"):
        parse("a=1", "cql-text")
