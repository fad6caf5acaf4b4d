"""OGC API Features, WFS, Opendatasoft, data.gouv.fr: whole, in order, and what they do with a server that errs."""

import hashlib
from typing import Any

import orjson
import pytest
import shapely

from etl.connectors import datagouv, oapif, opendatasoft, wfs
from observatoire.errors import BadInput, BadSource, ObsError, SourceUnavailable
from observatoire.intake.options import Options
from observatoire.intake.source import NotModified, Rejected, Table

pytestmark = pytest.mark.unit

N = 25


def feature(n: int, **others: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": n,
        "properties": {"num": f"R{n}", "maj": f"2026-01-{n:02d}T10:00:00Z"},
        "geometry": {"type": "Point", "coordinates": [5.3 + n / 1000, 43.2]},
        **others,
    }


def features(start: int, size: int) -> list[dict[str, Any]]:
    return [feature(n) for n in range(start + 1, min(start + size, N) + 1)]


def keys(table: Table) -> list[str]:
    return [r.row if isinstance(r.row, Rejected) else r.row["num"] for r in table.records]  # type: ignore[misc]


EVERY = [f"R{n}" for n in range(1, N + 1)]


class Oapif:
    """A server of one collection, ten items a page."""

    def __init__(self, reply: Any) -> None:
        self.reply, self.total, self.change = reply, N, {}

    def __call__(self, asked: Any) -> Any:
        if asked.path.endswith("/schema"):
            shape = {"x-ogc-role": "primary-geometry"}
            return self.reply({"properties": {"num": {}, "maj": {}, "vide": {}, "geometry": shape}})
        if not asked.path.endswith("/items"):
            rel = "http://www.opengis.net/def/rel/ogc/1.0/schema"
            return self.reply({"id": "c", "links": [{"rel": rel, "href": "c/schema", "type": "application/json"}]})
        start = int(asked.query.get("offset", 0))
        page = {"type": "FeatureCollection", "features": features(start, 10), "numberMatched": self.total}
        if start + 10 < N:
            page["links"] = [{"rel": "next", "href": f"items?offset={start + 10}&limit=10"}]
        return self.reply(page | self.change.get(start, {}), headers={"Content-Crs": ""})


@pytest.fixture
def oapi(service: Any, reply: Any) -> Any:
    service.answer = Oapif(reply)
    return service


def test_a_collection_is_read_along_its_links(oapi: Any) -> None:
    table = oapif.fetch(f"{oapi.url}/collections/c/items", Options())

    assert table.columns == ("id", "num", "maj", "vide")
    assert table.crs == "OGC:CRS84"
    records = list(table.records)
    assert [r.row["num"] for r in records] == EVERY  # type: ignore[call-overload]
    assert records[4].geometry == shapely.Point(5.305, 43.2)


@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "0"}}, {"cut": 30}])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_page_that_is_cut_is_asked_again(oapi: Any, reply: Any, nth: int, trouble: dict[str, Any]) -> None:
    oapi.instead = {nth: reply({"a": "x" * 100}, **trouble)}

    assert keys(oapif.fetch(f"{oapi.url}/collections/c", Options())) == EVERY


def test_a_total_that_changes_between_pages_stops_the_load(oapi: Any) -> None:
    oapi.answer.change = {10: {"numberMatched": N + 1}}

    with pytest.raises(SourceUnavailable, match="changed while they were read"):
        keys(oapif.fetch(f"{oapi.url}/collections/c", Options()))


def test_fewer_items_than_said_stop_the_load(oapi: Any) -> None:
    oapi.answer.total = N + 3

    with pytest.raises(SourceUnavailable, match="it says 28 items, and gave 25"):
        keys(oapif.fetch(f"{oapi.url}/collections/c", Options()))


def test_an_item_that_comes_twice_stops_the_load(oapi: Any) -> None:
    oapi.answer.change = {10: {"features": features(9, 10)}}

    with pytest.raises(SourceUnavailable, match="an item comes twice"):
        keys(oapif.fetch(f"{oapi.url}/collections/c", Options()))


def test_links_in_a_circle_stop_the_load(oapi: Any) -> None:
    circle = [{"rel": "next", "href": "items?offset=10&limit=10"}]
    oapi.answer.change = {10: {"links": circle}}

    with pytest.raises(BadSource, match="leads back"):
        keys(oapif.fetch(f"{oapi.url}/collections/c", Options()))


BROKEN = [
    ("wrong", "malformed-row"),
    (None, "malformed-row"),
    ({"type": "Feature", "properties": None, "geometry": None}, "malformed-row"),
    (feature(99, geometry={"type": "Point", "coordinates": ["x"]}), "invalid-geometry"),
    (feature(99, geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), "invalid-geometry"),
    (feature(99, geometry="POINT (1 2)"), "invalid-geometry"),
    (feature(99, properties={"num": "1", "secret": "x"}), "unknown-column"),
    (feature(99, properties={"num": "x" * 3000}), "row-too-long"),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN)
def test_a_broken_feature_is_refused_alone(oapi: Any, broken: Any, reason: str) -> None:
    oapi.answer.total = None
    oapi.answer.change = {0: {"features": [feature(1), broken, feature(2)], "links": []}}

    records = list(oapif.fetch(f"{oapi.url}/collections/c", Options(max_row_bytes=1_000)).records)

    assert [isinstance(r.row, Rejected) for r in records] == [False, True, False]
    assert records[1].row.reason == reason  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body", [b"<html>Mme Martin</html>", b'{"features": 3}', b"[1]", b'{"features": [', b"\xff\xfe", b"null"]
)
def test_what_is_no_page_is_said_without_being_shown(service: Any, reply: Any, body: bytes) -> None:
    service.answer = lambda _: reply(body)

    for fetch, request in ((oapif.fetch, {}), (wfs.fetch, {"type": "a:b"}), (opendatasoft.fetch, {})):
        with pytest.raises(BadSource) as error:
            keys(fetch(f"{service.url}/explore/dataset/c/", Options(request=request)))
        assert "Martin" not in str(error.value)


def test_a_collection_of_one_page_that_has_not_changed_is_not_read(service: Any, reply: Any) -> None:
    def answer(asked: Any) -> Any:
        if asked.headers.get("if-none-match") == '"7"':
            return reply(status=304)
        return reply({"features": features(0, 5)}, headers={"ETag": '"7"'})

    service.answer = answer
    table = oapif.fetch(f"{service.url}/collections/c", Options())
    assert keys(table) == EVERY[:5]
    assert table.cursor is not None
    assert table.cursor() == 'etag:"7"'

    with pytest.raises(NotModified):
        oapif.fetch(f"{service.url}/collections/c", Options(since='etag:"7"'))


def test_the_tag_of_a_first_page_says_nothing_of_the_others(oapi: Any) -> None:
    table = oapif.fetch(f"{oapi.url}/collections/c", Options())
    keys(table)

    assert table.cursor is not None
    assert table.cursor() is None


def test_the_cursor_is_the_greatest_value_and_the_next_load_asks_from_there(oapi: Any) -> None:
    options = Options(request={"since": "maj", "filter": "num <> 'x'"})
    table = oapif.fetch(f"{oapi.url}/collections/c", options)
    keys(table)
    assert table.cursor is not None
    assert table.cursor() == "2026-01-25T10:00:00Z"

    oapif.fetch(f"{oapi.url}/collections/c", options.model_copy(update={"since": table.cursor()}))

    asked = [a.query for a in oapi.asked if a.query.get("filter")]
    assert asked[-1]["filter"] == "(num <> 'x') AND maj >= TIMESTAMP('2026-01-25T10:00:00Z')"
    assert asked[-1]["filter-lang"] == "cql2-text"


@pytest.mark.parametrize(("code", "there"), [(2154, (10.0, 20.0)), (3035, (20.0, 10.0))])
def test_coordinates_come_in_the_order_of_the_authority(service: Any, reply: Any, code: int, there: Any) -> None:
    """EPSG:2154 is E, N; EPSG:3035 is N, E (EPSG registry)."""
    page = {"features": [feature(1, geometry={"type": "Point", "coordinates": [10.0, 20.0]})]}
    uri = f"<http://www.opengis.net/def/crs/EPSG/0/{code}>"
    service.answer = lambda _: reply(page, headers={"Content-Crs": uri})

    table = oapif.fetch(f"{service.url}/collections/c", Options(request={"crs": f"EPSG:{code}"}))

    assert table.crs == f"EPSG:{code}"
    assert next(table.records).geometry.coords[0] == there
    assert service.asked[0].query["crs"] == uri.strip("<>")


def test_a_server_that_does_not_answer_in_the_crs_asked_is_refused(oapi: Any) -> None:
    with pytest.raises(BadSource, match="does not answer in EPSG:2154"):
        oapif.fetch(f"{oapi.url}/collections/c", Options(request={"crs": "EPSG:2154"}))


GML = """<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:v="urn:v" numberMatched="{total}" numberReturned="{size}">{members}</wfs:FeatureCollection>"""
MEMBER = """<wfs:member><v:lieu gml:id="lieu.{n}"><gml:boundedBy><gml:Envelope/></gml:boundedBy><v:num>R{n}</v:num>
<v:geom><gml:Point srsName="{srs}"><gml:pos>{pos}</gml:pos></gml:Point></v:geom></v:lieu></wfs:member>"""
XSD = b"""<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:complexType name="t"><xsd:sequence>
<xsd:element name="num" type="xsd:string"/><xsd:element name="maj" type="xsd:dateTime"/>
<xsd:element name="geom" type="gml:PointPropertyType"/></xsd:sequence></xsd:complexType></xsd:schema>"""
URN = "urn:ogc:def:crs:EPSG::4326"


class Wfs:
    """A server that never gives more than seven features a page."""

    def __init__(self, reply: Any) -> None:
        self.reply, self.totals, self.srs = reply, {}, URN

    def __call__(self, asked: Any) -> Any:
        if asked.query["REQUEST"] == "DescribeFeatureType":
            return self.reply(XSD, type="text/xml")
        start = int(asked.query["STARTINDEX"])
        found = features(start, min(7, int(asked.query["COUNT"])))
        total = self.totals.get(start, N)
        if asked.query["OUTPUTFORMAT"] == "application/json":
            crs = {"type": "name", "properties": {"name": URN}}
            return self.reply({"features": found, "numberMatched": total, "crs": crs})
        order = (1, 0) if self.srs == URN else (0, 1)
        members = "".join(
            MEMBER.format(n=f["id"], srs=self.srs, pos=" ".join(str(f["geometry"]["coordinates"][i]) for i in order))
            for f in found
        )
        return self.reply(GML.format(total=total, size=len(found), members=members).encode(), type="text/xml")


@pytest.mark.parametrize("srs", [URN, "EPSG:4326", "http://www.opengis.net/gml/srs/epsg.xml#4326"])
@pytest.mark.parametrize("form", ["json", "gml"])
@pytest.mark.parametrize("total", [N, "unknown"])
def test_a_feature_type_is_read_whole_whatever_its_form_and_axis(
    service: Any, reply: Any, form: str, srs: str, total: Any
) -> None:
    service.answer = Wfs(reply)
    service.answer.srs = srs
    service.answer.totals = dict.fromkeys(range(N + 1), total)

    table = wfs.fetch(f"{service.url}/ows", Options(request={"type": "v:lieu", "format": form}))
    records = list(table.records)

    assert table.columns == ("id", "num", "maj")
    assert table.crs == "EPSG:4326"
    assert [r.row["num"] for r in records] == EVERY  # type: ignore[call-overload]
    assert records[4].geometry == shapely.Point(5.305, 43.2)


def test_a_wfs_whose_total_changes_stops_the_load(service: Any, reply: Any) -> None:
    service.answer = Wfs(reply)
    service.answer.totals = {14: N - 1}

    with pytest.raises(SourceUnavailable, match="changed while they were read"):
        keys(wfs.fetch(service.url, Options(request={"type": "v:lieu"})))


def test_a_wfs_is_asked_with_credentials_the_bbox_in_latitudes_and_the_cursor(
    service: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITTERALIS", "a:b")
    service.answer = Wfs(reply)
    wfs.fetch(service.url, Options(request={"type": "v:lieu", "bbox": "5,43,6,44", "auth": "env:LITTERALIS"}))
    wfs.fetch(service.url, Options(since="2026-01-01T00:00:00Z", request={"type": "v:lieu", "since": "maj"}))

    assert service.asked[0].headers["authorization"] == "Basic YTpi"
    assert service.asked[0].query["BBOX"] == f"43.0,5.0,44.0,6.0,{URN}"
    assert "<fes:ValueReference>maj</fes:ValueReference>" in service.asked[2].query["FILTER"]


HOSTILE = [
    b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>',
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a/>'.encode("utf-16"),
    b"<a><b></a>",
    b"<ows:ExceptionReport xmlns:ows='http://www.opengis.net/ows/1.1'><ows:Exception/></ows:ExceptionReport>",
]


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_xml_is_refused(service: Any, reply: Any, body: bytes) -> None:
    service.answer = lambda _: reply(body, type="text/xml")

    with pytest.raises(BadSource) as error:
        wfs.fetch(service.url, Options(request={"type": "a:b", "format": "gml"}))

    assert "root:" not in str(error.value)


DATASET = {
    "dataset_id": "arbres",
    "fields": [
        {"name": "num", "type": "text"},
        {"name": "maj", "type": "datetime"},
        {"name": "place", "type": "geo_point_2d"},
    ],
    "metas": {"default": {"data_processed": "2026-02-01T03:00:00+00:00"}},
}


class Ods:
    """A server of one dataset, export and count."""

    def __init__(self, reply: Any) -> None:
        self.reply, self.total, self.more = reply, N, b""

    def __call__(self, asked: Any) -> Any:
        if asked.path.endswith("/records"):
            return self.reply({"total_count": self.total, "results": []})
        if asked.path.endswith("/exports/jsonl"):
            rows = [
                orjson.dumps(
                    f["properties"] | {"place": dict(zip(("lon", "lat"), f["geometry"]["coordinates"], strict=True))}
                )
                for f in features(0, N)
            ]
            return self.reply(b"\n".join(rows) + b"\n" + self.more, type="application/jsonl")
        return self.reply(DATASET)


def test_a_dataset_of_opendatasoft_is_exported_whole(service: Any, reply: Any) -> None:
    service.answer = Ods(reply)
    service.instead = {3: reply({"x": "y" * 99}, cut=9)}

    table = opendatasoft.fetch(f"{service.url}/explore/dataset/arbres/table/?sort=x", Options())
    records = list(table.records)

    assert table.columns == ("num", "maj")
    assert [r.row["num"] for r in records] == EVERY  # type: ignore[call-overload]
    assert records[4].geometry == shapely.Point(5.305, 43.2)
    assert table.cursor is not None
    with pytest.raises(NotModified):
        opendatasoft.fetch(f"{service.url}/explore/dataset/arbres/", Options(since=table.cursor()))


def test_a_dataset_that_changes_while_it_is_read_stops_the_load(service: Any, reply: Any) -> None:
    service.answer = Ods(reply)
    service.answer.total = N + 1

    with pytest.raises(SourceUnavailable, match="it says 26 records, and gave 25"):
        keys(opendatasoft.fetch(f"{service.url}/explore/dataset/arbres/", Options()))


def test_a_broken_line_of_an_export_is_refused_alone(service: Any, reply: Any) -> None:
    service.answer = Ods(reply)
    service.answer.more, service.answer.total = (
        b'{"num": \n[1]\n{"num":"a","maj":"","place":{"lon":"x","lat":1}}\n',
        N + 3,
    )

    refused = [r.row for r in opendatasoft.fetch(f"{service.url}/explore/dataset/a/", Options()).records][N:]

    assert [why.reason for why in refused if isinstance(why, Rejected)] == [
        "malformed-row", "malformed-row", "invalid-geometry",
    ]  # fmt: skip


def test_opendatasoft_is_asked_from_the_cursor(service: Any, reply: Any) -> None:
    service.answer = Ods(reply)
    request = {"since": "maj", "where": "num like 'R'"}

    table = opendatasoft.fetch(
        f"{service.url}/explore/dataset/a/", Options(request=request, since="2026-01-02T00:00:00Z")
    )

    keys(table)
    assert service.asked[2].query["where"] == "(num like 'R') and maj >= date'2026-01-02T00:00:00Z'"
    assert table.cursor is not None
    assert table.cursor() == "2026-01-25T10:00:00Z"


CSV = b"num;maj\nR1;2026-01-01\n"


def udata(service: Any, reply: Any, **others: Any) -> None:
    resources = [
        {"id": "old", "type": "main", "format": "csv", "last_modified": "2025-01-01", "url": f"{service.url}/old.csv"},
        {"id": "doc", "type": "documentation", "format": "csv", "last_modified": "2027", "url": f"{service.url}/d.csv"},
        {
            "id": "new", "type": "main", "format": "csv", "last_modified": "2026-01-01",
            "url": f"{service.url}/new.csv",
            "checksum": {"type": "sha1", "value": hashlib.sha1(CSV).hexdigest()},
        } | others,
    ]  # fmt: skip
    service.answer = lambda asked: reply(
        CSV if asked.path == "/new.csv" else {"resources": resources},
        200 if asked.path in {"/new.csv", "/api/1/datasets/rues/"} else 404,
    )


def test_the_last_main_file_of_data_gouv_is_read_and_checked(service: Any, reply: Any) -> None:
    udata(service, reply)

    table = datagouv.fetch(f"{service.url}/fr/datasets/rues/", Options())

    assert keys(table) == ["R1"]
    assert table.cursor is not None
    with pytest.raises(NotModified):
        datagouv.fetch(f"{service.url}/fr/datasets/rues/", Options(since=table.cursor()))


@pytest.mark.parametrize(
    ("others", "request_", "says"),
    [
        ({"checksum": {"type": "sha1", "value": "0" * 40}}, {}, "another sha1"),
        ({}, {"resource": "none"}, "no such file"),
        ({"format": "docx"}, {"resource": "new"}, "connector: no"),
        ({"url": "file:///etc/passwd"}, {}, "neither http nor https"),
        ({}, {"connector": "wfs"}, "one that reads a file"),
    ],
)
def test_a_file_of_data_gouv_that_is_not_what_is_said_is_refused(
    service: Any, reply: Any, others: dict[str, Any], request_: dict[str, str], says: str
) -> None:
    udata(service, reply, **others)

    with pytest.raises(ObsError, match=says):
        datagouv.fetch(f"{service.url}/datasets/rues/", Options(request=request_))


def test_questions_that_a_connector_does_not_know_are_refused(service: Any) -> None:
    with pytest.raises(BadInput, match="request: no key layer"):
        oapif.fetch(service.url, Options(request={"layer": "x"}))
    with pytest.raises(BadInput, match="expected the key type"):
        wfs.fetch(service.url, Options())
