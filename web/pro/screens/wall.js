/**
 * The wall: for a screen that nobody touches and that runs for days. Panels follow one another; what is shown is read
 * again as it changes; when the line to the server is cut it says so, loudly, and recovers by itself.
 */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import * as data from "../data.js";
import { Reading, seconds, wordsOf } from "./part.js";
import { ages } from "./standing.js";
import { TEXTS } from "./wall.words.js";

const TURN_MS = 30_000;
const READ_AGAIN_MS = 60_000;
const GATHER_MS = 1_000;
const PANELS = ["alerts", "trends", "ages"];
const LINES = 7;
/** Where the page is moved to, in turn, so that nothing burns in: pixels. */
const SHIFTS = [[0, 0], [6, 3], [3, 6], [-3, 4]];

export default class Wall extends Reading {
  state = { panel: 0, now: Date.now(), since: Date.now() };

  get ids() {
    return data.EVENTS.filter((id) => this.props.city.collections.includes(id));
  }

  parts() {
    return Object.fromEntries([
      ["sources", { read: (api) => api.json("/pro/sources.json"), on: ({ kind }) => kind === "collection" }],
      ...this.ids.map((id) => [`trend-${id}`, { read: (api) => api.json(`/pro/trends.json?collection=${id}&days=1`), on: ({ kind, collection }) => kind === "collection" && collection === id }]),
    ]);
  }

  componentDidMount() {
    super.componentDidMount();
    this.timers = [
      setInterval(() => this.setState({ now: Date.now() }), 1_000),
      setInterval(() => this.setState(({ panel }) => ({ panel: panel + 1 })), TURN_MS),
      setInterval(this.readAll, READ_AGAIN_MS),
    ];
  }

  componentDidUpdate({ live }) {
    const { line } = this.props.live;
    if (line === live.line) return;
    if (line === "cut") this.setState({ since: Date.now() });
    if (line === "open") this.readAll();
  }

  componentWillUnmount() {
    super.componentWillUnmount();
    this.timers.forEach(clearInterval);
    Object.values(this.waiting ?? {}).forEach(clearTimeout);
  }

  readAll = () => {
    this.props.onAlerts();
    Object.keys(this.parts()).forEach(this.read);
  };

  /** Many events in a second are one reading. */
  read = (name) => {
    const waiting = (this.waiting ??= {});
    if (waiting[name]) return;
    waiting[name] = setTimeout(() => {
      waiting[name] = null;
      this.readNow(name);
    }, this.state[name] === undefined ? 0 : GATHER_MS);
  };

  render({ city, lang, words, live, alerts, format }, { panel, now, since, ...parts }) {
    const texts = wordsOf(TEXTS, lang);
    const clock = new Intl.DateTimeFormat(lang, { timeStyle: "medium", timeZone: city.time_zone });
    const [x, y] = SHIFTS[Math.floor(panel / PANELS.length) % SHIFTS.length];
    const shared = { texts, lang, words, format };
    const name = PANELS[panel % PANELS.length];
    return html`
      <main id="main" class="wall" tabindex="-1" data-line=${live.line ?? "none"} data-panel=${name} style=${{ transform: `translate(${x}px, ${y}px)` }}>
        ${live.line === "cut" && html`<p class="frozen" role="alert">${texts.frozen(clock.format(since))}</p>`}
        <header class="wall-top">
          <h1>${say(city.title, lang)}</h1>
          ${city.simulated && html`<p class="banner">${words.simulated}</p>`}
          <p class="clock">${clock.format(now)}</p>
        </header>
        ${name === "alerts" && html`<${Alarms} ...${shared} alerts=${alerts} />`}
        ${name === "trends" && html`<${Standing} ...${shared} trends=${this.ids.map((id) => parts[`trend-${id}`]?.value).filter(Boolean)} />`}
        ${name === "ages" && html`<${News} ...${shared} sources=${parts.sources?.value?.sources ?? []} />`}
        <footer class="wall-foot">${parts.sources?.at ? texts.updated(clock.format(parts.sources.at)) : texts.starting}</footer>
      </main>
    `;
  }
}

function Alarms({ alerts, texts, lang }) {
  const fresh = (alerts?.alerts ?? []).filter((a) => !a.acknowledged && !a.muted_until);
  return html`
    <section aria-labelledby="wall-title">
      <h2 id="wall-title">${texts.alerts(fresh.length)}</h2>
      <ul>${fresh.slice(0, LINES).map(({ id, severity, reason }) => html`<li key=${id} class=${severity}><span class="tag ${severity === "info" ? "" : "warn"}">${texts.severities[severity]}</span> ${say(reason, lang)}</li>`)}</ul>
    </section>
  `;
}

function Standing({ trends, texts, lang, words, format }) {
  return html`
    <section aria-labelledby="wall-title">
      <h2 id="wall-title">${texts.trends}</h2>
      ${trends.map(
        (trend) => html`
          <h3>${words.collections[trend.collection] ?? trend.collection}${words.colon}${texts.day(format.number(trend.total.n))}</h3>
          <ul>${trend.themes.map((row) => html`<li key=${row.theme} data-state=${row.state}>${say(row.label, lang)}${words.colon}<b>${say(row.word, lang)}</b> (${format.number(row.n)})</li>`)}</ul>
        `,
      )}
    </section>
  `;
}

function News({ sources, texts, words, format }) {
  return html`
    <section aria-labelledby="wall-title">
      <h2 id="wall-title">${texts.ages}</h2>
      <ul>${ages(sources).slice(0, LINES).map(({ collection, age_s: age, state }) => html`<li key=${collection} class=${state === "late" ? "urgent" : ""}>${words.collections[collection] ?? collection}${words.colon}<b>${seconds(format, age)}</b></li>`)}</ul>
    </section>
  `;
}
