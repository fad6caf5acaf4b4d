/** Where a report is: the device's position, the cross on the map, a street by its name, or the photo's place. */
import { el, fill, tell } from "./dom.js";
import { position } from "./locate.js";

const DECIMALS = 6;
const WAIT_MS = 350;

/**
 * Watch the form's place.
 *
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} words
 * @param {(place: {lon: number, lat: number}) => void} onPlace
 */
export function watchPlace(form, words, onPlace) {
  return new Place(form, words, onPlace);
}

class Place {
  constructor(form, words, onPlace) {
    Object.assign(this, { form, words, onPlace });
    this.bbox = JSON.parse(form.dataset.bbox);
    this.address = form.elements.address;
    [this.said, this.problem, this.streets, this.pick] = ["where-said", "where-problem", "streets", "pick"].map((id) => document.getElementById(id));
    document.getElementById("here").hidden = !("geolocation" in navigator);
    document.getElementById("here").addEventListener("click", this.locate);
    document.getElementById("open-map").addEventListener("click", this.openMap);
    document.getElementById("take").addEventListener("click", this.take);
    this.address.addEventListener("input", this.typed);
    const [lon, lat] = form.dataset.at.split(",").map(Number);
    if (form.dataset.at && this.inside(lon, lat)) this.choose(lon, lat);
  }

  get given() {
    return !this.form.elements.lon.disabled || this.address.value.trim() !== "";
  }

  inside(lon, lat) {
    const [west, south, east, north] = this.bbox;
    return lon >= west && lon <= east && lat >= south && lat <= north;
  }

  /** Take a position; say the street beside it where there is one. */
  async choose(lon, lat, name = "") {
    tell(this.problem, "");
    if (!this.inside(lon, lat)) return tell(this.problem, this.words.outside);
    for (const [field, value] of [["lon", lon], ["lat", lat]]) {
      Object.assign(this.form.elements[field], { value: value.toFixed(DECIMALS), disabled: false });
    }
    this.streets.hidden = true;
    if (!name) this.address.value = "";
    tell(this.said, fill(this.words.here, { place: name || this.words.point }));
    this.onPlace({ lon, lat });
    const street = name ? null : await streetAt(lon, lat);
    if (street) tell(this.said, fill(this.words.here, { place: fill(this.words.near_street, { street }) }));
    return undefined;
  }

  forget() {
    for (const field of ["lon", "lat"]) this.form.elements[field].disabled = true;
    tell(this.said, "");
  }

  locate = async () => {
    tell(this.problem, "");
    try {
      await this.choose(...(await position()));
    } catch {
      tell(this.problem, this.words.denied);
    }
  };

  openMap = async ({ currentTarget: button }) => {
    const open = this.pick.hidden;
    this.pick.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    try {
      const { openPicker } = await import("./map.js");
      const { lon, lat } = this.form.elements;
      const from = lon.disabled ? null : [Number(lon.value), Number(lat.value)];
      this.map ??= await openPicker(document.getElementById("map"), this.bbox, JSON.parse(this.form.dataset.mapWords), from, this.take);
      this.map.getCanvas().focus();
    } catch {
      this.pick.hidden = true;
      button.setAttribute("aria-expanded", "false");
      tell(this.problem, this.words.no_map);
    }
  };

  take = () => {
    if (!this.map) return;
    const { lng, lat } = this.map.getCenter();
    this.choose(lng, lat);
    this.pick.hidden = true;
    const button = document.getElementById("open-map");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };

  typed = () => {
    this.forget();
    tell(this.problem, "");
    clearTimeout(this.timer);
    this.timer = setTimeout(this.search, WAIT_MS);
  };

  search = async () => {
    const asked = this.address.value.trim();
    if (asked.length < 2) return void (this.streets.hidden = true);
    const found = await places(`q=${encodeURIComponent(asked)}`);
    if (asked !== this.address.value.trim()) return undefined;
    if (!found) return tell(this.said, this.words.street_later);
    const buttons = found.map(({ name, lon, lat }) => el("li", {}, el("button", { type: "button", textContent: name, onclick: () => this.named(name, lon, lat) })));
    this.streets.replaceChildren(...buttons);
    this.streets.hidden = found.length === 0;
    tell(this.said, found.length ? "" : this.words.no_street);
    return undefined;
  };

  named(name, lon, lat) {
    this.address.value = name;
    this.choose(lon, lat, name);
    this.address.focus();
  }
}

async function streetAt(lon, lat) {
  const found = await places(`at=${lon.toFixed(DECIMALS)},${lat.toFixed(DECIMALS)}`);
  return found?.[0]?.name ?? null;
}

/** Places that our own server knows; null without a network. */
async function places(query) {
  try {
    const answer = await fetch(`/lieux?${query}`, { headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).places : [];
  } catch {
    return null;
  }
}
