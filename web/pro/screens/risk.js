/** The forecast beside what happened: what was read, what is chosen. Everything shown follows from this state. */
import { read, readSet, write } from "../../shared/address.js";
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";
import { Alarms } from "../alarms.js";
import { Cells, Picked } from "../cells.js";
import * as data from "../data.js";
import { Events, PERIODS, kept } from "../events.js";
import { Forecast, Worth } from "../forecast.js";
import { Footer } from "../frame.js";
import { Layers } from "../layers.js";
import { DeskMap } from "../map.js";
import { READINGS, Readings, compared, styled } from "../readings.js";
import { Why } from "../why.js";

const WIDE = matchMedia("(min-width: 60rem)");
const LOADING = { state: "loading" };

export default class Risk extends Component {
  state = {
    days: PERIODS.find((n) => String(n) === read("days")) ?? PERIODS[0],
    hidden: readSet("hide"),
    without: readSet("without"),
    cell: read("cell"),
    reading: READINGS.find((name) => name === read("show")) ?? READINGS[0],
    view: read("view") === "map" ? "map" : "list",
    wide: WIDE.matches,
    events: Object.fromEntries(data.EVENTS.filter((id) => this.props.city.collections.includes(id)).map((id) => [id, LOADING])),
    forecast: LOADING,
    divisions: null,
    interval: null,
  };

  componentDidMount() {
    WIDE.addEventListener("change", this.measure);
    if (this.props.typed) document.getElementById("panel").focus();
    this.readForecast();
    this.readDivisions();
    this.readEvents();
  }

  componentWillUnmount() {
    WIDE.removeEventListener("change", this.measure);
    this.gone = true;
  }

  componentDidUpdate() {
    const { days, hidden, without, cell, reading, view } = this.state;
    write({
      days: days === PERIODS[0] ? null : days, hide: hidden, without, cell,
      show: reading === READINGS[0] ? null : reading, view: view === "map" ? view : null,
    });
  }

  measure = () => this.setState({ wide: WIDE.matches });

  /** Run `work`, and give its answer or its error to `then`, unless the screen was left meanwhile. */
  async part(work, then) {
    const answer = await work(this.props.api).catch((error) => ({ state: "error", error }));
    if (this.gone) return;
    if (answer.error?.kind === "refused") this.props.onRefused();
    else then(answer);
  }

  readForecast = () => {
    this.setState({ forecast: LOADING });
    const work = async (api) => {
      const [answer, style] = await Promise.all([
        data.forecast(api, this.props.city.collections),
        this.props.city.collections.includes("risque") ? data.style(api, "risque") : null,
      ]);
      return { ...answer, style };
    };
    return this.part(work, (forecast) => this.setState({ forecast }));
  };

  /** A city without divisions has a bare map: that is no reason to hide the rest. */
  readDivisions = () =>
    this.part(data.divisions, (divisions) =>
      this.setState({ divisions: divisions.error ? data.NOWHERE : divisions }),
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
    if (forecast.cells?.length > 0) layers.risque = { style: this.style(), features: forecast.cells };
    const ready = Object.entries(events).filter(([, { state }]) => state === "ready");
    const loaded = ready.map(([id, layer]) => [id, { style: layer.style, features: this.kept(id, layer, without), complete: layer.complete }]);
    Object.assign(layers, this.cut(Object.fromEntries(loaded), data.MOST_DRAWN - (forecast.cells?.length ?? 0)));
    for (const [id, layer] of Object.entries(layers)) layer.visible = !hidden.has(id);
    return layers;
  }

  /** What of the events is drawn beside the cells: the newest. The same arrays as long as nothing changed. */
  cut(loaded, most) {
    const parts = Object.values(loaded).map(({ features }) => features);
    if (this.drawn?.most !== most || parts.length !== this.drawn.parts.length || parts.some((part, k) => part !== this.drawn.parts[k])) {
      this.drawn = { most, parts, layers: data.newest(loaded, most).layers };
    }
    return Object.fromEntries(Object.entries(this.drawn.layers).map(([id, layer]) => [id, { ...layer }]));
  }

  /** The reading that is shown: the one chosen, where these cells have it. */
  get reading() {
    const { reading, forecast } = this.state;
    return READINGS.indexOf(reading) < 2 || compared(forecast.cells ?? []) ? reading : READINGS[0];
  }

  /** The colours of the cells in the reading, the same object as long as nothing changed. */
  style() {
    const { forecast } = this.state;
    const { words, format } = this.props;
    if (this.styled?.reading !== this.reading || this.styled.of !== forecast.style) {
      this.styled = { reading: this.reading, of: forecast.style, style: styled(forecast.style, this.reading, forecast.cells, words, format) };
    }
    return this.styled.style;
  }

  /** The filtered features, the same array as long as nothing changed: the map redraws only what is new. */
  kept(id, layer, without) {
    const memo = (this.memo ??= {});
    if (memo[id]?.layer !== layer || memo[id].without !== without) {
      memo[id] = { layer, without, features: kept(id, layer, without) };
    }
    return memo[id].features;
  }

  render({ api, city, lang, words, format }, { view, forecast, events, divisions, days, interval, without, wide }) {
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
          ${forecast.card && html`<${Alarms} ...${{ api, words, lang }} card=${forecast.card} />`}
          ${cells.length > 0 && html`<${Readings} ...${shared} ...${{ cells, reading: this.reading }} card=${forecast.card} onReading=${(reading) => this.setState({ reading })} />`}
          ${cells.length > 0 && cells.length < forecast.card.n_cells && html`<p class="quiet">${words.cellsDrawn(format.number(cells.length), format.number(forecast.card.n_cells))}</p>`}
          ${chosen && html`<${Why} ...${shared} ...${{ cells }} cell=${chosen} card=${forecast.card} divisions=${ground} />`}
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
  const [{ features, complete }, style] = await Promise.all([data.events(api, id, interval, data.MOST_DRAWN), data.style(api, id)]);
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
