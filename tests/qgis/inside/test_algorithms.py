"""Processes as algorithms. The descriptions of `servers.json` are written after the forms of pygeoapi 0.21,
ZOO-Project 2 and GeoServer's OGC API module: the members and the schemas that each of them writes."""

import json
import time
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis_obs.core import descriptions, servers
from qgis_obs.core.http import Client
from qgis_obs.core.servers import Server
from qgis_obs.core.session import Session
from qgis_obs.processing.provider import Provider

SERVERS = json.loads((Path(__file__).parent / "servers.json").read_text())
KITCHEN = {
    "id": "kitchen", "title": "All kinds", "version": "1", "jobControlOptions": ["sync-execute"],
    "example": {"inputs": {"n": 1}},
    "inputs": {
        "n": {
            "schema": {"type": "integer", "minimum": 1, "maximum": 8, "default": 2, "x-ogc-unit": "d"},
            "description": "Days",
        },
        "x": {"schema": {"type": "number"}, "minOccurs": 0},
        "day": {"schema": {"type": "string", "format": "date"}, "minOccurs": 0},
        "at": {"schema": {"type": "string", "format": "date-time"}, "minOccurs": 0},
        "kind": {"schema": {"enum": ["a", "b"]}, "minOccurs": 0},
        "kinds": {"schema": {"type": "array", "items": {"enum": ["a", "b", "c"]}}, "minOccurs": 0},
        "yes": {"schema": {"type": "boolean"}, "minOccurs": 0},
        "bbox": {"schema": {"format": "ogc-bbox", "type": "object"}, "minOccurs": 0},
        "area": {"schema": {"format": "geojson-geometry"}, "minOccurs": 0},
        "sites": {"schema": {"type": "object", "contentMediaType": "application/geo+json"}, "minOccurs": 0},
        "more": {"schema": {"type": "object"}, "minOccurs": 0},
        "in.file": {"schema": {"type": "string", "contentMediaType": "text/csv"}, "minOccurs": 0},
        "odd": {"schema": {"type": "quantity"}, "minOccurs": 0},
    },
    "outputs": {"out": {"title": "All", "schema": {"type": "object"}}},
}  # fmt: skip


def one(process, schema, **more):
    return {"id": process, "jobControlOptions": ["sync-execute"], "outputs": {"out": {"schema": schema}}, **more}


@pytest.mark.parametrize("server", SERVERS)
def test_descriptions_of_other_servers_become_algorithms(loaded, server):
    algorithm = loaded(SERVERS[server]).algorithms()[0].create()

    kinds = {each.name(): each.type() for each in algorithm.parameterDefinitions() if not each.isDestination()}
    assert algorithm.canExecute()[0]
    assert kinds == {
        "pygeoapi": {"name": "string", "message": "string", "obs_as_job": "boolean"},
        "zoo-project": {"InputPolygon": "geometry", "BufferDistance": "number", "Bands": "string",
                        "obs_as_job": "boolean"},
        "geoserver": {"geom": "geometry", "distance": "number", "quadrantSegments": "number", "capStyle": "enum",
                      "obs_as_job": "boolean"},
    }[server]  # fmt: skip
    assert algorithm.id() == {
        "pygeoapi": "obs:hello-world", "zoo-project": "obs:Buffer", "geoserver": "obs:JTS_buffer",
    }[server]  # fmt: skip


def test_the_result_of_another_server_becomes_a_layer(loaded, fake):
    loaded(SERVERS["geoserver"])
    ring = [[[0, 0], [1, 0], [1, 1], [0, 0]]]
    fake.runs("JTS:buffer", {"type": "Polygon", "coordinates": ring})

    found = processing.run(
        "obs:JTS_buffer",
        {"geom": "POINT(0.5 0.5)", "distance": 1, "capStyle": "Flat", "obs_as_job": False, "result": "memory:"},
    )

    assert [feature.geometry().area() for feature in found["result"].getFeatures()] == [0.5]
    assert fake.sent("JTS:buffer")["inputs"] == {
        "geom": {"type": "Point", "coordinates": [0.5, 0.5]}, "distance": 1, "capStyle": "Flat",
    }  # fmt: skip


def test_every_kind_of_input_goes_out_as_its_schema_wants_it(loaded, fake, tmp_path):
    loaded(KITCHEN)
    fake.runs("kitchen", {"total": 0.1 + 0.2})
    (tmp_path / "a.csv").write_text("a;b")
    layer = QgsVectorLayer("Point?field=name:string", "l", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:2154"))
    for x in (700_000, 800_000):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(f"POINT({x} 6600000)"))
        layer.dataProvider().addFeature(feature)
    layer.selectByIds([1])

    found = processing.run(
        "obs:kitchen",
        {
            "n": 3, "x": 0.1 + 0.2, "day": "2026-03-01", "at": "2026-03-01T10:00:00+01:00", "kind": "b",
            "kinds": ["a", "c"], "yes": "false", "bbox": "699000,701000,6599000,6601000 [EPSG:2154]",
            "area": "CRS=EPSG:2154;POINT(700000 6600000)", "sites": selected(layer), "more": '{"a": 1}',
            "in_file": str(tmp_path / "a.csv"),
        },
    )  # fmt: skip

    assert json.loads(found["out"]) == {"total": 0.1 + 0.2}
    inputs = fake.sent("kitchen")["inputs"]
    box, sites = inputs.pop("bbox"), inputs.pop("sites")
    assert inputs.pop("area")["coordinates"] == pytest.approx([3, 46.5], abs=1e-9)
    assert box["crs"].endswith("CRS84")
    assert (box["bbox"][0] + box["bbox"][2]) / 2 == pytest.approx(3, abs=1e-6)
    assert [each["geometry"]["coordinates"] for each in sites["features"]] == [pytest.approx([3, 46.5], abs=1e-9)]
    assert inputs == {
        "n": 3, "x": 0.1 + 0.2, "day": "2026-03-01", "at": "2026-03-01T10:00:00+01:00", "kind": "b",
        "kinds": ["a", "c"], "yes": False, "more": {"a": 1}, "in.file": {"value": "a;b", "mediaType": "text/csv"},
    }  # fmt: skip


def selected(layer):
    from qgis.core import QgsProcessingFeatureSourceDefinition

    QgsProject.instance().addMapLayer(layer)
    return QgsProcessingFeatureSourceDefinition(layer.id(), True)


def test_what_is_left_empty_is_left_to_the_server(loaded, fake):
    loaded(KITCHEN)
    fake.runs("kitchen", {})

    processing.run("obs:kitchen", {})

    assert fake.sent("kitchen")["inputs"] == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 99), ("area", "POINT(700000 6600000)"), ("bbox", "699000,701000,6599000,6601000"),
        ("more", "{"), ("day", "soon"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_by_name_and_never_sent(loaded, fake, name, value):
    loaded(KITCHEN)

    with pytest.raises(QgsProcessingException, match=name):
        processing.run("obs:kitchen", {name: value})
    assert not [method for method, *_ in fake.asked if method == "POST"]


def test_a_process_with_an_unknown_input_is_greyed_with_the_reason(loaded):
    provider = loaded(one("strange", {"type": "string"}, inputs={"odd": {"schema": {"type": "quantity"}}}))
    algorithm = provider.algorithms()[0]

    can, reason = algorithm.canExecute()

    assert not can
    assert "odd" in reason
    assert "quantity" in reason
    assert reason == algorithm.shortDescription()
    assert algorithm.flags() & algorithm.FlagHideFromModeler


def test_help_says_units_limits_and_an_example(loaded):
    text = loaded(KITCHEN).algorithms()[0].shortHelpString()

    for words in ("Days (d)", "≥ 1, ≤ 8", "&quot;n&quot;: 1", "quantity"):
        assert words in text


TABLE = {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "object"}}}}


def test_a_table_becomes_a_layer_without_geometry_and_the_rest_is_kept(loaded, fake):
    loaded(one("count", TABLE))
    fake.runs("count", {"rows": [{"division": "D1", "count": 3}, {"division": None, "count": 4}], "total": 7})

    found = processing.run("obs:count", {"out": "memory:"})

    assert next(found["out"].getFeatures()).attributes() == ["D1", 3]
    assert json.loads(found["out_about"]) == {"total": 7}


def test_a_raster_and_a_page_become_files(loaded, fake, tmp_path):
    from osgeo import gdal

    path = str(tmp_path / "source.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 2, 2)
    dataset.GetRasterBand(1).Fill(7)
    dataset = None  # closes the file
    loaded(
        one("grid", {"type": "string", "contentEncoding": "binary", "contentMediaType": "image/tiff"}),
        one("page", {"type": "string", "contentMediaType": "text/html"}),
    )
    fake.runs("grid", Path(path).read_bytes(), **{"Content-Type": "image/tiff"})
    fake.runs("page", b"<p>Bonjour</p>", **{"Content-Type": "text/html"})

    raster = processing.run("obs:grid", {"out": str(tmp_path / "r.tif")})["out"]
    page = processing.run("obs:page", {"out": str(tmp_path / "p.html")})["out"]

    assert QgsRasterLayer(raster).isValid()
    assert Path(page).read_text() == "<p>Bonjour</p>"


@pytest.mark.parametrize(
    ("status", "headers", "said", "words"),
    [
        (400, {}, {"detail": "inputs.n: too small"}, "inputs.n: too small"), (401, {}, {}, "401"), (404, {}, {}, "404"),
        (429, {}, {}, "429"), (500, {}, {}, "500"), (200, {"Content-Type": "text/html"}, b"<html>", "text/html"),
    ],
)  # fmt: skip
def test_what_the_server_refuses_is_said_in_a_sentence(loaded, fake, status, headers, said, words):
    loaded(one("echo", TABLE))
    fake.runs("echo", said, status, **headers)

    with pytest.raises(QgsProcessingException, match=words):
        processing.run("obs:echo", {"out": "memory:"})


def test_a_server_that_is_away_offers_what_is_on_disk(loaded, fake, monkeypatch):
    fake.offers(one("echo", {"type": "string"}))
    servers.save(Server("fake", "Fake", fake.url))
    descriptions.renew(Client(servers.active()))
    monkeypatch.setattr(descriptions, "FRESH_S", 0.0)
    fake.close()
    begun = time.monotonic()

    provider = loaded()

    assert [each.name() for each in provider.algorithms()] == ["echo"]
    assert time.monotonic() - begun < descriptions.START_S + 1


def test_on_a_desktop_a_server_that_hangs_delays_nothing(fake):
    fake.answers["GET", "/processes"] = 5.0
    servers.save(Server("fake", "Fake", fake.url))
    begun = time.monotonic()

    provider = Provider(Session(headless=False))
    QgsApplication.processingRegistry().addProvider(provider)

    assert time.monotonic() - begun < 0.1
    QgsApplication.processingRegistry().removeProvider(provider)


def test_descriptions_are_renewed_only_where_they_changed(fake, server):
    fake.offers(one("echo", {"type": "string"}), one("broken", "x"))
    fake.get("/processes/broken", b"<html>")
    client = Client(server)

    assert descriptions.renew(client)
    assert [process.id for process in descriptions.kept(server).processes] == ["echo"]
    assert not descriptions.renew(client)


def test_another_key_has_other_processes(fake):
    fake.offers(one("echo", {"type": "string"}))
    descriptions.renew(Client(Server("fake", "Fake", fake.url, key="planner")))

    assert descriptions.kept(Server("fake", "Fake", fake.url, key="other")).processes == ()


def test_two_servers_have_algorithms_of_their_own(loaded, fake):
    servers.save(Server("zoo", "ZOO", f"{fake.url}/zoo"))
    fake.get("/zoo/processes", {"processes": [{"id": "Buffer"}]})
    fake.get("/zoo/processes/Buffer", SERVERS["zoo-project"])
    descriptions.renew(Client(Server("zoo", "ZOO", f"{fake.url}/zoo")))
    servers.save(Server("fake", "Fake", fake.url))
    servers.activate("fake")

    provider = loaded(one("echo", {"type": "string"}))

    assert sorted((each.name(), each.group()) for each in provider.algorithms()) == [
        ("echo", "Fake"), ("zoo.Buffer", "ZOO"),
    ]  # fmt: skip


def test_a_job_reports_its_progress_and_stands_in_the_list(loaded, fake):
    from qgis_obs.core import job_list

    described = one("slow", {"type": "string"}, title="Slow") | {"jobControlOptions": ["async-execute"]}
    loaded(described)
    fake.runs("slow", {"status": "accepted"}, 201, Location="/jobs/1")
    said = [{"status": "running", "progress": 40, "message": "half"}, {"status": "successful", "progress": 100}]
    fake.answers["GET", "/jobs/1"] = lambda _body: (200, {}, said.pop(0) if len(said) > 1 else said[0])
    fake.get("/jobs/1/results", b'"ok"')
    feedback, heard = QgsProcessingFeedback(), []
    feedback.progressChanged.connect(heard.append)

    found = processing.run("obs:slow", {}, context=QgsProcessingContext(), feedback=feedback)

    assert found["out"] == "ok"
    assert 40 in heard
    assert [(job.title, job.status) for job in job_list.jobs()] == [("Slow", "successful")]
