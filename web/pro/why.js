/** Why a cell: its interval beside the city's mean, what the simple rule expects, what each past weighs. Places only. */
import { html } from "../shared/ui.js";
import { divisionOf } from "./data.js";
import { classOf, meanOf } from "./readings.js";

const KINDS = ["recent", "lasting", "around", "season"];
/** A past that changes less than a twentieth is not worth a line of its own. */
const LEAST = 0.05;

/** What each past changes, the strongest first: `[kind, expected without it, relative change]`. */
export function factors({ properties }) {
  const rows = KINDS.map((kind) => [kind, properties[`without_${kind}`]]).filter(([, value]) => typeof value === "number");
  const change = (value) => Math.log(properties.expected / Math.max(value, 1e-9));
  return rows.map(([kind, value]) => [kind, value, change(value)]).sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
}

export function Why({ cell, cells, card, divisions, words, format }) {
  const { rank, expected, lower, upper, baseline } = cell.properties;
  const mean = meanOf(cells);
  const known = factors(cell);
  const told = known.filter(([, , change]) => Math.abs(change) >= LEAST);
  const silent = known.filter((row) => !told.includes(row));
  const number = (value) => format.number(value, 2);
  return html`
    <section class="card why" aria-labelledby="why-title" data-part="why">
      <h2 id="why-title">${words.why(format.number(rank), divisionOf(cell, divisions) ?? words.noDivision)}</h2>
      <p data-class=${classOf(cell, mean)}>${words.whyClass[classOf(cell, mean)](number(expected), number(lower), number(upper), number(mean))}</p>
      ${typeof baseline === "number" && html`<p>${card.answer === "count" ? words.whyCount : words.whyBaseline(number(baseline))}</p>`}
      ${told.length > 0 &&
      html`
        <ul class="lines">
          ${told.map(([kind, value, change]) => html`<li data-kind=${kind}>${change > 0 ? words.raised(words.kinds[kind], number(value)) : words.lowered(words.kinds[kind], number(value))}</li>`)}
        </ul>
      `}
      ${silent.length > 0 && html`<p class="quiet">${words.unmoved(silent.map(([kind]) => words.kinds[kind]).join(", "))}</p>`}
      ${known.length === 0 && card.answer === "model" && html`<p class="quiet">${words.whyUnknown}</p>`}
      <p class="quiet">${words.whyPlaces}</p>
      ${cell.id !== undefined && html`<p><a href=${`/api/collections/risque/items/${cell.id}?f=html`}>${words.openItem}</a></p>`}
    </section>
  `;
}
