/** Indicators: a few figures, each with its definition and the request behind it. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Figure } from "../screens/part.js";
import { change, outside, requestOf, requestOfAll } from "./figures.js";

export function Indicators({ found, counts, week, texts, lang, format }) {
  const [total] = found.series;
  const { windows, definition } = found;
  const moved = change(total, week);
  const apart = outside(total);
  const sum = total.n.reduce((a, b) => a + b, 0);
  const lines = [
    ["last", texts.last, format.number(total.n[week]), requestOf(total.href, windows[week])],
    ["change", texts.change, moved === null ? "—" : `${format.signed(100 * moved)} %`, requestOf(total.href, windows[week])],
    ["whole", texts.whole(windows.length), format.number(sum), requestOfAll(total.href, windows)],
    ...(counts ?? []).map(({ id, n, href }) => [id, texts[id], n === null ? "—" : format.number(n), href]),
  ];
  const meaning = (id) => (id === "last" ? say(definition, lang) : texts.meaning[id]);
  return html`
    <section class="card" aria-labelledby="indicators-title" data-part="indicators">
      <h2 id="indicators-title">${texts.indicators}</h2>
      <dl class="indicators">
        ${lines.map(([id, title, value, href]) => html`
          <div data-indicator=${id}><dt>${title}</dt><dd><${Figure} href=${href} label=${texts.behind}>${value}<//></dd></div>
        `)}
        <div data-indicator="outside">
          <dt>${texts.outside}</dt>
          <dd>${texts.outsideOf(apart.weeks.length, apart.known)}
            <span class="weeks">${apart.weeks.map((k) => html`<${Figure} key=${k} href=${requestOf(total.href, windows[k])} label=${texts.behind}>${format.short(windows[k].end)} : ${format.number(total.n[k])}<//> `)}</span>
          </dd>
        </div>
      </dl>
      <details>
        <summary>${texts.definitions}</summary>
        <dl class="definitions">
          ${[...lines, ["outside", texts.outside]].map(([id, title]) => html`<div><dt>${title}</dt><dd>${meaning(id)}</dd></div>`)}
        </dl>
      </details>
    </section>
  `;
}
