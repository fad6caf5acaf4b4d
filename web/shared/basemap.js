/**
 * The map of a third party under our own layers, where the city allows one, it answers, and the reader asks for it.
 *
 * Until then nothing is asked of it but one tile of the whole world, which tells no place; ours is the ground all along.
 */
const PATIENCE_MS = 2000;
const OURS = ["divisions:fill", "streets", "streets:names"];

/**
 * Offer it beside a map that is open.
 *
 * @param {import("maplibre-gl").Map} map
 * @param {HTMLElement} frame its element
 */
export async function offerBasemap(map, frame) {
  const base = JSON.parse(document.body.dataset.basemap);
  if (!(await answers(base))) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: base.use });
  button.setAttribute("aria-pressed", "false");
  const note = Object.assign(document.createElement("p"), { className: "quiet", textContent: base.note });
  const bar = Object.assign(document.createElement("div"), { className: "basemap" });
  bar.append(button, note);
  (frame.closest(".mapbox") ?? frame).after(bar);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    note.textContent = on ? `${base.credit}. ${base.note}` : base.note;
    frame.dataset.state = "busy";
    show(map, base, on);
  });
}

/** Tell whether it gives a picture within two seconds. */
async function answers({ tiles }) {
  const whole = tiles.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0");
  try {
    const answer = await fetch(whole, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok && (answer.headers.get("Content-Type") ?? "").startsWith("image/");
  } catch {
    return false;
  }
}

function show(map, { tiles, maxZoom }, on) {
  if (on && !map.getSource("basemap")) {
    map.addSource("basemap", { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: maxZoom });
    const above = map.getStyle().layers.find(({ id }) => id !== "ground")?.id;
    map.addLayer({ id: "basemap", type: "raster", source: "basemap" }, above);
  }
  if (map.getLayer("basemap")) map.setLayoutProperty("basemap", "visibility", on ? "visible" : "none");
  for (const id of OURS.filter((name) => map.getLayer(name))) map.setLayoutProperty(id, "visibility", on ? "none" : "visible");
}
