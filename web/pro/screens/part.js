/** What the screens share: read something and keep it fresh, say that it is loading or why it is not there, figures. */
import { Component, html } from "../../shared/ui.js";
import { Trouble } from "../notice.js";

/**
 * A screen that reads named parts, each by a function of the API, and reads them again when something happens.
 *
 * A subclass gives `parts()`: name → {read: (api) => Promise, on: (event) => boolean}.
 */
export class Reading extends Component {
  state = {};

  componentDidMount() {
    for (const name of Object.keys(this.parts())) this.read(name);
    this.unlisten = this.props.live.listen((event) => {
      for (const [name, { on }] of Object.entries(this.parts())) {
        if (event.kind === "look" || on?.(event)) this.read(name);
      }
    });
    if (this.props.typed) document.getElementById("main").focus();
  }

  componentWillUnmount() {
    this.gone = true;
    this.unlisten();
  }

  /** Read a part again; a subclass may gather what is asked within a short time. */
  read = (name) => this.readNow(name);

  /** Read a part; the answer of the last asking wins, and one that fails leaves what is shown. */
  async readNow(name) {
    const turns = (this.turns ??= {});
    const turn = (turns[name] = (turns[name] ?? 0) + 1);
    const answer = await this.parts()[name].read(this.props.api).then(
      (value) => ({ value, at: Date.now(), error: null }),
      (error) => ({ error }),
    );
    if (this.gone || turn !== turns[name]) return;
    if (answer.error?.kind === "refused") this.props.onRefused();
    else this.setState((state) => ({ [name]: { ...state[name], ...answer } }));
  }

  /** A part's content, or what stands in its place. */
  shown(name, draw) {
    const { words } = this.props;
    const part = this.state[name];
    if (part?.value !== undefined) return draw(part.value);
    if (part?.error?.kind === "missing") return html`<p class="quiet">${words.nothing}</p>`;
    if (part?.error) return html`<${Trouble} error=${part.error} words=${words} onRetry=${() => this.read(name)} />`;
    return html`<p class="quiet" role="status">${words.loading}</p>`;
  }
}

/** A figure that leads to the request behind it. */
export function Figure({ href, label, children }) {
  return href ? html`<a class="datum" href=${`${href}&f=html`} title=${label}>${children}</a>` : html`<span class="datum">${children}</span>`;
}

/** The words of a screen in a language. */
export function wordsOf(texts, lang) {
  return texts[lang] ?? texts.en;
}

/** An age in words: since `moment`, seen from `now`. */
export function seconds(format, age) {
  return format.ago(Date.now() - age * 1000, Date.now());
}
