"""Filters made to do harm: all are refused as the client's error, soon, and none ends the process."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from observatoire.cql2 import FilterError, Queryable, compile_filter
from observatoire.cql2.parse import parse
from observatoire.errors import BadInput

pytestmark = pytest.mark.unit

UTC = ZoneInfo("UTC")
STEPS = 1_000_000  # about ten times the lines that 100 000 characters cost, and nothing beside 2ⁿ
KINDS = ("text", "integer", "float", "boolean", "date", "timestamp", "text[]", "geometry")
QUERYABLES = {
    name: Queryable(name, kind, sql.Identifier(name), 2154 if kind == "geometry" else None)
    for name, kind in zip("snxodtag", KINDS, strict=True)
}

#: A construct that nests: its opening, its closing, and what stands in the middle.
NESTS = {
    "brackets": ("(", ")", "n=1"), "open brackets": ("(", "", "n=1"), "malformed brackets": ("(", ")", "n=1 n"),
    "negations": ("NOT ", "", "n=1"), "negated brackets": ("NOT (", ")", "n=1"), "minus": ("- ", "", "n"),
    "sums": ("n+", "", "n=1"), "powers": ("n^", "", "n=1"), "and": ("n=1 AND ", "", "n=1"), "or": ("n=1 OR ", "",
    "n=1"),
    "mixed": ("n=1 AND n=2 OR ", "", "n=1"), "functions": ("f(", ")", "n"), "casei": ("casei(", ")", "s"),
    "open functions": ("casei(", "", "s"), "sums in brackets": ("(n+", "", "1"), "comparisons": ("(n=", "", "1"),
    "chained comparisons": ("n=", "", "1"), "lists": ("n in (", ")", "1"), "lists of functions": ("n in (casei(", "",
    "s"),
    "arrays": ("A_EQUALS(a,(", "))", "'x'"), "between": ("n between (", "", "1"), "betweens": ("n between 1 and ", "",
    "2"),
    "collections": ("S_INTERSECTS(g,GEOMETRYCOLLECTION(", "", "POINT(1 1)"),
    "polygons": ("S_INTERSECTS(g,POLYGON(", ")", "0 0,1 1"), "rings": ("(", ")", "0 0,1 1"),
    "intervals": ("T_AFTER(t,INTERVAL(", "", "t,t"), "is null": ("", " IS NULL", "n"), "like": ("", " LIKE 'x'", "s"),
    "quotes": ("'", "", "n=1"), "double quotes": ('"', "", "n=1"),
}  # fmt: skip
JSON_NESTS = {
    "not": ('{"op":"not","args":[', "]}", "true"), "lists": ("[", "]", ""), "sums": ('{"op":"+","args":[1,', "]}", "1"),
    "collections": ('{"type":"GeometryCollection","geometries":[', "]}", ""), "objects": ('{"a":', "}", "1"),
    "open": ('{"op":"not","args":[', "", ""),
}  # fmt: skip


def _compile(text: Any, lang: str = "cql2-text") -> None:
    compile_filter(text, lang=lang, queryables=QUERYABLES, zone=UTC)


def _refusal(text: str, lang: str = "cql2-text") -> str:
    """Return why a filter is refused, or nothing."""
    try:
        _compile(text, lang)
    except FilterError as error:
        return str(error)
    return ""


def _steps(work: Callable[[], object]) -> int:
    """Return the number of Python lines that some work runs: a measure of its cost that no busy machine changes."""
    lines = 0

    def count(*_: object) -> None:
        nonlocal lines
        lines += 1

    watch = sys.monitoring
    watch.use_tool_id(watch.PROFILER_ID, "steps")
    try:
        watch.register_callback(watch.PROFILER_ID, watch.events.LINE, count)
        watch.set_events(watch.PROFILER_ID, watch.events.LINE)
        work()
    finally:
        watch.set_events(watch.PROFILER_ID, 0)
        watch.free_tool_id(watch.PROFILER_ID)
    return lines


def _nested(nest: tuple[str, str, str], times: int) -> str:
    opening, closing, middle = nest
    return opening * times + middle + closing * times


@pytest.mark.parametrize("times", [20, 33, 200, 2_000, 100_000])
@pytest.mark.parametrize("nest", NESTS.values(), ids=NESTS)
def test_nested_text_is_refused_in_few_steps(nest: tuple[str, str, str], times: int) -> None:
    """The `cql2` package takes 2ⁿ steps for some of these, and ends the process for others."""
    refused = ""

    def refuse() -> None:
        nonlocal refused
        refused = _refusal(_nested(nest, times))

    assert _steps(refuse) < STEPS
    assert len(refused) < 300
    assert refused or times < 500


@pytest.mark.parametrize("times", [20, 100, 100_000])
@pytest.mark.parametrize("nest", JSON_NESTS.values(), ids=JSON_NESTS)
def test_nested_json_is_refused_in_few_steps(nest: tuple[str, str, str], times: int) -> None:
    refused = ""

    def refuse() -> None:
        nonlocal refused
        refused = _refusal(_nested(nest, times), "cql2-json")

    assert _steps(refuse) < STEPS
    assert len(refused) < 300
    assert refused or times < 100


def test_objects_nested_in_memory_are_refused_too() -> None:
    tree: Any = True
    for _ in range(100_000):
        tree = {"op": "not", "args": [tree]}

    with pytest.raises(FilterError, match="nested too deeply"):
        _compile(tree, "cql2-json")
    while tree is not True:  # taken apart by hand: the interpreter itself would recurse
        tree = tree["args"].pop()


PROGRAM = """
import sys, threading
from observatoire.cql2.errors import FilterError
from observatoire.cql2.parse import parse

def work():
    for line in texts:
        lang, opening, closing, middle = line
        for times in (30, 2000, 100_000):
            try:
                parse(opening * times + middle + closing * times, lang)
            except FilterError:
                pass
    print("alive")

texts = eval(sys.stdin.read())
work()
threading.stack_size(256 * 1024)
worker = threading.Thread(target=work)
worker.start()
worker.join()
"""


def test_no_nest_ends_the_process_nor_a_thread_of_a_small_stack() -> None:
    texts = [("cql2-text", *n) for n in NESTS.values()] + [("cql2-json", *n) for n in JSON_NESTS.values()]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=repr(texts), capture_output=True, text=True, timeout=300, check=False
    )

    assert (done.returncode, done.stdout, done.stderr[-500:]) == (0, "alive\nalive\n", "")


HOSTILE_TEXTS = [
    "secret = 1", "ctid = '(0,1)'", "xmin = 1", "tableoid = 1", '"s""||secret||""" = \'a\'', '"geom" IS NULL',
    "pg_sleep(10) = 1", "version() = 'x'", "(SELECT 1) = 1", "s = (SELECT secret FROM t)", "s = 'x'; SELECT 1",
    "s = 'x' /* */", "s = E'x'", "s = $1", "s = ?", "s = `x`", "n = 0x10", "n = 1e999", "n = -1e999", "n = 1e400*2",
    "n = NULL", "NULL", "s", "n", "o", "1", "'x'", "n AND o", "n = 1 OR 's'", "NOT n", "s LIKE s", "s LIKE 1",
    "n LIKE 'x'",
    "s LIKE 'a\\'", "s LIKE CASEI(s)", "n = 'x'", "s = 1", "d = '2020-01-01'", "t > '2020-01-01T00:00:00Z'", "o = 1",
    "d = DATE('2020-13-45')", "d = DATE('x')", "t = TIMESTAMP('2020-01-01')", "t = TIMESTAMP('2020-01-01T00:00:60Z')",
    "t = TIMESTAMP('2020-01-01T25:00:00Z')", "T_AFTER(t, INTERVAL('2021-01-01','2020-01-01'))", "T_AFTER(s, d)",
    "T_DURING(t, INTERVAL('2020-01-01','2021-01-01'))", "T_AFTER(t, INTERVAL(t))", "T_AFTER(t, INTERVAL('a','b'))",
    "T_AFTER(t)", "INTERVAL('..','..') = t", "s IN ()", "n IN (NULL)", "n IN ('x')", "s IN (1)", "n IN (1, 'x')",
    "a = ('x')", "A_EQUALS(a, (1))", "A_EQUALS(a, 'x')", "A_EQUALS(a, a, a)", "A_CONTAINS(('a'),('b'))", "A_FOO(a, a)",
    "S_INTERSECTS(g, POINT(90 180))", "S_INTERSECTS(g, POINT(1e308 1e308))", "S_INTERSECTS(g, s)", "S_INTERSECTS(g)",
    "S_INTERSECTS(g, POLYGON((0 0,1 1)))", "S_INTERSECTS(g, POLYGON((0 0,1 0,1 1,0 1)))",
    "S_INTERSECTS(g, POINT EMPTY)",
    "S_INTERSECTS(g, POLYGON((0 0,1 1,1 0,0 1,0 0)))", "S_INTERSECTS(g, LINESTRING(0 0))", "S_FOO(g, g)", "g = g",
    "S_WITHIN(g, GEOMETRYCOLLECTION(POINT(1 1)))", "S_INTERSECTS(g, BBOX(0,0,1))", "S_INTERSECTS(g, BBOX(0,5,1,1))",
    "S_INTERSECTS(g, BBOX('a',0,1,1))", "S_INTERSECTS(g, BBOX(0,0,n,1))", "n + 's' = 1", "s || s = 's'", "n / 0 = 1",
    "n = 1/0", "n = 0^-1", "n = (-8)^(1/3)", "n = 10^400", "n % 0 = 1", "dwithin(g, POINT(1 1), -1)", "dwithin(g, g)",
    "dwithin(g, POINT(1 1), n)", "lower(n) = 's'", "lower(s, s) = 's'", "hour(s) = 1", "casei(n) = 'x'",
    "casei() = 'x'",
    "g IS NULL OR POINT(1 1) IS NULL", "n = 1 WHERE 1=1", "\\", "%", "'", '"', "()", "(,)", "n=", "=1",
    "n BETWEEN 1 AND",
    "s = 'a\0b'", "s = '\ud800'", "\ufeffn = 1", "n\u00a0==1", "AND", "OR n=1", "n IN (1,)", "f(", "NOT",
    "s IN (" + ",".join(["'x'"] * 1001) + ")", "n = " + "9" * 500, "n = 1 " + "OR n = 1 " * 501,
    "s = '" + "x" * 70_000 + "'",
    "S_INTERSECTS(g, MULTIPOINT(" + ",".join(["1 1"] * 10_001) + "))",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_a_hostile_text_is_the_clients_error(text: str) -> None:
    errors: list[FilterError] = []

    def refuse() -> None:
        try:
            _compile(text)
        except FilterError as error:
            errors.append(error)

    assert _steps(refuse) < STEPS
    assert isinstance(errors[0], BadInput)
    assert len(str(errors[0])) < 300


N = {"property": "n"}
G = {"property": "g"}
HOSTILE_OBJECTS: list[Any] = [
    None, 1, "n = 1", [], {}, {"op": "="}, {"op": "=", "args": []}, {"op": "=", "args": [N]}, {"op": "=", "args": [N,
    1, 2]},
    {"op": "=", "args": "n1"}, {"op": 1, "args": [N, 1]}, {"op": ["="], "args": [N, 1]}, {"op": "=", "args": {"0": N}},
    {"op": "=", "args": [N, 1], "x": 1}, {"op": "=", "args": [{"property": "n", "x": 1}, 1]},
    {"op": "=", "args": [{"property": 1}, 1]}, {"op": "=", "args": [{"property": None}, 1]},
    {"op": "=", "args": [{"property": "secret"}, 1]}, {"op": "=", "args": [{"property": "s"}, "x' OR 1=1 --\0"]},
    {"op": "=", "args": [{"property": "s"}, "\ud800"]}, {"op": "=", "args": [N, {"date": 5}]},
    {"op": "=", "args": [N, float("nan")]}, {"op": "=", "args": [N, float("inf")]}, {"op": "=", "args": [N, None]},
    {"op": "in", "args": [N, []]}, {"op": "in", "args": [N, [None]]}, {"op": "in", "args": [N, 1]}, {"op": "in",
    "args": [N]},
    {"op": "in", "args": [N, [[1]]]}, {"op": "between", "args": [N, [1, 2]]}, {"op": "like",
    "args": [{"property": "s"}, None]},
    {"op": "and", "args": []}, {"op": "and", "args": [True]}, {"op": "not", "args": [True, False]}, {"op": "not",
    "args": [1]},
    {"op": "isNull", "args": []}, {"op": "isNull", "args": [None]}, {"op": "pg_sleep", "args": [10]},
    {"op": "s_intersects", "args": [G, {"bbox": ["a", 0, 1, 1]}]}, {"op": "s_intersects", "args": [G, {"bbox": [0, 0,
    1]}]},
    {"op": "s_intersects", "args": [G, {"bbox": None}]}, {"op": "s_intersects", "args": [G, {"bbox": [True, 0, 1, 1]}]},
    {"op": "s_intersects", "args": [G, {"type": "Point"}]}, {"op": "s_intersects", "args": [G, {"type": ["Point"]}]},
    {"op": "s_intersects", "args": [G, {"type": "Point", "coordinates": [[1, 2]]}]},
    {"op": "s_intersects", "args": [G, {"type": "Point", "coordinates": [1]}]},
    {"op": "s_intersects", "args": [G, {"type": "Point", "coordinates": [10**400, 1]}]},
    {"op": "s_intersects", "args": [G, {"type": "Point", "coordinates": [float("nan"), 1]}]},
    {"op": "s_intersects", "args": [G, {"type": "Polygon", "coordinates": []}]},
    {"op": "s_intersects", "args": [G, {"type": "Polygon", "coordinates": [1, 2]}]},
    {"op": "s_intersects", "args": [G, {"type": "Curve", "coordinates": [[0, 0], [1, 1]]}]},
    {"op": "s_intersects", "args": [G, {"type": "GeometryCollection", "geometries": [1]}]},
    {"op": "s_intersects", "args": [G, {"type": "GeometryCollection", "geometries": []}]},
    {"op": "s_intersects", "args": [G, {"type": "Point", "coordinates": [1, 1], "crs": {"type": "name"}}]},
    {"op": "t_after", "args": [{"property": "t"}, {"interval": []}]}, {"op": "t_after", "args": [{"property": "t"},
    "2020"]},
    {"op": "t_after", "args": [{"property": "t"}, {"interval": [None, ".."]}]},
    {"op": "t_after", "args": [{"property": "t"}, {"interval": "2020-01-01/.."}]},
    {"op": "a_contains", "args": [{"property": "a"}, [["x"]]]}, {"op": "a_contains", "args": [{"property": "a"}, [1]]},
    {"op": "casei", "args": ["x"]}, {"op": "+", "args": [1, 2]}, {"op": "\ud800", "args": []}, {"type": "Point"},
]  # fmt: skip


@pytest.mark.parametrize("tree", HOSTILE_OBJECTS, ids=range(len(HOSTILE_OBJECTS)))
def test_a_hostile_object_is_the_clients_error(tree: Any) -> None:
    with pytest.raises(FilterError) as as_object:
        _compile(tree, "cql2-json")
    with pytest.raises(FilterError):
        _compile(json.dumps(tree), "cql2-json")

    str(as_object.value).encode()


def test_an_error_in_json_says_where() -> None:
    with pytest.raises(FilterError, match=r"cannot compare a number with a text \(at \$\.args\[1\]\.args\[0\]\)"):
        _compile({"op": "and", "args": [True, {"op": "not", "args": [{"op": "=", "args": [N, "x"]}]}]}, "cql2-json")


VALID = [
    "n + 2 * x >= 3 - n AND NOT (s LIKE 'a_%' OR o = TRUE)", "s IN ('a','b') AND n NOT BETWEEN 1 AND 2.5e3",
    "CASEI(ACCENTI(s)) = CASEI(ACCENTI('É')) OR d > DATE('2026-01-01')",
    "T_DURING(INTERVAL(t,'..'), INTERVAL('..','2026-01-01'))",
    "S_INTERSECTS(g, MULTIPOLYGON(((5 43,6 43,6 44,5 43)))) AND t < TIMESTAMP('2026-01-01T00:00:00Z')",
    "A_CONTAINS(a, ('x','y')) AND hour(t) = 3 AND NOT S_WITHIN(g, BBOX(5,43,6,44)) AND d IS NULL AND n ^ 2 % 3 <> 1",
]  # fmt: skip
ODD: list[Any] = [None, True, -1, 2**70, 1e308, "", "..", "2026-01-01", [], {}, [[]], {"op": "and"}, {"date": "x"},
                  {"property": "g"}, {"bbox": [1, 2, 3, 4]}, {"interval": ["..", ".."]}, {"type": "Point"}]  # fmt: skip


def test_whatever_a_client_breaks_in_a_text_is_a_filter_or_the_clients_error() -> None:
    rng = random.Random(3)
    pieces = [
        "(",
        ")",
        ",",
        "'",
        '"',
        " NOT ",
        " AND ",
        "..",
        "-",
        "^",
        "{",
        "%",
        "\\",
        "1e",
        "é",
        " BBOX(",
        " IN ",
        " NULL ",
    ]
    broken = 0
    for _ in range(3_000):
        text = list(rng.choice(VALID))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text))
            text[at : at + rng.randrange(3)] = rng.choice([*pieces, "", "", *text])
        broken += bool(_refusal("".join(text)))

    assert 1_000 < broken < 3_000


def test_whatever_a_client_breaks_in_an_object_is_a_filter_or_the_clients_error() -> None:
    rng = random.Random(4)
    broken = 0
    for _ in range(3_000):
        tree = parse(rng.choice(VALID), "cql2-text")
        places = list(_places(tree))
        holder, key = rng.choice(places)
        other, name = rng.choice(places)
        holder[key] = rng.choice([*ODD, json.loads(json.dumps(other[name]))])
        broken += bool(_refusal(json.dumps(tree), "cql2-json"))

    assert 1_000 < broken < 3_000


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])
