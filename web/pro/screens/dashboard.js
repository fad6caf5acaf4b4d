/** Dashboard: how the city, its themes and its districts do, week by week, against what was expected. */
import { read, write } from "../../shared/address.js";
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Chart } from "../dashboard/chart.js";
import { csv, picture, save } from "../dashboard/export.js";
import { readCounts } from "../dashboard/figures.js";
import { Indicators } from "../dashboard/indicators.js";
import { WeekTable } from "../dashboard/table.js";
import { EVENTS } from "../data.js";
import { TEXTS } from "./dashboard.words.js";
import { Reading, wordsOf } from "./part.js";

const SPANS = [13, 26, 52];
const FIRST = 26;

export default class Dashboard extends Reading {
  state = {
    collection: EVENTS.find((id) => id === read("collection")) ?? EVENTS[0],
    division: read("division") ?? "",
    weeks: SPANS.find((n) => String(n) === read("weeks")) ?? FIRST,
    week: read("week"),
  };

  parts() {
    const { collection } = this.state;
    return {
      series: { read: (api) => api.json(`/pro/series.json?${this.query}`), on: (event) => event.kind === "collection" && event.collection === collection },
      counts: { read: (api) => readCounts(api, this.props.city.collections), on: ({ kind }) => kind === "collection" },
    };
  }

  get query() {
    const { collection, division, weeks } = this.state;
    return new URLSearchParams({ collection, weeks, ...(division && { division }) });
  }

  componentDidUpdate() {
    const { collection, division, weeks, week } = this.state;
    write({ collection: collection === EVENTS[0] ? null : collection, division, weeks: weeks === FIRST ? null : weeks, week });
  }

  /** Another choice is another reading; what is shown stays until it is there. */
  choose = (part) => this.setState(part, () => this.read("series"));

  /** The chosen week by its last day, so that a link shows it next month too; by default the last. */
  indexOf({ windows }) {
    const found = windows.findIndex(({ end }) => end.slice(0, 10) === this.state.week);
    return found < 0 ? windows.length - 1 : found;
  }

  show = ({ windows }, k) => {
    if (windows[k]) this.setState({ week: k === windows.length - 1 ? null : windows[k].end.slice(0, 10) });
  };

  export = async (kind) => {
    const { api, lang, city } = this.props;
    const found = this.state.series.value;
    this.setState({ saving: kind, told: null });
    try {
      const name = `${city.id}-${found.collection}-${found.as_of.slice(0, 10)}.${kind}`;
      const blob = await {
        csv: async () => new Blob([csv(found, lang, location.origin)], { type: "text/csv;charset=utf-8" }),
        png: async () => picture(document.querySelector(".charts"), this.words(found)),
        pdf: async () => api.blob(`/pro/dashboard.pdf?${this.query}&lang=${lang}`),
      }[kind]();
      save(blob, name);
      this.setState({ saving: null, told: "saved" });
    } catch (error) {
      if (error.kind === "refused") this.props.onRefused();
      else this.setState({ saving: null, told: "notSaved" });
    }
  };

  where(found, texts, lang) {
    const row = found.series.find(({ kind, code }) => kind === "division" && code === found.division);
    return row ? say(row.label, lang) : texts.everywhere;
  }

  /** What stands above a picture. */
  words(found) {
    const { lang, words, city } = this.props;
    const texts = wordsOf(TEXTS, lang);
    return [
      `${say(city.title, lang)} · ${words.collections[found.collection]} · ${this.where(found, texts, lang)}`,
      ...(city.simulated ? [words.simulated] : []),
      texts.reading,
      texts.asOf(this.props.format.moment(found.as_of)),
    ];
  }

  render({ city, lang, words, format: given }, { collection, division, weeks, saving, told }) {
    const texts = wordsOf(TEXTS, lang);
    const format = { ...given, short: short(lang, city.time_zone) };
    const offered = EVENTS.filter((id) => city.collections.includes(id));
    const divisions = (this.state.series?.value?.series ?? []).filter(({ kind }) => kind === "division");
    return html`
      <main id="main" class="page wide dashboard" tabindex="-1">
        <section class="card" aria-labelledby="dashboard-title">
          <h2 id="dashboard-title">${texts.title}</h2>
          <div class="controls">
            <${Choice} label=${texts.collection} value=${collection} options=${offered.map((id) => [id, words.collections[id]])} onChoose=${(id) => this.choose({ collection: id })} />
            <${Choice} label=${texts.division} value=${division} options=${[["", texts.everywhere], ...divisions.map(({ code, label }) => [code, say(label, lang)])]} onChoose=${(code) => this.choose({ division: code })} />
            <${Choice} label=${texts.weeks} value=${weeks} options=${SPANS.map((n) => [n, texts.nWeeks(n)])} onChoose=${(n) => this.choose({ weeks: Number(n) })} />
          </div>
          ${this.shown("series", (found) => html`<${Curves} ...${{ found, texts, lang, format, words, week: this.indexOf(found), where: this.where(found, texts, lang) }} onWeek=${(k) => this.show(found, k)} />`)}
          ${this.state.series?.value && html`
            <h3>${texts.exports}</h3>
            <p class="actions">
              ${["png", "csv", "pdf"].map((kind) => html`<button type="button" disabled=${Boolean(saving)} onClick=${() => this.export(kind)}>${saving === kind ? texts.making : texts[kind]}</button>`)}
              <span role="status">${told ? texts[told] : ""}</span>
            </p>
          `}
        </section>
        ${this.shown("series", (found) => html`
          <${Indicators} ...${{ found, texts, lang, format, week: this.indexOf(found), counts: this.state.counts?.value }} />
          ${divisions.length > 0 && html`
            <section class="card" aria-labelledby="divisions-title" data-part="divisions">
              <h2 id="divisions-title">${texts.divisions}</h2>
              <${WeekTable} ...${{ found, texts, lang, format, week: this.indexOf(found), rows: divisions, title: texts.division, chosen: division }} onChoose=${(code) => this.choose({ division: code })} />
            </section>
          `}
        `)}
      </main>
    `;
  }
}

function Choice({ label, value, options, onChoose }) {
  return html`
    <label class="field">${label}
      <select value=${value} onChange=${({ target }) => onChoose(target.value)}>
        ${options.map(([id, name]) => html`<option key=${id} value=${id} selected=${id === value}>${name}</option>`)}
      </select>
    </label>
  `;
}

/** The charts, the week that they show, and the same in a table. */
function Curves({ found, texts, lang, format, words, where, week, onWeek }) {
  const { windows, series } = found;
  const themes = series.filter(({ kind }) => kind === "theme");
  const [total] = series;
  const window = windows[week];
  const told = texts.weekOf(format.day(window.start), format.day(Date.parse(window.end) - 1));
  const title = words.collections[found.collection];
  const word = (row) => say(found.words[row.state[week]], lang);
  const chart = (row, label, small) => html`
    <${Chart} key=${`${row.kind}${row.code}`} ...${{ series: row, windows, week, lang, format, small, label, onWeek }} height=${small ? 150 : 240} name=${texts.chart(label, format.number(row.n[week]), word(row))} />
  `;
  return html`
    <p class="alert-reason" data-part="sentence" data-state=${total.state[week]}>${texts.sentence(title, where, format.number(total.n[week]), word(total))}</p>
    <p class="quiet">${texts.asOf(format.moment(found.as_of))} ${texts.reading}</p>
    <div class="charts">${chart(total, title, false)}${themes.map((row) => chart(row, say(row.label, lang), true))}</div>
    <label class="field">${texts.week}${words.colon}${told}
      <input type="range" min="0" max=${windows.length - 1} value=${week} aria-valuetext=${told} onInput=${({ target }) => onWeek(Number(target.value))} />
    </label>
    <${WeekTable} ...${{ found, texts, lang, format, week, rows: themes, title: texts.theme }} />
  `;
}

/** A day in few letters, for axes. */
function short(lang, timeZone) {
  const form = new Intl.DateTimeFormat({ fr: "fr-FR", en: "en-GB" }[lang] ?? lang, { day: "numeric", month: "short", timeZone });
  return (instant) => form.format(new Date(instant));
}
