"""Parameters of a request for items: read, or refused by name."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from observatoire.errors import BadInput
from observatoire.layers.catalog import catalog, layer_of
from observatoire.layers.model import AUDIENCES, Audience, Layer
from observatoire.server import parameters
from observatoire.server.crs import CRS84, Systems, epsg, systems
from observatoire.server.query import Interval, SortKey
from observatoire.server.reading import Reader

pytestmark = pytest.mark.unit

EXTENT = (5.2, 43.15, 5.57, 43.42)


@pytest.fixture(scope="module")
def known() -> Systems:
    return systems(2154, EXTENT)


@pytest.fixture(scope="module")
def reader(known: Systems) -> Reader:
    return Reader(
        layer_of("faits"), "planner", known, limit_default=10, limit_max=1000, zone=ZoneInfo("UTC"), secret=b"s"
    )


def instant(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T08:00:00Z", Interval(instant(2026, 3, 1, 8), instant(2026, 3, 1, 8))),
        ("2026-03-01T10:00:00+02:00", Interval(instant(2026, 3, 1, 8), instant(2026, 3, 1, 8))),
        ("2026-03-01", Interval(instant(2026, 3, 1), instant(2026, 3, 2), before_end=True)),
        ("2026-03-01/2026-03-02", Interval(instant(2026, 3, 1), instant(2026, 3, 3), before_end=True)),
        ("2026-03-01T00:00:00z/..", Interval(instant(2026, 3, 1), None)),
        ("/2026-03-01T00:00:00Z", Interval(None, instant(2026, 3, 1))),
        ("../2026-02-28", Interval(None, instant(2026, 3, 1), before_end=True)),
        ("../..", Interval(None, None)),
        ("2020-01-01T00:00:00Z/9999-12-31T00:00:00Z", Interval(instant(2020, 1, 1), instant(9999, 12, 31))),
        ("2026-03-01/P2D", Interval(instant(2026, 3, 1), instant(2026, 3, 3), before_end=True)),
        ("P2D/2026-03-02", Interval(instant(2026, 3, 1), instant(2026, 3, 3), before_end=True)),
        ("2026-03-01T08:00:00Z/PT6H", Interval(instant(2026, 3, 1, 8), instant(2026, 3, 1, 14))),
        ("PT1.5S/2026-03-01T00:00:00Z", Interval(instant(2026, 2, 28, 23, 59, 58, 500_000), instant(2026, 3, 1))),
        ("2024-01-31T00:00:00Z/P1M", Interval(instant(2024, 1, 31), instant(2024, 2, 29))),
        ("P1Y2M3DT4H5M/2026-03-31T04:05:00Z", Interval(instant(2025, 1, 28), instant(2026, 3, 31, 4, 5))),
        ("2026-03-01/P1W", Interval(instant(2026, 3, 1), instant(2026, 3, 8), before_end=True)),
    ],
)
def test_a_datetime_is_an_instant_a_day_or_a_closed_interval(text: str, expected: Interval) -> None:
    """RFC 3339 and OGC API Features, part 1, §7.15.4; durations of ISO 8601-1, §5.5.2, with one other end."""
    assert parameters.read_datetime(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-13-01", "2026-02-30", "abc", "2026-03-01T08:00:00", "2026-03-02/2026-03-01", "a/b/c",
     "2026-03-01T08:00:00Z/x", "0000-01-01", "9999-12-31T23:59:59-23:59", "２０２６-03-01",
     "P1D", "P1D/P1D", "P1D/..", "../P1D", "/P1D", "2026-03-01/P", "2026-03-01/PT", "2026-03-01/P1DT", "2026-03-01/P1H",
     "2026-03-01/P1.5D", "2026-03-01/-P1D", "2026-03-01/p1d", "2026-03-01/P0D", "9999-12-01T00:00:00Z/P2M",
     "2026-03-01/P9999Y", "P9999Y/2026-03-01", "P9999999D/2026-03-01", "2026-03-01/P99999999999D"],
)  # fmt: skip
def test_what_is_no_datetime_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match=r"^datetime: "):
        parameters.read_datetime(text)


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("10", 10), ("1001", 1000), ("9" * 5000, 1000), ("007", 7)])
def test_a_limit_is_cut_to_the_maximum(text: str, expected: int) -> None:
    assert parameters.read_limit(text, 1000) == expected


@pytest.mark.parametrize("text", ["0", "-1", "abc", "", "1.5", "1e3", " 5", "٣", "00"])
def test_a_limit_that_is_no_positive_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^limit: "):
        parameters.read_limit(text, 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("false", False), ("1", True), ("0", False), ("True", True), ("False", False)],
)
def test_a_boolean_is_read_as_its_clients_write_it(text: str, expected: bool) -> None:
    """JSON has true, GDAL 1, Python True."""
    accessible = layer_of("arrets-bus").properties["accessible"]

    assert parameters.read_boolean("skipGeometry", text) is expected
    assert parameters.read_value("accessible", text, accessible) is expected


@pytest.mark.parametrize("text", ["", "2", "TRUE", "yes", "on", "１"])
def test_what_is_no_boolean_is_refused_by_name(text: str) -> None:
    accessible = layer_of("arrets-bus").properties["accessible"]

    with pytest.raises(BadInput, match=r"^skipGeometry: expected true or false"):
        parameters.read_boolean("skipGeometry", text)
    with pytest.raises(BadInput, match=r"^accessible: expected a boolean"):
        parameters.read_value("accessible", text, accessible)


def test_a_box_is_cut_to_where_the_store_holds_anything(known: Systems) -> None:
    """The whole world is everywhere, the antipodes nowhere, and a height counts for nothing."""
    world = parameters.read_bbox("-180,-90,180,90", known.default)

    assert parameters.everywhere(world)
    assert parameters.read_bbox("170,-50,175,-40", known.default) == ()
    assert parameters.read_bbox("5.3,43.2,0,5.4,43.3,9", known.default)[0].bounds == (5.3, 43.2, 5.4, 43.3)


def test_a_box_is_read_in_the_order_of_its_axes(known: Systems) -> None:
    """EPSG:4326 is latitude first (EPSG dataset, CS 6422), CRS84 longitude first."""
    north_first = parameters.read_bbox("43.2,5.3,43.3,5.4", known.by_uri[epsg(4326)])
    east_first = parameters.read_bbox("5.3,43.2,5.4,43.3", known.by_uri[CRS84])

    assert north_first[0].bounds == east_first[0].bounds


def test_a_box_across_the_antimeridian_is_two(known: Systems) -> None:
    """West of the city to its west, and from the east: what lies between is left out."""
    boxes = parameters.read_bbox("5.5,-90,5.3,90", known.default)

    assert [(box.bounds[0], box.bounds[2]) for box in boxes] == [(5.5, 6.57), (4.2, 5.3)]


@pytest.mark.parametrize(
    "text",
    ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "0,0,inf,1", "1e999,0,1,1", "0,5,1,4", "0,0,9,1,1,8", "1,2,,4"],
)
def test_what_is_no_box_is_refused_by_name(text: str, known: Systems) -> None:
    with pytest.raises(BadInput, match=r"^bbox: "):
        parameters.read_bbox(text, known.default)


def test_a_turned_box_in_metres_is_refused(known: Systems) -> None:
    """There is no antimeridian in a projected CRS."""
    with pytest.raises(BadInput, match=r"^bbox: "):
        parameters.read_bbox("900000,6200000,800000,6300000", known.storage)


def test_an_order_ends_with_the_id_in_its_direction(reader: Reader) -> None:
    """Without it, items of equal keys could be lost or seen twice from one page to the next."""
    assert reader.items([("sortby", "-date")]).keys == (SortKey("date", True), SortKey("id", True))
    assert reader.items([("sortby", "nature,id,date")]).keys == (SortKey("nature"), SortKey("id"))
    assert reader.items([]).keys == (SortKey("id"),)


@pytest.mark.parametrize("door", ["sortby", "properties"])
def test_a_protected_property_is_refused_as_one_that_does_not_exist(reader: Reader, door: str) -> None:
    """`reference` of `faits` is for coordination and steward only."""
    messages = []
    for name in ("reference", "nonsense1"):
        with pytest.raises(BadInput) as caught:
            reader.items([(door, name)])
        messages.append(str(caught.value).replace(name, "NAME"))

    assert messages[0] == messages[1]


def test_a_filter_by_a_protected_property_is_refused_as_an_unknown_parameter(reader: Reader) -> None:
    with pytest.raises(BadInput) as protected:
        reader.items([("reference", "x")])
    with pytest.raises(BadInput) as unknown:
        reader.items([("nonsense1", "x")])

    assert str(protected.value).replace("reference", "nonsense1") == str(unknown.value)


#: Every way to name a property, by the parameter that holds it.
DOORS = [
    ("{}", "x"), ("sortby", "{}"), ("sortby", "-{}"), ("sortby", "date,{}"), ("properties", "{}"),
    ("properties", "id,{}"), ("filter", "{} = 'x'"), ("filter", "{} IS NULL"), ("filter", "NOT {} LIKE 'x%'"),
    ("filter", "{} IN ('x')"), ("filter", "CASEI({}) = 'x'"), ("filter", "id = {}"), ("filter", "id + {} > 1"),
    ("filter", "{} BETWEEN 1 AND 2"), ("filter", "T_AFTER({}, DATE('2026-01-01'))"),
    ("filter", "S_INTERSECTS({}, POINT(5.3 43.2))"), ("filter", "A_CONTAINS({}, ('x'))"),
    ("filter", '"{}" = 1'), ("filter", "id = 1 OR {} = 1"),
]  # fmt: skip
#: Columns that every table has and no audience may name, and PostgreSQL's own.
OF_THE_STORE = ("geom", "source_key", "load_id", "sealed", "ctid", "xmin", "tableoid", "REFERENCE")


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: str(layer.id))
def test_what_an_audience_may_not_see_it_cannot_name(layer: Layer, audience: Audience, known: Systems) -> None:
    """By no door, and the answer is the one for a name that does not exist."""
    if not layer.visible_to(audience):
        return  # a request never gets as far as a reader: `test_a_hidden_collection_is_like_one_that_does_not_exist`
    reader = Reader(layer, audience, known, 10, 1000, zone=ZoneInfo("UTC"), secret=b"s")
    hidden = [name for name in (*layer.properties, *OF_THE_STORE) if name not in reader.fields]
    for name in hidden:
        for key, text in DOORS:
            said = []
            for word in (name, "nonsense1"):
                with pytest.raises(BadInput) as caught:
                    reader.items([(key.format(word), text.format(word))])
                said.append(re.sub(rf"\b{word}\b", "NAME", str(caught.value)))
            assert said[0] == said[1], (name, key, text)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([("nosuch", "1")], "nosuch"),
        ([("filter", "a=1")], "filter"),
        ([("filter-lang", "cql2-text")], "filter-lang"),
        ([("limit", "1"), ("limit", "2")], "limit"),
        ([("nature", "a\0b")], "nature"),
        ([("skipGeometry", "maybe")], "skipGeometry"),
        ([("bbox-crs", CRS84)], "bbox-crs"),
        ([("crs", "EPSG:9999")], "crs"),
        ([("bbox", "0,0,1,1"), ("bbox-crs", "x")], "bbox-crs"),
        ([("sortby", "")], "sortby"),
        ([("properties", "")], "properties"),
        ([("cursor", "abcd")], "cursor"),
        ([("date", "yesterday")], "date"),
        ([("id", "1.5")], "id"),
        ([("id", "9" * 30)], "id"),
        ([("offset", "-1")], "offset"),
        ([("offset", "9" * 20)], "offset"),
    ],
)
def test_what_cannot_be_applied_is_refused_by_name(reader: Reader, given: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        reader.items(given)
