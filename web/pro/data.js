/** What the desk reads from the server, and in which form. */
import { ApiError } from "../shared/api.js";
import { centre, contains } from "../shared/geometry.js";

export const EVENTS = ["signalements", "faits"];
/** How many cells are listed, and outlined on the map. */
export const FIRST = 10;
/** No map draws more features than that, whatever the city holds: of cells the highest ranks, of events the newest. */
export const MOST_DRAWN = 20_000;
export const MOST_CELLS = 12_000;
const PAGE = 5_000;
const PROPERTIES = "date,nature,precision";
const DAY_MS = 86_400_000;

/** The instant of the last item of an event collection, or null when it is empty. */
export async function lastInstant(api, collection) {
  const { features } = await api.items(collection, { limit: 1, sortby: "-date" }, 1);
  return features[0]?.properties.date ?? null;
}

/**
 * The newest events of each collection of a window that ends with the last of them all: what there is to see at first.
 *
 * @returns {Promise<{interval: [string, string], found: Record<string, {features: object[], complete: boolean}>}>}
 */
export async function firstEvents(api, collections, days, most) {
  const query = { limit: most, sortby: "-date", properties: PROPERTIES };
  const pages = await Promise.all(collections.map((id) => api.items(id, query, most)));
  const moments = pages.flatMap(({ features: [first] }) => (first ? [Date.parse(first.properties.date)] : []));
  const interval = window(new Date(moments.length > 0 ? Math.max(...moments) : Date.now()).toISOString(), days);
  const start = Date.parse(interval[0]);
  const inside = ({ features, complete }) => {
    const kept = features.filter(({ properties }) => Date.parse(properties.date) >= start);
    return { features: kept, complete: complete || kept.length < features.length };
  };
  return { interval, found: Object.fromEntries(collections.map((id, k) => [id, inside(pages[k])])) };
}

/** The interval of the `days` days that end with the last event, as two ISO instants. */
export function window(last, days) {
  const end = new Date(last);
  return [new Date(end.getTime() - days * DAY_MS).toISOString(), end.toISOString()];
}

/** The events of an interval, newest first, `most` of them. */
export async function events(api, collection, [start, end], most) {
  const query = { limit: Math.min(PAGE, most), datetime: `${start}/${end}`, sortby: "-date", properties: PROPERTIES };
  return api.items(collection, query, most);
}

/**
 * The same layers with at most the newest `most` events of all of them together: each is cut at the same moment, so that
 * what is drawn is whole after it.
 *
 * @param {Record<string, {features: object[], complete: boolean}>} layers each newest first
 * @returns {{layers: object, since: number | null}} `since` is the moment of the cut, null where nothing was cut
 */
export function newest(layers, most) {
  const moment = ({ properties }) => Date.parse(properties.date);
  const ends = Object.values(layers).filter(({ complete }) => !complete).map(({ features }) => moment(features.at(-1)));
  const all = Object.values(layers).flatMap(({ features }) => features.map(moment)).sort((a, b) => b - a);
  const since = Math.max(...ends, all.length > most ? all[most] : -Infinity);
  if (since === -Infinity) return { layers, since: null };
  const share = Math.floor(most / Object.keys(layers).length);
  const after = (features) => features.filter((f) => moment(f) > since);
  const whole = Object.values(layers).some(({ features }) => after(features).length > 0); // else all are of one moment
  const cut = ({ features, ...rest }) => ({ ...rest, features: whole ? after(features) : features.slice(0, share), complete: false });
  return { layers: Object.fromEntries(Object.entries(layers).map(([id, layer]) => [id, cut(layer)])), since };
}

/** Divisions of a city that has none, or whose divisions could not be read: the map is then bare. */
export const NOWHERE = { type: "FeatureCollection", features: [], systems: {} };

/**
 * The divisions of the city's principal system, empty when it has none; `systems` has those of each other one by its name.
 *
 * @returns {Promise<{type: string, features: object[], systems: Record<string, object>}>}
 */
export async function divisions(api) {
  const { features: all } = await api.items("divisions", { limit: 1_000 }, 10_000);
  const of = (system) => ({ type: "FeatureCollection", features: all.filter(({ properties: p }) => (p.systeme ?? null) === system) });
  const names = [...new Set(all.map(({ properties }) => properties.systeme).filter(Boolean))].sort();
  return { ...of(null), systems: Object.fromEntries(names.map((name) => [name, of(name)])) };
}

/** A collection's style and legend, from its layer file. */
export async function style(api, collection) {
  const answer = await api.json(`/api/styles/${encodeURIComponent(collection)}?sources=items`);
  return {
    layers: answer.layers,
    property: answer.metadata["obs:property"],
    legend: answer.metadata["obs:legend"],
  };
}

/**
 * The latest forecast: its card, and its cells by rank.
 *
 * @returns {Promise<{state: "ready" | "none" | "forbidden", card?: object, cells?: object[]}>}
 *   When the forecast abstains there are no cells, whatever the collection holds.
 */
export async function forecast(api, collections) {
  if (!collections.includes("risque")) return { state: "forbidden" };
  try {
    const card = await api.json("/pro/forecast.json");
    if (card.answer === "abstains") return { state: "ready", card, cells: [] };
    const own = { limit: PAGE, datetime: card.as_of, target: card.target, sortby: "rank" };
    const { features } = await api.items("risque", own, MOST_CELLS);
    return { state: "ready", card, cells: latest(features, card) };
  } catch (error) {
    if (error instanceof ApiError && error.kind === "missing") return { state: "none" };
    if (error instanceof ApiError && error.kind === "forbidden") return { state: "forbidden" };
    throw error;
  }
}

/** The cells of the card's own forecast, by rank: the collection may keep others, made before or for longer periods. */
function latest(features, { as_of, end }) {
  const same = (a, b) => Date.parse(a) === Date.parse(b);
  return features
    .filter(({ properties: p }) => same(p.as_of, as_of) && same(p.fin, end) && p.expected !== null)
    .sort((a, b) => a.properties.rank - b.properties.rank);
}

/** The name of the division where a cell's centre lies, or null. */
export function divisionOf(cell, { features }) {
  const point = centre(cell.geometry);
  return features.find(({ geometry }) => contains(geometry, point))?.properties.nom ?? null;
}

/** How many events of each value of `property`. */
export function tally(features, property) {
  const counts = new Map();
  for (const { properties } of features) counts.set(properties[property], (counts.get(properties[property]) ?? 0) + 1);
  return counts;
}

/** Has the forecast shown that it is worth something? `good`, `weak` or `none`. */
export function skill({ answer, gain }) {
  if (answer === "abstains") return "none";
  return answer === "model" && gain?.lower > 0 ? "good" : "weak";
}
