// The hub's public HTTP API and its event streams, and nothing else.

/** An answer that is no success. `code` is the hub's word for it. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @param {Response} response */
async function failure(response) {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error.code, error.message);
  } catch {
    return new ApiError(response.status, "internal", `the hub answered ${response.status} ${response.statusText}`);
  }
}

/** @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 8_000;
const SILENCE_MS = 45_000; // the hub says something every 15 s

/**
 * @typedef {{event: string, id: string, data: any}} ServerEvent
 * @typedef {{method?: string, body?: unknown, query?: Record<string, string | number | string[] | undefined | null>,
 *   headers?: Record<string, string>, signal?: AbortSignal, raw?: BodyInit}} Ask
 */

export class Api {
  /** @param {string} token @param {() => void} [onRefused] called when the hub does not know the token any more */
  constructor(token, onRefused) {
    this.token = token;
    this.onRefused = onRefused;
  }

  /** @param {string} path @param {Ask} [ask] @returns {Promise<Response>} */
  async fetch(path, ask = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(ask.query ?? {})) {
      if (value === undefined || value === null || value === "") continue;
      for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
    }
    const headers = new Headers(ask.headers);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    let body = ask.raw;
    if (ask.body !== undefined) {
      headers.set("Content-Type", "application/json");
      body = JSON.stringify(ask.body);
    }
    const address = query.size ? `${path}?${query}` : path;
    /** @type {Response} */
    let response;
    try {
      response = await fetch(address, { method: ask.method ?? "GET", headers, body, signal: ask.signal, cache: "no-store" });
    } catch (error) {
      if (ask.signal?.aborted) throw error;
      throw new ApiError(0, "unavailable", "the hub cannot be reached; it may be restarting");
    }
    if (!response.ok) {
      const error = await failure(response);
      if (error.status === 401) this.onRefused?.();
      throw error;
    }
    return response;
  }

  /** @param {string} path @param {Ask} [ask] @returns {Promise<any>} */
  async json(path, ask) {
    const response = await this.fetch(path, ask);
    return response.status === 204 ? null : response.json();
  }

  /** All pages of a list, at most `most` items. @param {string} path @param {Ask} [ask] @param {number} [most] */
  async all(path, ask = {}, most = 10_000) {
    /** @type {any[]} */
    const items = [];
    let after = "";
    while (items.length < most) {
      const page = await this.json(path, { ...ask, query: { limit: 500, ...ask.query, after } });
      items.push(...page.items);
      if (!page.next) break;
      after = page.next;
    }
    return items;
  }

  /**
   * Follow an event stream from `after` on, for ever: a stream that breaks is resumed where it was. Ends when `signal`
   * says so, or when `hear` returns false.
   * @param {string} path
   * @param {{after?: number | string, hear: (event: ServerEvent) => boolean | void, connected?: (is: boolean) => void,
   *   signal: AbortSignal}} how
   */
  async follow(path, { after = 0, hear, connected, signal }) {
    let last = String(after);
    let wait = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const attempt = new AbortController();
      const stop = () => attempt.abort();
      signal.addEventListener("abort", stop);
      let silence = setTimeout(stop, SILENCE_MS);
      try {
        const response = await this.fetch(path, {
          headers: { Accept: "text/event-stream", "Last-Event-ID": last },
          signal: attempt.signal,
        });
        connected?.(true);
        for await (const event of events(response)) {
          clearTimeout(silence);
          silence = setTimeout(stop, SILENCE_MS);
          if (event === null) continue;
          wait = FIRST_RETRY_MS;
          if (event.id) last = event.id;
          if (hear(event) === false) return;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error;
      } finally {
        clearTimeout(silence);
        signal.removeEventListener("abort", stop);
        attempt.abort();
      }
      connected?.(false);
      await pause(wait * (0.5 + Math.random()), signal);
      wait = Math.min(LONGEST_RETRY_MS, wait * 2);
    }
  }

  /** A file's bytes, for showing or saving. @param {string} digest @returns {Promise<Blob>} */
  async file(digest) {
    return (await this.fetch(`/v1/artifacts/${encodeURIComponent(digest)}`)).blob();
  }

  /** @param {File} file @returns {Promise<import("./law.js").Artifact>} */
  async upload(file) {
    const query = { name: file.name, media_type: file.type || "application/octet-stream" };
    return this.json("/v1/artifacts", { method: "PUT", query, raw: file });
  }
}

/** The events of a stream as they arrive; null for a sign of life. @param {Response} response */
async function* events(response) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      let end = text.indexOf("\n\n");
      if (end < 0) {
        yield null;
        continue;
      }
      let start = 0;
      while (end >= 0) {
        yield parsed(text.slice(start, end));
        start = end + 2;
        end = text.indexOf("\n\n", start);
      }
      text = text.slice(start);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** @param {string} block @returns {ServerEvent | null} */
function parsed(block) {
  const event = { event: "message", id: "", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "event") event.event = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data += value;
  }
  return event.data ? { ...event, data: JSON.parse(event.data) } : null;
}
