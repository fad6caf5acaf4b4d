/** A message in place of what could not be shown. */
import { html } from "../shared/ui.js";

/** @param {{title: string, children?: unknown, onRetry?: () => void, words: object, alert?: boolean}} props */
export function Notice({ title, children, onRetry, words, alert }) {
  return html`
    <div class="notice" role=${alert ? "alert" : undefined}>
      <p class="notice-title">${title}</p>
      ${children && html`<p>${children}</p>`}
      ${onRetry && html`<button type="button" onClick=${onRetry}>${words.retry}</button>`}
    </div>
  `;
}

/** The notice of an error, by its kind. */
export function Trouble({ error, words, onRetry }) {
  if (error.kind === "away") return html`<${Notice} alert title=${words.away} words=${words} onRetry=${onRetry}>${words.awayWhy}<//>`;
  return html`<${Notice} alert title=${words.failed} words=${words} onRetry=${onRetry} />`;
}
