"""The abstract tests of OGC API Features, part 1: pages of items and what asks for them, one item.

Each function is named after an abstract test: `core_fc_md_op` is `/conf/core/fc-md-op`. The OGC's own executable suite
is another program, in Java; these are the annex's tests, as Python.

References
----------
.. [1] OGC 17-069r4, *OGC API - Features - Part 1: Core*, annex A.
"""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import shapely

pytestmark = pytest.mark.conformance


def test_core_crs84(features: Any, collection: str) -> None:
    """Spatial geometries are in WGS 84 longitude, latitude unless asked otherwise: within the extent that is said."""
    west, south, east, north = features.document(f"/collections/{collection}")["extent"]["spatial"]["bbox"][0]
    around = shapely.box(west, south, east, north).buffer(0.02)

    assert all(around.intersects(features.shape(f)) for f in features.every(collection))


def test_core_fc_op_and_response(features: Any, collection: str) -> None:
    answer = features.get(f"/api/collections/{collection}/items")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == features.geojson
    assert answer.json()["type"] == "FeatureCollection"
    assert answer.json()["features"]


def test_core_fc_limit_definition(features: Any, collection: str) -> None:
    found = features.parameter(collection, "limit")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"]["type"] == "integer"
    assert found["schema"]["minimum"] == 1
    assert found["schema"]["minimum"] <= found["schema"]["default"] <= found["schema"]["maximum"]


def test_core_fc_limit_response(features: Any, collection: str) -> None:
    """No more than asked for, no more than there are, the default without a limit."""
    matched = features.page(collection)["numberMatched"]

    assert features.page(collection)["numberReturned"] == min(10, matched)
    for limit in (1, 3, 100_000):
        most = min(limit, matched, 10_000)
        assert len(features.page(collection, limit=limit)["features"]) == most


def test_core_fc_bbox_definition(features: Any, collection: str) -> None:
    found = features.parameter(collection, "bbox")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    schema = found["schema"]
    assert (schema["type"], schema["items"]["type"]) == ("array", "number")
    assert (schema["minItems"], schema["maxItems"]) == (4, 6)


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_core_fc_bbox_response(features: Any, collection: str, share: float) -> None:
    """Items that meet the box, all of them, no others; the positions shown are rounded to 0.1 m."""
    west, south, east, north = features.document(f"/collections/{collection}")["extent"]["spatial"]["bbox"][0]
    box = (west + 0.3 * (east - west), south + 0.3 * (north - south))
    box = (*box, box[0] + share * (east - west), box[1] + share * (north - south))
    asked = ",".join(f"{c:.6f}" for c in box)
    found = {f["id"] for f in features.every(collection, bbox=asked)}
    whole = features.every(collection)

    surely = {f["id"] for f in whole if features.shape(f).intersects(shapely.box(*box).buffer(-3e-6))}
    possibly = {f["id"] for f in whole if features.shape(f).intersects(shapely.box(*box).buffer(3e-6))}
    assert surely <= found <= possibly
    assert found
    heights = f"{box[0]:.6f},{box[1]:.6f},-10,{box[2]:.6f},{box[3]:.6f},10"
    assert {f["id"] for f in features.every(collection, bbox=heights)} == found


def test_core_fc_bbox_across_the_antimeridian(features: Any) -> None:
    """West greater than east is a box across 180°: the rest of the Earth is left out."""
    whole = {f["id"]: f["geometry"]["coordinates"] for f in features.every(features.dated)}
    west, _, east, _ = features.document(f"/collections/{features.dated}")["extent"]["spatial"]["bbox"][0]
    middle = (west + east) / 2
    found = {f["id"] for f in features.every(features.dated, bbox=f"{middle:.6f},-90,-170,90")}

    assert {i for i, (x, _) in whole.items() if x > middle + 3e-6} <= found
    assert found <= {i for i, (x, _) in whole.items() if x > middle - 3e-6}
    assert found


def test_core_fc_time_definition(features: Any, collection: str) -> None:
    found = features.parameter(collection, "datetime")

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"]["type"] == "string"


def test_core_fc_time_response(features: Any) -> None:
    """An instant, a closed interval, half-open ones, durations: as computed from all items."""
    whole = {f["id"]: datetime.fromisoformat(f["properties"]["date"]) for f in features.every(features.dated)}
    middle = sorted(whole.values())[len(whole) // 2]
    start, end = middle - timedelta(days=30), middle + timedelta(days=30)
    text = {moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for moment in (start, middle, end)}
    cases = {
        text[middle]: lambda d: d == middle,
        f"{text[start]}/{text[end]}": lambda d: start <= d <= end,
        f"{text[start]}/..": lambda d: d >= start,
        f"../{text[end]}": lambda d: d <= end,
        f"{text[start]}/": lambda d: d >= start,
        f"/{text[end]}": lambda d: d <= end,
        f"{text[start]}/P60D": lambda d: start <= d <= end,  # as the OGC's suite asks, beyond the standard
        f"P60D/{text[end]}": lambda d: start <= d <= end,
        f"{start:%Y-%m-%d}/P2D": lambda d: start.date() <= d.date() <= (start + timedelta(days=1)).date(),
    }
    for asked, holds in cases.items():
        found = {f["id"] for f in features.every(features.dated, datetime=asked)}
        assert found == {i for i, date in whole.items() if holds(date)}
        assert found


def test_core_fc_response_of_several_parameters(features: Any) -> None:
    """An item is in the answer where it meets every parameter."""
    west, south, east, north = features.document(f"/collections/{features.dated}")["extent"]["spatial"]["bbox"][0]
    words: list[dict[str, str]] = [
        {"bbox": f"{west},{south},{(west + east) / 2:.6f},{north}"},
        {"datetime": f"{sorted(f['properties']['date'] for f in features.every(features.dated))[1000]}/.."},
        {"nature": "tag"},
    ]
    alone = [{f["id"] for f in features.every(features.dated, **one)} for one in words]
    together = {f["id"] for f in features.every(features.dated, **(words[0] | words[1] | words[2]))}

    assert together == alone[0] & alone[1] & alone[2]
    assert together


def test_core_fc_links(features: Any, collection: str) -> None:
    page = features.page(collection, limit=2)

    assert features.href(page, "self", features.geojson)
    assert features.href(page, "alternate", "text/html")
    assert all({"rel", "type"} <= link.keys() for link in page["links"])
    following = httpx.get(str(features.href(page, "next")), timeout=60).json()
    assert not {f["id"] for f in page["features"]} & {f["id"] for f in following["features"]}


def test_core_fc_timestamp_and_numbers(features: Any, collection: str) -> None:
    """`timeStamp` is when it was made; `numberMatched` all that match; `numberReturned` what is there."""
    page = features.page(collection, limit=3)

    made = datetime.fromisoformat(page["timeStamp"])
    assert abs(datetime.now(made.tzinfo) - made) < timedelta(seconds=30)
    assert page["numberReturned"] == len(page["features"]) == 3
    assert page["numberMatched"] == len(features.every(collection))


def test_core_query_param_unknown(features: Any) -> None:
    for path in features.paths():
        assert features.get(path, unknownQueryParameter="value").status_code == 400


def test_core_query_param_invalid(features: Any) -> None:
    wrong = {"limit": "abc", "bbox": "1,2,3", "datetime": "nope", "crs": "nope", "bbox-crs": "nope"}
    for name, value in wrong.items():
        answer = features.get(f"/api/collections/{features.dated}/items", **{name: value})
        assert answer.status_code == 400
        assert name in answer.json()["detail"]


def test_core_f_op_success_and_links(features: Any, collection: str) -> None:
    """One item is what the list says of it, with links to itself, other encodings and its collection."""
    for listed in features.page(collection, limit=5)["features"]:
        answer = features.get(f"/api/collections/{collection}/items/{listed['id']}", f="json")
        alone = answer.json()

        assert (answer.status_code, answer.headers["content-type"]) == (200, features.geojson)
        assert {name: alone[name] for name in listed} == listed
        assert features.href(alone, "self", features.geojson)
        assert features.href(alone, "alternate", "text/html")
        assert str(features.href(alone, "collection")).endswith(f"/collections/{collection}")
        assert all({"rel", "type"} <= link.keys() for link in alone["links"])
    assert features.get(f"/api/collections/{collection}/items/0").status_code == 404
