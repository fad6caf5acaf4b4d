/** What stands at the top of the situation: the alerts in sentences, and how old each collection is. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { seconds } from "./part.js";

const MOST = 5;

export function Bell({ alerts, texts, lang, words }) {
  if (alerts === null) return html`<p class="quiet" role="status">${words.loading}</p>`;
  const fresh = alerts.alerts.filter((a) => !a.acknowledged && !a.muted_until);
  return html`
    <section class="card" aria-labelledby="bell-title" data-part="bell">
      <h2 id="bell-title">${texts.alerts(fresh.length)}</h2>
      <ul class="lines">
        ${fresh.slice(0, MOST).map(({ id, severity, reason, href }) => html`<li key=${id} class=${severity}><span class="tag ${severity === "info" ? "" : "warn"}">${texts.severities[severity]}</span> ${href ? html`<a href=${`${href}&f=html`}>${say(reason, lang)}</a>` : say(reason, lang)}</li>`)}
      </ul>
      <p><a href=${`/pro/alertes?lang=${lang}`}>${texts.allAlerts}</a></p>
    </section>
  `;
}

/** Collections of what is planned or computed: their newest item is no news, their last load is. */
const PLANNED = new Set(["chantiers", "evenements", "previsions", "faits-publics", "risque"]);

/** The age of each dated collection: that of its oldest source. What is late stands first, then what is older. */
export function ages(sources) {
  const oldest = new Map();
  for (const row of sources.filter(({ newest }) => newest !== null)) {
    const age = PLANNED.has(row.collection) ? (Date.now() - Date.parse(row.loaded)) / 1000 : row.age_s;
    const known = oldest.get(row.collection);
    if (!known || age > known.age_s) oldest.set(row.collection, { ...row, age_s: age });
  }
  const late = ({ state }) => Number(state === "late");
  return [...oldest.values()].sort((a, b) => late(b) - late(a) || b.age_s - a.age_s);
}

/** One badge a collection: its name, its age, and whether that is more than the city allows. */
export function Ages({ sources, texts, lang, words, format }) {
  const rows = ages(sources);
  return html`
    <section class="card" aria-labelledby="ages-title" data-part="ages">
      <h2 id="ages-title">${texts.ages}</h2>
      <ul class="badges">
        ${rows.map(
          ({ collection, age_s: age, state }) => html`
            <li class="tag ${{ fresh: "good", late: "warn" }[state] ?? ""}">${texts.age(words.collections[collection] ?? collection, seconds(format, age))}${state !== "unknown" && html` (${texts.states[state]})`}</li>
          `,
        )}
      </ul>
    </section>
  `;
}
