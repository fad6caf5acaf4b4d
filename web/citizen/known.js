/** "Already known here?": reports like this one, authorised works and declared events, before anything is sent. */
import { el, fill } from "./dom.js";
import { put } from "./store.js";

/**
 * Show what is known near a place.
 *
 * @param {{lon: number, lat: number}} place
 * @param {string} nature
 * @param {Record<string, string>} words
 * @param {(instant: string) => string} day writer of dates
 */
export async function showKnown({ lon, lat }, nature, words, day) {
  const list = document.getElementById("known-list");
  document.getElementById("known").hidden = false;
  let near;
  try {
    const answer = await fetch(`/reports/near?${new URLSearchParams({ lon: lon.toFixed(6), lat: lat.toFixed(6), nature })}`);
    if (!answer.ok) throw new Error(String(answer.status));
    near = await answer.json();
  } catch {
    list.replaceChildren(el("p", { textContent: words.known_offline }));
    return;
  }
  const planned = (items, sentence) => items.slice(0, 3).map((one) => el("li", { textContent: fill(sentence, { title: one.title, until: day(one.until) }) }));
  const lines = [
    ...planned(near.works, words.known_works),
    ...planned(near.events, words.known_event),
    ...near.reports.slice(0, 5).map((report) => lineOf(report, nature, words, day)),
  ];
  list.replaceChildren(lines.length ? el("ul", { className: "plain" }, ...lines) : el("p", { textContent: words.known_none }));
}

function lineOf(report, nature, words, day) {
  const { reference, date, distance } = report;
  const text = el("p", { textContent: fill(words.known_report, { reference, date: day(date), distance: Math.max(100, Math.ceil(distance / 100) * 100) }) });
  const said = el("p", { role: "status" });
  const button = (word, kind) => {
    const made = el("button", { type: "button", textContent: words[word] });
    made.setAttribute("aria-label", `${words[word]} : ${reference}`);
    made.addEventListener("click", async () => {
      made.disabled = true;
      const counted = await speak(reference, kind);
      said.textContent = counted ? words.counted : words.known_offline;
      if (counted && kind === "follow") await put("mine", { reference, token: null, nature, made: date, status: null });
      made.disabled = counted;
    });
    return made;
  };
  return el("li", {}, text, el("p", { className: "row" }, button("me_too", "me-too"), button("follow", "follow")), said);
}

/** Say "me too" or "follow", under a key of this device for this report alone. */
async function speak(reference, kind) {
  const headers = { "Idempotency-Key": await voice(reference), Accept: "application/json" };
  return fetch(`/reports/${encodeURIComponent(reference)}/${kind}`, { method: "POST", headers })
    .then(({ ok }) => ok)
    .catch(() => false);
}

/** A random key by report, so that what one device says of several cannot be joined. */
export async function voice(reference) {
  const name = `voice ${reference}`;
  try {
    const key = localStorage.getItem(name) ?? crypto.randomUUID();
    localStorage.setItem(name, key);
    return key;
  } catch {
    return crypto.randomUUID();
  }
}
