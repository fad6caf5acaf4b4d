/** One series as a curve against its band. Charts of one screen share their cursor and their chosen week. */
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { Component, createRef, html } from "../../shared/ui.js";

const STYLE = new URL("../../vendor/uplot/uPlot.min.css", import.meta.url).href;
const DARK = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  if (document.querySelector(`link[href="${STYLE}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLE }));
}

/** What the drawing is given: instants in seconds, then lower, upper, expected, count. */
export function rows(series, windows) {
  return [windows.map(({ end }) => Date.parse(end) / 1000), series.lower, series.upper, series.expected, series.n];
}

export class Chart extends Component {
  place = createRef();

  componentDidMount() {
    dress();
    this.draw();
    this.watch = new ResizeObserver(([{ contentRect }]) => this.plot?.setSize({ width: Math.max(160, contentRect.width), height: this.props.height }));
    this.watch.observe(this.place.current);
    DARK.addEventListener("change", this.draw);
  }

  componentDidUpdate(before) {
    if (before.series !== this.props.series || before.lang !== this.props.lang) this.draw();
    else if (before.week !== this.props.week) this.plot.redraw(false);
  }

  componentWillUnmount() {
    this.watch.disconnect();
    DARK.removeEventListener("change", this.draw);
    this.plot?.destroy();
  }

  draw = () => {
    this.plot?.destroy();
    const { series, windows, height } = this.props;
    const place = this.place.current;
    this.plot = new uPlot({ width: Math.max(160, place.clientWidth), height, ...this.options() }, rows(series, windows), place);
    this.plot.root.querySelectorAll("*").forEach((node) => node.setAttribute("aria-hidden", "true"));
    this.plot.over.addEventListener("click", () => this.props.onWeek(this.plot.cursor.idx));
  };

  options() {
    const { format, small } = this.props;
    const shade = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const [ink, quiet, line, accent, soft] = ["--ink", "--quiet", "--line", "--accent", "--accent-soft"].map(shade);
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    return {
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { sync: { key: "dashboard" }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(1, most) * 1.05] } },
      axes: [
        { ...axis, space: small ? 90 : 70, values: (_, moments) => moments.map((s) => format.short(s * 1000)) },
        { ...axis, size: 40, space: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000] },
      ],
      series: [
        {},
        { points: { show: false }, width: 0 },
        { points: { show: false }, width: 0 },
        { stroke: accent, width: 1.5, dash: [5, 4], points: { show: false } },
        { stroke: ink, width: 2, points: { show: !small, size: 5, fill: ink } },
      ],
      bands: [{ series: [2, 1], fill: soft }],
      hooks: { draw: [(plot) => this.mark(plot, accent)] },
    };
  }

  /** The chosen week, as a line from top to bottom. */
  mark(plot, colour) {
    const x = plot.valToPos(plot.data[0][this.props.week], "x", true);
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }

  render({ label, name, small }) {
    return html`
      <figure class="chart" data-small=${small ? "" : undefined}>
        <figcaption>${label}</figcaption>
        <div class="plot-place" ref=${this.place} role="img" aria-label=${name} data-name=${label}></div>
      </figure>
    `;
  }
}
