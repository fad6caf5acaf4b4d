/** Filters of the events: how far back, and of which natures. */
import { say } from "../shared/language.js";
import { html } from "../shared/ui.js";
import { behind, counted } from "./behind.js";
import { tally } from "./data.js";
import { Trouble } from "./notice.js";

export const PERIODS = [7, 30, 90];

export function Events({ events, days, interval, without, words, lang, format, onDays, onNature, onAll, onRetry }) {
  return html`
    <section aria-labelledby="events-title" class="card">
      <h2 id="events-title">${words.events}</h2>
      <fieldset class="choice">
        <legend>${words.since}</legend>
        ${PERIODS.map(
          (n) => html`
            <label><input type="radio" name="days" value=${n} checked=${n === days} onChange=${() => onDays(n)} /><span>${words.days(n)}</span></label>
          `,
        )}
      </fieldset>
      ${interval && html`<p class="quiet">${words.daysWhy(format.period(...interval))}</p>`}
      ${Object.entries(events).map(
        ([id, layer]) => html`<${Natures} key=${id} ...${{ id, layer, interval, without, words, lang, format, onNature, onAll, onRetry }} />`,
      )}
    </section>
  `;
}

function Natures({ id, layer, interval, without, words, lang, format, onNature, onAll, onRetry }) {
  if (layer.state === "error") return html`<h3>${words.collections[id]}</h3><${Trouble} error=${layer.error} words=${words} onRetry=${onRetry} />`;
  if (layer.state === "loading") return html`<h3>${words.collections[id]}</h3><p class="quiet">${words.loading}</p>`;
  const { features, since } = counted(layer);
  const counts = tally(features, layer.style.property);
  const link = (n, equal, name) => html`<a class="count" href=${`${behind(id, interval, { since, equal })}&f=html`} title=${`${words.behind}${words.colon}${name}`}>${format.number(n)}</a>`;
  const every = layer.style.legend.map(({ value }) => `${id}.${value}`);
  const off = every.filter((name) => without.has(name)).length;
  return html`
    <fieldset class="natures" data-collection=${id}>
      <legend>${words.collections[id]} ${link(features.length, {}, words.collections[id])}</legend>
      ${layer.features.length === 0 && html`<p class="quiet">${words.noEvents}</p>`}
      ${!layer.complete && html`<p class="quiet">${words.newest(format.number(features.length))}</p>`}
      ${layer.features.length > 0 &&
      html`
        <ul>
          ${layer.style.legend.map(({ value, color, label }) => {
            const name = `${id}.${value}`;
            return html`
              <li>
                <label class="check">
                  <input type="checkbox" checked=${!without.has(name)} onChange=${() => onNature(name)} />
                  <i class="dot" style=${{ backgroundColor: color }} aria-hidden="true"></i>
                  <span>${say(label, lang)}</span>
                </label>
                ${link(counts.get(value) ?? 0, { [layer.style.property]: value }, say(label, lang))}
              </li>
            `;
          })}
        </ul>
        <button type="button" class="link" onClick=${() => onAll(every, off === 0)}>${off === 0 ? words.none : words.all}</button>
      `}
    </fieldset>
  `;
}

/** The features that the filters leave. */
export function kept(id, layer, without) {
  return layer.features.filter(({ properties }) => !without.has(`${id}.${properties[layer.style.property]}`));
}
