/**
 * Pages of the API over the desk: they need the key, which a link alone cannot send, and the screen below stays as it was.
 *
 * A click on a link to such a page opens the sheet; with Ctrl, Shift or the middle button the browser does what it always
 * does. What is no page (CSV, JSON) is saved as a file.
 */
import { MESSAGES } from "./messages.js";

const PAGES = /^\/(api|fiches)(\/|$)/;
const PATIENCE_MS = 30_000;

/**
 * From now on links to pages of the API open here.
 *
 * @param {() => string | null} key gives the key of now; null: links are left alone
 */
export function openPagesWith(key) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const usual = event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || usual || link.origin !== location.origin || !PAGES.test(link.pathname) || !key()) return;
    event.preventDefault();
    const sheet = link.closest("dialog.sheet") ?? made();
    follow(sheet, link.pathname + link.search, key());
  });
}

/** An empty sheet with its two buttons. */
function made() {
  const words = MESSAGES[document.documentElement.lang];
  const sheet = document.createElement("dialog");
  sheet.className = "sheet";
  const back = button(words.sheetBack, () => show(sheet, sheet.before.pop()));
  back.hidden = true;
  const bar = document.createElement("p");
  bar.className = "sheet-bar";
  const close = button(words.sheetClose, () => sheet.close());
  close.autofocus = true;
  bar.append(close, back);
  const content = document.createElement("div");
  content.className = "sheet-page";
  sheet.append(bar, content);
  Object.assign(sheet, { before: [], back, content });
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  sheet.setAttribute("aria-label", words.loading);
  sheet.showModal();
  return sheet;
}

function button(text, then) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", then);
  return made;
}

/** Read a page and show it in the place of the one before. */
async function follow(sheet, path, key) {
  const words = MESSAGES[document.documentElement.lang];
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.textContent = words.loading;
  sheet.content.prepend(status);
  try {
    const answer = await fetch(inLanguage(path), {
      headers: { "X-API-Key": key, Accept: "text/html, */*;q=0.5" }, signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    if (!answer.headers.get("Content-Type").startsWith("text/html")) {
      save(await answer.blob(), path);
      status.textContent = words.sheetSaved;
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (sheet.shown) sheet.before.push(sheet.shown);
    show(sheet, { path, title: page.querySelector("h1")?.textContent.trim() ?? path, nodes: kept(page) });
  } catch {
    status.textContent = words.failed;
  }
}

/** What of a page is shown: its main part, without its map, and without names that the desk has already. */
function kept(page) {
  const main = page.querySelector("main");
  for (const node of main.querySelectorAll("script, figure.map")) node.remove();
  if (main.firstElementChild?.matches(".notice")) main.firstElementChild.remove(); // simulated data: the desk says so
  for (const node of main.querySelectorAll("[id]")) if (document.getElementById(node.id)) node.removeAttribute("id");
  return [...main.childNodes];
}

function show(sheet, shown) {
  const address = document.createElement("code");
  address.textContent = decodeURIComponent(shown.path.replace(/\+/g, " "));
  const request = document.createElement("p");
  request.className = "request";
  request.append(address);
  sheet.shown = shown;
  sheet.content.replaceChildren(request, ...shown.nodes);
  sheet.setAttribute("aria-label", shown.title);
  sheet.back.hidden = sheet.before.length === 0;
  sheet.scrollTop = 0;
  if (!sheet.contains(document.activeElement)) sheet.querySelector("button").focus();
}

function inLanguage(path) {
  const url = new URL(path, location.href);
  if (!url.searchParams.has("lang")) url.searchParams.set("lang", document.documentElement.lang);
  return url.pathname + url.search;
}

function save(blob, path) {
  const { pathname, searchParams } = new URL(path, location.href);
  const parts = pathname.split("/").filter((part) => part && part !== "items");
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(blob), download: `${parts.at(-1)}.${searchParams.get("f") ?? "json"}`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
