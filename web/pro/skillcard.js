/** The link from a forecast to its skill card, a page that opens over the desk (sheet.js). */
import { html } from "../shared/ui.js";

/** A link to the last skill card, with its date; nothing before the first card. */
export function SkillCard({ card, words, format }) {
  const found = card.skill_card;
  if (!found?.href?.startsWith("/fiches/")) return null;
  return html`<p class="skill-card">
    <a href=${found.href}>${words.skillCard}</a>
    ${" "}<span class="age">${format.moment(found.computed)}</span>
  </p>`;
}
