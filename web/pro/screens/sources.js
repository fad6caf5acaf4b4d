/** Sources: how old each is, what its last load brought, what waits in quarantine. */
import { html } from "../../shared/ui.js";
import { Reading, seconds, wordsOf } from "./part.js";
import { TEXTS } from "./sources.words.js";

export default class Sources extends Reading {
  parts() {
    return { sources: { read: (api) => api.json("/pro/sources.json"), on: ({ kind }) => kind === "collection" } };
  }

  render({ lang, format, alerts }) {
    const texts = wordsOf(TEXTS, lang);
    const silent = (alerts?.alerts ?? []).filter(({ rule, closed }) => (rule === "capteur-muet" || rule === "source-en-retard") && !closed);
    return html`
      <main id="main" class="page wide" tabindex="-1">
        <section class="card" aria-labelledby="sources-title">
          <h2 id="sources-title">${texts.title}</h2>
          ${silent.map(({ id, reason }) => html`<p key=${id} class="notice-line">${reason[lang] ?? reason.en}.</p>`)}
          ${this.shown("sources", ({ sources, keeper, never_loaded: never }) => html`
            <p>${summary(sources, texts)}</p>
            ${never.length > 0 && html`<p class="notice-line">${texts.never(never.join(", "))}</p>`}
            <div class="scroll" tabindex="0" role="region" aria-label=${texts.table}>
              <table>
                <thead><tr>
                  <th scope="col">${texts.source}</th><th scope="col">${texts.state}</th><th scope="col">${texts.age}</th>
                  <th scope="col">${texts.newest}</th>
                  ${keeper && html`<th scope="col">${texts.load}</th><th scope="col">${texts.quarantine}</th>`}
                </tr></thead>
                <tbody>${lateFirst(sources).map((row) => html`<${Row} ...${{ row, keeper, texts, format }} />`)}</tbody>
              </table>
            </div>
          `)}
        </section>
      </main>
    `;
  }
}

function Row({ row, keeper, texts, format }) {
  const { last_load: load, quarantine } = row;
  return html`
    <tr data-state=${row.state}>
      <th scope="row"><a href=${`/api/collections/${row.collection}?f=html`}>${row.source ?? row.collection}</a>${row.source && row.source !== row.collection && html`<br /><span class="quiet">${row.collection}</span>`}</th>
      <td><span class="tag ${{ fresh: "good", late: "warn" }[row.state] ?? ""}">${texts.states[row.state]}</span>${row.late_s > 0 && html`<br /><span class="quiet">${texts.by(seconds(format, row.late_s))}</span>`}</td>
      <td>${seconds(format, row.age_s)}</td>
      <td>${row.newest ? format.moment(row.newest) : "—"}</td>
      ${keeper &&
      html`
        <td>${load ? html`${format.moment(load.finished)}<br /><span class="quiet">${texts.counts(load, format.number)}</span>` : "—"}</td>
        <td>${quarantine.rows === 0 ? texts.none : html`<b>${format.number(quarantine.rows)}</b><br /><span class="quiet">${Object.entries(quarantine.reasons).map(([why, n]) => `${why} ${n}`).join(", ")}</span>`}${closedBy(quarantine, texts, format)}</td>
      `}
    </tr>
  `;
}

/** How many rows that had been refused the last load closed: let in, corrected at their source, gone. */
function closedBy({ closed }, texts, format) {
  const told = Object.entries(closed).map(([how, n]) => `${format.number(n)} ${texts.closed[how](n)}`);
  return told.length > 0 && html`<br /><span class="quiet">${texts.closedNow(told.join(", "))}</span>`;
}

/** What is late stands first; the rest in the order of the collections. */
function lateFirst(sources) {
  return [...sources].sort((a, b) => (b.state === "late") - (a.state === "late"));
}

function summary(sources, texts) {
  const late = sources.filter(({ state }) => state === "late");
  return late.length === 0 ? texts.allWell(sources.length) : texts.late(late.map(({ source, collection }) => source ?? collection).join(", "));
}
