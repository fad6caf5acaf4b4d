"""Clients of others, unmodified, over the network: GDAL, OWSLib, geopandas; and pygeoapi's own server on our file."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import geopandas
import httpx
import psycopg
import pytest
from owslib.ogcapi.features import Features

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords

pytestmark = pytest.mark.e2e

N = 2_345
SEED = """
SELECT setseed(0.7);
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.2 + 0.37 * random(), 43.15 + 0.27 * random()), 4326), 2154), 'test',
       i::text, 1, 'reported', 'second', 'R' || i, timestamptz '2026-01-01 00:00Z' + i * interval '1 hour',
       (array['tag', 'bruit', 'ordures'])[1 + i % 3]
FROM generate_series(1, 2345) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT id, geom, source, source_key, load_id, origin, precision, reference, date, 'tapage'
FROM data.signalements WHERE id <= 20;
INSERT INTO obs.versions (collection, version) VALUES ('signalements', 1), ('faits', 1);
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: list[str], environment: dict[str, str], address: str) -> Iterator[None]:
    """A server of its own process, stopped at the end."""
    process = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,  # pygeoapi's development server has a child, which is to end with it
    )  # fmt: skip
    try:
        until = monotonic() + 90
        while True:
            try:
                if httpx.get(address, timeout=5).status_code < 500:
                    break
            except httpx.TransportError:
                pass
            if process.poll() is not None or monotonic() > until:
                process.kill()
                raise AssertionError(process.communicate()[1][-4000:])
            sleep(0.2)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module")
def key(database: str, var: Path) -> str:
    """Seeds the store and returns coordination's key."""
    city = read_city(root() / "cities" / "demo.yml")
    with psycopg.connect(database) as connection:
        schema.prepare(connection, city, catalog().values(), passwords(var))
        connection.execute(SEED)
        return create_key(connection, "coordination", "e2e")


@pytest.fixture(scope="module")
def api(database: str, var: Path, key: str) -> Iterator[str]:
    """Our server, as `obs serve` starts it; its address."""
    port = free_port()
    environment = {"OBS_DATABASE_URL": database, "OBS_VAR": str(var), "OBS_BIND": f"127.0.0.1:{port}"}
    command = [sys.executable, "-m", "uvicorn", "observatoire.server.app:create_app", "--factory"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    address = f"http://127.0.0.1:{port}/api"
    with running(command + options, environment, address):
        yield address


def ogr(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_gdal_lists_the_public_collections(api: str) -> None:
    listed = ogr("ogrinfo", "-ro", f"OAPIF:{api}")

    assert "signalements" in listed
    assert ": faits-publics (" in listed
    assert ": faits (" not in listed


def test_gdal_reads_every_item_once(api: str) -> None:
    lines = ogr(
        "ogr2ogr", "-f", "CSV", "/vsistdout/", f"OAPIF:{api}", "signalements", "-oo", "PAGE_SIZE=1000"
    ).splitlines()

    assert len(lines) == N + 1
    assert len(set(lines[1:])) == N


def test_gdal_counts_filters_and_finds_by_place(api: str) -> None:
    whole = ogr("ogrinfo", "-ro", "-so", "-al", f"OAPIF:{api}", "signalements")
    tags = ogr("ogrinfo", "-ro", "-so", "-where", "nature='tag'", f"OAPIF:{api}", "signalements")
    near = ogr("ogrinfo", "-ro", "-so", "-spat", "5.3", "43.2", "5.4", "43.3", f"OAPIF:{api}", "signalements")

    found = httpx.get(f"{api}/collections/signalements/items?limit=10000&bbox=5.3,43.2,5.4,43.3").json()
    assert f"Feature Count: {N}" in whole
    assert f"Feature Count: {N // 3}" in tags
    assert f"Feature Count: {found['numberReturned']}" in near


def test_gdal_sees_the_restricted_collection_with_a_key(api: str, key: str) -> None:
    listed = ogr("ogrinfo", "-ro", "--config", "GDAL_HTTP_HEADERS", f"X-API-Key: {key}", f"OAPIF:{api}")

    assert "faits" in listed


def test_owslib_reads_every_item_once(api: str) -> None:
    client = Features(api)
    seen: list[int] = []
    page: dict[str, Any] = client.collection_items("signalements", limit=1000)
    while True:
        seen += [feature["id"] for feature in page["features"]]
        link = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        if link is None:
            break
        page = httpx.get(link).json()

    assert set(client.feature_collections()) >= {"signalements", "divisions", "mailles"}
    assert seen == list(range(1, N + 1))
    assert client.collection_item("signalements", "7")["properties"]["reference"] == "R7"
    assert "date" in client.collection_queryables("signalements")["properties"]


def test_geopandas_reads_a_page_with_its_dates(api: str) -> None:
    frame = geopandas.read_file(f"{api}/collections/signalements/items?limit=1000&sortby=-date")

    assert len(frame) == 1000
    assert frame.crs.to_epsg() == 4326
    assert str(frame["date"].dtype).startswith("datetime64")
    assert frame["date"].is_monotonic_decreasing


def test_a_page_is_compressed_and_known_again(api: str) -> None:
    address = f"{api}/collections/signalements/items?limit=1000"
    first = httpx.get(address, headers={"Accept-Encoding": "gzip"})
    again = httpx.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-encoding"] == "gzip"
    assert int(first.headers["content-length"]) < 0.3 * len(first.content)
    assert (again.status_code, again.content) == (304, b"")


@pytest.fixture(scope="module")
def stock(database: str, var: Path, key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """`pygeoapi serve` on the committed file, logged in as the public role: nothing of ours but the provider."""
    port = free_port()
    login = psycopg.conninfo.make_conninfo(database, user="obs_public", password=passwords(var).by_audience["public"])
    openapi = tmp_path_factory.mktemp("stock") / "openapi.json"
    address = f"http://127.0.0.1:{port}"
    environment = {
        "PYGEOAPI_CONFIG": str(root() / "pygeoapi-config.yml"),
        "PYGEOAPI_OPENAPI": str(openapi),
        "OBS_PUBLIC_URL": login,
        "OBS_URL": address,
        "OBS_PORT": str(port),
    }
    program = str(Path(sys.executable).with_name("pygeoapi"))
    subprocess.run(
        [program, "openapi", "generate", environment["PYGEOAPI_CONFIG"], "-f", "json", "--output-file", openapi],
        env=os.environ | environment, check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    with (
        running([program, "serve"], environment, address),
        httpx.Client(base_url=address, timeout=90) as http,
    ):
        yield http


def test_pygeoapis_own_server_serves_the_public_collections(stock: httpx.Client) -> None:
    listed = stock.get("/collections?f=json").json()["collections"]
    page = stock.get("/collections/signalements/items?f=json&limit=5&nature=tag&sortby=-date").json()
    one = stock.get("/collections/signalements/items/7?f=json").json()
    boxed = stock.get("/collections/signalements/items?f=json&limit=9999&bbox=5.3,43.2,5.4,43.3").json()
    dated = stock.get("/collections/signalements/items?f=json&limit=100&datetime=2026-01-02").json()
    metres = stock.get(
        "/collections/signalements/items?f=json&limit=1&crs=http://www.opengis.net/def/crs/EPSG/0/2154"
    ).json()
    schemas = [stock.get(f"/collections/signalements/{page}?f=json").json() for page in ("schema", "queryables")]

    assert {c["id"] for c in listed} == {layer.id for layer in catalog().values() if layer.visible_to("public")}
    assert [f["properties"]["nature"] for f in page["features"]] == ["tag"] * 5
    assert page["numberMatched"] == N // 3
    assert one["properties"]["reference"] == "R7"
    assert boxed["numberReturned"] == boxed["numberMatched"] > 50
    assert [f["properties"]["reference"] for f in dated["features"]] == [f"R{i}" for i in range(24, 48)]
    assert all(c % 200 == 0 for c in metres["features"][0]["geometry"]["coordinates"])  # as the public may see it
    assert all({"reference", "date", "nature"} <= schema["properties"].keys() for schema in schemas)


def test_nothing_restricted_exists_in_pygeoapis_own_server(stock: httpx.Client) -> None:
    """Neither as a collection, nor as a property, nor in the documents."""
    hidden = [layer.id for layer in catalog().values() if not layer.visible_to("public")]
    documents = [stock.get(path, params={"f": "json"}).text for path in ("/", "/collections", "/openapi")]
    schemas = [stock.get(f"/collections/signalements/{page}?f=json").json() for page in ("schema", "queryables")]

    assert "faits" in hidden
    for collection in hidden:
        for rest in ("", "/items", "/items/1", "/schema", "/queryables"):
            assert stock.get(f"/collections/{collection}{rest}").status_code == 404
        named = re.compile(rf"/collections/{collection}(?![\w-])")
        assert not any(named.search(text) for text in documents)
    assert not any("source" in schema["properties"] for schema in schemas)
    assert "source" not in stock.get("/collections/signalements/items/7?f=json").json()["properties"]


@pytest.mark.parametrize(
    "query",
    [
        "filter=nature%3D%27tag%27", "filter=nature%3D%27tag%27&filter-lang=cql2-text",
        "filter=source%3D%27test%27", "filter=(", "q=tag", "source=test", "sortby=source", "properties=source",
        "nosuch=1", "cursor=abc", "id=abc", "resulttype=zzz", "limit=0", "bbox=1,2,3", "datetime=nope", "crs=nope",
    ],
)  # fmt: skip
def test_pygeoapis_own_server_applies_or_refuses(stock: httpx.Client, query: str) -> None:
    """What it cannot do rightly (CQL2, whose AND and OR it reads wrongly) or may not tell is refused, never ignored."""
    answer = stock.get(f"/collections/signalements/items?f=json&{query}")

    assert answer.status_code == 400, answer.text[:300]
    assert answer.json()["code"]


def test_pygeoapis_own_server_refuses_a_posted_filter(stock: httpx.Client) -> None:
    body = {"op": "=", "args": [{"property": "nature"}, "tag"]}
    answer = stock.post("/collections/signalements/items?f=json", json=body)

    assert answer.status_code == 400


def test_a_protected_property_is_unknown_to_pygeoapis_own_server(stock: httpx.Client) -> None:
    for query in ("{}=test", "sortby={}", "properties={}", "filter={}%3D%27test%27"):
        protected, missing = (
            stock.get(f"/collections/signalements/items?f=json&{query.format(name)}") for name in ("source", "nosuch")
        )
        assert protected.status_code == missing.status_code == 400
        assert protected.text.replace("source", "nosuch") == missing.text
