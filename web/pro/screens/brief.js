/** Morning brief: the last one that was made, or a fresh one on demand. */
import { html } from "../../shared/ui.js";
import { Figure, Reading, wordsOf } from "./part.js";
import { execute } from "./process.js";
import { TEXTS } from "./brief.words.js";

export default class Brief extends Reading {
  parts() {
    return { brief: { read: (api) => api.json("/pro/brief.json") } };
  }

  make = async () => {
    this.setState({ busy: true, problem: false });
    try {
      const report = await execute(this.props.api, "situation-report", {}, { report: {} });
      this.setState({ brief: { value: report, error: null } });
    } catch (error) {
      if (error.kind === "refused") this.props.onRefused();
      else this.setState({ problem: true });
    }
    this.setState({ busy: false });
  };

  render({ lang, format }, { busy, problem, brief }) {
    const texts = wordsOf(TEXTS, lang);
    return html`
      <main id="main" class="page" tabindex="-1">
        <section class="card" aria-labelledby="brief-title">
          <h2 id="brief-title">${texts.title}</h2>
          <p class="actions">
            <button type="button" class="primary" disabled=${busy} onClick=${this.make}>${busy ? texts.making : texts.make}</button>
            ${brief?.value && html`<a href=${`/pro/brief.html?lang=${lang}`}>${texts.page}</a> <a href=${`/pro/brief.pdf?lang=${lang}`}>${texts.pdf}</a>`}
          </p>
          ${problem && html`<p class="problem" role="alert">${texts.failed}</p>`}
          ${brief?.error?.kind === "missing" && !brief.value ? html`<p class="quiet">${texts.never}</p>` : this.shown("brief", (brief) => html`<${Sheet} ...${{ brief, texts, lang, format }} />`)}
        </section>
      </main>
    `;
  }
}

function Sheet({ brief, texts, lang, format }) {
  return html`
    <p class="quiet">${texts.of(format.moment(brief.since), format.moment(brief.until))}</p>
    <h3>${texts.alerts} (${brief.alerts.count})</h3>
    <${Lines} rows=${brief.alerts.rows.map(({ reason, state }) => `${reason[lang]} (${texts.states[state]})`)} none=${texts.none} />
    <h3>${texts.changed}</h3>
    ${brief.changed.map(
      ({ title, themes }) => html`<p><b>${title[lang]}</b></p><${Lines} rows=${themes.map((t) => html`${texts.theme(t.label[lang])}<${Figure} href=${t.href} label=${texts.behind}>${format.number(t.n)}<//>, ${t.word[lang]}`)} none=${texts.none} />`,
    )}
    <h3>${texts.events} (${brief.events.count})</h3>
    <${Lines} rows=${brief.events.rows.map(({ title, reference }) => `${title} (${reference})`)} none=${texts.none} />
    <h3>${texts.works} (${brief.works.count})</h3>
    <${Lines} rows=${brief.works.rows.map(({ title, reference }) => `${title} (${reference})`)} none=${texts.none} />
    <h3>${texts.clashes(brief.clashes.days)} (${brief.clashes.count})</h3>
    <${Lines} rows=${brief.clashes.rows.map(({ reason }) => reason[lang])} none=${texts.none} />
    <h3>${texts.forecast}</h3>
    <${Lines} rows=${brief.forecast.map((f) => (f.observed === null ? texts.unknown(f.title[lang], format.moment(f.as_of)) : html`${texts.theme(f.title[lang])}<${Figure} href=${f.href} label=${texts.behind}>${format.number(f.observed)}<//> ${texts.scored(f, format)}`))} none=${texts.none} />
    <h3>${texts.late} (${brief.late.length})</h3>
    <${Lines} rows=${brief.late.map(({ source, collection, age, allowed }) => texts.aged(source ?? collection, age[lang], allowed[lang]))} none=${texts.none} />
  `;
}

function Lines({ rows, none }) {
  return rows.length === 0 ? html`<p class="quiet">${none}</p>` : html`<ul class="lines">${rows.map((row) => html`<li>${row}</li>`)}</ul>`;
}
