/**
 * Reports leave by themselves, once.
 *
 * A report is written on the device before anything is sent, with a random key of its own. It stays there until the
 * server has answered; whatever is cut short is sent again under the same key, which the server takes once and answers
 * the same. Pages and the service worker both send: a lock keeps them from doing it at the same time.
 */
import { all, get, put, remove, settle } from "./store.js";

const PATIENCE_MS = 60_000;
const CHANNEL = "outbox";
let notBefore = 0; // of `performance.now`: what the city asked for

/**
 * Write a report into the outbox.
 *
 * @param {Record<string, string>} fields
 * @param {Blob | null} photo
 * @param {{clocked: boolean}} how whether its time is of the device's clock, which the city corrects
 * @returns {Promise<string>} its key
 */
export async function enqueue(fields, photo, { clocked = true } = {}) {
  const id = crypto.randomUUID();
  await put("outbox", { id, fields, photo, clocked, made: new Date().toISOString(), refused: null });
  return id;
}

/** Ask the browser to send when there is a network, even when no page is open: Chromium does. */
export async function sendLater() {
  const ready = await navigator.serviceWorker?.getRegistration();
  await ready?.sync?.register(CHANNEL).catch(() => {});
}

/**
 * Send what waits, and say what became of one report, whoever sent it: this page, another one or the service worker.
 *
 * @returns {Promise<{state: "sent" | "refused" | "later", receipt?: object, problem?: object, why?: string, wait?: number}>}
 */
export async function deliver(id) {
  const outcomes = await flush().catch(() => new Map());
  if (outcomes.has(id)) return outcomes.get(id);
  const later = [...outcomes.values()].find(({ state }) => state === "later") ?? { state: "later", why: "network" };
  const entry = await get("outbox", id);
  if (entry) return entry.refused ? { state: "refused", problem: entry.refused } : later;
  const receipt = (await all("mine")).find(({ key }) => key === id);
  return receipt ? { state: "sent", receipt } : later;
}

/** How many wait; those that the city refused wait for their maker instead. */
export const waiting = async () => (await all("outbox")).filter(({ refused }) => !refused).length;

/**
 * Send what waits, oldest first.
 *
 * @returns {Promise<Map<string, object>>} by key: `{state: "sent", receipt}`, `{state: "refused", problem}` or
 *   `{state: "later", why}`: "network", "trouble" or, with the seconds to wait, "busy"
 */
export async function flush() {
  const send = () => sendAll();
  return navigator.locks ? navigator.locks.request(CHANNEL, send) : send();
}

async function sendAll() {
  const outcomes = new Map();
  const entries = (await all("outbox")).filter(({ refused }) => !refused);
  entries.sort((a, b) => a.made.localeCompare(b.made));
  for (const entry of entries) {
    const outcome = await sendOne(entry);
    outcomes.set(entry.id, outcome);
    if (outcome.state === "later") break; // the rest would meet the same
  }
  if (outcomes.size) new BroadcastChannel(CHANNEL).postMessage("changed");
  return outcomes;
}

async function sendOne(entry) {
  let answer, body;
  try {
    answer = await fetch("/reports", {
      method: "POST",
      body: formOf(entry),
      headers: { "Idempotency-Key": entry.id, Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    body = await answer.json();
  } catch {
    return { state: "later", why: "network" };
  }
  if (answer.ok && body.reference) {
    const { reference, tracking_token: token, handled_by, notices } = body;
    const receipt = { key: entry.id, reference, token, handled_by, notices, nature: body.public.nature, made: entry.made, status: null };
    await settle(entry.id, receipt);
    return { state: "sent", receipt };
  }
  if (answer.status === 429) {
    const wait = Number(answer.headers.get("Retry-After")) || 60;
    notBefore = performance.now() + wait * 1000;
    return { state: "later", why: "busy", wait };
  }
  if (answer.status >= 500) return { state: "later", why: "trouble" };
  if (answer.status === 410) {
    await remove("outbox", entry.id); // it was sent before, and its maker deleted it since
    return { state: "refused", problem: body };
  }
  await put("outbox", { ...entry, refused: { field: body.field ?? "", fr: body.fr ?? body.detail, en: body.en ?? body.detail } });
  return { state: "refused", problem: body };
}

/** The city's words for a refusal, without the name that programs give the field. */
export function reasonOf(problem, lang) {
  const text = problem[lang] ?? problem.detail ?? "";
  const said = problem.field && text.startsWith(problem.field) ? text.slice(problem.field.length).replace(/^\s*:\s*/, "") : text;
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** Why a report waits, in words. */
export function whyLater(words, why) {
  return { busy: words.queued_busy, trouble: words.queued_trouble }[why] ?? words.queued_network;
}

function formOf({ fields, photo, clocked }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (clocked !== false) form.append("sent", new Date().toISOString());
  if (photo) form.append("photo", photo, "photo.jpg");
  return form;
}

/** Call `then` when the outbox changed, here or elsewhere. */
export function onChange(then) {
  new BroadcastChannel(CHANNEL).addEventListener("message", then);
}

/** Send now, whenever the network comes back, and now and then while something waits. */
export function keepSending(everyMs = 30_000) {
  const attempt = async () => {
    if (navigator.onLine && performance.now() >= notBefore && (await waiting())) await flush();
  };
  const quiet = () => attempt().catch(() => {});
  addEventListener("online", quiet);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && quiet());
  setInterval(quiet, everyMs);
  quiet();
}
