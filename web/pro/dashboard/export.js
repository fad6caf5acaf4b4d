/** What one takes away from the dashboard: a picture, a table. */
import { requestOf } from "./figures.js";

/** Hand a file to the person. */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const HEAD = ["start", "end", "kind", "code", "label", "count", "expected", "lower", "upper", "trend", "request"];

/** All series as CSV (RFC 4180): one row a series and week, with the request that counts the same items. */
export function csv({ series, windows }, lang, origin) {
  const lines = series.flatMap((row) =>
    windows.map((window, k) => {
      const href = requestOf(row.href, window);
      const values = [row.n[k], row.expected[k], row.lower[k], row.upper[k], row.state[k]];
      return [window.start, window.end, row.kind, row.code, row.label[lang] ?? row.label.en, ...values, href ? origin + href : ""];
    }),
  );
  return [HEAD, ...lines].map((line) => line.map((value) => quoted(String(value ?? ""))).join(",")).join("\r\n") + "\r\n";
}

const MARGIN = 24;
const LINE = 22;

/** The charts below `root` as one picture, with the words that make it readable alone. */
export async function picture(root, words) {
  const shade = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = [...root.querySelectorAll(".plot-place")].map((place) => ({ canvas: place.querySelector("canvas"), name: place.dataset.name }));
  const width = Math.max(...charts.map(({ canvas }) => canvas.width)) + 2 * MARGIN;
  const height = charts.reduce((sum, { canvas }) => sum + canvas.height + 2 * LINE, MARGIN + (words.length + 1) * LINE);
  const sheet = Object.assign(document.createElement("canvas"), { width, height });
  const pen = sheet.getContext("2d");
  pen.fillStyle = shade("--card");
  pen.fillRect(0, 0, width, height);
  let y = MARGIN;
  const write = (text, font) => {
    pen.fillStyle = shade("--ink");
    pen.font = font;
    y += LINE;
    pen.fillText(text, MARGIN, y, width - 2 * MARGIN);
  };
  words.forEach((text, k) => write(text, k === 0 ? "bold 18px sans-serif" : "13px sans-serif"));
  for (const { canvas, name } of charts) {
    y += LINE / 2;
    write(name, "bold 14px sans-serif");
    pen.drawImage(canvas, MARGIN, y + 6);
    y += canvas.height + LINE / 2;
  }
  return new Promise((done) => sheet.toBlob(done, "image/png"));
}
