"""Every connector through a whole load: nothing lost, cut and run again, nothing new, broken; never a crash.

The same 25 reports by each way, of which two are to be refused: one has an unknown code, one lies outside the city.
"""

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas as gpd
import orjson
import psycopg
import pytest
import shapely
import stamina

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.errors import ObsError
from observatoire.intake.load import Summary
from observatoire.intake.options import make_options
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings, settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

N, PAGE = 25, 7
ROWS = [
    {"num": f"R{n}", "maj": f"2026-01-{n:02d}T10:00:00Z", "type": "ovni" if n == 3 else "tag",
     "lon": 2.35 if n == 20 else 5.3 + n / 1000, "lat": 43.3}
    for n in range(1, N + 1)
]  # fmt: skip
REASONS = {"unknown-code": 1, "outside-city": 1}
CSV = "num,maj,type,lon,lat\n" + "".join(",".join(map(str, row.values())) + "\n" for row in ROWS)
SHAPED = {"id": "num", "date": "maj", "nature": "type"}
PLACED = SHAPED | {"lon": "lon", "lat": "lat"}

Answer = tuple[int, dict[str, str], bytes]


class Service(ThreadingHTTPServer):
    """Answers by `answer`; from the request `dead_from` on by half of it; where `spoilt`, by what is no answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[str, dict[str, str], str], Answer] = lambda *_: (404, {}, b"")
        self.asked, self.statuses, self.dead_from, self.spoilt = 0, list[int](), 10**9, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked += 1
        query = dict(parse_qsl(parts.query)) | {"body": sent.decode("utf-8", "replace")}
        status, headers, body = self.server.answer(parts.path, query, self.headers.get("If-None-Match", ""))
        if self.server.spoilt:
            status, body = 200, b"\x00\xff{ neither JSON nor XML"
        self.server.statuses.append(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.server.asked >= self.server.dead_from else body)

    do_POST = do_GET  # noqa: N815 - a name of http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with stamina.set_testing(True, attempts=2):
        yield running
    running.shutdown()
    thread.join()
    running.server_close()


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    return {
        "type": "Feature",
        "id": row["num"],
        "geometry": place,
        "properties": {n: row[n] for n in ("num", "maj", "type")},
    }


def _json(body: Any, **headers: str) -> Answer:
    return 200, {"Content-Type": "application/json", **headers}, orjson.dumps(body)


@dataclass
class Way:
    """How the reports are had through one connector.

    Attributes
    ----------
    place : callable
        Makes the file, or has the service answer; returns the path or address.
    options : dict
        Of the load.
    again : bool
        Whether the next load is told that nothing is new, and reads nothing.
    """

    place: Callable[[Path, Service], str]
    options: dict[str, Any]
    again: bool = False


def _oapif(size: int) -> Callable[[Path, Service], str]:
    def place(_: Path, service: Service) -> str:
        def answer(path: str, query: dict[str, str], tag: str) -> Answer:
            if not path.endswith("/items"):
                return _json({"id": "c", "links": []})
            if tag == '"1"':
                return 304, {}, b""
            start = int(query.get("offset", 0))
            page = {
                "type": "FeatureCollection",
                "features": list(map(_feature, ROWS[start : start + size])),
                "numberMatched": N,
            }
            if start + size < N:
                page["links"] = [{"rel": "next", "href": f"{service.url}/collections/c/items?offset={start + size}"}]
            return _json(page, ETag='"1"')

        service.answer = answer
        return f"{service.url}/collections/c"

    return place


def _wfs(_: Path, service: Service) -> str:
    schema = (
        b'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"><xsd:complexType name="t"><xsd:sequence>'
        b'<xsd:element name="num" type="xsd:string"/><xsd:element name="maj" type="xsd:string"/>'
        b'<xsd:element name="type" type="xsd:string"/><xsd:element name="geom" type="gml:PointPropertyType"/>'
        b"</xsd:sequence></xsd:complexType></xsd:schema>"
    )

    def answer(_: str, query: dict[str, str], __: str) -> Answer:
        if query["REQUEST"] == "DescribeFeatureType":
            return 200, {"Content-Type": "text/xml"}, schema
        start = int(query["STARTINDEX"])
        found = list(map(_feature, ROWS[start : start + min(PAGE, int(query["COUNT"]))]))
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        return _json({"type": "FeatureCollection", "features": found, "numberMatched": N, "crs": crs})

    service.answer = answer
    return f"{service.url}/ows"


def _opendatasoft(_: Path, service: Service) -> str:
    about = {
        "dataset_id": "d", "fields": [{"name": n, "type": "text"} for n in ("num", "maj", "type")]
        + [{"name": "place", "type": "geo_point_2d"}],
        "metas": {"default": {"data_processed": "2026-02-01T03:00:00+00:00"}},
    }  # fmt: skip
    lines = [
        orjson.dumps({n: row[n] for n in ("num", "maj", "type")} | {"place": {"lon": row["lon"], "lat": row["lat"]}})
        for row in ROWS
    ]

    def answer(path: str, _: dict[str, str], __: str) -> Answer:
        if path.endswith("/records"):
            return _json({"total_count": N, "results": []})
        if path.endswith("/exports/jsonl"):
            return 200, {"Content-Type": "application/jsonl"}, b"\n".join(lines) + b"\n"
        return _json(about)

    service.answer = answer
    return f"{service.url}/explore/dataset/d/"


def _datagouv(_: Path, service: Service) -> str:
    body = CSV.encode()
    resource = {
        "id": "r", "type": "main", "format": "csv", "last_modified": "2026-01-01", "url": f"{service.url}/r.csv",
        "checksum": {"type": "sha1", "value": hashlib.sha1(body).hexdigest()},
    }  # fmt: skip
    service.answer = lambda path, *_: (200, {}, body) if path == "/r.csv" else _json({"resources": [resource]})
    return f"{service.url}/fr/datasets/d/"


def _geocode(folder: Path, service: Service) -> str:
    """An export of addresses, and a geocoder that knows them by their number."""

    def answer(_: str, query: dict[str, str], __: str) -> Answer:
        table = re.search(r"filename=.*?\r\n\r\n(.*?)\r\n--", query["body"], re.DOTALL)
        assert table is not None
        sent = table[1].splitlines()
        head = "latitude,longitude,result_score,result_type,result_id,result_citycode,result_status"
        lines = [f"{sent[0]},{head}"]
        for line in sent[1:]:
            row = ROWS[int(line.split("rue ")[1].split(",")[0].strip('"')) - 1]
            lines.append(f"{line},{row['lat']},{row['lon']},0.97,street,x,13201,ok")
        return 200, {"Content-Type": "text/csv"}, "\n".join(lines).encode()

    service.answer = answer
    text = "num,maj,type,voie,insee\n" + "".join(
        f"{r['num']},{r['maj']},{r['type']},rue {n},13201\n" for n, r in enumerate(ROWS, 1)
    )
    (folder / "voies.csv").write_text(text)
    return str(folder / "voies.csv")


def _file(folder: Path, _: Service) -> str:
    (folder / "export.csv").write_text(CSV)
    return str(folder / "export.csv")


def _folder(folder: Path, _: Service) -> str:
    head, *lines = CSV.splitlines(keepends=True)
    drop = folder / "drop"
    drop.mkdir(exist_ok=True)
    for n in range(0, N, 10):
        file = drop / f"{n}.csv"
        file.write_text(head + "".join(lines[n : n + 10]))
        os.utime(file, (1_700_000_000 + n, 1_700_000_000 + n))
    return str(drop)


def _frame() -> gpd.GeoDataFrame:
    table = {name: [row[name] for row in ROWS] for name in ("num", "maj", "type")}
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(r["lon"], r["lat"]) for r in ROWS], crs="EPSG:4326")


def _excel(folder: Path, _: Service) -> str:
    _frame().drop(columns="geometry").assign(lon=[r["lon"] for r in ROWS], lat=[r["lat"] for r in ROWS]).to_excel(
        folder / "export.xlsx", index=False
    )
    return str(folder / "export.xlsx")


def _geofile(folder: Path, _: Service) -> str:
    _frame().to_file(folder / "export.gpkg", driver="GPKG", engine="pyogrio")
    return str(folder / "export.gpkg")


def _geoparquet(folder: Path, _: Service) -> str:
    _frame().to_parquet(folder / "export.parquet", row_group_size=PAGE)
    return str(folder / "export.parquet")


def _postgres(_: Path, __: Service) -> str:
    with psycopg.connect(os.environ["MAINS"], autocommit=True) as base:
        base.execute("DROP TABLE IF EXISTS public.mains")
        base.execute("CREATE TABLE public.mains (num text, maj text, type text, geom geometry(Point, 4326))")
        base.cursor().executemany(
            "INSERT INTO public.mains VALUES (%(num)s, %(maj)s, %(type)s, ST_Point(%(lon)s, %(lat)s, 4326))", ROWS
        )
    return "env:MAINS"


WAYS = {
    "csv": Way(_file, {"map": PLACED}),
    "excel": Way(_excel, {"map": PLACED}),
    "geofile": Way(_geofile, {"map": SHAPED}),
    "geoparquet": Way(_geoparquet, {"map": SHAPED}),
    "folder": Way(_folder, {"map": PLACED, "request": {"connector": "csv"}}, again=True),
    "geocode": Way(
        _geocode,
        {"map": SHAPED | {"lon": "geo_lon", "lat": "geo_lat"},
         "request": {"connector": "csv", "address": "voie", "commune": "insee"}},
    ),
    "oapif": Way(_oapif(PAGE), {"map": SHAPED}),
    "oapif of one page": Way(_oapif(N), {"map": SHAPED}, again=True),
    "wfs": Way(_wfs, {"map": SHAPED, "request": {"type": "v:lieu"}}),
    "opendatasoft": Way(_opendatasoft, {"map": SHAPED}, again=True),
    "datagouv": Way(_datagouv, {"map": PLACED}, again=True),
    "postgres": Way(_postgres, {"map": SHAPED, "request": {"table": "public.mains"}}),
}  # fmt: skip
SERVICES = ("geocode", "oapif", "oapif of one page", "wfs", "opendatasoft", "datagouv")


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture
def store(
    database: str, marseille: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection[Any]]:
    monkeypatch.setenv("OBS_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("MAINS", database)
    settings.cache_clear()
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path))
        empty(connection)
        yield connection
    settings.cache_clear()


def empty(connection: psycopg.Connection[Any]) -> None:
    connection.execute("TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions, obs.sources")
    connection.commit()


def run(store: psycopg.Connection[Any], city: City, name: str, place: str, service: Service) -> Summary:
    options = dict(WAYS[name].options) | {"drop": "all-others"}
    if name == "geocode":
        options["request"] = options["request"] | {"service": service.url}
    summary = load_file(
        store, city, connector=name.split()[0], collection="signalements", file=place, options=make_options(options),
        settings=Settings(), source="mairie",
    )  # fmt: skip
    assert summary.read == sum(summary.counts().values()) - summary.read
    return summary


def left(store: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    queries = {
        "items": "SELECT * FROM data.signalements ORDER BY id",
        "quarantine": "SELECT * FROM obs.quarantine ORDER BY id",
        "cursor": "SELECT source, collection, request, cursor, columns::text FROM obs.sources",
    }
    found = {name: store.execute(query).fetchall() for name, query in queries.items()}  # type: ignore[arg-type]
    store.rollback()
    return found


@pytest.mark.parametrize("name", WAYS)
def test_all_rows_are_loaded_once_and_accounted_for(
    store: psycopg.Connection[Any], marseille: City, service: Service, tmp_path: Path, name: str
) -> None:
    place = WAYS[name].place(tmp_path, service)

    first = run(store, marseille, name, place, service)
    whole = left(store)
    second = run(store, marseille, name, place, service)

    assert first.counts() == {"read": N, "inserted": N - 2, "updated": 0, "unchanged": 0, "quarantined": 2}
    assert first.reasons == REASONS
    assert [row["num"] for row in ROWS if row["type"] == "tag" and row["lon"] > 5] == [
        key for (key,) in store.execute("SELECT source_key FROM data.signalements ORDER BY date").fetchall()
    ]
    assert second.modified is not WAYS[name].again
    again = (
        {"read": 0, "unchanged": 0, "quarantined": 0}
        if WAYS[name].again
        else {"read": N, "unchanged": N - 2, "quarantined": 2}
    )
    assert second.counts() == {"inserted": 0, "updated": 0} | again
    assert left(store) == whole
    if name == "oapif of one page":
        assert 304 in service.statuses


@pytest.mark.parametrize("name", SERVICES)
def test_a_load_that_is_cut_leaves_nothing_and_the_next_is_whole(
    store: psycopg.Connection[Any], marseille: City, service: Service, tmp_path: Path, name: str
) -> None:
    """The last answer of the service is cut, as often as it is asked for."""
    place = WAYS[name].place(tmp_path, service)
    run(store, marseille, name, place, service)
    clean = left(store)
    last = service.asked
    empty(store)
    nothing = left(store)
    _forget_addresses(tmp_path)
    service.asked, service.dead_from = 0, last

    with pytest.raises(ObsError):
        run(store, marseille, name, place, service)
    assert left(store) == nothing

    service.dead_from = 10**9
    assert run(store, marseille, name, place, service).inserted == N - 2
    assert left(store) == clean


@pytest.mark.parametrize("name", WAYS)
def test_what_is_not_what_it_is_said_to_be_changes_nothing(
    store: psycopg.Connection[Any], marseille: City, service: Service, tmp_path: Path, name: str
) -> None:
    place = WAYS[name].place(tmp_path, service)
    run(store, marseille, name, place, service)
    before = left(store)
    service.spoilt = True
    if name == "postgres":
        store.execute("ALTER TABLE public.mains RENAME COLUMN num TO numero")
        store.commit()
    _forget_addresses(tmp_path)
    spoilt = [Path(place)] if Path(place).is_file() else sorted(Path(place).glob("*")) if name == "folder" else []
    for file in spoilt if name != "geocode" else []:
        content = file.read_bytes()
        file.write_bytes(b"\x00\xff" + content[: len(content) // 2])
        os.utime(file, (1_600_000_000, 1_600_000_000))

    with pytest.raises(ObsError) as refused:
        run(store, marseille, name, place, service)

    assert "internal error" not in str(refused.value)
    assert left(store) == before


def _forget_addresses(folder: Path) -> None:
    """Throw away what the geocoder's answers are kept in."""
    for file in (folder / "var").rglob("*"):
        if file.is_file():
            file.unlink()
