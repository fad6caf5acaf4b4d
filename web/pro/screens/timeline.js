/** Events in the order of time, with the bar that says which window is shown and replays it. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { behind } from "../behind.js";
import { Figure } from "./part.js";

export const WINDOWS = [1, 7, 30];
const LISTED = 60;

export function Timeline({ layers, interval, since, more, days, until, item, playing, all, words, lang, format, texts, onDays, onUntil, onPlay, onEnd, onItem }) {
  const [start, end] = interval.map(Date.parse);
  const rows = Object.entries(layers)
    .flatMap(([id, { features, style }]) => features.slice(0, LISTED).map((feature) => ({ id, style, feature })))
    .sort((a, b) => Date.parse(b.feature.properties.date) - Date.parse(a.feature.properties.date))
    .slice(0, LISTED);
  const shown = Object.values(layers).reduce((sum, { features }) => sum + features.length, 0);
  const shownUntil = [interval[0], until === null ? interval[1] : new Date(until).toISOString()];
  const counts = Object.entries(layers).map(([id, { features }]) => [id, words.collections[id], features.length, more || playing ? null : behind(id, shownUntil, { since })]);
  return html`
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">${texts.timeline}</h2>
      <fieldset class="choice">
        <legend>${texts.window}</legend>
        ${WINDOWS.map((n) => html`<label><input type="radio" name="window" value=${n} checked=${n === days} onChange=${() => onDays(n)} /><span>${texts.days(n)}</span></label>`)}
      </fieldset>
      <label class="field">${texts.moment} <output>${format.moment(until ?? end)}</output>
        <input type="range" min=${start} max=${end} step=${60_000} value=${until ?? end} onInput=${({ target }) => onUntil(Number(target.value) >= end ? null : Number(target.value))} />
      </label>
      <p class="actions">
        <button type="button" onClick=${onPlay}>${playing ? texts.pause : texts.play}</button>
        ${until !== null && !playing && html`<button type="button" onClick=${onEnd}>${texts.end}</button>`}
      </p>
      ${since && html`<p class="notice-line" data-part="cut">${texts.cut(format.number(all), format.moment(since))}</p>`}
      <p role=${playing ? undefined : "status"}>${more && html`${words.loading} `}${texts.shown(format.number(shown), format.number(all))}. ${shown > LISTED && html`<span class="quiet">${texts.first(LISTED)}</span>`}</p>
      ${counts.length > 1 && html`<ul class="counts quiet" data-part="counts">
        ${counts.map(([id, name, n, href]) => html`<li key=${id}>${name}${words.colon}<${Figure} href=${href} label=${`${texts.behind}${words.colon}${name}`}>${format.number(n)}<//></li>`)}
      </ul>`}
      <ol class="timeline">
        ${rows.map(({ id, style, feature }) => html`<${Row} key=${`${id}.${feature.id}`} ...${{ id, style, feature, words, lang, format, onItem }} chosen=${item === `${id}.${feature.id}`} />`)}
      </ol>
    </section>
  `;
}

function Row({ id, style, feature, words, lang, format, chosen, onItem }) {
  const { date, precision } = feature.properties;
  const kind = style.legend.find(({ value }) => value === feature.properties[style.property]);
  return html`
    <li>
      <button type="button" class="row" aria-pressed=${chosen ? "true" : "false"} onClick=${() => onItem(`${id}.${feature.id}`)}>
        <i class="dot" style=${{ backgroundColor: kind?.color }} aria-hidden="true"></i>
        <span>${kind ? say(kind.label, lang) : ""}</span>
        <span class="quiet">${words.collections[id]}, ${precision === "day" ? format.dated(date) : format.near(date)}</span>
      </button>
    </li>
  `;
}
