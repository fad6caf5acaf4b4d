/** Trends of one collection: a word a theme and a division, with the band and the request behind the number. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Figure } from "./part.js";

const ARROWS = { up: "↑", down: "↓", stable: "=", unknown: "·" };

export function Trends({ trend, whole, texts, lang, words, format }) {
  const moved = trend.divisions.filter(({ state }) => state === "up" || state === "down");
  const shared = { texts, words, lang, format };
  return html`
    <section class="trends" data-collection=${trend.collection} aria-labelledby=${`trend-${trend.collection}`}>
      <h3 id=${`trend-${trend.collection}`}>${words.collections[trend.collection] ?? trend.collection} <${Figure} href=${trend.total.href} label=${texts.behind}>${format.number(trend.total.n)}<//></h3>
      <p class="quiet">${texts.over(trend.days, format.moment(trend.as_of))}</p>
      <ul class="trend-list" aria-label=${texts.byTheme}>
        ${trend.themes.map((row) => html`<${Row} key=${row.theme} name=${say(row.label, lang)} row=${row} ...${shared} />`)}
      </ul>
      ${whole &&
      trend.divisions.length > 0 &&
      html`
        <p class="quiet">${texts.byDivision}</p>
        <ul class="trend-list" aria-label=${texts.byDivision}>
          ${moved.map((row) => html`<${Row} key=${row.division} name=${row.nom} row=${row} ...${shared} />`)}
          <li class="quiet">${texts.stableOnes(trend.divisions.length - moved.length)}</li>
        </ul>
      `}
      <details class="quiet"><summary>${texts.how}</summary><p>${say(trend.definition, lang)}</p></details>
    </section>
  `;
}

function Row({ name, row, texts, words, lang, format }) {
  const n = (value) => format.number(value, value < 10 ? 1 : 0);
  return html`
    <li data-state=${row.state}>
      <span class="arrow" aria-hidden="true">${ARROWS[row.state]}</span>
      <span>${name}${words.colon}<b>${say(row.word, lang)}</b>${row.lower !== null && html`, <span class="quiet">${texts.band(n(row.expected), n(row.lower), n(row.upper))}</span>`}</span>
      <${Figure} href=${row.href} label=${`${texts.behind}${words.colon}${name}`}>${format.number(row.n)}<//>
    </li>
  `;
}
