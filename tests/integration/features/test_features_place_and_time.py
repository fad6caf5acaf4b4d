"""Boxes, CRSs and times, beside pyproj and SQL."""

from typing import Any

import psycopg
import pytest
from pyproj import Transformer

pytestmark = pytest.mark.integration

N = 400  # items of `signalements`
ITEMS = "/api/collections/signalements/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
WGS84 = "http://www.opengis.net/def/crs/EPSG/0/4326"
MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/2154"


def shown_positions(client: Any, crs: str) -> dict[int, tuple[float, float]]:
    found = client.pages(f"{ITEMS}?limit=1000&crs={crs}")
    return {feature["id"]: tuple(feature["geometry"]["coordinates"]) for feature in found}


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        (CRS84, "5.3,43.2,5.45,43.35"),
        (WGS84, "43.2,5.3,43.35,5.45"),
        (MERCATOR, "590000,5340000,607000,5360000"),
        (LAMBERT, "890000,6238000,902000,6252000"),
    ],
)
def test_a_box_finds_the_items_whose_shown_position_is_in_it(client: Any, crs: str, box: str) -> None:
    """Asked and answered in the same CRS, axes in its authority's order; rounding moves an item by < 0.2 m."""
    x_min, y_min, x_max, y_max = map(float, box.split(","))
    edge = 2e-6 if crs in (CRS84, WGS84) else 0.02

    found = client.ids(f"bbox={box}&bbox-crs={crs}")

    positions = shown_positions(client, crs)
    inside = {
        i for i, (x, y) in positions.items() if x_min + edge < x < x_max - edge and y_min + edge < y < y_max - edge
    }
    touching = {
        i for i, (x, y) in positions.items() if x_min - edge <= x <= x_max + edge and y_min - edge <= y <= y_max + edge
    }
    assert inside <= found <= touching
    assert 0 < len(found) < N


@pytest.mark.parametrize(("crs", "code"), [(CRS84, "OGC:CRS84"), (WGS84, "EPSG:4326"), (MERCATOR, "EPSG:3857")])
def test_positions_are_transformed_as_pyproj_does(client: Any, crs: str, code: str) -> None:
    transform = Transformer.from_crs("EPSG:2154", code).transform
    stored = shown_positions(client, LAMBERT)
    tolerance = 0.02 if code == "EPSG:3857" else 1.1e-6

    for i, position in shown_positions(client, crs).items():
        assert position == pytest.approx(transform(*stored[i]), abs=tolerance)


def test_the_answer_names_its_crs(client: Any) -> None:
    assert client.get(ITEMS).headers["content-crs"] == f"<{CRS84}>"
    assert client.get(f"{ITEMS}?crs={LAMBERT}").headers["content-crs"] == f"<{LAMBERT}>"
    assert client.get(f"{ITEMS}/3?crs={WGS84}").headers["content-crs"] == f"<{WGS84}>"


def test_a_box_across_the_antimeridian_is_all_but_what_lies_between(client: Any) -> None:
    positions = shown_positions(client, CRS84)
    expected = {i for i, (x, _) in positions.items() if x >= 5.5 or x <= 5.25}

    assert client.ids("bbox=5.5,-90,5.25,90") == expected


def test_the_whole_world_and_its_other_side(client: Any) -> None:
    assert len(client.ids("bbox=-180,-90,180,90")) == N
    assert len(client.ids("bbox=-180,-90,0,180,90,10")) == N
    assert client.ids("bbox=170,-50,-170,-40") == set()


def test_a_box_without_area_is_a_point(client: Any) -> None:
    x, y = shown_positions(client, LAMBERT)[3]

    assert 3 in client.ids(f"bbox={x},{y},{x},{y}&bbox-crs={LAMBERT}")


def test_polygons_meet_a_box_that_they_only_touch_in_part(client: Any) -> None:
    found = client.get("/api/collections/mailles/items?bbox=5.325,43.205,5.345,43.206").json()["features"]

    assert [feature["properties"]["cell_id"] for feature in found] == ["c2", "c3", "c4"]
    assert found[0]["geometry"]["type"] == "Polygon"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("2026-03-01T05:00:00Z", "date = '2026-03-01 05:00Z'"),
        ("2026-03-01T06:00:00.25%2B01:00", "date = '2026-03-01 05:00:00.25Z'"),
        ("2026-03-01", "date >= '2026-03-01Z' AND date < '2026-03-02Z'"),
        ("2026-03-01T23:00:00Z/2026-03-02", "date >= '2026-03-01 23:00Z' AND date < '2026-03-03Z'"),
        ("2026-03-01T05:00:00Z/2026-03-01T07:00:00Z", "date BETWEEN '2026-03-01 05:00Z' AND '2026-03-01 07:00Z'"),
        ("../2026-03-01T05:00:00Z", "date <= '2026-03-01 05:00Z'"),
        ("2026-03-02T00:00:00Z/..", "date >= '2026-03-02Z'"),
        ("/2026-03-01", "date < '2026-03-02Z'"),
        ("../..", "true"),
        ("2026-03-02T00:00:00Z/9999-12-31T00:00:00Z", "date >= '2026-03-02Z'"),
        ("1999-01-01/1999-12-31", "false"),
        ("2190-01-01T00:00:00Z", "false"),
    ],
)
def test_a_datetime_finds_what_sql_finds(client: Any, database: str, text: str, condition: str) -> None:
    with psycopg.connect(database) as connection:
        expected = {row[0] for row in connection.execute(f"SELECT id FROM data.signalements WHERE {condition}")}

    assert client.ids(f"datetime={text}") == expected


def test_a_datetime_leaves_collections_without_time_whole(client: Any) -> None:
    """OGC API Features, part 1, §7.15.4: it applies to temporal properties; there is none."""
    assert client.get("/api/collections/mailles/items?datetime=1999-01-01").json()["numberReturned"] == 9
