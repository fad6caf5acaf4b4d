"""What the page of a job shows of a GeoJSON result."""

from typing import Any

import orjson
import pytest

from observatoire.server.result_page import COLOURS, COLUMNS, LONGEST, ROWS, UNKNOWN, read_result

pytestmark = pytest.mark.unit


def point(x: float, y: float, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y, 9.0]}, "properties": properties}


def result(*features: dict[str, Any]) -> Any:
    return read_result(orjson.dumps({"type": "FeatureCollection", "features": features}))


def test_quintiles_part_a_hundred_numbers_into_five_colours() -> None:
    found = result(*(point(k / 100, 1, id=f"c{k}", value=k) for k in range(100)))

    assert (found.count, found.name) == (100, "value")
    assert found.breaks == [20, 40, 60, 80]
    assert found.colours == list(COLOURS)
    assert [row["value"] for row in found.rows] == list(range(99, 99 - ROWS, -1))
    assert found.bbox == (0, 1, 0.99, 1)
    assert [label for _, label in found.legend] == ["< 20", "20 – 40", "40 – 60", "60 – 80", "≥ 80"]


def test_what_is_not_known_is_grey_and_comes_last() -> None:
    found = result(point(0, 0, value=None), point(1, 1, value=1.0), point(2, 2, value=5))

    assert [row["value"] for row in found.rows] == [5, 1.0, None]
    assert found.unknown == 1
    assert found.legend[-1][0] == UNKNOWN


def test_values_that_are_alike_are_one_class_without_a_legend() -> None:
    found = result(point(0, 0, value=0), point(1, 1, value=0))

    assert found.breaks == []
    assert found.legend == []
    assert len(found.colours) == 1


def test_mostly_zero_leaves_no_class_empty() -> None:
    found = result(*(point(0, 0, value=0) for _ in range(9)), point(1, 1, value=7))

    assert found.breaks == []  # the quintiles are all 0: one colour, and the table says which is the highest
    assert found.rows[0] == {"value": 7}


def test_text_and_truth_are_no_numbers() -> None:
    found = result(point(0, 0, a="1", b=True), point(1, 1, a="2", b=False))

    assert found.name is None
    assert [row["a"] for row in found.rows] == ["1", "2"]


def test_what_all_share_is_said_once() -> None:
    found = result(*(point(0, 0, as_of="2026-01-01", cell=k, answer="model") for k in range(3)))

    assert found.common == {"as_of": "2026-01-01", "answer": "model"}
    assert found.columns == ["cell"]


def test_every_geometry_has_its_corners() -> None:
    ring = [[0, 0], [4, 0], [4, 3], [0, 0]]
    shapes = [
        {"type": "MultiPolygon", "coordinates": [[ring]]},
        {"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": [[-2, 1], [1, 8]]}]},
        None,
    ]
    found = result(*({"type": "Feature", "geometry": shape, "properties": None} for shape in shapes))

    assert found.bbox == (-2, 0, 4, 8)
    assert found.columns == []


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"x"',
        b'{"features": []}',
        b'{"features": 1}',
        b'{"features": [{"geometry": null}]}',
        b" " * (LONGEST + 1),
    ],
)
def test_what_cannot_be_drawn_is_only_linked(body: bytes) -> None:
    assert read_result(body) is None


def test_a_wide_table_is_cut() -> None:
    assert len(result(*(point(0, 0, **{f"p{k}": k + n for k in range(30)}) for n in (0, 1))).columns) == COLUMNS
