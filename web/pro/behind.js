/** The OGC request behind a figure: what it counts is what the screen counts. */

/**
 * The request of the items of a collection in an interval.
 *
 * @param {string} id collection
 * @param {[string, string]} interval two ISO instants
 * @param {{since?: number | string | null, equal?: Record<string, string>}} which only those after a moment, and those
 *   whose properties have these values
 */
export function behind(id, [start, end], { since = null, equal = {} } = {}) {
  const query = new URLSearchParams({ datetime: `${start}/${end}`, ...equal });
  if (since !== null) query.set("filter", `date > TIMESTAMP('${new Date(since).toISOString()}')`);
  return `/api/collections/${id}/items?${query}`;
}

/** What can be counted of a layer that is read newest first: all of it, or where it was cut what is after its oldest. */
export function counted({ features, complete }) {
  const since = complete || features.length === 0 ? null : features.at(-1).properties.date;
  if (since === null) return { features, since };
  return { features: features.filter(({ properties }) => Date.parse(properties.date) > Date.parse(since)), since };
}
