"""Web clients of others, unmodified, in Chromium, on a page of another origin: OpenLayers, Leaflet, MapLibre."""

import functools
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from observatoire.data import root

pytestmark = pytest.mark.e2e

LIBRARIES = {"ol@10.11.0": "ol-10.11.0.tgz", "leaflet@1.9.4": "leaflet-1.9.4.tgz"}
FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
PAGE = """<!doctype html><meta charset="utf-8"><title>client</title>
<script src="/ol/package/dist/ol.js"></script><script src="/leaflet/package/dist/leaflet.js"></script>
<div id="map" style="width: 600px; height: 600px"></div>"""

OPENLAYERS = """async ([items, token]) => {
  let shown; // the window and a margin, as OpenLayers asks for it
  const box = async (extent) => {
    const [west, south, east, north] = shown = ol.proj.transformExtent(extent, "EPSG:3857", "EPSG:4326");
    const answer = await fetch(`${items}?limit=10000&crs=${token}&bbox=${west},${south},${east},${north}`);
    return answer.json();
  };
  let arrived;
  const loaded = new Promise((resolve) => (arrived = resolve));
  const source = new ol.source.Vector({
    strategy: ol.loadingstrategy.bbox,
    loader: async (extent, resolution, projection) => {
      const read = new ol.format.GeoJSON({ dataProjection: "EPSG:3857", featureProjection: projection });
      source.addFeatures(read.readFeatures(await box(extent)));
      arrived();
    },
  });
  const map = new ol.Map({
    target: "map",
    layers: [new ol.layer.Vector({ source })],
    view: new ol.View({ center: ol.proj.fromLonLat([5.36, 43.28]), zoom: 15 }),
  });
  const patience = new Promise((_, reject) => setTimeout(reject, 60_000, new Error("nothing was loaded")));
  await Promise.race([loaded, patience]);
  return {
    shown,
    ids: source.getFeatures().map((f) => f.getId()),
    positions: source.getFeatures().map((f) => ol.proj.toLonLat(f.getGeometry().getCoordinates())),
  };
}"""

LEAFLET = """async ([items]) => {
  const map = L.map("map").setView([43.28, 5.36], 11);
  const ids = [];
  let address = `${items}?limit=100&nature=tag`;
  while (address) {
    const page = await (await fetch(address)).json();
    L.geoJSON(page, { pointToLayer: (f, at) => L.circleMarker(at), onEachFeature: (f) => ids.push(f.id) }).addTo(map);
    address = page.links.find(({ rel }) => rel === "next")?.href;
  }
  return { ids, drawn: document.querySelectorAll("path.leaflet-interactive").length };
}"""


OGC_TILES = """async ([tileset]) => {
  const source = new ol.source.OGCVectorTile({ url: tileset, format: new ol.format.MVT() });
  const ready = () => source.getState() === "ready";
  await new Promise((done) => (ready() ? done() : source.on("change", () => ready() && done())));
  const layer = new ol.layer.VectorTile({ source });
  const map = new ol.Map({
    target: "map",
    layers: [layer],
    view: new ol.View({ center: ol.proj.fromLonLat([5.36, 43.28]), zoom: 14 }),
  });
  const patience = new Promise((_, reject) => setTimeout(reject, 60_000, new Error("nothing was drawn")));
  await Promise.race([new Promise((done) => map.once("rendercomplete", done)), patience]);
  const extent = map.getView().calculateExtent(map.getSize());
  const inside = layer.getFeaturesInExtent(extent).filter((f) => {
    const [x, y] = f.getFlatCoordinates();
    return extent[0] < x && x < extent[2] && extent[1] < y && y < extent[3];
  });
  const canvas = document.querySelector("#map canvas");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return {
    extent: ol.proj.transformExtent(extent, "EPSG:3857", "EPSG:4326"),
    natures: inside.map((f) => f.get("nature")).sort(),
    drawn: pixels.filter((_, i) => i % 4 === 3 && pixels[i] > 0).length,
  };
}"""

MAPLIBRE = """async ([style]) => {
  const maplibre = await import("/maplibre/maplibre-gl.mjs");
  const given = await (await fetch(style)).json(); // as the API of styles gives it
  const map = new maplibre.Map({ container: "map", style: given, center: [5.36, 43.28], zoom: 13 });
  const patience = new Promise((_, reject) => setTimeout(reject, 60_000, new Error("nothing was drawn")));
  await Promise.race([new Promise((resolve) => map.once("idle", resolve)), patience]);
  const bounds = map.getBounds().toArray().flat();
  const drawn = map.queryRenderedFeatures({ layers: given.layers.map(({ id }) => id) });
  return { bounds, ids: [...new Set(drawn.map(({ id }) => id))] };
}"""


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


@pytest.fixture(scope="module")
def page_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the two libraries, fetched by npm, with an empty page: another origin than the observatory's."""
    folder = tmp_path_factory.mktemp("clients")
    for name, archive in LIBRARIES.items():
        done = subprocess.run(
            ["npm", "pack", "--silent", name], cwd=folder, capture_output=True, text=True, timeout=180
        )
        if done.returncode:
            pytest.skip(f"npm cannot fetch {name}: {done.stderr.strip()[-200:]}")
        with tarfile.open(folder / archive) as packed:
            packed.extractall(folder / name.partition("@")[0], filter="data")
    shutil.copytree(root() / "web" / "vendor" / "maplibre-gl", folder / "maplibre")
    (folder / "index.html").write_text(PAGE)
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Says nothing of what it is asked."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the parent's name
        pass


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def run(chromium: Browser, address: str, script: str, *arguments: str) -> Any:
    page = chromium.new_page()
    try:
        page.goto(address, wait_until="load")
        return page.evaluate(script, list(arguments))
    finally:
        page.close()


def test_openlayers_reads_what_its_window_shows(observatory: Observatory, chromium: Browser, page_address: str) -> None:
    """By the bbox strategy, in Web Mercator, and puts each item where CRS84 says it is."""
    items = f"{observatory.url}/api/collections/signalements/items"
    seen = run(chromium, page_address, OPENLAYERS, items, "http://www.opengis.net/def/crs/EPSG/0/3857")

    asked = ",".join(map(str, seen["shown"]))
    expected = observatory.get("/api/collections/signalements/items", bbox=asked, limit=10_000).json()["features"]
    by_id = {f["id"]: f["geometry"]["coordinates"] for f in expected}
    assert len(by_id) > 50
    assert set(seen["ids"]) == set(by_id)
    for i, position in zip(seen["ids"], seen["positions"], strict=True):
        assert position == pytest.approx(by_id[i], abs=2e-6)


def test_leaflet_follows_next_links_to_the_last_item(
    observatory: Observatory, chromium: Browser, page_address: str
) -> None:
    items = f"{observatory.url}/api/collections/signalements/items"
    seen = run(chromium, page_address, LEAFLET, items)

    matched = observatory.get("/api/collections/signalements/items", limit=1, nature="tag").json()["numberMatched"]
    assert matched > 300
    assert len(seen["ids"]) == len(set(seen["ids"])) == matched
    assert seen["drawn"] == matched


def test_openlayers_opens_a_tile_set_by_its_address(
    observatory: Observatory, chromium: Browser, page_address: str
) -> None:
    """`OGCVectorTile` finds tile matrix set, limits and template by itself, and draws the items of its window."""
    tileset = f"{observatory.url}/api/collections/signalements/tiles/WebMercatorQuad"
    seen = run(chromium, page_address, OGC_TILES, tileset)

    asked = ",".join(map(str, seen["extent"]))
    items = observatory.get("/api/collections/signalements/items", bbox=asked, limit=10_000).json()["features"]
    expected = sorted(item["properties"]["nature"] for item in items)
    assert len(expected) > 50
    assert abs(len(seen["natures"]) - len(expected)) <= 2  # an item on the very edge of the window
    assert set(seen["natures"]) == set(expected)
    assert seen["drawn"] > 1_000


@pytest.mark.parametrize("collection", ["signalements", "divisions", "mailles", "chantiers"])
def test_the_page_of_a_collection_draws_its_map(observatory: Observatory, chromium: Browser, collection: str) -> None:
    """Under the security policy: no complaint of it, nothing asked of another host; items drawn, and said how many."""
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    faults: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if "Security Policy" in m.text or "no map" in m.text else None)
    page.on(
        "request", lambda r: None if r.url.startswith((observatory.url, "blob:", "data:")) else foreign.append(r.url)
    )
    page.goto(f"{observatory.url}/api/collections/{collection}?f=html&lang=en")
    page.locator("#map").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#drawn').textContent !== ''", timeout=60_000)
    page.wait_for_function(
        "(id) => document.querySelector('#map').map.queryRenderedFeatures().some((f) => f.source === id)",
        arg=collection, timeout=60_000,
    )  # fmt: skip

    assert "on the map" in page.inner_text("#drawn")
    if collection == "chantiers":  # of a few metres each, in the window of a whole city: none is simplified away
        ids = "(id) => new Set(document.querySelector('#map').map.querySourceFeatures(id).map((f) => f.id)).size"
        assert (
            page.evaluate(ids, collection)
            == observatory.get(f"/api/collections/{collection}/items").json()["numberMatched"]
        )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (faults, foreign) == ([], [])
    page.close()


def test_maplibre_draws_what_the_style_and_the_items_say(
    observatory: Observatory, chromium: Browser, page_address: str
) -> None:
    """By the style that the API gives, whose source is a page of items: on screen stands what lies in the window."""
    path = "/api/collections/signalements/items"
    source = {feature["id"] for feature in observatory.get(path, limit=10_000).json()["features"]}
    seen = run(chromium, page_address, MAPLIBRE, f"{observatory.url}/api/styles/signalements?sources=items")

    west, south, east, north = seen["bounds"]

    def within(margin: float) -> set[int]:
        box = f"{west - margin},{south - margin},{east + margin},{north + margin}"
        return source & {f["id"] for f in observatory.get(path, bbox=box, limit=10_000).json()["features"]}

    edge = (east - west) / 600 * 10  # a circle is drawn where its rim is seen: ten pixels are more than its radius
    assert len(seen["ids"]) > 50
    assert within(-edge) <= set(seen["ids"]) <= within(edge)


MAP = """async ([style]) => {
  const maplibre = await import("/maplibre/maplibre-gl.mjs");
  const map = new maplibre.Map({ container: "map", style, canvasContextAttributes: { preserveDrawingBuffer: true } });
  const faults = [];
  map.on("error", ({ error }) => faults.push(error.message));
  const patience = new Promise((_, reject) => setTimeout(reject, 60_000, new Error("nothing was drawn")));
  await Promise.race([new Promise((resolve) => map.once("idle", resolve)), patience]);
  const drawn = map.queryRenderedFeatures();
  return { faults, layers: [...new Set(drawn.map(({ sourceLayer }) => sourceLayer))].sort() };
}"""


@pytest.mark.parametrize("name", ["citizen", "roadworks"])
def test_a_map_of_the_whole_city_opens_by_few_tiles(
    observatory: Observatory, chromium: Browser, page_address: str, name: str
) -> None:
    """By the address of its style alone: at most 12 tiles and 1 MB, and what it is about is drawn."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda request: sizes.append(request.sizes()["responseBodySize"]) if "/tiles/" in request.url else None,
    )
    try:
        page.goto(page_address, wait_until="load")
        page.evaluate("document.querySelector('#map').style = 'width: 1440px; height: 900px'")
        seen = page.evaluate(MAP, [f"{observatory.url}/api/styles/{name}"])
    finally:
        page.close()

    assert seen["faults"] == []
    assert {"divisions", "chantiers", "evenements"} <= set(seen["layers"])
    assert ("signalements" in seen["layers"]) == (name == "citizen")
    assert 1 <= len(sizes) <= 12
    assert sum(sizes) <= 1_000_000


def test_the_page_of_a_map_draws_it(observatory: Observatory, chromium: Browser) -> None:
    """In a browser, without a client of one's own: tiles from the page's own origin, the legend beside them."""
    page = chromium.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    try:
        page.goto(f"{observatory.url}/api/styles/citizen?f=html&lang=en")
        drawn: list[str] = []
        for _ in range(240):  # the page's policy forbids what `wait_for_function` does
            drawn = page.evaluate(
                "[...new Set(document.querySelector('#map').map?.queryRenderedFeatures().map((f) => f.sourceLayer))]"
            )
            if "signalements" in drawn:
                break
            page.wait_for_timeout(250)
        assert {"divisions", "chantiers", "signalements"} <= set(drawn)
        assert "Public-space reports" in page.inner_text("figcaption")
        assert faults == []
    finally:
        page.close()
