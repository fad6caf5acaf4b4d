/** A project that is not in the plan yet: where, when, what it takes; what clashes with it, and a date that would do. */
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";
import { execute } from "./process.js";

const METRE = 1 / 111_132; // degrees of latitude
const TAKES = ["chaussee-fermee", "chaussee-reduite", "trottoir", "stationnement"];
const FARTHEST = 30;

/** A square of `side` metres around [lon, lat]. */
export function square([lon, lat], side) {
  const [x, y] = [((side / 2) * METRE) / Math.cos((lat * Math.PI) / 180), (side / 2) * METRE];
  const ring = [[-x, -y], [x, -y], [x, y], [-x, y], [-x, -y]].map(([dx, dy]) => [lon + dx, lat + dy]);
  return { type: "Polygon", coordinates: [ring] };
}

/** The project as GeoJSON, or null while it has no place or no dates. */
export function featureOf({ at, side, nature, takes, first, last, opens, closes }) {
  if (!at || !first || !last) return null;
  const properties = {
    nature, emprise: takes, debut: `${first}T00:00:00Z`, fin: `${last}T23:59:00Z`,
    regle: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", heure_debut: opens, heure_fin: closes, feries: false,
  };
  return { type: "Feature", geometry: square(at, side), properties };
}

export class Candidate extends Component {
  state = { busy: false, found: null, problem: null };

  look = async (event) => {
    event.preventDefault();
    const feature = featureOf(this.props.project);
    if (feature === null) return this.setState({ problem: this.props.texts.incomplete });
    this.setState({ busy: true, problem: null, found: null });
    try {
      const found = await execute(this.props.api, "works-clash", { candidate: feature, farthest: FARTHEST, resolve: true });
      this.setState({ found, busy: false });
    } catch (error) {
      if (error.kind === "refused") this.props.onRefused();
      else this.setState({ busy: false, problem: this.props.texts.failed });
    }
    return undefined;
  };

  /** Take the dates that are proposed into the form. */
  accept = ({ debut, fin }) => {
    this.props.onProject({ first: debut.slice(0, 10), last: fin.slice(0, 10) });
    this.setState({ found: null });
  };

  render({ project, legend, texts, lang, onProject }, { busy, found, problem }) {
    const field = (name, type, more = {}) => html`
      <label class="field">${texts.fields[name]}<input name=${name} type=${type} value=${project[name] ?? ""} onChange=${({ target }) => onProject({ [name]: type === "number" ? Number(target.value) : target.value })} ...${more} /></label>
    `;
    const serious = found?.findings.filter(({ severity }) => severity !== "info") ?? [];
    const proposal = found?.proposals[0];
    return html`
      <form class="candidate" onSubmit=${this.look}>
        <p class="quiet">${texts.placeWhy}</p>
        <label class="field">${texts.fields.at}<input name="at" type="text" value=${project.at ? project.at.map((c) => c.toFixed(5)).join(", ") : ""} placeholder="5.37000, 43.29000" onChange=${({ target }) => onProject({ at: point(target.value) })} /></label>
        <label class="field">${texts.fields.nature}<select name="nature" value=${project.nature} onChange=${({ target }) => onProject({ nature: target.value })}>${legend.map(({ value, label }) => html`<option value=${value} selected=${value === project.nature}>${say(label, lang)}</option>`)}</select></label>
        <label class="field">${texts.fields.takes}<select name="takes" value=${project.takes} onChange=${({ target }) => onProject({ takes: target.value })}>${TAKES.map((code) => html`<option value=${code} selected=${code === project.takes}>${texts.takes[code]}</option>`)}</select></label>
        ${field("side", "number", { min: 2, max: 500 })} ${field("first", "date")} ${field("last", "date")} ${field("opens", "time")} ${field("closes", "time")}
        <p class="actions"><button type="submit" class="primary" disabled=${busy}>${busy ? texts.solving : texts.try}</button></p>
        ${problem && html`<p class="problem" role="alert">${problem}</p>`}
        <div role="status">
          ${found && html`<p><b>${texts.clashes(serious.length)}</b></p>`}
          <ul class="lines">${serious.map(({ id, severity, reason }) => html`<li key=${id} class=${severity === "blocking" ? "urgent" : "warning"}>${say(reason, lang)}</li>`)}</ul>
          ${proposal && html`<p>${say(proposal.reason, lang)}</p>`}
        </div>
        ${proposal?.status === "moved" && html`<button type="button" onClick=${() => this.accept(proposal)}>${texts.accept}</button>`}
      </form>
    `;
  }
}

function point(text) {
  const numbers = text.split(/[,;\s]+/).filter(Boolean).map(Number);
  return numbers.length === 2 && numbers.every(Number.isFinite) ? numbers : null;
}
