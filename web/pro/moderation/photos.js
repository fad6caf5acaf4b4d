/** The queue of photos: one at a time, large, with what may be decided; all of it by keyboard. */
import { say } from "../../shared/language.js";
import { Component, html } from "../../shared/ui.js";

export class Photos extends Component {
  state = { at: 0, url: null };

  componentDidMount() {
    this.see();
  }

  componentDidUpdate() {
    this.see();
  }

  componentWillUnmount() {
    this.gone = true;
    this.drop();
  }

  get current() {
    const { held } = this.props;
    return held[Math.min(this.state.at, held.length - 1)] ?? null;
  }

  drop() {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }

  /** Fetch the photo shown: it needs the key, and is kept for as long as it is on the screen. */
  async see() {
    const reference = this.current?.reference ?? null;
    if (reference === this.seen) return;
    this.seen = reference;
    this.drop();
    this.setState({ url: null, unreadable: false });
    if (reference === null) return;
    const blob = await this.props.api.blob(`/reports/${encodeURIComponent(reference)}/photo`).catch(() => null);
    if (this.gone || this.seen !== reference) return;
    this.url = blob && URL.createObjectURL(blob);
    this.setState({ url: this.url, unreadable: blob === null });
  }

  move = (step) => {
    const n = this.props.held.length;
    if (n > 0) this.setState(({ at }) => ({ at: (Math.min(at, n - 1) + step + n) % n }));
  };

  /** Keys act inside the frame only, so that nothing is decided by typing elsewhere. */
  press = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const reason = this.props.reasons[Number(event.key) - 1];
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (steps[event.key]) this.move(steps[event.key]);
    else if (event.key.toLowerCase() === "p" && this.state.url && !this.current.mine) this.props.onDecide(this.current, null);
    else if (reason) this.props.onDecide(this.current, reason.code);
    else return;
    event.preventDefault();
  };

  render({ held, reasons, kinds, busy, texts, lang, words, format }, { at, url, unreadable }) {
    const one = this.current;
    if (one === null) return null;
    const k = Math.min(at, held.length - 1);
    const kind = say(kinds.get(one.nature), lang) || one.nature;
    const decide = (reason) => this.props.onDecide(one, reason);
    return html`
      <div class="photo-card" role="group" tabindex="0" aria-label=${texts.card(one.reference, k + 1, held.length)} data-reference=${one.reference} onKeyDown=${this.press}>
        <div>${url ? html`<img src=${url} alt=${texts.photo(kind)} />` : html`<p class="no-photo quiet">${unreadable ? texts.noPhoto : words.loading}</p>`}</div>
        <div>
          <h3>${kind} · ${one.reference}</h3>
          <p class="quiet">${texts.received(format.moment(one.received))} ; ${texts.until(format.day(one.purge_after))}</p>
          ${one.first && html`<p class="notice-line" data-part="first">${one.mine ? texts.mine : texts.first(words.audiences[one.first] ?? one.first)}</p>`}
          ${!one.mine && html`<button type="button" class="primary" disabled=${busy || !url} onClick=${() => decide(null)}><kbd>P</kbd> ${one.first ? texts.confirm : texts.propose}</button>`}
          <p class="quiet">${texts.refuse}</p>
          ${reasons.map(({ code, title }, i) => html`<button key=${code} type="button" disabled=${busy} onClick=${() => decide(code)}><kbd>${i + 1}</kbd> ${say(title, lang)}</button>`)}
          ${held.length > 1 && html`<button type="button" onClick=${() => this.move(-1)}>← ${texts.previous}</button><button type="button" onClick=${() => this.move(1)}>→ ${texts.next}</button>`}
        </div>
      </div>
    `;
  }
}
