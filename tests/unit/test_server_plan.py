"""SQL: values bound, names quoted, cursors signed."""

from zoneinfo import ZoneInfo

import pytest

from observatoire.errors import BadInput
from observatoire.layers.catalog import layer_of
from observatoire.server import cursor
from observatoire.server.crs import systems
from observatoire.server.page import page_of
from observatoire.server.plan import count_plan, page_plan
from observatoire.server.reading import Reader

pytestmark = pytest.mark.unit

READER = Reader(
    layer_of("signalements"), "public", systems(2154, (5.2, 43.15, 5.57, 43.42)), 10, 1000,
    zone=ZoneInfo("Europe/Paris"), secret=b"secret",
)  # fmt: skip


def test_no_value_of_a_request_stands_in_the_text() -> None:
    """Every value is bound: there is nothing to inject into."""
    evil = "x'; DROP TABLE data.signalements; --"
    given = [("nature", evil), ("reference", evil), ("bbox", "5.31,43.21,5.47,43.36"), ("datetime", "2026-03-01")]

    plans = [page_plan(READER.items(given)), count_plan(READER.items(given))]

    for plan in plans:
        assert b"DROP" not in plan.text
        assert b"5.31" not in plan.text
        assert b"2026" not in plan.text
        assert plan.text.count(b"%s") == len(plan.args)


def test_requests_of_one_shape_share_one_statement() -> None:
    """So that PostgreSQL prepares it once."""
    first = page_plan(READER.items([("bbox", "5.3,43.2,5.4,43.3"), ("limit", "5")]))
    second = page_plan(READER.items([("bbox", "5.35,43.25,5.5,43.4"), ("limit", "500")]))

    assert first.text == second.text
    assert first.args != second.args


def test_the_order_is_by_the_column_not_by_its_text() -> None:
    """`SELECT id::text … ORDER BY id` would order by the output column of that name: 10 before 2."""
    text = page_plan(READER.items([])).text

    assert b'"id"::text AS "key 0"' in text
    assert text.endswith(b'ORDER BY "id" ASC LIMIT %s')


@pytest.mark.parametrize("sortby", ["date", "-date", "reference", "-reference,nature", "nature,-date"])
def test_every_placeholder_of_a_next_page_has_its_value(sortby: str) -> None:
    query = READER.items([("sortby", sortby)])
    keys = tuple("2026-03-01 00:00:00+00" if key.name == "date" else "7" for key in query.keys)
    for last in (keys, (None, *keys[1:])):
        start = cursor.encode(last, query.purpose, READER.secret)

        plan = page_plan(READER.items([("sortby", sortby), ("cursor", start)]))

        assert plan.text.count(b"%s") == len(plan.args)


def test_a_cursor_gives_its_keys_back() -> None:
    keys = ("2026-03-01 08:00:00.123456+00", None, "é'\"\\", "42")

    assert cursor.decode(cursor.encode(keys, "c:+date", b"k"), "c:+date", b"k") == keys


@pytest.mark.parametrize("made_for", [("c:+date", b"other"), ("c:-date", b"k"), ("d:+date", b"k")])
def test_a_cursor_made_for_something_else_is_refused(made_for: tuple[str, bytes]) -> None:
    start = cursor.encode(("1",), *made_for)

    with pytest.raises(BadInput, match=r"^cursor: "):
        cursor.decode(start, "c:+date", b"k")


@pytest.mark.parametrize("text", ["", "a", "é", "====", "A" * 5000, "-" * 15, "AAAAAAAAAAAAAAAAAAAA", "a b"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"^cursor: "):
        cursor.decode(text, "c", b"k")


def test_a_page_keeps_no_more_than_the_limit_and_knows_that_there_are_more() -> None:
    query = READER.items([("limit", "2")])

    full = page_of([('{"id":1}', "1"), ('{"id":2}', "2"), ('{"id":3}', "3")], query)
    last = page_of([('{"id":1}', "1"), ('{"id":2}', "2")], query)

    assert (full.json, full.last) == ('{"id":1},{"id":2}', ("2",))
    assert (len(last.features), last.last) == (2, None)
