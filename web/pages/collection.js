/**
 * The map of a collection's page: its latest items in the style of its layer file, on the ground of the divisions.
 *
 * MapLibre is asked for when the map comes into view, not before. The page holds all that matters as text; without
 * this script, or if something fails, the place of the map is simply gone.
 */
import { drawCollection, drawGround, openMap, paintGround } from "../shared/map.js";

const MOST = 3_000; // items drawn: enough to see where they are

const figure = document.querySelector("#map");
const { collection, property, order, bbox, language, all, some } = figure.dataset;

async function json(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** The latest items, with the one property that the map needs: that of the style, or at least the id. */
function itemsPath() {
  const words = new URLSearchParams({ f: "json", limit: MOST, sortby: order, properties: property || "id" });
  return `/api/collections/${collection}/items?${words}`;
}

async function draw() {
  const ground = collection === "divisions" ? itemsPath() : "/api/collections/divisions/items?f=json&limit=1000&filter=systeme%20IS%20NULL";
  const [style, items, divisions, { map }] = await Promise.all([
    json(`/api/styles/${collection}?sources=items&lang=${language}`),
    json(itemsPath()),
    collection === "divisions" ? null : json(ground).catch(() => null),
    openMap(figure, { bbox: JSON.parse(bbox), locale: {}, camera: null }),
  ]);
  if (divisions) drawGround(map, divisions);
  paintGround(map);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintGround(map));
  drawCollection(map, collection, style, items, "names");
  caption(items);
}

/** Say how many of how many are drawn. */
function caption({ numberReturned, numberMatched, numberMatchedEstimate }) {
  const number = new Intl.NumberFormat(language);
  const matched = numberMatched ?? numberMatchedEstimate;
  const text = matched > numberReturned ? some : all;
  document.querySelector("#drawn").textContent = text
    .replace("{n}", number.format(numberReturned))
    .replace("{all}", number.format(matched));
}

new IntersectionObserver((entries, watch) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watch.disconnect();
  draw().catch((error) => {
    figure.closest("figure").remove();
    console.warn(`no map: ${error.message}`);
  });
}).observe(figure);
