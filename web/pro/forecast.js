/** The forecast's card: for when, from which data, what it says, what it is worth. */
import { say } from "../shared/language.js";
import { html } from "../shared/ui.js";
import { skill } from "./data.js";
import { Notice, Trouble } from "./notice.js";
import { SkillCard } from "./skillcard.js";

export function Forecast({ forecast, ...rest }) {
  const { words, audience, onRetry } = rest;
  if (forecast.state === "loading") return html`<p class="quiet">${words.loading}</p>`;
  if (forecast.state === "error") return html`<${Trouble} error=${forecast.error} words=${words} onRetry=${onRetry} />`;
  if (forecast.state === "none") return html`<${Notice} title=${words.noForecast} words=${words}>${words.noForecastWhy}<//>`;
  if (forecast.state === "forbidden") {
    return html`<${Notice} title=${words.forbidden} words=${words}>${words.forbiddenWhy(audience)}<//>`;
  }
  return html`<${Card} card=${forecast.card} ...${rest} />`;
}

function Card({ card, words, lang, format, now }) {
  const worth = skill(card);
  const target = targetName(words, card.target);
  const over = new Date(card.end) < now;
  return html`
    <p class="period">
      ${format.period(card.start, card.end)} ${over && html`<span class="tag warn">${words.periodOver}</span>`}
    </p>
    <dl class="dates">
      <div><dt>${words.lastEvent}</dt><dd>${card.last_event ? format.moment(card.last_event) : "–"}</dd></div>
      <div><dt>${words.asOf}</dt><dd>${format.moment(card.as_of)} <span class="age">${format.ago(card.as_of, now)}</span></dd></div>
    </dl>
    <div class="answer ${worth}">
      <p class="verdict"><strong>${words.answers[card.answer]}</strong> <span class="tag ${worth}">${words.skills[worth]}</span></p>
      <p>${say(card.words, lang)}</p>
      ${gainOf(card) && html`<p class="gain">${words.gain} <b>${gainOf(card)(words, format)}</b></p>`}
    </div>
    ${card.answer === "abstains" ? html`<${Flat} ...${{ card, words, format, target }} />` : html`<${Hits} ...${{ card, words, format, target }} />`}
    <p class="basis">${words.basis(
      `${format.number(card.n_events)} ${target(card.n_events)}`,
      format.number(card.n_cells),
      format.number(card.cell_m),
      format.number(card.area_km2, 1),
    )}</p>
    <${SkillCard} ...${{ card, words, format, lang }} />
    <p class="caveat">${words.caveat[card.target] ?? words.caveat.faits}</p>
  `;
}

/** What is not known is left unsaid, never shown as 0. */
function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** The word of what is forecast, by its number. */
function targetName(words, target) {
  return words.targets[target] ?? (() => target);
}

function gainOf({ gain }) {
  if (![gain?.estimate, gain?.lower, gain?.upper].every(known)) return null;
  const { estimate, lower, upper } = gain;
  return (words, { signed }) => words.gainValue(signed(estimate), signed(lower), signed(upper));
}

function Flat({ card, words, format, target }) {
  if (!known(card.flat_rate_per_km2)) return html`<p class="quiet">${words.abstainsWhy}</p>`;
  return html`
    <p class="figure">${words.flatRate(format.fixed(card.flat_rate_per_km2, 2), target(card.flat_rate_per_km2))}</p>
    <p class="quiet">${words.abstainsWhy}</p>
  `;
}

function Hits({ card, words, format, target }) {
  const hits = card.expected_hits_top2;
  const flat = card.expected_hits_flat;
  if (!known(hits) || !known(flat)) return null;
  return html`
    <p class="figure"><a class="datum" href=${behind(card)} title=${words.behind}><b>${format.number(hits, 1)}</b></a> ${words.hits(target(hits), format.number(card.top2_area_km2, 1))}</p>
    <p class="quiet">${words.hitsWithout(format.number(flat, 1), target(flat))}</p>
  `;
}

/** The request of the cells that are ranked highest: their expected events add up to the figure. */
function behind({ as_of, target, top2_area_km2: area, cell_m: side }) {
  const n = Math.round(area / (side / 1000) ** 2);
  return `/api/collections/risque/items?${new URLSearchParams({ datetime: as_of, target, filter: `rank <= ${n}`, sortby: "rank", limit: n, f: "html" })}`;
}

/** What the forecast was worth, method by method. */
export function Worth({ card, words, format }) {
  return html`
    <section aria-labelledby="worth-title" class="card">
      <h2 id="worth-title">${words.worth}</h2>
      <${Bars} pai=${card.pai2} ...${{ words, format }} />
      ${gainOf(card) && html`<p class="quiet">${words.gain} ${gainOf(card)(words, format)}</p>`}
    </section>
  `;
}

/** Concentration of the events in the first 2 % of the area, one bar a method; numbers are written, bars only help. */
function Bars({ pai, words, format }) {
  const rows = ["model", "count", "flat"].filter((name) => known(pai?.[name]));
  if (rows.length === 0) return null;
  const longest = Math.max(...rows.map((name) => pai[name]));
  return html`
    <figure class="bars">
      <figcaption>${words.bars}</figcaption>
      <dl>
        ${rows.map(
          (name) => html`
            <div class="bar ${name}">
              <dt>${words.barNames[name]}</dt>
              <dd>
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect width=${(100 * pai[name]) / longest} height="10" />
                </svg>
                <span>× ${format.fixed(pai[name], 1)}</span>
              </dd>
            </div>
          `,
        )}
      </dl>
    </figure>
  `;
}
