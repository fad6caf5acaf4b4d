/** The state of a screen lives in its address, so that a link shows what its sender saw. */

/** Return the value of `name` in the address, or null. */
export function read(name) {
  return new URLSearchParams(location.search).get(name);
}

/** Return the set written as `a,b,c` under `name`. */
export function readSet(name) {
  return new Set((read(name) ?? "").split(",").filter(Boolean));
}

/** Write values into the address, without a new entry in the history; null, "" and an empty set are left out. */
export function write(values) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    const text = value instanceof Set ? [...value].sort().join(",") : value;
    if (text === null || text === undefined || text === "") query.delete(name);
    else query.set(name, text);
  }
  const search = query.toString().replaceAll("%2C", ",");
  history.replaceState(null, "", `${location.pathname}${search && `?${search}`}${location.hash}`);
}
