/** The first cells of the forecast, as a table that is the equal of the map. */
import { Component, createRef, html } from "../shared/ui.js";
import { FIRST, divisionOf } from "./data.js";
import { classOf, meanOf } from "./readings.js";

export function Cells({ cells, divisions, chosen, words, format, onChoose }) {
  const first = cells.slice(0, FIRST);
  const other = chosen && !first.includes(chosen) ? chosen : null;
  const mean = meanOf(cells);
  const row = (cell) => html`
    <${Row} key=${cell.properties.cell_id} division=${divisionOf(cell, divisions)} name=${classOf(cell, mean)} ...${{ cell, words, format, onChoose }} chosen=${cell === chosen} />
  `;
  return html`
    <section aria-labelledby="top-title" class="card">
      <h2 id="top-title">${words.top}</h2>
      <p class="quiet">${words.topWhy}</p>
      <table class="cells">
        <thead>
          <tr>
            <th scope="col">${words.rank}</th>
            <th scope="col">${words.division}</th>
            <th scope="col" class="n">${words.expected} <span>${words.interval}</span></th>
            <th scope="col" class="n">${words.probability}</th>
          </tr>
        </thead>
        <tbody>${first.map(row)}</tbody>
        ${other && html`<tbody class="other"><tr><th colspan="4" scope="rowgroup">${words.picked} (${words.outOf(format.number(other.properties.rank), format.number(cells.length))})</th></tr>${row(other)}</tbody>`}
      </table>
    </section>
  `;
}

function Row({ cell, division, name, chosen, words, format, onChoose }) {
  const { rank, expected, lower, upper, probability, cell_id: id } = cell.properties;
  return html`
    <tr class=${chosen ? "chosen" : undefined} data-cell=${id} onClick=${() => onChoose(id)}>
      <td>
        <button type="button" class="rank" aria-pressed=${chosen ? "true" : "false"} aria-label=${words.show(rank, division)}
          onClick=${(event) => { event.stopPropagation(); onChoose(id); }}>${format.number(rank)}</button>
      </td>
      <td>${division ?? html`<span class="quiet">${words.noDivision}</span>`}</td>
      <td class="n">${format.fixed(expected, 2)} <span>${format.number(lower, 2)} – ${format.number(upper, 2)}</span><span data-class=${name}>${words.classes[name]}</span></td>
      <td class="n">${format.percent(probability)}</td>
    </tr>
  `;
}

/** The chosen cell in words, on the map; where the list is hidden, the reader's focus comes here. */
export class Picked extends Component {
  box = createRef();

  componentDidMount() {
    if (this.props.focused) this.box.current.focus();
  }

  componentDidUpdate(before) {
    if (this.props.focused && before.cell !== this.props.cell) this.box.current.focus();
  }

  render({ cell, divisions, words, format, onDrop }) {
    const { rank, expected, lower, upper, probability } = cell.properties;
    return html`
      <div class="picked" tabindex="-1" ref=${this.box}>
        <div>
          <p>${words.cellRank(format.number(rank))} · ${divisionOf(cell, divisions) ?? words.noDivision}</p>
          <p>${words.expected} ${format.fixed(expected, 2)} (${format.number(lower, 2)} – ${format.number(upper, 2)}) · ${words.probability} ${format.percent(probability)}</p>
        </div>
        <button type="button" aria-label=${words.unpick} title=${words.unpick} onClick=${onDrop}>×</button>
      </div>
    `;
  }
}
