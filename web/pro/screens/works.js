/** Works and events of thirty days: what takes place when, what clashes and why, how sure the means are. */
import { read, write } from "../../shared/address.js";
import { html } from "../../shared/ui.js";
import * as data from "../data.js";
import { DeskMap } from "../map.js";
import { Candidate, featureOf, square } from "./candidate.js";
import { Clashes } from "./clashes.js";
import { Gantt } from "./gantt.js";
import { Reading, wordsOf } from "./part.js";
import { execute } from "./process.js";
import { TEXTS } from "./works.words.js";

const DAYS = 30;
const DAY_MS = 86_400_000;
const MOST = 2_000;
const WIDE = matchMedia("(min-width: 60rem)");
const FIELDS = "reference,titre,nature,debut,fin,statut,voie";

export default class Works extends Reading {
  state = { from: read("from") ?? new Date().toISOString().slice(0, 10), chosen: read("ref"), view: read("view") === "map" ? "map" : "list", wide: WIDE.matches, plans: {}, project: { side: 15, nature: "eau", takes: "chaussee-fermee", opens: "07:30", closes: "17:00" }, trying: false };

  get period() {
    const start = new Date(`${this.state.from}T00:00:00Z`);
    return [start, new Date(start.getTime() + DAYS * DAY_MS)];
  }

  parts() {
    const on = ({ kind, collection }) => kind === "collection" && ["chantiers", "evenements"].includes(collection);
    return {
      divisions: { read: data.divisions },
      works: { read: (api) => this.readItems(api, "chantiers"), on },
      events: { read: (api) => this.readItems(api, "evenements"), on },
      clashes: { read: (api) => execute(api, "works-clash", { datetime: this.period.map((d) => d.toISOString().slice(0, 10)).join("/") }), on },
      needs: { read: (api) => execute(api, "event-adequacy", { days: DAYS, as_of: this.period[0].toISOString() }), on },
    };
  }

  componentDidMount() {
    super.componentDidMount();
    WIDE.addEventListener("change", this.measure);
  }

  componentWillUnmount() {
    super.componentWillUnmount();
    WIDE.removeEventListener("change", this.measure);
  }

  componentDidUpdate() {
    const { from, chosen, view } = this.state;
    write({ from: from === new Date().toISOString().slice(0, 10) ? null : from, ref: chosen, view: view === "map" ? view : null });
  }

  measure = () => this.setState({ wide: WIDE.matches });

  /** What holds the public space at some time of the period, by its beginning. */
  async readItems(api, id) {
    const [start, end] = this.period.map((d) => d.toISOString());
    const filter = `debut < TIMESTAMP('${end}') AND fin > TIMESTAMP('${start}') AND statut NOT IN ('annule', 'termine')`;
    const [{ features, matched }, style] = await Promise.all([
      api.items(id, { limit: 500, filter, sortby: "debut", properties: FIELDS }, MOST),
      data.style(api, id),
    ]);
    return { features, n: matched ?? features.length, href: `/api/collections/${id}/items?filter=${encodeURIComponent(filter)}`, style };
  }

  chooseDay = (from) => {
    if (!/^\d{4}-\d\d-\d\d$/.test(from)) return;
    this.setState({ from, clashes: undefined, needs: undefined }, () => ["works", "events", "clashes", "needs"].forEach(this.read));
  };

  /** The project changes: by its form, or by a touch of the map while the form is open. */
  change = (part) => this.setState(({ project }) => ({ project: { ...project, ...part } }));

  place = ({ lng, lat }) => this.change({ at: [lng, lat] });

  choose = (chosen) => this.setState({ chosen });

  /** Ask for the nearest date that leaves no conflict of one work. */
  solve = async (reference) => {
    const keep = (plan) => this.setState(({ plans }) => ({ plans: { ...plans, [reference]: plan } }));
    keep({ busy: true });
    try {
      const { proposals } = await execute(this.props.api, "works-clash", { reference, farthest: DAYS });
      keep({ proposal: proposals.find(({ subject }) => subject === reference) ?? null });
    } catch (error) {
      if (error.kind === "refused") this.props.onRefused();
      else keep({ failed: true });
    }
  };

  render({ api, city, lang, words, format }, { from, chosen, view, wide, works, events, clashes, needs, divisions, plans }) {
    const texts = wordsOf(TEXTS, lang);
    const shared = { lang, words, format, texts };
    const layers = {};
    for (const [id, part] of [["chantiers", works], ["evenements", events]]) {
      if (part?.value) layers[id] = { style: part.value.style, features: part.value.features, visible: true };
    }
    const ground = divisions?.value ?? (divisions?.error ? data.NOWHERE : null);
    const { project, trying } = this.state;
    const drawn = trying && project.at ? (featureOf(project) ?? { type: "Feature", geometry: square(project.at, project.side), properties: {} }) : null;
    if (drawn?.geometry !== this.drawn?.geometry && JSON.stringify(drawn) !== JSON.stringify(this.drawn)) this.drawn = drawn;
    const lit = this.drawn ?? Object.values(layers).flatMap(({ features }) => features).find(({ properties }) => properties.reference === chosen) ?? null;
    this.mapOpened = (wide || view === "map" || this.mapOpened) && ground !== null && works?.value && events?.value;
    return html`
      <main id="main" class="desk broad" data-view=${view} tabindex="-1">
        <div class="panel" id="panel">
          <section class="card" aria-labelledby="clash-title">
            ${this.shown("clashes", (found) => html`<${Clashes} ...${shared} found=${found} plans=${plans} chosen=${chosen} onChoose=${this.choose} onSolve=${this.solve} />`)}
            ${clashes?.value === undefined && html`<h2 id="clash-title">${clashes?.error ? texts.failed : texts.looking}</h2>`}
          </section>
          ${works?.value && html`
            <details class="card" open=${trying} onToggle=${({ target }) => this.setState({ trying: target.open })}>
              <summary>${texts.project}</summary>
              <${Candidate} ...${{ api, lang, texts, project }} legend=${works.value.style.legend} onProject=${this.change} onRefused=${this.props.onRefused} />
            </details>
          `}
          <section class="card" aria-labelledby="agenda-title">
            <h2 id="agenda-title">${texts.title}</h2>
            <label class="field">${texts.from} <input type="date" value=${from} onChange=${({ target }) => this.chooseDay(target.value)} /></label>
            ${this.shown("works", () => this.shown("events", () => html`
              <${Gantt} ...${shared} period=${this.period} works=${works.value} events=${events.value} needs=${needs?.value} chosen=${chosen} onChoose=${this.choose} />
            `))}
          </section>
        </div>
        <div class="stage" role="region" aria-label=${texts.map}>
          ${this.mapOpened && html`<${DeskMap} bbox=${city.bbox} divisions=${ground} layers=${layers} chosen=${lit} words=${words} describe=${describer(lang, format, texts)} onChoose=${() => {}} onPlace=${trying ? this.place : null} />`}
        </div>
        <nav class="views" aria-label=${words.views}>
          ${["list", "map"].map((name) => html`<button type="button" aria-pressed=${view === name ? "true" : "false"} onClick=${() => this.setState({ view: name })}>${words[name]}</button>`)}
        </nav>
      </main>
    `;
  }
}

/** Say an item of the map in lines of text. */
function describer(lang, format, texts) {
  return (id, { titre, reference, debut, fin }) => [titre ?? reference, `${format.moment(debut)} ${texts.until} ${format.moment(fin)}`, reference];
}
