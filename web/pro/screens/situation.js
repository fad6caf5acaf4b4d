/** Situation: what asks for attention, how things stand against what is usual, what happened, in list and map. */
import { read, write } from "../../shared/address.js";
import { html } from "../../shared/ui.js";
import * as data from "../data.js";
import { DeskMap } from "../map.js";
import { Drawer } from "./drawer.js";
import { wordsOf, Reading } from "./part.js";
import { TEXTS } from "./situation.words.js";
import { Ages, Bell } from "./standing.js";
import { Timeline, WINDOWS } from "./timeline.js";
import { Trends } from "./trends.js";

const WIDE = matchMedia("(min-width: 60rem)");
const STEP_MS = 500;
const STEPS = 48;
/** Of a collection, read before all others: enough for a list and a first map. */
const FIRST_EVENTS = 1_000;
/** How long the rest waits for the first map. */
const LONGEST_MS = 4_000;
/** The longest window of a trend: a longer one would overlap those it is compared with. */
const WEEK = 7;

export default class Situation extends Reading {
  state = {
    days: WINDOWS.find((n) => String(n) === read("days")) ?? WEEK,
    until: Date.parse(read("until") ?? "") || null,
    division: read("division"),
    system: read("system"),
    item: read("item"),
    view: read("view") === "map" ? "map" : "list",
    wide: WIDE.matches,
  };

  /** Collections of dated events that this audience sees. */
  get ids() {
    return data.EVENTS.filter((id) => this.props.city.collections.includes(id));
  }

  parts() {
    const changed = (ids) => ({ kind, collection }) => kind === "collection" && ids.includes(collection);
    // Trends are computed by the process that answers with the events: these come first.
    const trend = (id) => async (api) => (await this.first, api.json(`/pro/trends.json?${this.query(id)}`));
    return {
      events: { read: (api) => this.readEvents(api), on: changed(this.ids) },
      divisions: { read: data.divisions },
      sources: { read: (api) => api.json("/pro/sources.json"), on: ({ kind }) => kind === "collection" },
      ...Object.fromEntries(this.ids.map((id) => [`trend-${id}`, { read: trend(id), on: changed([id]) }])),
    };
  }

  /** Resolves when the map has drawn events for the first time. */
  drawn = new Promise((resolve) => (this.onDrawn = resolve));

  /** What the trends of a collection are asked for. */
  query(collection) {
    const { days, division, system } = this.state;
    return new URLSearchParams({ collection, days: Math.min(days, WEEK), ...(division && { division }), ...(system && { system }) });
  }

  componentDidMount() {
    super.componentDidMount();
    WIDE.addEventListener("change", this.measure);
  }

  componentWillUnmount() {
    super.componentWillUnmount();
    WIDE.removeEventListener("change", this.measure);
    clearInterval(this.playing);
  }

  componentDidUpdate() {
    const { days, until, division, system, item, view } = this.state;
    write({
      system,
      days: days === WEEK ? null : days,
      until: until && !this.playing ? new Date(until).toISOString() : null,
      division, item, view: view === "map" ? view : null,
    });
  }

  measure = () => this.setState({ wide: WIDE.matches });

  /** The newest events first, so that there is soon a map; then, where there are more, all that is drawn. */
  async readEvents(api) {
    const turn = this.turns.events;
    const reading = this.firstEvents(api);
    this.first ??= reading.catch(() => null);
    const { interval, layers, whole } = await reading;
    if (whole) return { interval, layers, since: null };
    if (turn === this.turns.events && !this.state.events?.value) {
      this.setState({ events: { value: { interval, layers, since: null, more: true } } });
      if (this.state.wide || this.state.view === "map") await Promise.race([this.drawn, new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
    }
    return { interval, ...data.newest(await this.readLayers(api, interval, data.MOST_DRAWN), data.MOST_DRAWN) };
  }

  async firstEvents(api) {
    const [{ interval, found }, ...styles] = await Promise.all([
      data.firstEvents(api, this.ids, this.state.days, FIRST_EVENTS),
      ...this.ids.map((id) => data.style(api, id)),
    ]);
    const layers = Object.fromEntries(this.ids.map((id, k) => [id, { ...found[id], style: styles[k] }]));
    return { interval, layers, whole: this.ids.every((id) => found[id].complete) };
  }

  async readLayers(api, interval, most) {
    const read = async (id) => {
      const [{ features, complete }, style] = await Promise.all([data.events(api, id, interval, most), data.style(api, id)]);
      return [id, { features, complete, style }];
    };
    return Object.fromEntries(await Promise.all(this.ids.map(read)));
  }

  chooseDays = (days) => {
    this.stop();
    this.setState({ days, until: null }, () => ["events", ...this.ids.map((id) => `trend-${id}`)].forEach(this.read));
  };

  chooseDivision = (division) => this.setState({ division: division || null }, () => this.ids.forEach((id) => this.read(`trend-${id}`)));

  /** Another way to divide the city: no division of it is chosen yet. */
  chooseSystem = (system) => this.setState({ system: system || null, division: null }, () => this.ids.forEach((id) => this.read(`trend-${id}`)));

  until = (until) => this.setState({ until });

  /** Replay: the window is run through in steps, list and map together. */
  play = () => {
    if (this.playing) return this.stop();
    const [start, end] = this.state.events.value.interval.map(Date.parse);
    this.setState({ until: start });
    this.playing = setInterval(() => {
      const next = this.state.until + (end - start) / STEPS;
      if (next >= end) this.stop(null);
      else this.setState({ until: next });
    }, STEP_MS);
    return undefined;
  };

  stop = (until = this.state.until) => {
    clearInterval(this.playing);
    this.playing = null;
    this.setState({ until });
  };

  chooseItem = (item) => this.setState({ item });

  /** What is shown of each collection: up to the moment of the replay. The same array while nothing changed. */
  layers() {
    const { events, until } = this.state;
    const found = {};
    for (const [id, layer] of Object.entries(events?.value?.layers ?? {})) {
      const memo = (this.memo ??= {});
      if (memo[id]?.layer !== layer || memo[id].until !== until) {
        const features = until === null ? layer.features : layer.features.filter(({ properties }) => Date.parse(properties.date) <= until);
        memo[id] = { layer, until, features };
      }
      found[id] = { style: layer.style, features: memo[id].features, visible: true };
    }
    return found;
  }

  render({ api, city, lang, words, format, alerts }, { days, until, division, system, item, view, wide, divisions }) {
    const texts = wordsOf(TEXTS, lang);
    const layers = this.layers();
    const shared = { lang, words, format, texts };
    const ground = divisions?.value?.systems[system] ?? divisions?.value ?? (divisions?.error ? data.NOWHERE : null);
    const systems = Object.keys(divisions?.value?.systems ?? {});
    this.mapOpened ||= wide || view === "map";
    return html`
      <main id="main" class="desk" data-view=${view} tabindex="-1">
        <div class="panel" id="panel">
          <${Bell} ...${shared} alerts=${alerts} />
          ${this.shown("sources", (sources) => html`<${Ages} ...${shared} sources=${sources.sources} />`)}
          <section class="card" aria-labelledby="trends-title">
            <h2 id="trends-title">${texts.trends}</h2>
            ${systems.length > 0 && html`
              <label class="field">${texts.system}
                <select name="system" value=${system ?? ""} onChange=${({ target }) => this.chooseSystem(target.value)}>
                  <option value="">${texts.principal}</option>
                  ${systems.map((name) => html`<option value=${name} selected=${name === system}>${texts.systems[name] ?? name}</option>`)}
                </select>
              </label>
            `}
            <label class="field">${texts.division}
              <select name="division" value=${division ?? ""} onChange=${({ target }) => this.chooseDivision(target.value)}>
                <option value="">${texts.everywhere}</option>
                ${(ground?.features ?? []).map(({ properties: p }) => html`<option value=${p.code} selected=${p.code === division}>${p.nom}</option>`)}
              </select>
            </label>
            ${this.ids.map((id) => this.shown(`trend-${id}`, (trend) => html`<${Trends} key=${id} ...${shared} trend=${trend} whole=${!division} />`))}
          </section>
          ${this.shown("events", ({ interval, since, more }) => html`
            <${Timeline} ...${shared} ...${{ layers, interval, since, more, days, until, item }} playing=${Boolean(this.playing)}
              all=${this.ids.reduce((sum, id) => sum + this.state.events.value.layers[id].features.length, 0)}
              onDays=${this.chooseDays} onUntil=${this.until} onPlay=${this.play} onEnd=${() => this.stop(null)} onItem=${this.chooseItem} />
          `)}
        </div>
        <div class="stage" role="region" aria-label=${texts.map}>
          ${this.mapOpened && html`<${DeskMap} bbox=${city.bbox} divisions=${ground} layers=${layers} chosen=${null} words=${words} describe=${null} onItem=${this.chooseItem} onChoose=${() => {}} onDrawn=${this.onDrawn} />`}
        </div>
        ${item && html`<${Drawer} key=${item} ...${{ api, item, ...shared }} sources=${this.state.sources?.value?.sources ?? []} onClose=${() => this.chooseItem(null)} />`}
        <nav class="views" aria-label=${words.views}>
          ${["list", "map"].map((name) => html`<button type="button" aria-pressed=${view === name ? "true" : "false"} onClick=${() => this.setState({ view: name })}>${words[name]}</button>`)}
        </nav>
      </main>
    `;
  }
}
