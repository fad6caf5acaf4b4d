/** The link from a forecast to its skill card: a page that needs the key, which a link alone cannot send. */
import { html } from "../shared/ui.js";

const KEY = "observatoire.key";

/** A link to the last skill card, with its date; nothing before the first card. */
export function SkillCard({ card, words, format, lang }) {
  const found = card.skill_card;
  if (!found?.href?.startsWith("/fiches/")) return null;
  return html`<p class="skill-card">
    <a href=${found.href} onClick=${(event) => show(event, found.href, lang)}>${words.skillCard}</a>
    ${" "}<span class="age">${format.moment(found.computed)}</span>
  </p>`;
}

/** Read the page with the key of this tab and show it in its place; without a key the browser asks for it. */
async function show(event, href, lang) {
  const key = sessionStorage.getItem(KEY);
  if (!key || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(`${href}&lang=${lang}`, { headers: { "X-API-Key": key, Accept: "text/html" } });
  if (!answer.ok) return location.assign(href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const dialog = document.createElement("dialog");
  dialog.className = "sheet";
  const frame = document.createElement("div");
  frame.append(...page.querySelector("main").childNodes);
  const close = document.createElement("button");
  close.textContent = lang === "fr" ? "Fermer" : "Close";
  close.autofocus = true;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.setAttribute("aria-label", frame.querySelector("h1").textContent);
  dialog.append(close, frame);
  document.body.append(dialog);
  dialog.showModal();
}
