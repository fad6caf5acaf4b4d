/** The desk: who is here, what was read, what is chosen. Everything shown follows from this state. */
import { read, readSet, write } from "../shared/address.js";
import { Api } from "../shared/api.js";
import { chosen as chosenLanguage, formats, say } from "../shared/language.js";
import { Component, html, render } from "../shared/ui.js";
import { Cells, Picked } from "./cells.js";
import * as data from "./data.js";
import { Events, PERIODS, kept } from "./events.js";
import { Forecast, Worth } from "./forecast.js";
import { Footer, Header } from "./frame.js";
import { Layers } from "./layers.js";
import { DeskMap } from "./map.js";
import { MESSAGES } from "./messages.js";
import { Trouble } from "./notice.js";
import { SignIn } from "./signin.js";

const KEY = "observatoire.key";
const WIDE = matchMedia("(min-width: 60rem)");
const LOADING = { state: "loading" };
/** What an HTTP header may carry. */
const WRITABLE = /^[\x21-\x7e]+$/;

class Desk extends Component {
  state = {
    phase: "loading",
    lang: chosenLanguage(Object.keys(MESSAGES)),
    days: PERIODS.find((n) => String(n) === read("days")) ?? PERIODS[0],
    hidden: readSet("hide"),
    without: readSet("without"),
    cell: read("cell"),
    view: read("view") === "map" ? "map" : "list",
    wide: WIDE.matches,
  };

  componentDidMount() {
    WIDE.addEventListener("change", () => this.setState({ wide: WIDE.matches }));
    this.enter(sessionStorage.getItem(KEY));
  }

  componentDidUpdate() {
    const { lang, days, hidden, without, cell, view, city, phase } = this.state;
    document.documentElement.lang = lang;
    document.title = [city && say(city.title, lang), "Observatoire"].filter(Boolean).join(" · ");
    if (phase === "open") {
      write({ days: days === PERIODS[0] ? null : days, hide: hidden, without, cell, view: view === "map" ? view : null });
    }
  }

  /** Find out which city this is, and whether the key opens it. */
  enter = async (key) => {
    if (key === "") return this.setState({ problem: "keyMissing" });
    this.setState({ busy: true, problem: null, tried: key });
    try {
      if (key !== null && !WRITABLE.test(key)) return this.refuse();
      const api = new Api(key);
      const city = await api.json("/city.json");
      if (key === null) return this.setState({ phase: "signin", city, busy: false });
      sessionStorage.setItem(KEY, key);
      this.open(api, city);
    } catch (error) {
      if (error.kind === "refused") this.refuse();
      else this.setState({ phase: "away", error, busy: false });
    }
    return undefined;
  };

  /** Forget a key that is not known, and ask again; the city's name is public and is read without it. */
  refuse = async () => {
    this.api = null;
    sessionStorage.removeItem(KEY);
    const city = this.state.city ?? (await new Api(null).json("/city.json").catch(() => null));
    this.setState({ phase: "signin", problem: "keyRefused", city, busy: false });
  };

  leave = () => {
    sessionStorage.removeItem(KEY);
    this.api = null;
    this.setState({ phase: "signin", problem: null, forecast: null, events: null, divisions: null });
  };

  open(api, city) {
    this.api = api;
    const typed = this.state.phase === "signin";
    const events = Object.fromEntries(data.EVENTS.filter((id) => city.collections.includes(id)).map((id) => [id, LOADING]));
    this.setState({ phase: "open", city, busy: false, events, forecast: LOADING, divisions: null, interval: null }, () => {
      if (typed) document.getElementById("panel").focus();
      this.readForecast();
      this.readDivisions();
      this.readEvents();
    });
  }

  /** Run `work`, and give its answer or its error to `then`, unless somebody else has signed in meanwhile. */
  async part(work, then) {
    const { api } = this;
    const answer = await work(api).catch((error) => ({ state: "error", error }));
    if (api !== this.api) return;
    if (answer.error?.kind === "refused") this.refuse();
    else then(answer);
  }

  readForecast = () => {
    this.setState({ forecast: LOADING });
    const work = async (api) => {
      const [answer, style] = await Promise.all([
        data.forecast(api, this.state.city.collections),
        this.state.city.collections.includes("risque") ? data.style(api, "risque") : null,
      ]);
      return { ...answer, style };
    };
    return this.part(work, (forecast) => this.setState({ forecast }));
  };

  /** A city without divisions has a bare map: that is no reason to hide the rest. */
  readDivisions = () =>
    this.part(data.divisions, (divisions) =>
      this.setState({ divisions: divisions.error ? { type: "FeatureCollection", features: [] } : divisions }),
    );

  readEvents = async () => {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const ids = Object.keys(this.state.events);
    const current = (then) => (answer) => turn === this.turn && then(answer);
    const set = (id) => (layer) => this.setState(({ events }) => ({ events: { ...events, [id]: layer } }));
    for (const id of ids) set(id)(LOADING);
    const spans = async (api) => {
      const lasts = await Promise.all(ids.map((id) => data.lastInstant(api, id)));
      const last = lasts.filter(Boolean).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? new Date().toISOString();
      return { interval: data.window(last, this.state.days) };
    };
    await this.part(spans, current((answer) => {
      if (answer.error) return ids.forEach((id) => set(id)(answer));
      this.setState({ interval: answer.interval });
      return ids.forEach((id) => this.part((api) => readLayer(api, id, answer.interval), current(set(id))));
    }));
  };

  speak = (lang) => {
    write({ lang });
    this.setState({ lang });
  };

  chooseDays = (days) => this.setState({ days }, this.readEvents);

  /** A cell of the table: look at it, on a narrow screen too. */
  chooseRow = (cell) => this.setState(({ wide, view }) => ({ cell, view: wide ? view : "map" }));

  /** A cell of the map: bring its row into view. */
  chooseCell = (cell) =>
    this.setState({ cell }, () => document.querySelector(".cells .chosen")?.scrollIntoView({ block: "nearest" }));

  dropCell = () => this.setState({ cell: null });

  look = (view) => this.setState({ view });

  toggle = (name, value) => this.setState((state) => ({ [name]: toggled(state[name], value) }));

  setAll = (names, off) =>
    this.setState(({ without }) => ({ without: new Set([...without].filter((name) => !names.includes(name)).concat(off ? names : [])) }));

  /** What the map draws: a collection each, with its features and whether they are shown. */
  layers() {
    const { forecast, events, without, hidden } = this.state;
    const layers = {};
    if (forecast.cells?.length > 0) layers.risque = { style: forecast.style, features: forecast.cells };
    for (const [id, layer] of Object.entries(events)) {
      if (layer.state === "ready") layers[id] = { style: layer.style, features: this.kept(id, layer, without) };
    }
    for (const [id, layer] of Object.entries(layers)) layer.visible = !hidden.has(id);
    return layers;
  }

  /** The filtered features, the same array as long as nothing changed: the map redraws only what is new. */
  kept(id, layer, without) {
    const memo = (this.memo ??= {});
    if (memo[id]?.layer !== layer || memo[id].without !== without) {
      memo[id] = { layer, without, features: kept(id, layer, without) };
    }
    return memo[id].features;
  }

  render(_, { phase, lang, city, view }) {
    const words = MESSAGES[lang];
    return html`
      <${Header} ...${{ city, lang, words, signedIn: phase === "open" }} onLanguage=${this.speak} onLeave=${this.leave} />
      ${phase === "loading" && html`<main id="main" class="signin"><p class="quiet" role="status">${words.loading}</p></main>`}
      ${phase === "away" && html`<main id="main" class="signin"><${Trouble} error=${this.state.error} words=${words} onRetry=${() => this.enter(this.state.tried)} /></main>`}
      ${phase === "signin" && html`<${SignIn} words=${words} problem=${this.state.problem} busy=${this.state.busy} onKey=${this.enter} />`}
      ${phase === "open" && this.renderOpen(words, formats(lang, city.time_zone), view)}
    `;
  }

  renderOpen(words, format, view) {
    const { city, lang, forecast, events, divisions, days, interval, without, wide } = this.state;
    const ground = divisions ?? { features: [] };
    const cells = forecast.cells ?? [];
    const chosen = cells.find(({ properties }) => properties.cell_id === this.state.cell) ?? null;
    const layers = this.layers();
    const shown = Object.entries(layers).filter(([id, { visible }]) => visible && id !== "risque");
    const count = shown.reduce((sum, [, { features }]) => sum + features.length, 0);
    const mapWanted = (wide || view === "map") && divisions !== null && forecast.state !== "loading";
    this.mapOpened = mapWanted || (this.mapOpened && divisions !== null);
    const shared = { words, lang, format };
    return html`
      <main id="main" class="desk" data-view=${view}>
        <div class="panel" id="panel" tabindex="-1">
          <section aria-labelledby="forecast-title" class="card forecast" data-state=${forecast.state}>
            <h2 id="forecast-title">${words.forecast}</h2>
            <${Forecast} ...${shared} forecast=${forecast} audience=${words.audiences[city.audience]} now=${new Date()} onRetry=${this.readForecast} />
          </section>
          ${cells.length > 0 && html`<${Cells} ...${shared} cells=${cells} divisions=${ground} chosen=${chosen} onChoose=${this.chooseRow} />`}
          ${cells.length > 0 && html`<${Worth} ...${shared} card=${forecast.card} />`}
          <${Events} ...${shared} ...${{ events, days, interval, without }}
            onDays=${this.chooseDays} onNature=${(name) => this.toggle("without", name)} onAll=${this.setAll} onRetry=${this.readEvents} />
          <${Footer} words=${words} version=${city.version} />
        </div>
        <div class="stage">
          ${this.mapOpened && html`<${DeskMap} bbox=${city.bbox} divisions=${divisions} layers=${layers} chosen=${chosen} words=${words}
            describe=${describer(events, words, lang, format)} onChoose=${this.chooseCell} />`}
          ${this.mapOpened && html`<${Layers} ...${shared} layers=${layers} open=${wide} onToggle=${(id) => this.toggle("hidden", id)} />`}
          ${this.mapOpened && chosen && html`<${Picked} ...${shared} cell=${chosen} divisions=${ground} focused=${!wide} onDrop=${this.dropCell} />`}
        </div>
        <p class="unseen" role="status">${words.shown(format.number(count))}</p>
        <nav class="views" aria-label=${words.views}>
          ${["list", "map"].map((name) => html`<button type="button" aria-pressed=${view === name ? "true" : "false"} onClick=${() => this.look(name)}>${words[name]}</button>`)}
        </nav>
      </main>
    `;
  }
}

async function readLayer(api, id, interval) {
  const [{ features, complete }, style] = await Promise.all([data.events(api, id, interval), data.style(api, id)]);
  return { state: "ready", features, complete, style };
}

/** Say an event in lines of text; a date without a time is not given one. */
function describer(events, words, lang, format) {
  return (id, properties) => {
    const { property, legend } = events[id].style;
    const entry = legend.find(({ value }) => value === properties[property]);
    const when = properties.precision === "day" ? format.day(properties.date) : format.moment(properties.date);
    return [words.collections[id], entry ? say(entry.label, lang) : String(properties[property] ?? ""), when];
  };
}

function toggled(set, value) {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

render(html`<${Desk} />`, document.getElementById("app"));
