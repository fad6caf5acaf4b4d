/** List or map: the same things, the map asked for when it is wanted. The choice is in the address. */
import { read, write } from "../shared/address.js";

/** Make the switch work, and show the map where the address says so. */
export function offerMap() {
  const views = document.querySelector("#views");
  const place = document.querySelector("#place-of-map");
  const lines = document.querySelector("#lines");
  let map = null;
  const look = async (view) => {
    for (const button of views.children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    place.hidden = view !== "map";
    lines.hidden = view === "map";
    write({ vue: view === "map" ? "carte" : null });
    if (view === "map") map ??= import("./map.js").then(({ drawList }) => drawList(place));
    await map;
  };
  views.dataset.ready = "true";
  views.addEventListener("click", ({ target }) => target.dataset.view && look(target.dataset.view));
  if (read("vue") === "carte") look("map");
}
