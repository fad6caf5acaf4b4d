"""The catalogue, as clients of OGC API Records and harvesters of DCAT read it."""

import json
from typing import Any

import pytest
from owslib.ogcapi.records import Records

from observatoire.layers.catalog import catalog

pytestmark = pytest.mark.e2e

ITEMS = "/api/collections/catalogue/items"


def _ids(observatory: Any, audience: str = "", **asked: Any) -> list[str]:
    answer = observatory.get(ITEMS, audience, limit=100, **asked)
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def test_owslib_finds_and_reads_records(observatory: Any) -> None:
    client = Records(f"{observatory.url}/api/")

    found = client.collection_items("catalogue", q="signalement")
    one = client.collection_item("catalogue", "signalements")

    assert "signalements" in [feature["id"] for feature in found["features"]]
    assert one["properties"]["title"] == "Signalements sur l'espace public"
    assert "catalogue" in client.records() or client.collection("catalogue")["itemType"] == "record"


@pytest.mark.parametrize("audience", ["", "citizen", "planner", "coordination"])
def test_each_audience_finds_what_it_may_see(observatory: Any, audience: str) -> None:
    assert _ids(observatory, audience) == [
        layer.id
        for layer in catalog().values()
        if layer.visible_to(audience or "public")  # type: ignore[arg-type]
    ]


def test_a_search_is_without_case_and_accents(observatory: Any) -> None:
    assert "mailles" in _ids(observatory, q="CARREES")
    assert "mailles" in _ids(observatory, q="rien de tel,carrées")
    assert _ids(observatory, q="rien de tel") == []
    assert _ids(observatory, ids="divisions,faits") == ["divisions"]
    assert _ids(observatory, type="service") == []
    assert _ids(observatory, bbox="100,0,101,1") == []
    assert "signalements" not in _ids(observatory, datetime="../1999-01-01T00:00:00Z")
    assert "signalements" in _ids(observatory, datetime="2026-06-01T00:00:00Z")


def test_pages_of_records_follow_each_other(observatory: Any) -> None:
    first = observatory.get(ITEMS, limit=2).json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = observatory.get(following.removeprefix(observatory.url)).json()

    assert [f["id"] for f in first["features"] + second["features"]] == _ids(observatory)[:4]
    assert first["numberMatched"] == len(_ids(observatory))


def test_a_record_says_what_when_and_where_from(observatory: Any) -> None:
    record = observatory.get(f"{ITEMS}/signalements").json()

    properties = record["properties"]
    assert {"type", "title", "description", "license", "updated"} <= set(properties)
    assert set(properties["obs:sources"]) - {"habitants"} == {
        "signalements"
    }  # residents' reports, where others sent some
    assert properties["obs:simulated"] is True
    assert properties["obs:audience"] == ["public"]
    assert [c["id"] for theme in properties["themes"] for c in theme["concepts"]] == ["information-public"]
    assert record["time"]["interval"][0] < record["time"]["interval"][1]
    for link in record["links"]:
        if link["rel"] in ("items", "describedby", "enclosure", "collection", "self"):
            assert observatory.get(link["href"].removeprefix(observatory.url)).status_code == 200, link


def test_dcat_describes_every_public_collection(observatory: Any) -> None:
    """Expected terms: DCAT-AP 3, mandatory and recommended properties of Catalogue, Dataset and Distribution."""
    answer = observatory.get("/api/collections/catalogue", f="jsonld")
    document = answer.json()

    assert answer.headers["content-type"] == "application/ld+json"
    assert {"dct:title", "dct:description", "dct:publisher", "dcat:dataset"} <= set(document)
    assert [d["dct:identifier"] for d in document["dcat:dataset"]] == _ids(observatory)
    for dataset in document["dcat:dataset"]:
        assert {"dct:title", "dct:description", "dcat:distribution", "dct:spatial"} <= set(dataset)
        assert all("dcat:accessURL" in part and "dct:license" in part for part in dataset["dcat:distribution"])
    used = {name.partition(":")[0] for name in _names(document) if ":" in name}
    assert used <= set(document["@context"])


def _names(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_names, node)) if node else set()
    if isinstance(node, dict):
        return {k for k in node if not k.startswith("@")} | set().union(*map(_names, node.values()), set())
    return set()


@pytest.mark.parametrize(
    ("asked", "named"),
    [({"q": ","}, "q"), ({"nope": "1"}, "nope"), ({"bbox": "1"}, "bbox"), ({"datetime": "x"}, "datetime"),
     ({"limit": "0"}, "limit")],
)  # fmt: skip
def test_a_search_that_cannot_be_made_is_refused_by_name(observatory: Any, asked: dict[str, str], named: str) -> None:
    answer = observatory.get(ITEMS, **asked)

    assert answer.status_code == 400
    assert named in answer.json()["detail"]


def test_there_is_no_record_of_what_one_may_not_see(observatory: Any) -> None:
    assert observatory.get(f"{ITEMS}/faits").status_code == 404
    assert observatory.get(f"{ITEMS}/faits").json() == observatory.get(f"{ITEMS}/rien").json()
    assert "collections/faits/" not in json.dumps(observatory.get("/api/collections/catalogue", f="jsonld").json())


def test_no_collection_is_called_as_the_catalogue() -> None:
    assert "catalogue" not in catalog()


@pytest.mark.parametrize(("language", "found"), [("fr", "Mailles"), ("en", "Grid cells")])
def test_a_person_searches_the_catalogue_on_a_page(observatory: Any, language: str, found: str) -> None:
    whole = observatory.get("/api/collections/catalogue", f="html", lang=language)
    some = observatory.get(ITEMS, f="html", lang=language, q="carrées")

    assert whole.headers["content-type"].startswith("text/html")
    assert 'name="q"' in whole.text
    assert found in some.text
    assert "/api/collections/lignes-bus?f=html" in whole.text
    assert "/api/collections/lignes-bus?f=html" not in some.text


@pytest.mark.parametrize("audience", ["", "planner", "coordination"])
@pytest.mark.parametrize("path", ["", "/items", "/items/signalements"])
def test_each_resource_of_the_catalogue_is_a_page_too(observatory: Any, audience: str, path: str) -> None:
    """Also where a collection that the reader may see was never loaded: it has no date of its last change."""
    answer = observatory.get(f"/api/collections/catalogue{path}", audience, f="html")

    assert answer.status_code == 200
    assert "signalements" in answer.text
