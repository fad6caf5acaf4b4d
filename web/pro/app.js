/** The desk: who is here, which screen is open, what happens. The screens do the rest (screens.js). */
import { read, write } from "../shared/address.js";
import { Api } from "../shared/api.js";
import { chosen as chosenLanguage, formats, say } from "../shared/language.js";
import { Component, html, render } from "../shared/ui.js";
import { Header } from "./frame.js";
import { Live } from "./live.js";
import { MESSAGES } from "./messages.js";
import { Nav } from "./nav.js";
import { Trouble } from "./notice.js";
import { SCREENS, screenAt, seen } from "./screens.js";
import { openPagesWith } from "./sheet.js";
import { SignIn } from "./signin.js";

const KEY = "observatoire.key";
const WIDE = matchMedia("(min-width: 60rem)");
/** What an HTTP header may carry. */
const WRITABLE = /^[\x21-\x7e]+$/;

class Desk extends Component {
  state = { phase: "loading", lang: chosenLanguage(Object.keys(MESSAGES)), alerts: null, line: null };
  /** Those of the open screen that listen to events. */
  listeners = new Set();

  componentDidMount() {
    addEventListener("popstate", this.look);
    this.enter(sessionStorage.getItem(KEY));
  }

  componentDidUpdate() {
    const { lang, city, screen } = this.state;
    document.documentElement.lang = lang;
    document.title = [screen && say(screen.title, lang), city && say(city.title, lang), "Observatoire"].filter(Boolean).join(" · ");
  }

  /** Find out which city this is, and whether the key opens it. */
  enter = async (key) => {
    if (key === "") return this.setState({ problem: "keyMissing" });
    this.setState({ busy: true, problem: null, tried: key });
    try {
      if (key !== null && !WRITABLE.test(key)) return this.refuse();
      const api = new Api(key, this.state.lang);
      if (key !== null) warm(location.pathname);
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
    this.close();
    const city = this.state.city ?? (await new Api(null).json("/city.json").catch(() => null));
    this.setState({ phase: "signin", problem: "keyRefused", city, busy: false, Screen: null });
  };

  leave = () => {
    this.close();
    this.setState({ phase: "signin", problem: null, alerts: null, Screen: null });
  };

  close() {
    sessionStorage.removeItem(KEY);
    this.live?.end();
    this.api = null;
  }

  open(api, city) {
    this.api = api;
    const typed = this.state.phase === "signin";
    this.setState({ phase: "open", city, busy: false, typed }, this.look);
    if (seen(city).length < 2) return;
    this.readAlerts();
    this.live = new Live(api, this.hear, (line) => this.setState({ line }));
  }

  /** Open the screen that the address names. */
  look = async () => {
    const { city, phase } = this.state;
    if (phase !== "open") return;
    const screen = screenAt(location.pathname, city);
    this.setState({ screen });
    try {
      const { default: Screen } = await screen.load();
      if (this.state.screen === screen) this.setState({ Screen });
    } catch (error) {
      this.setState({ phase: "away", error: Object.assign(error, { kind: "away" }) });
    }
  };

  go = (path) => {
    const lang = read("lang");
    history.pushState(null, "", `${path}${lang ? `?lang=${lang}` : ""}`);
    this.setState({ typed: false, Screen: null }, async () => {
      await this.look();
      document.getElementById("main")?.focus();
    });
  };

  readAlerts = async () => {
    const { api } = this;
    const alerts = await api.json("/pro/alerts.json").catch(() => null);
    if (api === this.api) this.setState({ alerts });
  };

  hear = (event) => {
    if (event.kind === "alert" || event.kind === "look") this.readAlerts();
    for (const listener of this.listeners) listener(event);
  };

  listen = (listener) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  speak = (lang) => {
    write({ lang });
    this.api?.speak(lang);
    this.setState({ lang });
  };

  render(_, { phase, lang, city, screen, Screen, alerts, line, typed }) {
    const words = MESSAGES[lang];
    const bare = phase === "open" && screen?.bare;
    const { api } = this;
    const live = { listen: this.listen, line };
    return html`
      ${!bare && html`<${Header} ...${{ city, lang, words, signedIn: phase === "open" }} onLanguage=${this.speak} onLeave=${this.leave} />`}
      ${phase === "open" && !bare && html`<${Nav} ...${{ screens: seen(city), screen, alerts, line, lang, words }} onGo=${this.go} />`}
      ${phase === "loading" && html`<main id="main" class="signin"><p class="quiet" role="status">${words.loading}</p></main>`}
      ${phase === "away" && html`<main id="main" class="signin"><${Trouble} error=${this.state.error} words=${words} onRetry=${() => this.enter(this.state.tried)} /></main>`}
      ${phase === "signin" && html`<${SignIn} words=${words} problem=${this.state.problem} busy=${this.state.busy} onKey=${this.enter} />`}
      ${phase === "open" && !Screen && html`<main id="main" class="signin" tabindex="-1"><p class="quiet" role="status">${words.loading}</p></main>`}
      ${phase === "open" &&
      Screen &&
      html`<${Screen} key=${`${screen.id} ${lang}`} format=${formats(lang, city.time_zone)} ...${{ api, city, lang, words, live, alerts, typed }} onRefused=${this.refuse} onAlerts=${this.readAlerts} />`}
    `;
  }
}

/** Ask for what the screen at a path will soon want; who cannot have it will say so then. */
function warm(path) {
  const screen = SCREENS.find((known) => known.path === path);
  const wanted = [screen?.load(), screen?.map && WIDE.matches && import("../shared/map.js").then(({ fetchMap }) => fetchMap())];
  Promise.all(wanted).catch(() => null);
}

openPagesWith(() => sessionStorage.getItem(KEY));
render(html`<${Desk} />`, document.getElementById("app"));
