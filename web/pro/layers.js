/** The box on the map: which layers are drawn, and what the forecast's colours mean. */
import { say } from "../shared/language.js";
import { html } from "../shared/ui.js";

export function Layers({ layers, words, lang, open, onToggle }) {
  const risk = layers.risque;
  return html`
    <details class="layers" open=${open}>
      <summary>${words.layers}</summary>
      <ul>
        ${Object.entries(layers).map(
          ([id, { visible }]) => html`
            <li>
              <label class="check">
                <input type="checkbox" name=${id} checked=${visible} onChange=${() => onToggle(id)} />
                <span>${words.collections[id]}</span>
              </label>
            </li>
          `,
        )}
      </ul>
      ${risk?.visible &&
      html`
        <p class="legend-title" id="legend-title">${risk.style.title ?? words.collections.risque}</p>
        <ul class="legend" aria-labelledby="legend-title">
          ${risk.style.legend.map(
            ({ color, label }) => html`<li><i class="square" style=${{ backgroundColor: color }} aria-hidden="true"></i>${say(label, lang)}</li>`,
          )}
        </ul>
      `}
    </details>
  `;
}
