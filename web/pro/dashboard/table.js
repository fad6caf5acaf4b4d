/** One week of several series as a table: what the charts show, for reading. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Figure } from "../screens/part.js";
import { requestOf } from "./figures.js";

/** @param {{onChoose?: (code: string) => void, chosen?: string}} props with `onChoose` a name is a button that chooses it. */
export function WeekTable({ title, rows, found, week, texts, lang, format, chosen, onChoose }) {
  const value = (number) => (number === null ? "—" : format.number(number, number < 10 ? 1 : 0));
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead><tr>
          <th scope="col">${title}</th><th scope="col" class="n">${texts.count}</th><th scope="col" class="n">${texts.expected}</th>
          <th scope="col" class="n">${texts.band}</th><th scope="col">${texts.trend}</th>
        </tr></thead>
        <tbody>
          ${rows.map((row) => html`
            <tr key=${row.code} data-code=${row.code} data-state=${row.state[week]}>
              <th scope="row">${onChoose ? html`<button type="button" class="plain" aria-pressed=${row.code === chosen ? "true" : "false"} onClick=${() => onChoose(row.code === chosen ? "" : row.code)}>${say(row.label, lang)}</button>` : say(row.label, lang)}</th>
              <td class="n"><${Figure} href=${requestOf(row.href, found.windows[week])} label=${texts.behind}>${format.number(row.n[week])}<//></td>
              <td class="n">${value(row.expected[week])}</td>
              <td class="n">${row.lower[week] === null ? "—" : `${value(row.lower[week])} – ${value(row.upper[week])}`}</td>
              <td>${say(found.words[row.state[week]], lang)}</td>
            </tr>
          `)}
        </tbody>
      </table>
    </div>
  `;
}
