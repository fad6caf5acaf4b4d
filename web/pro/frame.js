/** What is around every screen of the desk: the city's name, the language, who is signed in, where the data are. */
import { say } from "../shared/language.js";
import { html } from "../shared/ui.js";

export function Header({ city, lang, words, signedIn, onLanguage, onLeave }) {
  return html`
    <a class="skip" href="#main">${words.skip}</a>
    <header>
      <div class="top">
        <img class="mark" src="/web/shared/mark.svg" alt="" width="36" height="36" />
        <div class="name">
          <h1>${city ? say(city.title, lang) : "Observatoire"}</h1>
          <p>${words.desk}</p>
        </div>
        ${signedIn &&
        html`
          <div class="who">
            <p>${words.signedIn} <b>${words.audiences[city.audience] ?? city.audience}</b></p>
            <button type="button" onClick=${onLeave}>${words.signOut}</button>
          </div>
        `}
        <${Languages} languages=${city?.languages ?? ["fr", "en"]} ...${{ lang, words, onLanguage }} />
      </div>
      ${city?.simulated && html`<p class="banner"><strong>${words.simulated}</strong> <span>${words.simulatedWhy}</span></p>`}
    </header>
  `;
}

const NAMES = { fr: "Français", en: "English" };

function Languages({ languages, lang, words, onLanguage }) {
  return html`
    <div class="languages" role="group" aria-label=${words.language}>
      ${languages
        .filter((tag) => NAMES[tag])
        .map(
          (tag) => html`
            <button type="button" lang=${tag} aria-label=${NAMES[tag]} aria-pressed=${tag === lang ? "true" : "false"} onClick=${() => onLanguage(tag)}>
              ${tag.toUpperCase()}
            </button>
          `,
        )}
    </div>
  `;
}

export function Footer({ words, version }) {
  return html`<footer class="quiet"><a href="/api">${words.data}</a> · Observatoire ${version}</footer>`;
}
