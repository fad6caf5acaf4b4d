/** One item: all that this audience may see of it, where it comes from, and how fresh that source is. */
import { say } from "../../shared/language.js";
import { Component, createRef, html } from "../../shared/ui.js";
import { style } from "../data.js";
import { Trouble } from "../notice.js";
import { seconds } from "./part.js";

const ORIGINS = new Set(["origin", "precision", "source", "load_id"]);

export class Drawer extends Component {
  state = {};
  frame = createRef();

  async componentDidMount() {
    this.frame.current.focus();
    const [collection, id] = this.props.item.split(".");
    this.path = `/api/collections/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`;
    try {
      const [item, drawn, schema] = await Promise.all([this.props.api.json(`${this.path}?f=json`), style(this.props.api, collection), this.props.api.json(`/api/collections/${encodeURIComponent(collection)}/schema?f=json&lang=${this.props.lang}`)]);
      this.setState({ item, drawn, schema, collection });
    } catch (error) {
      this.setState({ error });
    }
  }

  render({ words, texts, lang, format, sources, onClose }, { item, drawn, schema, collection, error }) {
    const rows = Object.entries(item?.properties ?? {}).filter(([, value]) => value !== null);
    const name = (key) => schema?.properties?.[key]?.title ?? key;
    const said = (key, value) => {
      if (schema?.properties?.[key]?.format === "date-time") return format.moment(value);
      const label = key === drawn?.property && drawn.legend.find((entry) => entry.value === value)?.label;
      return label ? say(label, lang) : (texts.codes[key]?.[value] ?? texts.codes.any[value] ?? String(value));
    };
    const lines = (wanted) => rows.filter(([key]) => ORIGINS.has(key) === wanted).map(([key, value]) => html`<dt>${name(key)}</dt><dd>${said(key, value)}</dd>`);
    return html`
      <aside class="drawer" aria-label=${texts.detail} tabindex="-1" ref=${this.frame} onKeyDown=${(event) => event.key === "Escape" && onClose()}>
        <button type="button" onClick=${onClose}>${texts.close}</button>
        ${error && html`<${Trouble} error=${error} words=${words} />`}
        ${!item && !error && html`<p class="quiet" role="status">${words.loading}</p>`}
        ${item &&
        html`
          <h2>${words.collections[collection] ?? collection}</h2>
          <dl>${lines(false)}</dl>
          <h3>${texts.provenance}</h3>
          <dl>
            ${lines(true)}
            ${sources.filter((row) => row.collection === collection).map((row) => html`<dt>${texts.news(row.source ?? collection)}</dt><dd>${seconds(format, row.age_s)}</dd>`)}
          </dl>
          <p><a href=${`${this.path}?f=html`}>${texts.open}</a></p>
        `}
      </aside>
    `;
  }
}
