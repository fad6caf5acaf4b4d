/** Works and events as bars over thirty days, in a table: what a bar shows, its row says. Roles: narrow screens draw no table. */
import { say } from "../../shared/language.js";
import { html } from "../../shared/ui.js";
import { Figure } from "./part.js";

const DRAWN = 80;

export function Gantt({ period, works, events, needs, chosen, texts, format, lang, onChoose }) {
  const rows = [...rowsOf("chantiers", works), ...rowsOf("evenements", events)].sort((a, b) => a.start - b.start);
  const figure = ({ n, href }) => html`<${Figure} href=${href} label=${texts.behind}>${format.number(n)}<//>`;
  const known = new Map((needs?.features ?? []).map(({ id, properties }) => [id, properties]));
  return html`
    <p data-part="count">${texts.count(figure(works), works.n, figure(events), events.n)} ${rows.length > DRAWN && texts.first(DRAWN)}</p>
    <div class="scroll gantt" tabindex="0" role="region" aria-label=${texts.table}>
      <table role="table">
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">${texts.what}</th><th role="columnheader" scope="col">${texts.when}</th></tr></thead>
        <tbody role="rowgroup">
          ${rows.slice(0, DRAWN).map(({ id, feature, color, kind, start, end }) => {
            const { reference, titre } = feature.properties;
            return html`
              <tr key=${reference} role="row" class=${reference === chosen ? "chosen" : ""} data-reference=${reference}>
                <th role="rowheader" scope="row">
                  <button type="button" class="link" aria-pressed=${reference === chosen ? "true" : "false"} onClick=${() => onChoose(reference === chosen ? null : reference)}>${titre ?? reference}</button>
                  <span class="quiet">${say(kind, lang)} · <a href=${`/api/collections/${id}/items/${feature.id}?f=html`}>${reference}</a>${noted(known.get(reference), texts, format)}</span>
                </th>
                <td role="cell"><span class="track" aria-hidden="true"><i style=${bar(start, end, period, color)}></i></span><span class="quiet">${format.period(start, end)}</span></td>
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;
}

function rowsOf(id, { features, style }) {
  return features.map((feature) => {
    const entry = style.legend.find(({ value }) => value === feature.properties[style.property]);
    return { id, feature, color: entry?.color, kind: entry?.label, start: Date.parse(feature.properties.debut), end: Date.parse(feature.properties.fin) };
  });
}

/** Where a bar begins and how long it is, cut to the period. */
function bar(start, end, [first, last], color) {
  const share = (moment) => Math.min(1, Math.max(0, (moment - first) / (last - first)));
  return { left: `${100 * share(start)}%`, width: `${Math.max(0.8, 100 * (share(end) - share(start)))}%`, backgroundColor: color };
}

function noted(needs, texts, format) {
  const parts = [];
  if (needs?.risk !== null && needs?.risk !== undefined) parts.push(texts.risk(format.number(needs.risk, 1)));
  if (needs?.adequacy !== null && needs?.adequacy !== undefined) parts.push(texts.adequacy(format.number(needs.adequacy)));
  return parts.length === 0 ? "" : ` · ${parts.join(" · ")}`;
}
