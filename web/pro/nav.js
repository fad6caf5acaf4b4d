/** The way from screen to screen, with the bell, and whether what is shown is live. */
import { say } from "../shared/language.js";
import { html } from "../shared/ui.js";

/** On a narrow screen the list of screens is longer than the page is wide: the one that is open is brought into view. */
function inView(link, state) {
  const list = link?.closest("ul");
  if (!list || list.dataset.seen === state) return; // once a state: a reader may have moved it since
  list.dataset.seen = state;
  list.scrollTo({ left: link.offsetLeft - list.offsetLeft - 32 });
}

export function Nav({ screens, screen, alerts, line, lang, words, onGo }) {
  if (screens.length < 2) return null;
  const ringing = alerts?.alerts.filter(({ closed, acknowledged, muted_until: muted }) => !closed && !acknowledged && !muted).length ?? 0;
  const go = (event, path) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    onGo(path);
  };
  return html`
    <nav class="screens" aria-label=${words.screens}>
      <ul>
        ${screens.map(
          ({ id, path, title, bell }) => html`
            <li>
              <a href=${path} aria-current=${screen?.id === id ? "page" : undefined} ref=${screen?.id === id ? (link) => inView(link, `${id} ${ringing > 0} ${line}`) : undefined} onClick=${(event) => go(event, path)}>
                ${say(title, lang)}${bell && ringing > 0 && html` <b class="bell">${ringing}<span class="unseen"> ${words.ringing}</span></b>`}
              </a>
            </li>
          `,
        )}
      </ul>
      <p class="line" role="status" data-line=${line ?? ""}>${line === "cut" ? words.lineCut : line === "open" ? words.lineOpen : ""}</p>
    </nav>
  `;
}
