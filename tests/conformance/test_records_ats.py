"""The abstract tests of OGC API Records on the catalogue of the served small city.

Each function is named after an abstract test: `record_core_links` is `/conf/record-core/links`. There is no executable
suite of the OGC for Records.

References
----------
.. [1] OGC 20-004r1, *OGC API - Records - Part 1: Core*, annex A.
"""

from datetime import datetime
from typing import Any, Protocol

import httpx
import pytest

pytestmark = pytest.mark.conformance

HERE = "/api/collections/catalogue"
GEOJSON = "application/geo+json"
CONF = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def found(observatory: Observatory, **asked: object) -> dict[str, dict[str, Any]]:
    """The records that a search finds, by id."""
    answer = observatory.get(f"{HERE}/items", limit=100, **asked)
    assert answer.status_code == 200, answer.text
    return {record["id"]: record for record in answer.json()["features"]}


def text_of(record: dict[str, Any]) -> str:
    properties = record["properties"]
    return " ".join([record["id"], properties["title"], properties["description"]]).casefold()


# -------------------------------------------------------------------------------------------------------- record-core
def test_record_core_mandatory_properties_record(observatory: Observatory) -> None:
    for identifier in found(observatory):
        record = observatory.get(f"{HERE}/items/{identifier}").json()
        assert record["id"] == identifier
        assert record["type"] == "Feature"
        assert record["geometry"]["type"] == "Polygon"
        assert "time" in record
        assert record["properties"]["type"] == "dataset"
        assert record["properties"]["title"]


def test_record_core_default_mediatype(observatory: Observatory) -> None:
    for path in (f"{HERE}/items", f"{HERE}/items/signalements"):
        assert observatory.get(path).headers["content-type"] == GEOJSON


def test_record_core_time_interval_and_time_zone(observatory: Observatory) -> None:
    """Both ends are RFC 3339 with a zone, or open; the first is not after the last."""
    seen = 0
    for record in found(observatory).values():
        if record["time"] is None:
            continue
        ends = [None if end == ".." else datetime.fromisoformat(end) for end in record["time"]["interval"]]
        assert len(ends) == 2
        assert all(end is None or end.tzinfo is not None for end in ends)
        assert None in ends or ends[0] <= ends[1]  # type: ignore[operator]
        seen += 1
    assert seen > 2


def test_record_core_record_license_and_formats(observatory: Observatory) -> None:
    for record in found(observatory).values():
        assert record["properties"]["license"].startswith("https://")
        assert all({"name", "mediaType"} <= each.keys() for each in record["properties"]["formats"])


def test_record_core_links(observatory: Observatory) -> None:
    """One link leads to the collection of records, which is a catalogue."""
    for record in found(observatory).values():
        (link,) = [link for link in record["links"] if link["rel"] == "collection"]
        assert link["href"] == f"{observatory.url}{HERE}"
        assert all({"href", "rel", "type"} <= each.keys() for each in record["links"])
    assert observatory.get(HERE).json()["itemType"] == "record"


# -------------------------------------------------------------------------------------------------- record-collection
def test_record_collection_mandatory_properties_and_item_type(observatory: Observatory) -> None:
    answer = observatory.get(HERE)
    document = answer.json()

    assert answer.headers["content-type"] == "application/json"
    assert document["id"] == "catalogue"
    assert (document["type"], document["itemType"]) == ("Catalog", "record")
    assert document["title"]
    assert len(document["extent"]["spatial"]["bbox"][0]) == 4
    assert CONF + "record-collection" in document["conformsTo"]


def test_record_collection_links_records(observatory: Observatory) -> None:
    (link,) = [link for link in observatory.get(HERE).json()["links"] if link["rel"] == "items"]

    assert link["type"] == GEOJSON
    assert observatory.get(link["href"].removeprefix(observatory.url)).json()["type"] == "FeatureCollection"


# ---------------------------------------------------------------------------------------- record-core-query-parameters
@pytest.mark.parametrize(
    ("box", "all_of_them"), [("5.3,43.2,5.4,43.3", True), ("-60,10,-59,11", False), ("170,-10,-170,10", False)]
)
def test_record_core_query_parameters_bbox(observatory: Observatory, box: str, all_of_them: bool) -> None:
    """Records are of the whole city: a box meets all or none, also across the antimeridian."""
    assert bool(found(observatory, bbox=box)) == all_of_them


def test_record_core_query_parameters_datetime(observatory: Observatory) -> None:
    """Those whose time meets the interval, and those that are of no time."""
    whole = found(observatory)
    for interval in ("2026-06-01T00:00:00Z/2026-06-02T00:00:00Z", "../1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z/.."):
        start, end = interval.split("/")

        def meets(record: dict[str, Any], start: str = start, end: str = end) -> bool:
            if record["time"] is None:
                return True
            first, last = map(datetime.fromisoformat, record["time"]["interval"])
            return (end == ".." or first <= datetime.fromisoformat(end)) and (
                start == ".." or last >= datetime.fromisoformat(start)
            )

        assert found(observatory, datetime=interval).keys() == {i for i, record in whole.items() if meets(record)}


def test_record_core_query_parameters_limit(observatory: Observatory) -> None:
    answer = observatory.get(f"{HERE}/items", limit=3).json()

    assert len(answer["features"]) == answer["numberReturned"] == 3
    assert [link for link in answer["links"] if link["rel"] == "next"]
    for bad in ("0", "-1", "x"):
        assert observatory.get(f"{HERE}/items", limit=bad).status_code == 400


@pytest.mark.parametrize("q", ["bus", "bus,maille", "ARRETS", "lignes de", "lignes   de"])
def test_record_core_query_parameters_q_response(observatory: Observatory, q: str) -> None:
    """Commas are OR; blanks are one phrase, however many there are; case does not count."""
    plain = str.maketrans("éèêàç", "eeeac")
    terms = [" ".join(term.split()).casefold() for term in q.split(",")]

    records = found(observatory, q=q)

    assert records
    for record in records.values():
        text = text_of(record).translate(plain)
        english = observatory.get(f"{HERE}/items/{record['id']}", lang="en").json()
        assert any(term in text or term in text_of(english) for term in terms)
    others = found(observatory).keys() - records.keys()
    assert not [i for i in others if any(term in text_of(found(observatory)[i]).translate(plain) for term in terms)]


def test_record_core_query_parameters_type_response(observatory: Observatory) -> None:
    assert found(observatory, type="dataset") == found(observatory)
    assert found(observatory, type="service") == {}


def test_record_core_query_parameters_ids_response(observatory: Observatory) -> None:
    assert found(observatory, ids="divisions,rien,mailles").keys() == {"divisions", "mailles"}


def test_record_core_query_parameters_external_ids_response(observatory: Observatory) -> None:
    """Only records with one of these: none of ours has an id that others gave."""
    assert not [r for r in found(observatory).values() if r["properties"].get("externalIds")]
    assert found(observatory, externalIds="https://data.example/1") == {}


@pytest.mark.parametrize("empty", ["q", "bbox", "datetime", "limit"])
def test_record_core_query_parameters_empty_value(observatory: Observatory, empty: str) -> None:
    answer = observatory.get(f"{HERE}/items?{empty}=")

    assert answer.status_code == 400
    assert empty in answer.json()["detail"]


# ------------------------------------------------------------------------------------------- searchable catalogue, JSON
def test_searchable_catalog_conformance(observatory: Observatory) -> None:
    declared = observatory.get("/api/conformance").json()["conformsTo"]

    classes = ("record-core", "record-collection", "record-core-query-parameters", "searchable-catalog", "json")
    assert {CONF + name for name in classes} <= set(declared)


def test_searchable_catalog_building_blocks(observatory: Observatory) -> None:
    """From the landing page to the catalogue, its records, and from a record to the data."""
    rel = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog"
    (link,) = [link for link in observatory.get("/api/").json()["links"] if link["rel"] == rel]

    assert link["href"] == f"{observatory.url}{HERE}"
    for record in found(observatory).values():
        (items,) = [link["href"] for link in record["links"] if link["rel"] == "items"]
        assert observatory.get(items.removeprefix(observatory.url), limit=1).status_code == 200


def test_json_record_content_and_catalog_content(observatory: Observatory) -> None:
    """A page of records is a GeoJSON feature collection with links and numbers."""
    document = observatory.get(f"{HERE}/items", limit=100).json()

    assert document["type"] == "FeatureCollection"
    assert document["numberMatched"] == document["numberReturned"] == len(document["features"])
    assert [link["rel"] for link in document["links"]] == ["self"]
    assert all(CONF + "record-core" in record["conformsTo"] for record in document["features"])
