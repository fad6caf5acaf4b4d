/** The form of a report, made quicker: everything that it does the form can do without it, but for the outbox. */
import { el, fill, tell } from "./dom.js";
import { deliver, enqueue, reasonOf, sendLater, whyLater } from "./outbox.js";
import { watchPlace } from "./place.js";
import { remove } from "./store.js";

const form = document.querySelector("#report");
const words = JSON.parse(form.dataset.words);
const lang = document.documentElement.lang;
const nature = form.elements.nature.value;
let days = null; // made when a date has to be said: it is the slowest thing of this module
const day = (instant) => {
  days ??= new Intl.DateTimeFormat(lang === "fr" ? "fr-FR" : "en-GB", { dateStyle: "medium", timeZone: form.dataset.zone });
  return days.format(new Date(instant));
};
const opened = new Date();
let busy = false;

form.noValidate = true; // the words below are ours, in the page's language
const place = watchPlace(form, words, async (at) => {
  const known = await import("./known.js").catch(() => null); // not before there is a place
  await known?.showKnown(at, nature, words, day);
});
const photo = form.elements.photo
  ? import("./photo.js").then(({ watchPhoto }) => watchPhoto(form, words, ([lon, lat]) => place.choose(lon, lat)))
  : Promise.resolve({ blob: () => null });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!busy) send();
});

photo.then(() => (form.dataset.ready = "true"));

async function send() {
  const missing = problems();
  if (missing) return missing.focus();
  busy = true;
  const button = document.getElementById("send");
  const name = button.textContent;
  button.disabled = true;
  button.textContent = words.sending;
  try {
    await sendNow();
  } finally {
    busy = false;
    button.disabled = false;
    button.textContent = name;
  }
  return undefined;
}

async function sendNow() {
  let id;
  try {
    id = await enqueue(fields(), (await photo).blob(), { clocked: !form.elements.occurred.value });
  } catch {
    tell(document.getElementById("form-problem"), words.no_store);
    form.submit(); // nothing can be kept here: the plain form goes its own way
    return;
  }
  const outcome = await deliver(id);
  if (outcome.state === "refused") {
    await remove("outbox", id);
    refused(outcome.problem);
  } else if (outcome.state === "sent") done(outcome.receipt);
  else {
    await sendLater();
    queued(outcome);
  }
}

/** What is sent; a question without an answer is left out. */
function fields() {
  const data = new FormData(form);
  const answers = {};
  for (const [name, value] of data) {
    if (!name.startsWith("answers.") || value === "") continue;
    const kind = form.elements[name].type;
    answers[name.slice(8)] = kind === "datetime-local" ? new Date(value).toISOString() : value;
  }
  const when = data.get("occurred");
  const sent = { nature, lang, answers: JSON.stringify(answers), occurred: (when ? new Date(when) : opened).toISOString() };
  if (form.elements.lon.disabled) sent.address = data.get("address").trim();
  else Object.assign(sent, { lon: data.get("lon"), lat: data.get("lat") });
  if (data.get("description")?.trim()) sent.description = data.get("description").trim();
  if (data.get("website")) sent.website = data.get("website");
  return sent;
}

/** Say what is missing; return the first place to look at, or null. */
function problems() {
  let first = null;
  const check = (id, ok, where, text) => {
    tell(document.getElementById(id), ok ? "" : text);
    where.setAttribute("aria-invalid", String(!ok));
    if (ok) return;
    where.closest("details")?.setAttribute("open", "");
    first ??= where;
  };
  check("where-problem", place.given, form.elements.address, words.where_missing);
  for (const question of form.querySelectorAll("[data-required]")) {
    const name = `answers.${question.dataset.question}`;
    const field = question.querySelector("input");
    check(`${name}-problem`, Boolean(new FormData(form).get(name)), field, words.answer_missing);
  }
  for (const field of form.querySelectorAll("input[type=number], input[type=datetime-local]")) {
    check(`${field.name}-problem`, field.validity.valid, field, wrongIn(field));
  }
  return first;
}

/** What is wrong in a field, in the page's language, not the browser's. */
function wrongIn({ type, min, max }) {
  return type === "number" ? fill(words.number_wrong, { least: min, most: max }) : words.date_wrong;
}

/** The server's refusal, beside the field that it names. */
function refused(problem) {
  const text = reasonOf(problem, lang);
  const id = { "lon, lat": "where", address: "where", lon: "where", lat: "where" }[problem.field] ?? problem.field;
  const beside = document.getElementById(`${id}-problem`);
  tell(document.getElementById("form-problem"), fill(words.refused, { why: text }));
  if (beside) {
    tell(beside, text);
    beside.closest("details")?.setAttribute("open", "");
  }
  document.getElementById("form-problem").focus();
}

function show(...parts) {
  const place = document.getElementById("done");
  form.reset();
  form.hidden = true;
  const another = el("p", {}, el("a", { href: link("/signaler"), className: "button", textContent: words.another }));
  place.replaceChildren(...parts, another);
  place.hidden = false;
  place.focus();
  scrollTo(0, 0);
}

function done({ reference, token, handled_by, notices }) {
  const address = new URL(`${link(`/suivi/${reference}`)}#t=${token}`, location.href).href;
  const said = el("p", { role: "status" });
  const copy = el("button", { type: "button", textContent: words.copy });
  copy.addEventListener("click", () =>
    navigator.clipboard.writeText(address).then(
      () => tell(said, words.copied),
      () => tell(said, address),
    ),
  );
  show(
    el("h2", { textContent: fill(words.sent, { reference }) }),
    ...(notices ?? []).map((notice) => el("p", { className: "notice", textContent: notice[lang] })),
    el("p", { textContent: fill(words.sent_by, { who: handled_by[lang] }) }),
    el("p", { textContent: words.sent_keep }),
    el("p", { className: "row" }, el("a", { href: address, className: "button primary", textContent: words.see }), copy),
    said,
  );
}

/** It waits on the device; `why`, and how long, as `deliver` says it. */
function queued({ why, wait }) {
  const when = why === "busy" ? fill(words.queued_busy_when, { minutes: Math.max(1, Math.ceil(wait / 60)) }) : words.queued_why;
  show(
    el("h2", { textContent: whyLater(words, why) }),
    el("p", { textContent: when }),
    el("p", { textContent: "SyncManager" in window ? words.queued_close : words.queued_open }),
    el("p", {}, el("a", { href: link("/mes-signalements"), className: "button primary", textContent: words.mine })),
  );
}

function link(path) {
  const spoken = new URLSearchParams(location.search).get("lang");
  return spoken ? `${path}?lang=${spoken}` : path;
}
