"""From filters to SQL, without a database."""

import json
import random
import string
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pyproj
import pytest
import shapely
from psycopg import sql

from observatoire.cql2 import Compiled, FilterError, Queryable, compile_filter, functions, queryable, queryables_of
from observatoire.cql2 import refused_by_database as refused
from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
KINDS = ("text", "integer", "float", "boolean", "date", "timestamp", "text[]", "geometry")
QUERYABLES = {
    name: Queryable(name, kind, sql.Identifier(name), 2154 if kind == "geometry" else None)
    for name, kind in zip("snxodtag", KINDS, strict=True)
}


def _compile(source: Any, lang: str = "cql2-text", **options: Any) -> Compiled:
    return compile_filter(source, lang=lang, queryables=QUERYABLES, zone=PARIS, **options)


def _geometry(text: str, **options: Any) -> Any:
    """The geometry that S_INTERSECTS binds for a literal."""
    return shapely.from_wkb(_compile(f"S_INTERSECTS(g, {text})", **options).args[0])


# Names


def test_the_filter_says_which_properties_it_reads() -> None:
    assert _compile("n = 1 OR casei(s) = casei('x') AND NOT T_AFTER(INTERVAL(t, '..'), d)").used == {"n", "s", "t", "d"}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_protected_property_and_one_that_does_not_exist_are_refused_in_the_same_words(audience: Any) -> None:
    """For each layer: what the audience may not see reads like what is not there."""
    for layer in catalog().values():
        seen = queryables_of(layer, audience, 2154)
        assert set(seen) - {"geometry"} == set(layer.properties_for(audience))
        hidden = [name for name in layer.properties if name not in seen]
        for name in [*hidden, "no_such_name", "source_key", "geom", "ctid"]:
            if name in seen:
                continue
            with pytest.raises(FilterError) as by_resolver:
                queryable(name, seen)
            with pytest.raises(FilterError) as by_filter:
                compile_filter(f'"{name}" IS NULL', lang="cql2-text", queryables=seen, zone=PARIS)
            assert str(by_resolver.value) == str(by_filter.value) == f"unknown property '{name}'; see the queryables"


def test_queryables_have_the_kinds_of_the_layer_file() -> None:
    layer = catalog()["signalements"]

    seen = queryables_of(layer, "public", 2154)

    assert seen[layer.id_field].kind == "integer"
    assert seen["date"].kind == "timestamp"
    assert (seen["geometry"].kind, seen["geometry"].srid) == ("geometry", 2154)


# Values


def test_no_part_of_a_literal_is_in_the_sql() -> None:
    """Random literals of 12 letters or digits in every place where one can stand."""
    rng = random.Random(1)
    for _ in range(200):
        word = "".join(rng.choices(string.ascii_lowercase, k=12))
        number = rng.randrange(10**11, 10**12)
        place = f"{rng.uniform(5, 6):.12f} {rng.uniform(43, 44):.12f}"
        year = rng.randrange(1600, 1700)
        text = (
            f"s = '{word}' OR s LIKE '{word}%' OR s IN ('{word}', CASEI('{word}')) OR ACCENTI(s) = ACCENTI('{word}')"
            f" OR n = {number} OR n BETWEEN {number} AND n + {number} OR n IN ({number}, 0.5) OR x ^ {number} > 1"
            f" OR lower('{word}') = s OR A_OVERLAPS(a, ('{word}', s)) OR d = DATE('{year}-01-01')"
            f" OR T_DURING(INTERVAL(t, '..'), INTERVAL('{year}-01-01', '..')) OR t < DATE('{year}-01-01')"
            f" OR S_INTERSECTS(g, POINT({place})) OR dwithin(g, POINT({place}), 123)"
        )
        done = _compile(text)

        shown = done.where.as_string()
        for part in (word, str(number), str(year), *place.split(), "123", "Paris"):
            assert part not in shown
        assert shown.count("%s") == shown.count("%") == len(done.args)


@pytest.mark.parametrize(
    ("text", "shown", "args"),
    [
        ("n = 5", '("n" = %s::bigint)', [5]),
        ("n = 5.0", '("n" = %s::bigint)', [5]),
        ("n < 5.5", '("n" <= %s::bigint)', [5]),
        ("n > 5.5", '("n" >= %s::bigint)', [6]),
        ("5.5 > n", '("n" <= %s::bigint)', [5]),
        ("n = 5.5", '("n" = %s::numeric)', [5.5]),
        ("x = 5", '("x" = %s::float8)', [5.0]),
        ("n = 2 * 3 + 4 / 2", '("n" = %s::bigint)', [8]),
        ("n = 9007199254740993", '("n" = %s::bigint)', [9007199254740993]),
        ("n = -9223372036854775808", '("n" = %s::bigint)', [-(2**63)]),
        ("n = 9223372036854775808", '("n" = %s::numeric)', [2**63]),
        ("n IN (1, 2.0)", '("n" = ANY(%s::bigint[]))', [[1, 2]]),
        ("x IN (1, 2.5)", '("x" = ANY(%s::float8[]))', [[1.0, 2.5]]),
        ("NOT S_DISJOINT(g, g)", '(NOT (NOT ST_Intersects("g", "g")))', []),
    ],
)  # fmt: skip
def test_the_literal_takes_the_type_of_the_column_so_that_its_index_serves(text: str, shown: str, args: Any) -> None:
    done = _compile(text)

    assert (done.where.as_string(), done.args) == (shown, args)


def test_a_day_of_25_hours_is_compared_by_its_own_midnights() -> None:
    """In Paris 25 October 2026 begins at 22:00Z the day before and ends at 23:00Z: the clock goes back."""
    start, after = _compile("t = DATE('2026-10-25')").args

    assert [m.astimezone(ZoneInfo("UTC")).isoformat() for m in (start, after)] == [
        "2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_can_be_asked_for(day: str) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        for text in (
            f"t = DATE('{day}')",
            f"T_INTERSECTS(t, INTERVAL('{day}','{day}'))",
            f"d = TIMESTAMP('{day}T12:00:00Z')",
        ):
            compile_filter(text, lang="cql2-text", queryables=QUERYABLES, zone=ZoneInfo(zone))


# Geometries


def test_a_wide_box_keeps_its_sides_after_the_transformation() -> None:
    """A box of 1°: each point of its sides, moved alone, is within 10 cm of the bound ones (129 m by corners)."""
    to_lambert = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)
    bound = _geometry("BBOX(5, 43, 6, 44)").exterior

    for i in range(1001):
        for x, y in ((5 + i / 1000, 43), (5 + i / 1000, 44), (5, 43 + i / 1000), (6, 43 + i / 1000)):
            assert bound.distance(shapely.Point(to_lambert.transform(x, y))) < 0.1


def test_the_whole_world_is_what_the_crs_can_show() -> None:
    bound = _geometry("BBOX(-180,-90,180,90)")

    assert bound.is_valid
    assert bound.contains(shapely.Point(893_000, 6_247_000))  # Marseille in Lambert-93


def test_a_point_on_the_other_side_of_the_earth_meets_nothing_and_is_no_error() -> None:
    assert _geometry("POINT(-170 -40)").is_empty


@pytest.mark.parametrize(
    ("crs", "point"),
    [
        ("OGC:CRS84", "POINT(5.37 43.30)"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "POINT(5.37 43.30)"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "POINT(43.30 5.37)"),
        ("[EPSG:4326]", "POINT(43.30 5.37)"),
        ("EPSG:2154", "POINT(892394.7 6247424.6)"),
    ],
)
def test_coordinates_are_read_in_the_axis_order_of_their_crs(crs: str, point: str) -> None:
    """The same place in Marseille in five ways; Lambert-93 by gdaltransform, to a decimetre."""
    bound = _geometry(point, filter_crs=crs)

    assert (bound.x, bound.y) == pytest.approx((892394.7, 6247424.6), abs=0.1)


@pytest.mark.parametrize(
    "crs", ["EPSG:99999", "EPSG:4979", "EPSG:5714", "EPSG:CRS84", "urn:x", "", "http://example.org/crs/1", "OGC:4326"]
)
def test_an_unknown_crs_is_refused(crs: str) -> None:
    with pytest.raises(FilterError, match="filter-crs"):
        _compile("n = 1", filter_crs=crs)


def test_a_crs_from_which_no_way_is_known_is_the_clients_error() -> None:
    with pytest.raises(FilterError, match=r"no transformation between EPSG:.*22700"):
        _geometry("POINT(1 2)", filter_crs="EPSG:22700")


def test_a_box_round_the_antimeridian_is_two_boxes() -> None:
    pacific = {"g": Queryable("g", "geometry", sql.Identifier("g"), 4326)}
    text = "S_INTERSECTS(g, BBOX(170,-20,-170,20))"

    done = compile_filter(text, lang="cql2-text", queryables=pacific, zone=PARIS)

    east, west = shapely.box(170, -20, 180, 20), shapely.box(-180, -20, -170, 20)
    assert shapely.from_wkb(done.args[0]).equals(shapely.MultiPolygon([east, west]))


def test_a_latitude_first_box_is_turned() -> None:
    crs84, epsg = _geometry("BBOX(5,43,6,44)"), _geometry("BBOX(43,5,44,6)", filter_crs="EPSG:4326")

    assert crs84.equals(epsg)


@pytest.mark.parametrize("box", ["BBOX(5,43,5,43)", "BBOX(5,43,6,43)", "BBOX(5,43,-10,6,44,10)"])
def test_a_box_may_be_flat_or_have_heights(box: str) -> None:
    assert not _geometry(box).is_empty
    assert not _geometry(box).has_z


def test_a_zigzag_of_the_allowed_vertices_does_not_become_millions() -> None:
    zigzag = [[(-5.0 if i % 2 else 10.0), 42 + i / 1500] for i in range(10_000)]
    tree = {"op": "s_intersects", "args": [{"property": "g"}, {"type": "LineString", "coordinates": zigzag}]}

    assert shapely.get_num_coordinates(shapely.from_wkb(_compile(tree, "cql2-json").args[0])) < 50_000


# Errors


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("T_DURING(t, INTERVAL('2020-01-01','2021-01-01'))", "for an instant, see T_INTERSECTS"),
        ("t > '2020-01-01'", r"write DATE\('…'\) or TIMESTAMP\('…'\)"),
        ("n = NULL", "write IS NULL"),
        ("o", "expected a condition"),
        ("pg_sleep(10) = 1", "unknown function 'pg_sleep'; see /functions"),
        ("S_INTERSECTS(g, POINT(90 180))", "longitude, latitude: expected -180 to 180 and -90 to 90 degrees"),
        ("s LIKE 'a\\'", "ends with a single backslash"),
        ("S_INTERSECTS(g, POLYGON((0 0,1 1,1 0,0 1,0 0)))", "not valid: Self-intersection"),
        ("S_INTERSECTS(g, POLYGON((0 0,1 0,1 1,0 1)))", "a ring does not end where it starts"),
    ],
)
def test_an_error_helps(text: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        _compile(text)


def test_a_name_is_repeated_short_and_printable() -> None:
    with pytest.raises(FilterError) as raised:
        _compile({"op": "isNull", "args": [{"property": "\u202e\n" + "x" * 10_000}]}, "cql2-json")

    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 150


def test_what_the_database_says_of_a_filter_is_the_clients_error_and_nothing_else_is() -> None:
    assert isinstance(refused(psycopg.errors.NumericValueOutOfRange()), FilterError)
    assert isinstance(refused(psycopg.errors.QueryCanceled()), FilterError)
    assert refused(psycopg.errors.UndefinedTable()) is None
    assert refused(psycopg.OperationalError()) is None


# Functions


def test_each_described_function_compiles_with_arguments_of_the_described_types() -> None:
    samples = {"string": {"property": "s"}, "number": {"property": "x"}, "datetime": {"property": "t"},
               "geometry": {"property": "g"}}  # fmt: skip
    for described in functions():
        args: list[Any] = [samples[argument["type"][-1]] for argument in described["arguments"]]
        if described["name"] == "dwithin":
            args[2] = 150  # m: a literal
        test = {"op": "isNull", "args": [{"op": described["name"], "args": args}]}

        assert _compile(json.dumps(test), "cql2-json").used
