"""Styles, maps and legends, as MapLibre and QGIS read them, for their reader."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.integration


def test_a_style_is_given_as_maplibre_and_as_qgis_read_it(client: Any) -> None:
    """The list leads to both; `f` and `Accept` choose; the type of the answer is the one that the link says."""
    listed = client.get("/api/styles").json()["styles"]
    links = {style["id"]: [link for link in style["links"] if link["rel"] == "stylesheet"] for style in listed}

    assert {"signalements", "divisions"} <= links.keys()
    for link in links["signalements"]:
        answer = client.get(link["href"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
        bare = client.get("/api/styles/signalements", headers={"Accept": link["type"]})
        assert bare.headers["content-type"] == link["type"]
        again = client.get(link["href"], headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    tags = {client.get(link["href"]).headers["etag"] for link in links["signalements"]}
    assert len(tags) == len(links["signalements"]) == 2
    assert client.get("/api/styles/signalements").json()["version"] == 8
    qml = client.get("/api/styles/signalements?f=qml")
    assert ET.fromstring(qml.text.partition("\n")[2]).tag == "qgis"
    assert qml.text == client.get("/qgis/signalements.qml").text
    assert client.get("/api/styles/signalements?f=sld").status_code == 400
    items = client.get("/api/styles/signalements?sources=items").json()["sources"]["signalements"]
    assert client.get(items["data"]).json()["type"] == "FeatureCollection"


def test_maps_and_legends_lead_to_what_their_reader_may_see(client: Any, keys: dict[str, str]) -> None:
    """OGC API Styles (20-009, draft): styles-success, style-success, collection-styles; absolute addresses."""
    for audience, first in ((None, "citizen"), ("roadworks", "roadworks"), ("coordination", "coordination")):
        headers = {"X-API-Key": keys[audience]} if audience else {}
        document = client.get("/api/styles", headers=headers).json()
        assert document["default"] == first
        assert len({style["id"] for style in document["styles"]}) == len(document["styles"])
        for style in document["styles"]:
            types = {}
            for link in style["links"]:
                answer = client.get(link["href"], headers=headers)
                assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
                assert answer.headers["content-language"] == "fr"
                types[link["rel"], link["type"]] = answer
            sheet = types["stylesheet", "application/vnd.mapbox.style+json"].json()
            assert ("faits" in {layer.get("source-layer") for layer in sheet["layers"]}) <= (audience == "coordination")
            assert all(url.startswith("http") for source in sheet["sources"].values() for url in source["tiles"])
            legends = types["legend", "application/json"].json()["layers"]
            drawn = dict.fromkeys(layer["source-layer"] for layer in sheet["layers"] if "source-layer" in layer)
            assert [legend["id"] for legend in legends] == list(drawn)
            assert types["legend", "image/png"].content.startswith(b"\x89PNG")


def test_the_tiles_of_a_map_are_those_of_its_layers(client: Any, keys: dict[str, str]) -> None:
    headers = {"X-API-Key": keys["coordination"]}
    sheet = client.get("/api/styles/coordination", headers=headers).json()
    for source in sheet["sources"].values():
        address = source["tiles"][0].format(z=9, y=187, x=263)
        assert client.get(address, headers=headers).status_code in (200, 204)
        hidden = client.get(address)
        assert hidden.status_code in (400, 404) if "faits" in address or "risque" in address else 200


def test_a_collection_has_one_style_of_its_own(client: Any) -> None:
    link = next(
        link["href"] for link in client.get("/api/collections/chantiers").json()["links"]
        if link["rel"] == "http://www.opengis.net/def/rel/ogc/1.0/styles"
    )  # fmt: skip
    (style,) = client.get(link).json()["styles"]

    sheet = client.get(style["links"][0]["href"])

    assert sheet.json() == client.get("/api/styles/chantiers").json()
    for wrong in ("signalements", "citizen", "nonexistent"):
        assert client.get(f"/api/collections/chantiers/styles/{wrong}").status_code == 404
    assert client.get("/api/collections/faits/styles").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_tiles_and_maps_are_for_people(client: Any, language: str) -> None:
    """The template of a tile, the properties in it, and a map with its legend, in words."""
    words = {"fr": ("Tuiles vectorielles", "Nombre d&#39;objets", "Carte des chantiers"),
             "en": ("Vector tiles", "Number of items", "Road-works map")}[language]  # fmt: skip
    one = client.get(f"/api/collections/signalements/tiles/EPSG2154Quad?f=html&lang={language}")
    listed = client.get(f"/api/collections/signalements/tiles?f=html&lang={language}")
    landing = client.get(f"/api?f=html&lang={language}")

    assert words[0] in one.text
    assert words[1] in one.text
    assert "/tiles/EPSG2154Quad/{tileMatrix}/{tileRow}/{tileCol}" in one.text
    assert "EPSG:2154" in one.text
    assert all(f"/tiles/{name}?f=html" in listed.text for name in ("WebMercatorQuad", "EPSG2154Quad"))
    assert words[2] in landing.text
    assert words[2] in client.get(f"/api/styles/roadworks?lang={language}", headers={"Accept": "text/html"}).text
    assert f'href="/api/styles/roadworks/legend?f=png&amp;lang={language}"' in landing.text


@pytest.mark.parametrize(
    ("path", "named"),
    [("citizen?f=qml", "f"), ("citizen?sources=items", "sources"), ("signalements?sources=wfs", "sources"),
     ("signalements/legend?f=svg", "f"), ("signalements/legend?size=2", "size"),
     ("signalements?datetime=x", "datetime")],
)  # fmt: skip
def test_a_style_that_cannot_be_given_is_refused_by_name(client: Any, path: str, named: str) -> None:
    answer = client.get(f"/api/styles/{path}")

    assert answer.status_code == 400
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("form", ["json", "qml"])
def test_a_style_tells_no_more_than_its_reader_may_see(client: Any, keys: dict[str, str], form: str) -> None:
    hidden, missing = (client.get(f"/api/styles/{name}?f={form}") for name in ("faits", "nonexistent"))
    planner, coordination = (
        client.get(f"/api/styles/faits?f={form}", headers={"X-API-Key": keys[a]}) for a in ("planner", "coordination")
    )

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert planner.status_code == coordination.status_code == 200
    assert "reference" not in planner.text
    assert ("reference" in coordination.text) == (form == "qml")
    assert "private" in planner.headers["cache-control"]
