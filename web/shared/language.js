/** Which language, and how numbers, dates and ages are said in it. */
import { read } from "./address.js";

const NOW = { fr: "à l’instant", en: "just now" };
const UNITS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** The language of the address, else the first of the browser's that we speak, else the first of ours. */
export function chosen(languages) {
  const wished = [read("lang"), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wished.find((tag) => languages.includes(tag)) ?? languages[0];
}

/** The word of `texts` ({fr, en}) in `lang`, else in whatever language there is. */
export function say(texts, lang) {
  if (texts === null || texts === undefined || typeof texts === "string") return texts ?? "";
  return texts[lang] ?? Object.values(texts)[0] ?? "";
}

/**
 * How to write things in a language and a time zone.
 *
 * @param {"fr" | "en"} lang
 * @param {string} timeZone IANA name: the city's, wherever the reader is
 */
export function formats(lang, timeZone) {
  const locale = { fr: "fr-FR", en: "en-GB" }[lang] ?? lang;
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone });
  const near = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone });
  const dated = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  return {
    number: (value, digits = 0) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value),
    fixed: (value, digits) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value),
    percent: (share) => nearly(share, new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 })),
    signed: (value) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(value),
    day: (instant) => day.format(new Date(instant)),
    moment: (instant) => moment.format(new Date(instant)),
    near: (instant) => near.format(new Date(instant)),
    dated: (instant) => dated.format(new Date(instant)),
    period: (start, end) => day.formatRange(new Date(start), new Date(new Date(end).getTime() - 1000)),
    ago: (instant, now) => {
      const age = (new Date(instant) - now) / 1000;
      return Math.abs(age) < 60 ? (NOW[lang] ?? NOW.en) : relative.format(...inUnits(age));
    },
  };
}

/** A share as a percentage; what is not quite all is never called all, nor what is not quite nothing nothing. */
function nearly(share, percent) {
  if (share > 0.995 && share < 1) return `> ${percent.format(0.99)}`;
  if (share > 0 && share < 0.005) return `< ${percent.format(0.01)}`;
  return percent.format(share);
}

/** Whole units of the largest of which there are at least two, so that an age is never off by half. */
function inUnits(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= 2 * length) ?? UNITS.at(-1);
  return [Math.trunc(seconds / size), unit];
}
