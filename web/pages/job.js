/**
 * The map of a job's result: GeoJSON that the page names, in the colours that the page's legend shows.
 *
 * MapLibre is asked for when the map comes into view, not before. The page holds the first rows as a table; without
 * this script, or if something fails, the place of the map is simply gone.
 */
import { lookAt } from "../shared/look.js";
import { drawGround, openMap, paintGround } from "../shared/map.js";

const figure = document.querySelector("#map");
const { result, name, bbox } = figure.dataset;
const [breaks, colours] = [JSON.parse(figure.dataset.breaks), JSON.parse(figure.dataset.colours)];
const { unknown } = figure.dataset;

async function json(path) {
  const key = sessionStorage.getItem("observatoire.key");
  const headers = { Accept: "application/geo+json, application/json", ...(key ? { "X-API-Key": key } : {}) };
  const response = await fetch(path, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** The colour of a feature, as a MapLibre expression: by class, grey where the number is not known. */
function colour() {
  if (!name) return colours[0];
  const steps = breaks.flatMap((value, k) => [value, colours[k + 1]]);
  const classes = steps.length ? ["step", ["get", name], colours[0], ...steps] : colours[0];
  return ["case", ["==", ["typeof", ["get", name]], "number"], classes, unknown];
}

function drawResult(map, data) {
  const before = map.getLayer("names") ? "names" : undefined;
  const kind = (...kinds) => ["in", ["geometry-type"], ["literal", kinds]];
  map.addSource("result", { type: "geojson", data });
  map.addLayer({ id: "result:fill", type: "fill", source: "result", filter: kind("Polygon", "MultiPolygon"),
                 paint: { "fill-color": colour(), "fill-opacity": 0.75 } }, before); // prettier-ignore
  map.addLayer({ id: "result:line", type: "line", source: "result", filter: kind("LineString", "MultiLineString"),
                 paint: { "line-color": colour(), "line-width": 3 } }, before); // prettier-ignore
  map.addLayer({ id: "result:point", type: "circle", source: "result", filter: kind("Point", "MultiPoint"),
                 paint: { "circle-color": colour(), "circle-radius": 5, "circle-stroke-width": 1,
                          "circle-stroke-color": "#fff" } }, before); // prettier-ignore
}

/** Say what is known of the feature that was touched. */
function tell(map) {
  const chosen = document.querySelector("#chosen");
  map.on("click", ({ point }) => {
    const [feature] = map.queryRenderedFeatures(point).filter(({ source }) => source === "result");
    const words = Object.entries(feature?.properties ?? {}).map(([key, value]) => `${key}: ${value}`);
    chosen.textContent = words.join(" · ");
  });
}

async function draw() {
  const [data, divisions, { map }] = await Promise.all([
    json(result),
    json("/api/collections/divisions/items?f=json&limit=1000&filter=systeme%20IS%20NULL").catch(() => null),
    openMap(figure, { bbox: JSON.parse(bbox), locale: {}, camera: null }),
  ]);
  if (divisions) drawGround(map, divisions);
  paintGround(map);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintGround(map));
  drawResult(map, data);
  lookAt(map, JSON.parse(bbox), { maxZoom: 17 });
  tell(map);
}

new IntersectionObserver((entries, watch) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watch.disconnect();
  draw().catch((error) => {
    figure.closest("figure").remove();
    console.warn(`no map: ${error.message}`);
  });
}).observe(figure);
