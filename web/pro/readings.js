/** Ways to read the same cells on the map: each with its colours, its legend, and itself in words. */
import { html } from "../shared/ui.js";
import { FIRST } from "./data.js";

export const READINGS = ["probability", "classes", "baseline", "difference"];

const CLASSES = { low: "#9ecae1", usual: "#e3dfd5", high: "#b2182b" };
/** Steps of a difference, in events, and their colours: less, alike, more. */
const STEPS = [-0.5, -0.1, 0.1, 0.5];
const COLOURS = ["#2166ac", "#92c5de", "#f0efeb", "#f4a582", "#b2182b"];

/** Events a cell of the city is expected to have, on the mean. */
export function meanOf(cells) {
  return cells.reduce((sum, { properties }) => sum + properties.expected, 0) / cells.length;
}

/** `high` or `low` where the whole interval lies above or below the city's mean cell, else `usual`. */
export function classOf({ properties: { lower, upper } }, mean) {
  if (lower > mean) return "high";
  return upper < mean ? "low" : "usual";
}

/** Whether the cells say what the simple count would expect of them: those of an older forecast do not. */
export function compared(cells) {
  return cells.length > 0 && typeof cells[0].properties.baseline === "number";
}

/** The style of a reading: that of the collection with other colours, and its legend. */
export function styled(style, reading, cells, words, format) {
  const drawn = {
    probability: () => ({ legend: style.legend, paint: null, title: words.legends[style.property] }),
    classes: () => classes(meanOf(cells), words, format),
    baseline: () => steps(["get", "baseline"], style, words, format),
    difference: () => difference(words, format),
  }[reading]();
  const layers = style.layers.map((layer) =>
    layer.type === "fill" && drawn.paint ? { ...layer, paint: { ...layer.paint, "fill-color": drawn.paint } } : layer,
  );
  return { ...style, layers, legend: drawn.legend, title: drawn.title };
}

function classes(mean, words, format) {
  const paint = ["case", [">", ["get", "lower"], mean], CLASSES.high, ["<", ["get", "upper"], mean], CLASSES.low, CLASSES.usual];
  const legend = ["high", "usual", "low"].map((name) => ({ color: CLASSES[name], label: words.classes[name] }));
  return { paint, legend, title: words.classesTitle(format.number(mean, 2)) };
}

/** The same colours as the probabilities, at the expected numbers that give them: P(at least one) = 1 − exp(−expected). */
function steps(value, style, words, format) {
  const parts = style.legend.map(({ least, color }) => ({ least: -Math.log(1 - least), color }));
  const said = (k) => format.number(parts[k].least, 2);
  const label = (k) => {
    if (k === 0) return words.under(said(1));
    return k === parts.length - 1 ? words.andOver(said(k)) : words.fromTo(said(k), said(k + 1));
  };
  return {
    paint: ["step", value, parts[0].color, ...parts.slice(1).flatMap(({ least, color }) => [least, color])],
    legend: parts.map(({ color }, k) => ({ color, label: label(k) })),
    title: words.baselineTitle,
  };
}

function difference(words, format) {
  const value = ["-", ["get", "expected"], ["get", "baseline"]];
  const said = STEPS.map((step) => format.number(Math.abs(step), 1));
  const labels = [words.less(said[0]), words.lessFromTo(said[1], said[0]), words.alike, words.moreFromTo(said[2], said[3]), words.more(said[3])];
  return {
    paint: ["step", value, COLOURS[0], ...STEPS.flatMap((step, k) => [step, COLOURS[k + 1]])],
    legend: COLOURS.map((color, k) => ({ color, label: labels[k] })).reverse(),
    title: words.differenceTitle,
  };
}

/** The choice of a reading, and what it says in a sentence. */
export function Readings({ cells, card, reading, words, format, onReading }) {
  const offered = compared(cells) ? READINGS : READINGS.slice(0, 2);
  return html`
    <section class="card" aria-labelledby="readings-title" data-part="readings">
      <h2 id="readings-title">${words.readings}</h2>
      <fieldset class="choice wrap">
        <legend>${words.readingsWhy}</legend>
        ${offered.map(
          (name) => html`<label><input type="radio" name="reading" value=${name} checked=${name === reading} onChange=${() => onReading(name)} /><span>${words.readingNames[name]}</span></label>`,
        )}
      </fieldset>
      <p role="status">${sentence(cells, card, reading, words, format)}</p>
      <${Requests} ...${{ card, words, format }} parts=${parts(cells, card, reading, words, format)} />
    </section>
  `;
}

/** Links to the cells that a sentence counts. */
function Requests({ parts, card: { as_of, target }, words, format }) {
  const href = (filter) => `/api/collections/risque/items?${new URLSearchParams({ datetime: as_of, target, filter, f: "html" })}`;
  if (parts.length === 0) return null;
  return html`<p class="quiet requests">${words.theseCells}${words.colon}${parts.map(
    ({ label, filter, n }, k) => html`${k > 0 && ", "}<a href=${href(filter)}>${label} (${format.number(n)})</a>`,
  )}</p>`;
}

/** What a sentence counts: in words, as CQL2 and in numbers. */
function parts(cells, card, reading, words, format) {
  const part = (label, filter, fits) => ({ label, filter, n: cells.filter(({ properties }) => fits(properties)).length });
  if (reading === "classes") {
    const mean = meanOf(cells);
    return [
      part(words.classes.high, `lower > ${mean}`, ({ lower }) => lower > mean),
      part(words.classes.low, `upper < ${mean}`, ({ upper }) => upper < mean),
      part(words.classes.usual, `lower <= ${mean} AND upper >= ${mean}`, ({ lower, upper }) => lower <= mean && upper >= mean),
    ];
  }
  if (reading !== "difference" || card.answer === "count") return [];
  const [most, least] = [STEPS[3], STEPS[0]];
  return [
    part(words.more(format.number(most, 1)), `expected - baseline >= ${most}`, ({ expected, baseline }) => expected - baseline >= most),
    part(words.less(format.number(-least, 1)), `expected - baseline < ${least}`, ({ expected, baseline }) => expected - baseline < least),
  ];
}

function sentence(cells, card, reading, words, format) {
  const n = format.number;
  if (reading === "probability") return words.probabilityWhy;
  if (reading === "classes") {
    const mean = meanOf(cells);
    const counts = { high: 0, usual: 0, low: 0 };
    for (const cell of cells) counts[classOf(cell, mean)] += 1;
    return words.classesWhy(n(counts.high), n(counts.low), n(counts.usual), n(mean, 2));
  }
  if (card.answer === "count") return words.sameWhy;
  const first = new Set([...cells].sort((a, b) => b.properties.baseline - a.properties.baseline).slice(0, FIRST));
  const both = cells.slice(0, FIRST).filter((cell) => first.has(cell)).length;
  const moved = cells.map(({ properties: { expected, baseline } }) => expected - baseline);
  const [up, down] = [moved.filter((d) => d >= STEPS[3]).length, moved.filter((d) => d < STEPS[0]).length];
  return words.differenceWhy(n(both), n(FIRST), n(up), n(down), n(STEPS[3], 1));
}
