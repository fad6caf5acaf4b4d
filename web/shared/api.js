/** The server, as the screens see it: JSON with a key, and five ways to fail. */

const PATIENCE_MS = 30_000;

/**
 * Why an answer did not come.
 *
 * `kind` is `refused` (the key is not known), `forbidden` (not for this audience), `missing` (there is none),
 * `away` (no server, or one in trouble) or `failed` (anything else).
 */
export class ApiError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

const KINDS = { 401: "refused", 403: "forbidden", 404: "missing" };

/** Say what went wrong, from an HTTP status. */
export function kindOf(status) {
  return KINDS[status] ?? (status >= 500 || status === 429 ? "away" : "failed");
}

export class Api {
  /**
   * @param {string | null} key sent as `X-API-Key`; null: an anonymous visitor.
   * @param {string} lang in which the server says what it says in one language; by default the browser's
   */
  constructor(key, lang = "") {
    this.headers = { Accept: "application/json", ...(key ? { "X-API-Key": key } : {}) };
    this.speak(lang);
  }

  /** From now on ask for another language. */
  speak(lang) {
    if (lang) this.headers["Accept-Language"] = lang;
  }

  /** Return the JSON at `path`, or throw an `ApiError`. */
  async json(path, { method = "GET", body, patience = PATIENCE_MS } = {}) {
    let response;
    const headers = body === undefined ? this.headers : { ...this.headers, "Content-Type": "application/json" };
    try {
      response = await fetch(path, { method, body, headers, signal: AbortSignal.timeout(patience) });
    } catch (error) {
      throw new ApiError("away", String(error));
    }
    if (!response.ok) {
      throw new ApiError(kindOf(response.status), `${path}: ${response.status}`);
    }
    try {
      return await response.json();
    } catch (error) {
      throw new ApiError("failed", `${path}: ${error}`);
    }
  }

  /** Return the JSON answered to `body`, sent as JSON to `path`, or throw an `ApiError`. */
  async post(path, body, { patience = PATIENCE_MS } = {}) {
    return this.json(path, { method: "POST", body: JSON.stringify(body), patience });
  }

  /** Return what `path` answers as a file, or throw an `ApiError`. */
  async blob(path, { patience = PATIENCE_MS } = {}) {
    let response;
    try {
      response = await fetch(path, { headers: { ...this.headers, Accept: "*/*" }, signal: AbortSignal.timeout(patience) });
    } catch (error) {
      throw new ApiError("away", String(error));
    }
    if (!response.ok) throw new ApiError(kindOf(response.status), `${path}: ${response.status}`);
    return response.blob();
  }

  /** Return the body of `path` as a stream, or throw an `ApiError`. */
  async stream(path, signal) {
    let response;
    try {
      response = await fetch(path, { headers: { ...this.headers, Accept: "text/event-stream" }, signal, cache: "no-store" });
    } catch (error) {
      throw new ApiError("away", String(error));
    }
    if (!response.ok) throw new ApiError(kindOf(response.status), `${path}: ${response.status}`);
    return response.body;
  }

  /**
   * Return the features of a collection, page after page.
   *
   * @param {string} collection
   * @param {Record<string, string | number>} query of OGC API Features
   * @param {number} most features asked for in all
   * @returns {Promise<{features: object[], complete: boolean, matched: number | null}>} `complete` is false when there were
   *   more; `matched` is how many there are in all, where the server says so.
   */
  async items(collection, query, most) {
    const words = new URLSearchParams({ f: "json", ...query });
    let path = `/api/collections/${encodeURIComponent(collection)}/items?${words}`;
    const features = [];
    let matched = null;
    while (path && features.length < most) {
      const page = await this.json(path);
      features.push(...page.features);
      matched ??= page.numberMatched ?? null;
      path = page.features.length > 0 ? nextPath(page) : null;
    }
    return { features: features.slice(0, most), complete: !path && features.length <= most, matched };
  }
}

/** The `next` link on our own origin: the server may know itself by another name than the one it was called by. */
function nextPath(page) {
  const link = (page.links ?? []).find(({ rel }) => rel === "next");
  if (!link) return null;
  const { pathname, search } = new URL(link.href, location.href);
  return pathname + search;
}
