"""Pages of items: each shown once, in order, counted, whatever enters meanwhile."""

from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.integration

N = 400  # items of `signalements`
ITEMS = "/api/collections/signalements/items"


@pytest.mark.parametrize(
    ("sortby", "order"),
    [
        ("", "id"),
        ("id", "id"),
        ("-id", "id DESC"),
        ("date", "date, id"),
        ("-date", "date DESC, id DESC"),
        ("nature,-date", "nature, date DESC, id DESC"),
        ("-nature,date", "nature DESC, date, id"),
        ("reference", "reference, id"),
        ("-reference", "reference DESC, id DESC"),
        ("nature,reference", "nature, reference, id"),
        ("-reference,nature", "reference DESC, nature, id"),
    ],
)
def test_pages_show_every_item_once_in_order(client: Any, database: str, sortby: str, order: str) -> None:
    """Whatever the order: ties, nulls, mixed directions."""
    with psycopg.connect(database) as connection:
        expected = [row[0] for row in connection.execute(f"SELECT id FROM data.signalements ORDER BY {order}")]

    shown = client.pages(f"{ITEMS}?limit=37" + (f"&sortby={sortby}" if sortby else ""))

    assert [feature["id"] for feature in shown] == expected
    assert len(shown) == N


def test_the_last_page_has_no_next_link_even_when_it_is_full(client: Any) -> None:
    """Stock pygeoapi sends one request too many there."""
    answer = client.get(f"{ITEMS}?limit={N}").json()

    assert answer["numberMatched"] == answer["numberReturned"] == N
    assert "next" not in {link["rel"] for link in answer["links"]}


def test_an_item_that_enters_meanwhile_neither_repeats_nor_hides_others(client: Any, database: str) -> None:
    """By offset, a row that enters at the front would show one item twice."""
    first = client.get(f"{ITEMS}?limit=10").json()
    next_link = next(link["href"] for link in first["links"] if link["rel"] == "next")
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, date, nature) "
            "SELECT 1, geom, source, 'new', 1, origin, date, nature FROM data.signalements WHERE id = 3"
        )
    try:
        second = client.get(next_link).json()
    finally:
        with psycopg.connect(database) as connection:
            connection.execute("DELETE FROM data.signalements WHERE id = 1")

    assert [f["id"] for f in first["features"] + second["features"]] == [3 * i for i in range(1, 21)]


def test_an_offset_leaves_items_out(client: Any) -> None:
    shown = client.get(f"{ITEMS}?limit=2&offset=398").json()["features"]

    assert [feature["id"] for feature in shown] == [399 * 3, 400 * 3]
    assert client.get(f"{ITEMS}?offset=400").json()["features"] == []


def test_a_limit_above_the_maximum_counts_as_the_maximum(client: Any) -> None:
    assert client.get(f"{ITEMS}?limit=999999").json()["numberReturned"] == N


def test_the_count_is_exact_with_and_without_conditions(client: Any) -> None:
    assert client.get(f"{ITEMS}?limit=3").json()["numberMatched"] == N
    assert client.get(f"{ITEMS}?limit=3&nature=tag").json()["numberMatched"] == 133
    assert client.get(f"{ITEMS}?limit=3&offset=7&nature=tag").json()["numberMatched"] == 133


def test_where_counting_is_dear_an_estimate_is_said_to_be_one(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("observatoire.server.counts.DEAREST", 0.0)

    answer = client.get(f"{ITEMS}?limit=3&nature=bruit&offset=1").json()

    assert "numberMatched" not in answer
    assert answer["numberMatchedEstimate"] > 0
