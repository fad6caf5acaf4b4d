/** Figures of the dashboard, and the request behind each. */

const DAY_MS = 86_400_000;

/** The request of one week of a series: that of its last week, at another time. */
export function requestOf(href, { datetime }) {
  return href && href.replace(/datetime=[^&]*/, `datetime=${datetime}`);
}

/** The request of all weeks of a series. */
export function requestOfAll(href, windows) {
  const [first] = windows[0].datetime.split("/");
  const last = windows.at(-1).datetime.split("/")[1];
  return requestOf(href, { datetime: `${first}/${last}` });
}

/** The weeks of a series that lie outside their band, by index; `known` is how many have one. */
export function outside({ state }) {
  const weeks = state.flatMap((said, week) => (said === "up" || said === "down" ? [week] : []));
  return { weeks, known: state.filter((said) => said !== "unknown").length };
}

/** By how much of what was expected a week differs, or null. */
export function change({ n, expected }, week) {
  return expected[week] > 0 ? n[week] / expected[week] - 1 : null;
}

const at = (moment) => `TIMESTAMP('${moment.toISOString()}')`;

/** Counts beside the curves: name → collection and CQL2 filter, both as of `now`. */
export const COUNTS = [
  { id: "works", collection: "chantiers", filter: (now) => `debut <= ${at(now)} AND fin > ${at(now)} AND statut NOT IN ('annule','termine')` },
  { id: "events", collection: "evenements", filter: (now) => `debut <= ${at(new Date(+now + 30 * DAY_MS))} AND fin > ${at(now)} AND statut NOT IN ('annule')` },
  { id: "outages", collection: "pannes-eclairage", filter: () => "fin IS NULL" },
];

/** The counts that an audience may make, each with the request that gave it. */
export async function readCounts(api, collections, now = new Date()) {
  const mine = COUNTS.filter(({ collection }) => collections.includes(collection));
  return Promise.all(
    mine.map(async ({ id, collection, filter }) => {
      const href = `/api/collections/${collection}/items?filter=${encodeURIComponent(filter(now))}`;
      const { numberMatched } = await api.json(`${href}&f=json&limit=1`);
      return { id, href, n: numberMatched ?? null };
    }),
  );
}
