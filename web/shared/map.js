/**
 * A MapLibre map without any third party: its ground is made of our own collections.
 *
 * MapLibre (450 KB compressed) is asked for when a map is opened, never before. Letters are drawn from the fonts of
 * the reader's machine, so there are no glyphs, sprites or tiles to fetch.
 */
import { centre } from "./geometry.js";

const FONT = ["system-ui", "sans-serif"];

/**
 * Open a map of a city in `container`.
 *
 * The element tells its state in `data-state` (`busy`, then `idle` when everything asked for is drawn) and holds the
 * MapLibre object in `.map`.
 *
 * @param {HTMLElement} container
 * @param {{bbox: number[], locale: Record<string, string>, camera: object | null}} options
 */
export async function openMap(container, { bbox, locale, camera }) {
  container.dataset.state = "busy";
  const [maplibre] = await fetchMap();
  const map = new maplibre.Map({
    container,
    locale,
    style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background" }] },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    maxPitch: 0,
    maxZoom: 18,
    fadeDuration: 0,
    ...(camera ?? { bounds: bbox, fitBoundsOptions: { padding: 24 } }),
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl(), "bottom-right");
  map.on("idle", () => (container.dataset.state = "idle"));
  map.on("movestart", () => (container.dataset.state = "busy"));
  container.map = map;
  await new Promise((resolve) => map.once("style.load", resolve)); // "load" comes after an empty picture
  return { map, maplibre };
}

/** Ask for what draws a map, so that it is there when one is opened. */
export function fetchMap() {
  return Promise.all([import("../vendor/maplibre-gl/maplibre-gl.mjs"), stylesheet()]);
}

function stylesheet() {
  const href = new URL("../vendor/maplibre-gl/maplibre-gl.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new Error(`no ${href}`));
    document.head.prepend(link);
  });
}

/** Draw the divisions as the ground of the map, with their names above all that will be drawn. */
export function drawGround(map, divisions) {
  map.addSource("divisions", { type: "geojson", data: shapesOf(divisions) });
  map.addSource("names", { type: "geojson", data: namesOf(divisions) });
  map.addLayer({ id: "divisions:fill", type: "fill", source: "divisions" });
  map.addLayer({
    id: "divisions:line",
    type: "line",
    source: "divisions",
    paint: { "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.6, 15, 2] },
  });
  map.addLayer({
    id: "names",
    type: "symbol",
    source: "names",
    layout: {
      "text-field": ["get", "nom"],
      "text-font": FONT,
      "text-size": ["interpolate", ["linear"], ["zoom"], 10, 10.5, 14, 15],
      "text-max-width": 7,
      "text-padding": 6,
    },
    paint: { "text-halo-width": 2 },
  });
}

/** Draw other divisions in their place. */
export function changeGround(map, divisions) {
  map.getSource("divisions").setData(shapesOf(divisions));
  map.getSource("names").setData(namesOf(divisions));
}

/** The divisions without what a caller may keep beside them. */
function shapesOf({ type, features }) {
  return { type, features };
}

/** Where the name of each division stands. */
function namesOf({ features }) {
  const names = features.map(({ geometry, properties }) => ({
    type: "Feature",
    properties: { nom: properties.nom },
    geometry: { type: "Point", coordinates: centre(geometry) },
  }));
  return { type: "FeatureCollection", features: names };
}

/** Draw the streets from our own tiles, where one can be told from the next, under the names of the districts. */
export function drawStreets(map) {
  const template = "/api/collections/troncons/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt&properties=voie";
  map.addSource("streets", { type: "vector", tiles: [location.origin + template], minzoom: 12, maxzoom: 15 });
  const shared = { source: "streets", "source-layer": "troncons", minzoom: 12 };
  const under = map.getLayer("names") ? "names" : undefined;
  map.addLayer(
    {
      ...shared,
      id: "streets",
      type: "line",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 12, 0.8, 18, 14] },
    },
    under,
  );
  map.addLayer(
    {
      ...shared,
      id: "streets:names",
      type: "symbol",
      minzoom: 15,
      layout: { "symbol-placement": "line", "text-field": ["get", "voie"], "text-font": FONT, "text-size": 12, "text-padding": 8 },
      paint: { "text-halo-width": 2 },
    },
    under,
  );
}

/** Give the ground the colours of the page, which follow the reader's theme. */
export function paintGround(map) {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  map.setPaintProperty("ground", "background-color", colour("--map-ground"));
  if (map.getLayer("streets")) {
    map.setPaintProperty("streets", "line-color", colour("--map-street"));
    map.setPaintProperty("streets:names", "text-color", colour("--map-text"));
    map.setPaintProperty("streets:names", "text-halo-color", colour("--map-halo"));
  }
  if (!map.getLayer("divisions:fill")) return;
  map.setPaintProperty("divisions:fill", "fill-color", colour("--map-land"));
  map.setPaintProperty("divisions:line", "line-color", colour("--map-line"));
  map.setPaintProperty("names", "text-color", colour("--map-text"));
  map.setPaintProperty("names", "text-halo-color", colour("--map-halo"));
}

/**
 * Draw a collection with its layer file's style, without its ground, under the names.
 *
 * @param {object} style the answer of `/api/styles/{id}`; its layers keep their paint, its source becomes `data`
 * @returns {string[]} ids of the map's layers
 */
export function drawCollection(map, id, style, data, before) {
  const { tolerance } = Object.values(style.sources ?? {})[0] ?? {};
  map.addSource(id, { type: "geojson", data, ...(tolerance === undefined ? {} : { tolerance }) });
  return style.layers.filter(({ type }) => type !== "background").map((layer) => {
    const { "source-layer": _, ...rest } = layer;
    const own = { ...rest, id: `${id}:${layer.id}`, source: id };
    map.addLayer(own, map.getLayer(before) ? before : undefined);
    return own.id;
  });
}
