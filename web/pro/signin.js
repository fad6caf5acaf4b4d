/** The panel that asks for a key. */
import { Component, createRef, html } from "../shared/ui.js";

export class SignIn extends Component {
  input = createRef();
  state = { shown: false };

  componentDidMount() {
    this.input.current.focus();
  }

  componentDidUpdate(before) {
    if (this.props.problem && this.props.problem !== before.problem) this.input.current.focus();
  }

  submit = (event) => {
    event.preventDefault();
    this.props.onKey(this.input.current.value.trim());
  };

  render({ words, problem, busy }, { shown }) {
    return html`
      <main class="signin" id="main">
        <form class="card" onSubmit=${this.submit} novalidate>
          <h2>${words.signInTitle}</h2>
          <p>${words.signInWhy}</p>
          <label for="key">${words.key}</label>
          <input
            id="key" name="key" ref=${this.input} type=${shown ? "text" : "password"} required
            autocomplete="off" autocapitalize="off" spellcheck="false"
            aria-invalid=${problem ? "true" : "false"} aria-describedby=${problem ? "key-problem" : undefined}
          />
          ${problem && html`<p id="key-problem" class="problem" role="alert">${words[problem]}</p>`}
          <label class="check">
            <input type="checkbox" checked=${shown} onChange=${() => this.setState({ shown: !shown })} />
            ${words.showKey}
          </label>
          <button class="primary" type="submit" disabled=${busy}>${busy ? words.loading : words.signIn}</button>
        </form>
      </main>
    `;
  }
}
