/** What the last skill card warns of: a district named for too long, a map that feeds itself, a feed that stopped. */
import { say } from "../shared/language.js";
import { Component, html } from "../shared/ui.js";

export class Alarms extends Component {
  state = { alarms: [] };

  async componentDidMount() {
    const { api, card } = this.props;
    const days = Math.round((Date.parse(card.end) - Date.parse(card.start)) / 86_400_000);
    const found = await api.json(`/fiches/${encodeURIComponent(card.target)}?f=json&horizon=${days}`).catch(() => null);
    this.setState({ alarms: (found?.alarms ?? []).filter(({ state }) => state === "rings") });
  }

  render({ words, lang }, { alarms }) {
    if (alarms.length === 0) return null;
    const kinds = [...new Set(alarms.map(({ kind }) => kind))].map((kind) => alarms.filter((alarm) => alarm.kind === kind));
    const name = ({ kind, about }) => (kind === "flagged-too-long" ? about : (words.collections[about] ?? about));
    return html`
      <section class="card" aria-labelledby="alarms-title">
        <h2 id="alarms-title">${words.alarms}</h2>
        <ul class="lines">
          ${kinds.map(
            (same) => html`
              <li class="warning">
                <b>${words.alarmOf(words.alarmNames[same[0].kind] ?? same[0].kind, same.map(name).join(", "))}</b>
                <details><summary class="quiet">${words.alarmWhy}</summary><p class="quiet">${say(same[0].definition, lang)}</p></details>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  }
}
