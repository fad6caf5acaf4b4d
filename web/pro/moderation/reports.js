/** Reports that are not over: what was said, where exactly, and what becomes of each. */
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";

const STEP = 50;

export class Reports extends Component {
  state = { find: "", most: STEP };

  render({ reports, matched, chosen, onChoose, ...shared }, { find, most }) {
    const { texts, lang, kinds } = shared;
    const sought = plain(find);
    const found = sought ? reports.filter((one) => plain(`${one.reference} ${say(kinds.get(one.nature), lang)}`).includes(sought)) : reports;
    const shown = found.filter((one, k) => k < most || one.reference === chosen);
    return html`
      <p class="quiet">${texts.open(matched)}. ${matched > reports.length && texts.firstOnes(reports.length, matched)}</p>
      ${reports.length > 0 && html`<label class="field">${texts.find} <input type="search" value=${find} onInput=${({ target }) => this.setState({ find: target.value, most: STEP })} /></label>`}
      <p role="status" class="quiet" data-part="found">${sought && texts.found(found.length)}</p>
      <ul>
        ${shown.map((one) => html`<${Row} key=${one.reference} ...${{ one, chosen: one.reference === chosen, onChoose, ...shared }} />`)}
      </ul>
      ${found.length > most && html`<p class="actions"><button type="button" data-action="more" onClick=${() => this.setState({ most: most + STEP })}>${texts.more(Math.min(STEP, found.length - most))}</button></p>`}
    `;
  }
}

function Row({ one, chosen, onChoose, ...shared }) {
  const { texts, lang, format, kinds, terms } = shared;
  return html`
    <li class="open-report" data-reference=${one.reference}>
      <button type="button" aria-expanded=${chosen ? "true" : "false"} onClick=${() => onChoose(chosen ? null : one.reference)}>
        <b>${say(kinds.get(one.nature), lang) || one.nature}</b> · ${one.reference} · ${wordOf(terms.statuses, one.status, lang)} · ${texts.since(format.moment(one.received))}
        ${one.reopened && html` · <b class="weak-text">${texts.reopened}</b>`}${one.me_too > 0 && html` · ${texts.meToo(one.me_too)}`}
      </button>
      ${chosen && html`<${Open} ...${{ one, ...shared }} />`}
    </li>
  `;
}

/** Letters without case and accents: what a person types finds what is written. */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
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
