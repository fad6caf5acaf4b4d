"""An evaluator of CQL2 independent of ours: three-valued, in Python, with shapely; and a maker of random filters.

It reads the standard (OGC 21-065r2) row by row: `None` is NULL. It shares no code with `observatoire.cql2`. The rows
are dicts; their geometries are shapely's, in the CRS of `ROW_CRS`.
"""

import json
import math
import random
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from pyproj import Transformer

Row = dict[str, Any]
Truth = bool | None
#: CRS of each geometry of the rows.
ROW_CRS = {"geom": 2154, "place": 4326}
TO_LAMBERT = Transformer.from_crs(4326, 2154, always_xy=True)
LETTERS = {"œ": "oe", "Œ": "OE", "ß": "ss", "Ø": "O", "ø": "o", "’": "'", "æ": "ae"}  # what NFD does not take apart
MICRO = timedelta(microseconds=1)
NAMES = [
    "Straße", "STRASSE", "École", "ecole", "cœur", "COEUR", "Ça", "ca", "İzmir", "l’été", "l'ete", "100%", "a_b",
    "a\\b", "", "'", "O'Brien", "naïve", "🙂", "Οδός", "ΟΔΌΣ", "  x ", "e\u0301cole", "NULL", "%s", "{}", "$1", "--",
    "tag", "Tag",
]  # fmt: skip
TAGS = ["a", "b", "c", "é"]
SOUTH_WEST, NORTH_EAST = (5.2, 43.2), (5.6, 43.5)


# Rows


def make_rows(rng: random.Random, zone: ZoneInfo, count: int = 100) -> list[Row]:
    """Make rows with a fifth of NULLs, times around a change of the clock, shapes around Marseille."""
    return [_row(rng, zone, i) for i in range(count)]


def _row(rng: random.Random, zone: ZoneInfo, i: int) -> Row:
    def maybe(value: Any) -> Any:
        return None if rng.random() < 0.2 else value

    start, length = rng.randrange(0, 20), rng.randrange(0, 8)
    return {
        "id": i,
        "name": maybe(rng.choice(NAMES)),
        "n": maybe(rng.randrange(-5, 15)),
        "big": maybe(2**53 + rng.randrange(-2, 3)),
        "x": maybe(rng.choice([rng.randrange(-40, 40) / 4, rng.uniform(-10, 10)])),
        "ok": maybe(rng.random() < 0.5),
        "d": maybe(_day(rng)),
        "d2": maybe(_day(rng)),
        "t": maybe(_instant(rng, zone)),
        "t0": maybe(datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=12 * start)),
        "t1": maybe(datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=12 * (start + length))),
        "tags": maybe(sorted({rng.choice(TAGS) for _ in range(rng.randrange(0, 4))})),
        "geom": maybe(shapely.transform(_shape(rng), TO_LAMBERT.transform, interleaved=False)),
        "place": maybe(_lattice(rng)),
    }


def _day(rng: random.Random) -> date:
    return date(2026, 3, 26) + timedelta(days=rng.randrange(0, 7))


def _instant(rng: random.Random, zone: ZoneInfo) -> datetime:
    """Return an instant at, just before or somewhere around a local midnight or the hour that a change skips."""
    moment = datetime.combine(_day(rng), time(rng.choice([0, 0, 2, 12])), zone).astimezone(UTC)
    return moment + rng.choice([timedelta(), -MICRO, timedelta(hours=1), timedelta(seconds=rng.randrange(86400))])


def _point(rng: random.Random) -> tuple[float, float]:
    return rng.uniform(SOUTH_WEST[0], NORTH_EAST[0]), rng.uniform(SOUTH_WEST[1], NORTH_EAST[1])


def _shape(rng: random.Random) -> Any:
    x, y = _point(rng)
    match rng.randrange(4):
        case 0:
            return shapely.Point(x, y)
        case 1:
            return shapely.LineString([(x, y), _point(rng), _point(rng)])
        case 2:
            return shapely.Point(x, y).buffer(rng.uniform(0.01, 0.1), quad_segs=rng.randrange(1, 5))
        case _:
            return shapely.box(x, y, x + rng.uniform(0.01, 0.2), y + rng.uniform(0.01, 0.2))


def _lattice(rng: random.Random) -> Any:
    """Return a shape on whole degrees, where edges really touch, since nothing moves them."""
    x, y, w, h = rng.randrange(0, 5), rng.randrange(0, 5), rng.randrange(1, 4), rng.randrange(1, 4)
    match rng.randrange(3):
        case 0:
            return shapely.Point(x, y)
        case 1:
            return shapely.LineString([(x, y), (x + w, y + h)])
        case _:
            return shapely.box(x, y, x + w, y + h)


# Evaluation


def evaluate(node: Any, row: Row, zone: ZoneInfo) -> Any:
    """Return the value of a node for a row: True, False, None, or a value."""
    if isinstance(node, list):
        return [evaluate(n, row, zone) for n in node]
    if not isinstance(node, dict):
        return node
    if "property" in node:
        return row[node["property"]]
    if "date" in node:
        return date.fromisoformat(node["date"])
    if "timestamp" in node:
        return datetime.fromisoformat(node["timestamp"])
    if "type" in node:
        return _literal(json.dumps(node))
    if "bbox" in node:
        return shapely.box(*node["bbox"])
    return _operation(node["op"], node["args"], row, zone)


@cache
def _literal(geojson: str) -> Any:
    return shapely.from_geojson(geojson)


def _operation(op: str, args: list[Any], row: Row, zone: ZoneInfo) -> Any:
    if op in ("and", "or"):
        return _junction(op, [evaluate(a, row, zone) for a in args])
    if op == "isNull":
        return evaluate(args[0], row, zone) is None
    if op.startswith("s_"):
        return _spatial(op, args, row, zone)
    if op.startswith("t_"):
        return _temporal(op, args, row, zone)
    values = [evaluate(a, row, zone) for a in args]
    if any(v is None for v in values):
        return _in(values[0], values[1], zone) if op == "in" and values[0] is not None else _between(op, values, zone)
    match op:
        case "not":
            return not values[0]
        case "in":
            return _in(values[0], values[1], zone)
        case "between":
            return _between(op, values, zone)
        case "like":
            return _like(values[0], values[1])
        case "casei":
            return unicodedata.normalize("NFC", values[0]).casefold()
        case "accenti":
            return _plain(values[0])
    if op in COMPARE:
        return compare(op, values[0], values[1], zone)
    if op.startswith("a_"):
        return ARRAYS[op](set(values[0]), set(values[1]))
    return _arithmetic(op, float(values[0]), float(values[1]))


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
ARRAYS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "a_contains": lambda a, b: a >= b, "a_containedBy": lambda a, b: a <= b, "a_equals": lambda a, b: a == b,
    "a_overlaps": lambda a, b: bool(a & b),
}  # fmt: skip


def compare(op: str, a: Any, b: Any, zone: ZoneInfo) -> Truth:
    """Compare two values; a date with a time by the day of the city's calendar; texts by code point."""
    if a is None or b is None:
        return None
    if isinstance(a, date) and isinstance(b, date) and isinstance(a, datetime) != isinstance(b, datetime):
        a, b = (v.astimezone(zone).date() if isinstance(v, datetime) else v for v in (a, b))
    return COMPARE[op](a, b)


def _junction(op: str, values: list[Truth]) -> Truth:
    decisive = op == "or"
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _in(value: Any, items: list[Any], zone: ZoneInfo) -> Truth:
    return _junction("or", [compare("=", value, item, zone) for item in items])


def _between(op: str, values: list[Any], zone: ZoneInfo) -> Truth:
    if op != "between":
        return None
    value, low, high = values
    return _junction("and", [compare(">=", value, low, zone), compare("<=", value, high, zone)])


def _like(value: str, pattern: str) -> bool:
    signs = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(re.escape(p[1]) if len(p) == 2 else signs.get(p, re.escape(p)) for p in parts)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(LETTERS.get(c, c) for c in apart if not unicodedata.combining(c))


def _arithmetic(op: str, a: float, b: float) -> float | None:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return None if b == 0 else a / b
        case "%":
            return None if b == 0 else float(Decimal(repr(a)) % Decimal(repr(b)))
        case "div":
            return None if b == 0 else float(int(Decimal(repr(a)) / Decimal(repr(b))))
    try:
        return math.pow(a, b)
    except (ValueError, OverflowError):  # 0 to a negative power, a root of a negative number
        return None


def _spatial(op: str, args: list[Any], row: Row, zone: ZoneInfo) -> Truth:
    a, b = (evaluate(arg, row, zone) for arg in args)
    if a is None or b is None:
        return None
    crs = {ROW_CRS[arg["property"]] for arg in args if "property" in arg}
    if 2154 in crs:
        a, b = (g if "property" in arg else _moved(g.wkb) for g, arg in zip((a, b), args, strict=True))
    return bool(getattr(shapely, op.removeprefix("s_"))(a, b))


@cache
def _moved(wkb: bytes) -> Any:
    return _to_lambert(shapely.from_wkb(wkb))


def _to_lambert(shape: Any) -> Any:
    """Transform with points added every hundredth of a degree along each line."""

    def along(points: Any) -> list[tuple[float, float]]:
        points = np.asarray(points)
        pieces = []
        for p, q in pairwise(points):
            pieces.append(np.linspace(p, q, max(1, math.ceil(math.dist(p, q) / 0.01)), endpoint=False))
        dense = np.vstack([*pieces, points[-1:]])
        return list(zip(*TO_LAMBERT.transform(dense[:, 0], dense[:, 1]), strict=True))

    match shape.geom_type:
        case "Point":
            return shapely.Point(TO_LAMBERT.transform(shape.x, shape.y))
        case "LineString":
            return shapely.LineString(along(shape.coords))
        case "Polygon":
            return shapely.Polygon(along(shape.exterior.coords), [along(r.coords) for r in shape.interiors])
    return type(shape)([_to_lambert(part) for part in shape.geoms])


Bounds = tuple[Any, Any]
ALLEN: dict[str, Callable[[Bounds, Bounds], bool]] = {
    "t_after": lambda a, b: a[0] > b[1],
    "t_before": lambda a, b: a[1] < b[0],
    "t_contains": lambda a, b: a[0] < b[0] and b[1] < a[1],
    "t_disjoint": lambda a, b: a[1] < b[0] or b[1] < a[0],
    "t_during": lambda a, b: b[0] < a[0] and a[1] < b[1],
    "t_equals": lambda a, b: a == b,
    "t_finishedBy": lambda a, b: a[0] < b[0] and a[1] == b[1],
    "t_finishes": lambda a, b: a[0] > b[0] and a[1] == b[1],
    "t_intersects": lambda a, b: max(a[0], b[0]) <= min(a[1], b[1]) if a[0] <= a[1] and b[0] <= b[1] else
        a[0] <= b[1] and b[0] <= a[1],
    "t_meets": lambda a, b: a[1] == b[0],
    "t_metBy": lambda a, b: a[0] == b[1],
    "t_overlappedBy": lambda a, b: b[0] < a[0] < b[1] < a[1],
    "t_overlaps": lambda a, b: a[0] < b[0] < a[1] < b[1],
    "t_startedBy": lambda a, b: a[0] == b[0] and a[1] > b[1],
    "t_starts": lambda a, b: a[0] == b[0] and a[1] < b[1],
}  # fmt: skip
INSTANT_TOO = ["t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"]


def _temporal(op: str, args: list[Any], row: Row, zone: ZoneInfo) -> Truth:
    """Dates against dates as days; where one side has times, a date is from its first to its last microsecond."""
    sides = [_bounds(arg, row, zone) for arg in args]
    if any(bound is None for side in sides for bound in side):
        return None
    named = [_is_date(arg, bound) for arg, side in zip(args, sides, strict=True) for bound in side if bound != ".."]
    if not all(named):
        sides = [[_instant_of(b, end, zone) for end, b in enumerate(side)] for side in sides]
    first, second = ((_number(s, -math.inf), _number(e, math.inf)) for s, e in sides)
    return ALLEN[op](first, second)


def _bounds(arg: Any, row: Row, zone: ZoneInfo) -> list[Any]:
    if "interval" not in arg:
        value = evaluate(arg, row, zone)
        return [value, value]
    found = []
    for bound in arg["interval"]:
        if isinstance(bound, str):
            kind = date if len(bound) == 10 else datetime
            found.append(bound if bound == ".." else kind.fromisoformat(bound))
        else:
            found.append(evaluate(bound, row, zone))
    return found


def _is_date(arg: Any, bound: Any) -> bool:
    return not isinstance(bound, datetime)


def _instant_of(bound: Any, end: int, zone: ZoneInfo) -> Any:
    if bound == ".." or isinstance(bound, datetime):
        return bound
    if end:
        return datetime.combine(bound + timedelta(days=1), time(), zone).astimezone(UTC) - MICRO
    return datetime.combine(bound, time(), zone)


def _number(bound: Any, unbounded: float) -> float | int:
    if bound == "..":
        return unbounded
    if isinstance(bound, datetime):
        return (bound - datetime(2000, 1, 1, tzinfo=UTC)) // MICRO
    return int(bound.toordinal())


# Random filters


class Maker:
    """Makes random filters in CQL2 JSON over the rows of `make_rows`."""

    def __init__(self, rng: random.Random, zone: ZoneInfo) -> None:
        self.rng = rng
        self.zone = zone

    def filter(self, depth: int = 3) -> Any:
        """Return a filter at most `depth` operators deep, its condition negated or tested for NULL now and then."""
        draw = self.rng.random()
        if depth == 0 or draw < 0.25:
            return self.leaf()
        if draw < 0.75:
            count = self.rng.choice([2, 2, 3])
            return _op(self.rng.choice(["and", "or"]), *[self.filter(depth - 1) for _ in range(count)])
        if draw < 0.95:
            return _op("not", self.filter(depth - 1))
        return _op("isNull", self.filter(depth - 1))

    def leaf(self) -> Any:
        makers = [self.number, self.text, self.time, self.relation, self.relation, self.place, self.array, self.other]
        return self.rng.choice(makers)()

    def number(self) -> Any:
        rng, column = self.rng, _p(self.rng.choice(["n", "x", "big", "n", "x"]))
        if column["property"] == "big":
            return _op(rng.choice(list(COMPARE)), column, 2**53 + rng.randrange(-2, 3))
        left = rng.choice([column, column, _op(rng.choice("+-*"), column, self.small())])
        match rng.randrange(5):
            case 0:
                return _op("between", left, self.small(), self.small())
            case 1:
                return _op("in", left, [self.small() for _ in range(rng.randrange(1, 5))])
            case 2:
                op = rng.choice(["/", "%", "div", "^", "+"])
                return _op(rng.choice(["<", ">", "<>"]), _op(op, left, rng.choice([_p("n"), 3, 2, -1])), self.small())
            case 3:
                return _op(rng.choice(list(COMPARE)), self.small(), left)
        return _op(rng.choice(list(COMPARE)), left, rng.choice([self.small(), _p("n"), _p("x")]))

    def small(self) -> float:
        return self.rng.choice([self.rng.randrange(-6, 16), self.rng.randrange(-24, 60) / 4, 5.5])

    def text(self) -> Any:
        rng, name = self.rng, _p("name")
        value = rng.choice(NAMES)
        wraps = [op for op in ("casei", "accenti") if rng.random() < 0.3]

        def wrapped(node: Any) -> Any:
            for op in wraps:
                node = _op(op, node)
            return node

        match rng.randrange(4):
            case 0:
                return _op("like", wrapped(name), wrapped(self.pattern(value)))
            case 1:
                return _op("in", wrapped(name), [wrapped(rng.choice(NAMES)) for _ in range(rng.randrange(1, 4))])
            case 2:
                return _op("isNull", name)
        return _op(rng.choice(list(COMPARE)), wrapped(name), wrapped(value))

    def pattern(self, value: str) -> str:
        parts = [re.sub(r"([\\%_])", r"\\\1", c) for c in value]
        for i in range(len(parts)):
            draw = self.rng.random()
            parts[i] = "%" if draw < 0.15 else "_" if draw < 0.25 else parts[i]
        return "".join(parts) + self.rng.choice(["", "", "%"])

    def time(self) -> Any:
        rng, column = self.rng, _p(self.rng.choice(["t", "d", "d2", "t0"]))
        if rng.random() < 0.2:
            return _op("between", column, self.moment(), self.moment())
        if rng.random() < 0.2:
            return _op("in", column, [self.moment() for _ in range(rng.randrange(1, 4))])
        return _op(rng.choice(list(COMPARE)), *rng.sample([column, rng.choice([self.moment(), _p("d"), _p("t")])], 2))

    def moment(self) -> Any:
        if self.rng.random() < 0.5:
            return {"date": _day(self.rng).isoformat()}
        return {"timestamp": _stamp(_instant(self.rng, self.zone))}

    def relation(self) -> Any:
        rng = self.rng
        if rng.random() < 0.4:
            instant = rng.choice([_p("t"), _p("d"), self.moment()])
            return _op(rng.choice(INSTANT_TOO), *rng.sample([instant, rng.choice([self.interval(), self.moment()])], 2))
        return _op(rng.choice(list(ALLEN)), self.interval(), self.interval())

    def interval(self) -> Any:
        rng = self.rng
        match rng.randrange(4):
            case 0:
                return {"interval": [_p("t0"), _p("t1")]}
            case 1:
                return {"interval": rng.choice([[_p("d"), _p("d2")], [_p("t0"), ".."], ["..", _p("d")]])}
            case 2:
                low, high = sorted([_day(rng), _day(rng)])
                bounds = [low.isoformat(), high.isoformat()]
            case _:
                start, end = sorted([_instant(rng, self.zone), _instant(rng, self.zone)])
                bounds = [_stamp(start), _stamp(end)]
        if rng.random() < 0.2:
            bounds[rng.randrange(2)] = ".."
        return {"interval": bounds}

    def place(self) -> Any:
        rng = self.rng
        op = rng.choice(["intersects", "disjoint", "within", "contains", "equals", "touches", "crosses", "overlaps"])
        if rng.random() < 0.4:
            sides = [_p("place"), rng.choice([_geojson(_lattice(rng)), _geojson(_lattice(rng)), _p("place")])]
        else:
            x, y = _point(rng)
            box = {"bbox": [x, y, x + rng.uniform(0.01, 0.4), y + rng.uniform(0.01, 0.3)]}
            sides = [_p("geom"), rng.choice([_geojson(_shape(rng)), box])]
        return _op("s_" + op, *rng.sample(sides, 2))

    def array(self) -> Any:
        values = [self.rng.choice(TAGS) for _ in range(self.rng.randrange(1, 4))]
        return _op(self.rng.choice(list(ARRAYS)), *self.rng.sample([_p("tags"), values], 2))

    def other(self) -> Any:
        rng = self.rng
        column = rng.choice(["n", "x", "ok", "d", "t", "tags", "geom", "place"])
        return rng.choice([_op("isNull", _p(column)), _op("=", _p("ok"), rng.random() < 0.5), True, False])


def _op(op: str, *args: Any) -> Any:
    return {"op": op, "args": list(args)}


def _p(name: str) -> Any:
    return {"property": name}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _geojson(shape: Any) -> Any:
    def lists(value: Any) -> Any:
        return [lists(v) for v in value] if isinstance(value, tuple) else value

    return {key: lists(value) for key, value in shapely.geometry.mapping(shape).items()}


# CQL2 text


def to_text(node: Any) -> str:
    """Write a filter in CQL2 text, every part of it in brackets."""
    match node:
        case bool():
            return str(node).upper()
        case str():
            return "'" + node.replace("'", "''") + "'"
        case int() | float():
            return repr(node)
        case list():
            return "(" + ", ".join(map(to_text, node)) + ")"
        case {"property": name}:
            return f'"{name}"'
        case {"date": value}:
            return f"DATE('{value}')"
        case {"timestamp": value}:
            return f"TIMESTAMP('{value}')"
        case {"interval": bounds}:
            return f"INTERVAL({', '.join(map(to_text, bounds))})"
        case {"bbox": numbers}:
            return f"BBOX({', '.join(map(repr, numbers))})"
        case {"type": _}:
            return shapely.to_wkt(shapely.geometry.shape(node), rounding_precision=-1)
    return _operation_text(node["op"], node["args"])


def _operation_text(op: str, args: list[Any]) -> str:
    parts = [to_text(a) for a in args]
    match op:
        case "and" | "or":
            return "(" + f" {op.upper()} ".join(parts) + ")"
        case "not":
            return f"(NOT {parts[0]})"
        case "isNull":
            return f"({parts[0]} IS NULL)"
        case "between":
            return f"({parts[0]} BETWEEN {parts[1]} AND {parts[2]})"
        case "in" | "like":
            return f"({parts[0]} {op.upper()} {parts[1]})"
    if op in COMPARE or op in ("+", "-", "*", "/", "%", "div", "^"):
        return f"({parts[0]} {op} {parts[1]})"
    return f"{op.upper()}({', '.join(parts)})"
