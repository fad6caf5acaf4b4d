/**
 * The service worker: pages that were read, and the files that they need, open without a network.
 *
 * Pages come from the network while there is one, else from what was kept; files whose name holds their version are
 * taken from what was kept at once. The server writes the list of files in place of the word below. Nothing that says
 * who somebody is goes through here: reports, their tracking and the professional screens are left to the network.
 */
import { flush } from "__OUTBOX__";

const { version, files, pages } = __KEPT__;
const FILES = `files-${version}`;
const PAGES = "pages";
const DATA = "data";
/** Pages kept of past visits, and answers of the API: tiles of maps, mostly. */
const MOST = { [PAGES]: 40, [DATA]: 200 };
const PATIENCE_MS = 6_000;
const LEFT_ALONE = /^\/(reports|suivi\/|lieux|open311|pro|metrics|health|docs|fiches|feeds)/;

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || LEFT_ALONE.test(url.pathname)) return;
  if (request.headers.has("X-API-Key") || request.headers.has("Authorization")) return;
  if (url.pathname.startsWith("/web/v-")) event.respondWith(file(request));
  else if (/^\/api\/(collections|styles)\//.test(url.pathname)) event.respondWith(fresh(request, url, DATA));
  else if (request.mode === "navigate") event.respondWith(fresh(request, url, PAGES));
});

self.addEventListener("sync", (event) => event.tag === "outbox" && event.waitUntil(sendAll()));

/** Send what waits; where it could not leave, the browser is told to try again. */
async function sendAll() {
  const outcomes = [...(await flush()).values()];
  if (outcomes.some(({ state }) => state === "later")) throw new Error("not yet");
}

async function install() {
  const [kept, read] = await Promise.all([caches.open(FILES), caches.open(PAGES)]);
  await kept.addAll(files);
  await Promise.all(pages.map((path) => read.add(path).catch(() => {})));
  await self.skipWaiting();
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("files-") && name !== FILES).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** A file of a version never changes. MapLibre asks for its worker with a query, hence `ignoreSearch`. */
async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** The page of now; where the network is away or slow, the one that was read last. */
async function fresh(request, url, name) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok && answer.type === "basic" && !/private|no-store/.test(answer.headers.get("Cache-Control"))) {
      await cache.put(request, answer.clone());
      await trim(cache, MOST[name]);
    }
    return answer;
  } catch (error) {
    const kept = (await cache.match(request, { ignoreVary: true })) ?? (await nearest(cache, request, url));
    if (kept) return kept;
    throw error;
  }
}

/** The same page in the language that was kept; else the page that is like it, which says itself what it is about. */
async function nearest(cache, request, url) {
  if (request.mode !== "navigate") return undefined;
  const plain = new URL(url);
  plain.searchParams.delete("lang");
  const same = await cache.match(plain, { ignoreVary: true });
  if (same || plain.searchParams.has("nature")) return same;
  return (await cache.match(url.pathname, { ignoreSearch: true, ignoreVary: true })) ?? cache.match("/", { ignoreVary: true });
}

async function trim(cache, kept) {
  const keys = await cache.keys();
  const most = Math.max(0, keys.length - kept);
  await Promise.all(keys.filter(({ url }) => !pages.includes(new URL(url).pathname)).slice(0, most).map((key) => cache.delete(key)));
}
