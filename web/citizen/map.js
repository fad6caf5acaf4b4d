/** The map of the list: its items in the style of their layer files, on a ground of our own streets and districts. */
import { drawCollection, drawGround, drawStreets, openMap, paintGround } from "../shared/map.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");
const METRES_A_DEGREE = 111_132;

async function json(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** Draw in `place`; where no map can be drawn, say so: the list has it all. */
export async function drawList(place) {
  const words = JSON.parse(place.dataset.words);
  const box = Object.assign(document.createElement("div"), { className: "mapbox" });
  const frame = Object.assign(document.createElement("div"), { className: "map", id: "map" });
  box.append(frame);
  place.replaceChildren(box);
  try {
    const { map, maplibre } = await openMap(frame, { bbox: view(place.dataset), locale: locale(words), camera: null });
    await draw(map, maplibre, JSON.parse(place.dataset.maps));
    frame.dataset.state = "busy";
    place.dataset.drawn = "true"; // all has been asked for; idle from now on means shown
    map.triggerRepaint();
    offerOthers(map, frame);
  } catch (error) {
    const said = Object.assign(document.createElement("p"), { className: "notice", textContent: place.dataset.away });
    said.setAttribute("role", "alert");
    place.replaceChildren(said);
    console.info(`no map: ${error.message}`);
  }
}

/** A map of others, where the city allows one. */
async function offerOthers(map, frame) {
  if (document.body.dataset.basemap) (await import("../shared/basemap.js")).offerBasemap(map, frame);
}

/** The circle that the list is of, as a box; the city where there is none. */
function view({ at, radius, bbox }) {
  if (!at) return JSON.parse(bbox);
  const [lon, lat] = at.split(",").map(Number);
  const dy = Number(radius) / METRES_A_DEGREE;
  const dx = dy / Math.cos((lat * Math.PI) / 180);
  return [lon - dx, lat - dy, lon + dx, lat + dy];
}

/** MapLibre's own words, in the page's language. */
export function locale(words) {
  return {
    "Map.Title": words.map,
    "NavigationControl.ZoomIn": words.zoomIn,
    "NavigationControl.ZoomOut": words.zoomOut,
    "Popup.Close": words.close,
  };
}

/** The ground: districts with their names, and streets. */
export async function ground(map) {
  const divisions = await json("/api/collections/divisions/items?f=json&limit=1000&properties=nom&filter=systeme%20IS%20NULL").catch(() => null);
  if (divisions) drawGround(map, divisions);
  drawStreets(map);
  paintGround(map);
  DARK.addEventListener("change", () => paintGround(map));
}

async function draw(map, maplibre, maps) {
  const lang = document.documentElement.lang;
  const [parts] = await Promise.all([
    Promise.all(
      Object.entries(maps).map(async ([id, items]) => [id, ...(await Promise.all([json(`/api/styles/${id}?lang=${lang}`), json(items)]))]),
    ),
    ground(map),
  ]);
  const layers = parts.flatMap(([id, style, items]) => drawCollection(map, id, style, items, "names"));
  map.on("click", ({ point: { x, y }, lngLat }) => {
    const [hit] = map.queryRenderedFeatures([[x - 8, y - 8], [x + 8, y + 8]], { layers });
    if (hit) tell(maplibre, map, hit, lngLat);
  });
}

/** Say in a box what was touched, in the words of the list. */
function tell(maplibre, map, { source, id }, at) {
  const line = document.querySelector(`.line[data-collection="${CSS.escape(source)}"][data-id="${CSS.escape(String(id))}"]`);
  if (!line) return;
  const text = line.lastElementChild.cloneNode(true);
  new maplibre.Popup({ closeButton: true, maxWidth: "18rem" }).setLngLat(at).setDOMContent(text).addTo(map);
}

/**
 * Open a map under a cross, to choose a place by moving it.
 *
 * @param {HTMLElement} frame
 * @param {number[]} bbox of the city
 * @param {Record<string, string>} words
 * @param {number[] | null} from where to begin, [longitude, latitude]
 * @param {() => void} onTake called by Enter on the map
 */
export async function openPicker(frame, bbox, words, from, onTake) {
  const camera = from ? { center: from, zoom: 16.5 } : null;
  const { map } = await openMap(frame, { bbox, locale: locale(words), camera });
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    onTake();
  });
  ground(map).then(() => offerOthers(map, frame));
  return map;
}
