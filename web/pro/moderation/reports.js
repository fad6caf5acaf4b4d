/** Reports that are not over: what was said, where exactly, and what becomes of each. */
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";

const FIRST = 50;

export function Reports({ reports, chosen, onChoose, ...shared }) {
  const { texts, lang, format, kinds, terms } = shared;
  return html`
    <p class="quiet">${texts.open(reports.length)}. ${reports.length > FIRST && texts.firstOnes(FIRST, reports.length)}</p>
    <ul>
      ${reports.slice(0, FIRST).map((one) => html`
        <li key=${one.reference} class="open-report" data-reference=${one.reference}>
          <button type="button" aria-expanded=${one.reference === chosen ? "true" : "false"} onClick=${() => onChoose(one.reference === chosen ? null : one.reference)}>
            <b>${say(kinds.get(one.nature), lang) || one.nature}</b> · ${one.reference} · ${wordOf(terms.statuses, one.status, lang)} · ${texts.since(format.moment(one.received))}
            ${one.reopened && html` · <b class="weak-text">${texts.reopened}</b>`}${one.me_too > 0 && html` · ${texts.meToo(one.me_too)}`}
          </button>
          ${one.reference === chosen && html`<${Open} ...${{ one, ...shared }} />`}
        </li>
      `)}
    </ul>
  `;
}

function wordOf(codes, code, lang) {
  return say(codes.find((known) => known.code === code)?.title, lang) || code;
}

class Open extends Component {
  state = { status: this.props.one.status, reason: "", day: "" };

  send = (event) => {
    event.preventDefault();
    const { status, reason, day } = this.state;
    this.props.onStatus(this.props.one, { status, reason: reason || null, planned_for: status === "planned" ? day || null : null });
  };

  render({ one, terms, kinds, questions, busy, texts, lang, format }, { status, reason, day }) {
    const reasons = status === "closed" ? terms.close_reasons : terms.next_reasons;
    const asked = questions.get(one.nature) ?? [];
    const told = Object.entries(one.answers ?? {}).map(([id, value]) => {
      const question = asked.find((known) => known.id === id);
      const option = question?.options?.find((known) => known.value === value);
      return [say(question?.label, lang) || id, say(option?.label, lang) || String(value)];
    });
    return html`
      <form onSubmit=${this.send}>
        <dl class="definitions">
          ${told.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}
          ${one.coded && html`<div><dt>${texts.coded}</dt><dd>${say(kinds.get(one.coded), lang) || one.coded}</dd></div>`}
          <div><dt>${texts.place}</dt><dd><a href=${`/api/collections/signalements/items/${one.item}?f=html`}>${format.fixed(one.lon, 5)} ; ${format.fixed(one.lat, 5)}</a></dd></div>
        </dl>
        <label class="field">${texts.status}
          <select value=${status} onChange=${({ target }) => this.setState({ status: target.value, reason: "" })}>
            ${terms.statuses.map(({ code, title }) => html`<option key=${code} value=${code} selected=${code === status}>${say(title, lang)}</option>`)}
          </select>
        </label>
        <label class="field">${texts.reason}
          <select value=${reason} onChange=${({ target }) => this.setState({ reason: target.value })}>
            <option value="">${texts.noReason}</option>
            ${reasons.map(({ code, title }) => html`<option key=${code} value=${code}>${say(title, lang)}</option>`)}
          </select>
        </label>
        ${status === "planned" && html`<label class="field">${texts.day} <input type="date" value=${day} onChange=${({ target }) => this.setState({ day: target.value })} /></label>`}
        <p class="actions"><button type="submit" class="primary" disabled=${busy}>${texts.record}</button></p>
      </form>
    `;
  }
}
