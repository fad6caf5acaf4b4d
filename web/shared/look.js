/** What a map shows: moved at once for who wants no motion. */
import { bounds } from "./geometry.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** Bring a polygon into view, or a whole box. */
export function lookAt(map, geometry, { maxZoom = 13.5 } = {}) {
  const [west, south, east, north] = Array.isArray(geometry) ? geometry : bounds(geometry);
  map.fitBounds([west, south, east, north], { maxZoom, padding: 40, duration: STILL.matches ? 0 : 500 });
}
