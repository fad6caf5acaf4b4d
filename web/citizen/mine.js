/** The reports of this device: those that wait, and what became of the others. */
import { el, fill, tell } from "./dom.js";
import { flush, onChange, reasonOf, whyLater } from "./outbox.js";
import { all, clear, put, remove } from "./store.js";

const root = document.querySelector("#mine");
const words = JSON.parse(root.dataset.words);
const titles = JSON.parse(root.dataset.titles);
const lang = document.documentElement.lang;
const moments = new Intl.DateTimeFormat(lang === "fr" ? "fr-FR" : "en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: root.dataset.zone });
const [waiting, sent, none, said, forget] = ["waiting", "sent", "none-yet", "mine-said", "forget"].map((id) => document.getElementById(id));

document.getElementById("send-now").addEventListener("click", async ({ currentTarget: button }) => {
  button.disabled = true;
  tell(said, words.sending);
  const later = [...(await flush()).values()].find(({ state }) => state === "later");
  tell(said, later ? whyLater(words, later.why) : "");
  button.disabled = false;
  await draw();
});
document.getElementById("forget-all").addEventListener("click", async () => {
  if (!confirm(words.forget_sure)) return;
  await clear();
  for (const name of Object.keys(localStorage).filter((key) => key.startsWith("voice "))) localStorage.removeItem(name);
  await draw();
});
onChange(() => draw());
draw();

async function draw() {
  const [outbox, mine] = await Promise.all([all("outbox"), all("mine")]).catch(() => [[], []]);
  const byDate = (a, b) => b.made.localeCompare(a.made);
  fillList(waiting, outbox.sort(byDate).map(lineWaiting));
  fillList(sent, mine.sort(byDate).map(lineSent));
  document.getElementById("send-now").hidden = !outbox.some(({ refused }) => !refused);
  none.hidden = outbox.length + mine.length > 0;
  forget.hidden = outbox.length + mine.length === 0;
}

function fillList(section, lines) {
  section.querySelector("ul").replaceChildren(...lines);
  section.hidden = lines.length === 0;
}

function card(title, made, ...more) {
  return el("li", { className: "card" }, el("h3", { textContent: title }), el("p", { className: "quiet", textContent: fill(words.made, { date: moments.format(new Date(made)) }) }), ...more);
}

function lineWaiting({ id, fields, made, refused }) {
  const state = refused ? fill(words.refused, { why: reasonOf(refused, lang) }) : words.waiting;
  const drop = el("button", { type: "button", textContent: words.drop });
  drop.setAttribute("aria-label", `${words.drop} : ${titles[fields.nature]}`);
  drop.addEventListener("click", () => remove("outbox", id).then(draw));
  return card(titles[fields.nature] ?? fields.nature, made, el("p", { className: refused ? "problem" : "status", textContent: state }), drop);
}

function lineSent(entry) {
  const { reference, token, nature, made } = entry;
  const state = el("p", { className: "status", textContent: entry.status?.[lang] ?? words.loading });
  const spoken = new URLSearchParams(location.search).get("lang");
  const href = `/suivi/${encodeURIComponent(reference)}${spoken ? `?lang=${spoken}` : ""}${token ? `#t=${token}` : ""}`;
  const open = el("a", { href, className: "button", textContent: words.see });
  open.setAttribute("aria-label", `${words.see} : ${reference}`);
  ask(entry).then((text) => (state.textContent = text));
  return card(`${titles[nature] ?? nature} · ${reference}`, made, state, el("p", { className: "row" }, open));
}

/** The state as the city says it now; the last one known without a network. */
async function ask(entry) {
  try {
    const headers = { Accept: "application/json", ...(entry.token ? { "X-Tracking-Token": entry.token } : {}) };
    const answer = await fetch(`/reports/${encodeURIComponent(entry.reference)}`, { headers });
    if (answer.status === 410) return words.gone;
    const { status_title: status } = await answer.json();
    if (!answer.ok || !status) return entry.status?.[lang] ?? words.away;
    await put("mine", { ...entry, status });
    return status[lang];
  } catch {
    return entry.status?.[lang] ?? words.away;
  }
}
