/** "Find me": the position of the device, asked for by a touch only, and rounded before anybody is told. */

/** Three decimals of a degree, some 100 m: near enough for a list, too coarse for a front door. */
const DECIMALS = 3;
const PATIENCE_MS = 15_000;

/** Make the button work; it goes where the device has no position to give. */
export function offerLocation() {
  const button = document.querySelector("#locate");
  const said = document.querySelector("#locate-problem");
  button.hidden = !("geolocation" in navigator);
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = said.dataset.busy;
    try {
      const [lon, lat] = await position();
      const query = new URLSearchParams(location.search);
      query.set("at", `${lon.toFixed(DECIMALS)},${lat.toFixed(DECIMALS)}`);
      for (const name of ["nom", "ou"]) query.delete(name);
      if (!inside([lon, lat])) said.textContent = said.dataset.outside;
      else location.assign(`/?${query.toString().replace("%2C", ",")}`);
    } catch {
      said.textContent = said.dataset.denied;
    }
    button.disabled = false;
  });
}

/** [longitude, latitude] of the device. */
export function position() {
  return new Promise((resolve, reject) =>
    navigator.geolocation.getCurrentPosition(({ coords }) => resolve([coords.longitude, coords.latitude]), reject, {
      enableHighAccuracy: true,
      timeout: PATIENCE_MS,
      maximumAge: 60_000,
    }),
  );
}

function inside([lon, lat]) {
  const [west, south, east, north] = JSON.parse(document.querySelector("#place-of-map").dataset.bbox);
  return lon >= west && lon <= east && lat >= south && lat <= north;
}
