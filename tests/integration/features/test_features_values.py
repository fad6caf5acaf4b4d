"""What an item says: properties by their type, one item, CSV, JSON-LD and pages."""

import re
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.integration

ITEMS = "/api/collections/signalements/items"


def test_properties_filter_by_their_type(client: Any) -> None:
    assert all(f["properties"]["nature"] == "tag" for f in client.pages(f"{ITEMS}?limit=100&nature=tag"))
    assert client.ids("id=9") == {9}
    assert client.ids("nature=nope") == set()
    mailles = client.get("/api/collections/mailles/items?cote=250.5&cell_id=c7").json()
    assert [feature["id"] for feature in mailles["features"]] == [7]


def test_texts_arrive_as_they_were_stored(client: Any, database: str) -> None:
    """Stock pygeoapi turns `<b>` into `&lt;b&gt;`."""
    with psycopg.connect(database) as connection:
        stored = dict(connection.execute("SELECT id, reference FROM data.signalements").fetchall())

    shown = {f["id"]: f["properties"]["reference"] for f in client.pages(f"{ITEMS}?limit=1000")}

    assert shown == stored
    assert client.ids("reference=R<b>1") == {i for i, text in stored.items() if text == "R<b>1"}


def test_only_the_properties_asked_for_are_shown_in_their_fixed_order(client: Any) -> None:
    whole = client.get(f"{ITEMS}?limit=1").json()["features"][0]
    some = client.get(f"{ITEMS}?limit=1&properties=nature,date&skipGeometry=true").json()["features"][0]

    assert list(whole["properties"]) == ["reference", "date", "nature", "origin", "precision"]
    assert list(some["properties"]) == ["date", "nature"]
    assert some["geometry"] is None
    assert client.get(f"{ITEMS}?limit=1&properties=id").json()["features"][0]["properties"] == {}


def test_one_item_is_the_same_as_in_the_list(client: Any) -> None:
    listed = client.get(f"{ITEMS}?limit=1").json()["features"][0]
    single = client.get(f"{ITEMS}/3").json()

    assert {name: single[name] for name in listed} == listed
    assert {link["rel"] for link in single["links"]} == {"self", "alternate", "collection"}


@pytest.mark.parametrize(
    "item", ["1", "abc", "-1", "1.0", "99999999999999", "9" * 30, "%00", "3%00", "%FF", "１", "' OR 1=1"]
)
def test_what_is_no_item_is_not_found(client: Any, item: str) -> None:
    assert client.detail(f"{ITEMS}/{item}") == (404, "no such item")


def test_csv_holds_the_same_values(client: Any) -> None:
    lines = client.get(f"{ITEMS}?limit=3&f=csv").text.splitlines()
    features = client.get(f"{ITEMS}?limit=3").json()["features"]

    assert lines[0] == "id,x,y,reference,date,nature,origin,precision"
    x, y = features[0]["geometry"]["coordinates"]
    assert lines[1].startswith(f"3,{x},{y},")
    assert len(lines) == 4
    answer = client.get(f"{ITEMS}?limit=3&f=csv")
    assert 'rel="next"' in answer.headers["link"]
    assert client.get("/api/collections/mailles/items?f=csv&limit=1").text.splitlines()[1].startswith('1,"POLYGON ((')


def test_json_ld_holds_the_same_items(client: Any) -> None:
    page = client.get(f"{ITEMS}?limit=3&f=jsonld")
    one = client.get(f"{ITEMS}/3?f=jsonld").json()

    assert page.headers["content-type"] == "application/ld+json"
    assert "schema:itemListElement" in page.text
    assert one["@id"] == f"http://testserver{ITEMS}/3"


PAGES = ["/api", "/api/collections", "/api/collections/signalements", "/api/collections/signalements/schema",
         "/api/collections/signalements/queryables", ITEMS, f"{ITEMS}/3", "/api/conformance",
         "/api/openapi"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_ask_nothing_of_third_parties(client: Any, path: str, language: str) -> None:
    """Style sheets and modules from here only, nothing inline. (A link that a person may follow is no request.)"""
    answer = client.get(path, params={"f": "html", "lang": language})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    ours = answer.text.count('<script type="module" src="/web/pages/')
    assert answer.text.count("<script") == answer.text.count(" src=") == ours
    assert not re.search(r'style=|\bon[a-z]+="', answer.text)
    ours = re.findall(r'<link rel="(?:icon|stylesheet)" href="/static/', answer.text)
    assert answer.text.count("<link ") == len(ours) == 2


def test_a_text_of_the_data_cannot_become_markup(client: Any) -> None:
    page = client.get(f"{ITEMS}?limit=20&f=html").text

    assert "R&lt;b&gt;" in page
    assert "R<b>" not in page
