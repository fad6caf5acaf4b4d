/**
 * The map of a style's page: its vector tiles, drawn as the style says, on the ground of the page's theme.
 *
 * MapLibre is asked for when the map comes into view, not before. Without this script, or if something fails, the page
 * still has the legend.
 */
import { openMap, paintGround } from "../shared/map.js";

const figure = document.querySelector("#map");
const { style, bbox } = figure.dataset;

/** The address of a tile on this page's own origin: behind a proxy, the API may call itself by another name. */
const here = (address) => address.replace(/^https?:\/\/[^/]+/, location.origin);

async function draw() {
  const response = await fetch(`/api/styles/${style}?f=json`);
  if (!response.ok) throw new Error(`${style}: ${response.status}`);
  const { sources, layers } = await response.json();
  const { map } = await openMap(figure, { bbox: JSON.parse(bbox), locale: {}, camera: null });
  paintGround(map);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintGround(map));
  for (const [id, source] of Object.entries(sources)) {
    map.addSource(id, { ...source, tiles: source.tiles.map(here) });
  }
  for (const layer of layers.filter(({ source }) => source)) map.addLayer(layer);
}

new IntersectionObserver((entries, watch) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watch.disconnect();
  draw().catch((error) => {
    figure.remove();
    console.warn(`no map: ${error.message}`);
  });
}).observe(figure);
